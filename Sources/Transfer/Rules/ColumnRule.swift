// SPDX-License-Identifier: MIT

/// How the values of one source column are to be understood. What they become is the target column's type to decide.
public enum ColumnRule: Sendable, Equatable {
    /// By storage class alone.
    case copy
    /// A moment: a number of seconds since 1970, or text that says one.
    case timestamp
    /// Truth, which SQLite has as 0 and 1, as words, or as any number.
    case boolean
    /// An embedding: an array of little-endian float32, a Python pickle (never read), or a JSON array.
    case embedding
    /// As `copy`, in a table made for this: the storage class of what arrives as text or bytes and was none is recorded.
    case recorded
}

/// What a person decides for a whole transfer.
public struct TransferPolicy: Sendable, Equatable {
    /// `--epoch=auto`: numbers above 1e11 in columns of moments are milliseconds and are divided. Otherwise they are reported and become
    /// NULL.
    public var isEpochAutomatic: Bool

    public init(isEpochAutomatic: Bool = false) {
        self.isEpochAutomatic = isEpochAutomatic
    }

    /// What holds when nobody said otherwise.
    public static let standard = TransferPolicy()
}

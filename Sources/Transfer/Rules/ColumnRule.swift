// SPDX-License-Identifier: MIT

/// How the values of one source column are to be understood. What they become is the target column's type to decide.
public enum ColumnRule: Sendable, Equatable {
    /// By storage class alone.
    case copy
    /// A moment: a number of seconds since 1970, or text that says one.
    case timestamp
    /// A boolean, which SQLite has as 0 and 1, as words, or as any number.
    case boolean
    /// An embedding: an array of little-endian float32, a Python pickle (never read), or a JSON array.
    case embedding
    /// As `copy`, in a table made for this: the storage class of what arrives as another is recorded.
    case recorded
}

/// What a person decides for a whole transfer.
public struct TransferPolicy: Sendable, Equatable, Codable {
    /// `--epoch=auto`: numbers above 1e11 in columns of moments are milliseconds and are divided. Otherwise they are reported and become
    /// NULL.
    public var isEpochAutomatic: Bool
    /// The most bytes of a row's fields, and of one field. The server forms a row in one piece of memory of less than 1 GiB, and writes
    /// one as large when it is read back; the rest is room for its own headers.
    public var rowLimit: Int

    public init(isEpochAutomatic: Bool = false, rowLimit: Int = 1_073_000_000) {
        self.isEpochAutomatic = isEpochAutomatic
        self.rowLimit = rowLimit
    }

    /// What holds when nobody said otherwise.
    public static let standard = TransferPolicy()
}

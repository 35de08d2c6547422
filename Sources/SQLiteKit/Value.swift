// SPDX-License-Identifier: MIT

/// One value with its storage class.
///
/// Text is bytes: SQLite stores whatever a program gave it, and that need not be UTF-8.
public enum Value: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])
    case blob([UInt8])

    /// A text value of the UTF-8 of `string`.
    public static func text(_ string: String) -> Value { .text(Array(string.utf8)) }

    /// A text value, or NULL for nil.
    public static func text(_ string: String?) -> Value { string.map { .text($0) } ?? .null }

    /// An integer value, or NULL for nil.
    public static func integer(_ value: Int64?) -> Value { value.map { .integer($0) } ?? .null }
}

/// SQLite's five storage classes, with the codes of `sqlite3_column_type`.
public enum StorageClass: UInt8, Sendable, CaseIterable {
    case integer = 1
    case real = 2
    case text = 3
    case blob = 4
    case null = 5
}

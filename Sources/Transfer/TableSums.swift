// SPDX-License-Identifier: MIT

internal import HashKit

/// What a table is known by on both sides: the sum of its rows, and apart from them of those with a value that neither side holds as a
/// whole. Of such a value its SHA-256 stands in the row, which the server computes where it lies.
struct TableSums {
    private(set) var plain = RowSum()
    private(set) var large = RowSum()
    /// For each column whether the server gives back the bytes that it got. Others are left out.
    private let isExact: [Bool]
    private let isWhole: Bool
    private let hasher = Hasher()

    /// A hash that is used again and again.
    private final class Hasher {
        var hash = SHA256()
    }

    /// Fields longer than this make a row a large one.
    static let longest = Int(SourceFile.longest)

    init(_ columns: [TargetColumn]) {
        isExact = columns.map(\.type.isByteExact)
        isWhole = isExact.allSatisfy(\.self)
    }

    /// Whether both are sums of the same rows.
    static func == (left: TableSums, right: TableSums) -> Bool {
        left.plain == right.plain && left.large == right.large
    }

    /// Takes in what another one, of the same columns, has taken in.
    mutating func merge(_ other: TableSums) {
        plain.merge(other.plain)
        large.merge(other.large)
    }

    /// How many rows were noted.
    var rows: Int64 { plain.rows + large.rows }

    /// Takes in a row as it is sent.
    mutating func note(_ fields: UnsafeRawBufferPointer) {
        // A row that is no longer than a field may be has no field that is.
        if isWhole, fields.count <= Self.longest { return plain.note(fields, &hasher.hash) }
        var row = CanonicalRow()
        var walk = FieldWalk(fields)
        for isExact in isExact {
            guard let field = walk.next() else { break }
            guard isExact else { continue }
            row.append(field.whole, bytes: field.bytes)
        }
        note(row)
    }

    /// Takes in a row that was put together piece by piece.
    mutating func note(_ row: borrowing CanonicalRow) {
        row.fields.withUnsafeBytes {
            if row.isLarge { large.note($0, &hasher.hash) } else { plain.note($0, &hasher.hash) }
        }
    }

    /// Takes in a row as the server gives it back that holds its large values as their SHA-256 already.
    mutating func noteReduced(_ fields: UnsafeRawBufferPointer) { large.note(fields, &hasher.hash) }

    /// Takes in a row as the server gives it back, without the columns that are left out.
    mutating func noteReadBack(_ fields: UnsafeRawBufferPointer) { plain.note(fields, &hasher.hash) }
}

/// The fields of a row by which it is known.
struct CanonicalRow {
    private(set) var fields: [UInt8] = []
    private(set) var isLarge = false

    /// Takes in a field with its length before it.
    mutating func append(_ whole: UnsafeRawBufferPointer, bytes: UnsafeRawBufferPointer?) {
        guard let bytes, bytes.count > TableSums.longest else {
            fields.append(contentsOf: whole)
            return
        }
        var hash = SHA256()
        hash.update(bytes)
        append(hash.finish())
    }

    /// Takes in a large field that went by in pieces.
    mutating func append(_ digest: SHA256Digest) {
        isLarge = true
        fields += [0, 0, 0, 32] + digest.bytes
    }

    /// Takes in a field of `bytes` that is not large.
    mutating func append(_ bytes: [UInt8]) {
        withUnsafeBytes(of: Int32(truncatingIfNeeded: bytes.count).bigEndian) { fields.append(contentsOf: $0) }
        fields += bytes
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import HashKit
internal import SQLiteKit

/// One column's running hash. Small values are gathered first: a call into the hash costs more than they do.
final class ColumnHasher {
    private var hash = SHA256()
    private var gathered: [UInt8] = []
    /// How many values were not NULL.
    private(set) var values: Int64 = 0

    init() {
        gathered.reserveCapacity(4096 + 32)
    }

    /// Takes in the value of `column` in the current row, with its storage class and length.
    func take(_ row: borrowing Statement, _ column: Int32) {
        let storage = row.storageClass(column)
        gathered.append(storage.rawValue)
        if storage != .null { values += 1 }
        switch storage {
        case .null: break
        case .integer: append(UInt64(bitPattern: row.integer(column)))
        case .real: append(row.real(column).bitPattern)
        case .text, .blob:
            row.withBytes(column) { bytes in
                append(UInt64(bytes.count))
                if bytes.count > 1024 {
                    flush()
                    hash.update(bytes)
                } else {
                    gathered.append(contentsOf: bytes)
                }
            }
        }
        if gathered.count > 4096 { flush() }
    }

    /// The digest of everything taken in.
    func finish() -> SHA256Digest {
        flush()
        return hash.finish()
    }

    private func append(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { gathered.append(contentsOf: $0) }
    }

    private func flush() {
        hash.update(gathered)
        gathered.removeAll(keepingCapacity: true)
    }
}

/// Which rows of a column were NULL, as lengths of runs in row order: not NULL first, then NULL, and so on.
///
/// The witness of "fills": where a value was, the same value must be; where NULL was, anything may be. Nearly every column is all NULL or
/// all set, so a few numbers tell a whole table.
struct NullRuns: Equatable {
    private(set) var lengths: [UInt64] = [0]

    mutating func append(isNull: Bool) {
        let endsInNull = lengths.count.isMultiple(of: 2)
        if isNull == endsInNull { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
    }

    /// Says row after row whether it was NULL.
    struct Reader {
        private let lengths: [UInt64]
        private var index = 0
        private var used: UInt64 = 0

        init(_ runs: NullRuns) {
            lengths = runs.lengths
        }

        mutating func next() -> Bool {
            while index < lengths.count, used == lengths[index] {
                index += 1
                used = 0
            }
            used += 1
            return !index.isMultiple(of: 2)
        }
    }
}

/// Reduces a table to its digest, in one pass over its rows.
struct TableDigester {
    /// The table and its stored columns; generated ones follow from the others.
    let table: SQLiteTable
    private let connection: Connection

    init(_ table: SQLiteTable, on connection: Connection) {
        self.table = table
        self.connection = connection
    }

    /// How many rows there are.
    func count() throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT count(*) FROM main.\(table.name)" as SQL) ?? 0
    }

    /// The digest of the table's columns called `columns`, all when nil, in the first `limit` rows, all when nil.
    func digest(only columns: [SQLiteName]? = nil, first limit: Int64? = nil) throws(SQLiteError) -> TableDigest {
        let names = columns ?? table.columns
        let hashers = names.map { _ in ColumnHasher() }
        let identity = ColumnHasher()
        var rows: Int64 = 0
        let first: Int32 = table.rowIdentity == nil ? 0 : 1
        // A result has at most as many columns as a table, and the rowid is one more. Wider tables are read in several passes.
        for start in stride(from: 0, to: max(1, names.count), by: Self.widest) {
            let part = start..<min(start + Self.widest, names.count)
            try connection.forEachRow(select(Array(names[part]), limit)) { row in
                if start == 0 {
                    rows += 1
                    if first == 1 { identity.take(row, 0) }
                }
                for (index, hasher) in hashers[part].enumerated() { hasher.take(row, first + Int32(index)) }
            }
        }
        return TableDigest(
            name: table.name.text, rows: rows, identities: identity.finish(),
            columns: zip(names, hashers).map { .init(name: $0.text, values: $1.values, sha256: $1.finish()) })
    }

    /// How many columns one statement reads.
    private static let widest = 1_000

    /// Where `column` is NULL, and the digest of its other values.
    func witness(_ column: SQLiteName) throws(SQLiteError) -> (runs: NullRuns, digest: SHA256Digest) {
        var runs = NullRuns()
        let hasher = ColumnHasher()
        try connection.forEachRow(select([column])) { row in
            let place: Int32 = table.rowIdentity == nil ? 0 : 1
            let isNull = row.storageClass(place) == .null
            runs.append(isNull: isNull)
            if !isNull { hasher.take(row, place) }
        }
        return (runs, hasher.finish())
    }

    /// The digest of the values of `column` in those of the first `limit` rows that were not NULL in `runs`.
    func digest(of column: SQLiteName, where runs: NullRuns, first limit: Int64) throws(SQLiteError) -> SHA256Digest {
        var wasNull = NullRuns.Reader(runs)
        let hasher = ColumnHasher()
        try connection.forEachRow(select([column], limit)) { row in
            if !wasNull.next() { hasher.take(row, table.rowIdentity == nil ? 0 : 1) }
        }
        return hasher.finish()
    }

    private func select(_ columns: [SQLiteName], _ limit: Int64? = nil) -> SQL {
        let names = columns.map { "\($0)" as SQL }
        let key = table.primaryKey.map { "\($0)" as SQL }
        let terms = (table.rowIdentity.map { [$0] } ?? []) + names
        let order = table.rowIdentity.map { [$0] } ?? key
        // Without a column left there is still a row to count.
        let list = terms.isEmpty ? "NULL" : terms.joined(separator: ", ")
        let ordered: SQL = order.isEmpty ? "" : " ORDER BY \(order.joined(separator: ", "))"
        let limited: SQL = limit.map { " LIMIT \($0)" } ?? ""
        return "SELECT \(list) FROM main.\(table.name) NOT INDEXED\(ordered)\(limited)"
    }
}

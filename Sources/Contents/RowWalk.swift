// SPDX-License-Identifier: MIT

internal import Glibc
internal import SQLiteKit

/// Reads the rows of one table in two states side by side.
struct RowWalk {
    /// The number of rows that were met.
    struct Counts {
        var before: Int64 = 0
        var after: Int64 = 0
        var added: Int64 = 0
        var removed: Int64 = 0
        var changed: Int64 = 0
    }

    private let pair: TablePair
    /// The columns by which rows are told apart; empty for all that both have.
    private let identity: [TablePair.Column]
    private let connection: Connection

    init(_ pair: TablePair, by identity: [TablePair.Column], on connection: Connection) {
        (self.pair, self.identity, self.connection) = (pair, identity, connection)
    }

    /// Goes through all rows, and calls `body` with each that differs until it wants no more.
    ///
    /// - Returns: nil when two rows of one state share the identity: then nothing that was told holds
    func run(_ body: (RowPair) -> Bool = { _ in true }) throws(SQLiteError) -> Counts? {
        let rest = pair.columns.filter { !identity.contains($0) }
        let keys = identity.isEmpty ? pair.columns : identity
        let shared = identity.isEmpty ? pair.columns : identity + rest
        let old = try RowCursor(
            pair.old, in: "before", shared.map(\.old) + pair.dropped, by: keys.map(\.old), on: connection)
        let new = try RowCursor(
            pair.new, in: "main", shared.map(\.new) + pair.added, by: keys.map(\.new), on: connection)
        let isUnique = !identity.isEmpty
        var counts = Counts()
        func step(_ cursor: RowCursor) throws(SQLiteError) -> Bool { try cursor.advance(refusingDoubles: isUnique) }
        guard try step(old), try step(new) else { return nil }
        while old.hasRow || new.hasRow {
            let order =
                old.hasRow && new.hasRow ? RowCursor.order(old, new, firstColumns: keys.count) : old.hasRow ? -1 : 1
            var found: RowPair?
            if order < 0 {
                counts.removed += 1
                found = RowPair(.removed, old: old, new: nil, identity: identity.count, changed: [])
            } else if order > 0 {
                counts.added += 1
                found = RowPair(.added, old: nil, new: new, identity: identity.count, changed: [])
            } else {
                let changed = RowCursor.differences(old, new, firstColumns: shared.count)
                if !changed.isEmpty {
                    counts.changed += 1
                    found = RowPair(.changed, old: old, new: new, identity: identity.count, changed: changed)
                }
            }
            if let found, !body(found) { return counts }
            if order <= 0 {
                counts.before += 1
                guard try step(old) else { return nil }
            }
            if order >= 0 {
                counts.after += 1
                guard try step(new) else { return nil }
            }
        }
        return counts
    }
}

/// A row that differs, where its cursors stand.
struct RowPair {
    private let kind: RowDifference.Kind
    private let old: RowCursor?
    private let new: RowCursor?
    private let identity: Int
    private let changed: [Int]

    init(_ kind: RowDifference.Kind, old: RowCursor?, new: RowCursor?, identity: Int, changed: [Int]) {
        (self.kind, self.old, self.new, self.identity, self.changed) = (kind, old, new, identity, changed)
    }

    /// The difference as values.
    var difference: RowDifference {
        let isWhole = kind != .changed
        return RowDifference(
            kind: kind, identity: (new ?? old)?.cells(Array(0..<identity)) ?? [],
            old: old.map { $0.cells(isWhole ? nil : changed) } ?? [],
            new: new.map { $0.cells(isWhole ? nil : changed) } ?? [])
    }
}

/// The rows of one table in the order of what tells them apart.
final class RowCursor {
    private let statement: Statement
    private let columns: [SQLiteName]
    private let keyCount: Int
    private var key: [Value]?
    private(set) var hasRow = false

    init(
        _ table: ContentTable, in schema: SQLiteName, _ columns: [SQLiteName], by keys: [SQLiteName],
        on connection: Connection
    ) throws(SQLiteError) {
        self.columns = columns
        keyCount = keys.count
        let order = keys.isEmpty ? "1" : keys.map { "\($0) COLLATE BINARY" as SQL }.joined(separator: ", ")
        let list = columns.isEmpty ? "1" : ContentState.list(columns)
        statement = try connection.prepare("SELECT \(list) FROM \(schema).\(table.name) ORDER BY \(order)" as SQL)
    }

    /// Goes to the next row. False when its key is the same as the one before and that is refused.
    func advance(refusingDoubles: Bool) throws(SQLiteError) -> Bool {
        hasRow = try statement.step()
        guard hasRow, refusingDoubles else { return true }
        let next = (0..<keyCount).map { statement.value(Int32($0)) }
        defer { key = next }
        return key != next
    }

    /// The values in these columns; in all of them for nil.
    func cells(_ wanted: [Int]?) -> [RowDifference.Cell] {
        (wanted ?? Array(columns.indices)).map { index in
            RowDifference.Cell(column: columns[index].text, value: statement.value(Int32(index)))
        }
    }

    /// Which of two rows comes first by their first columns, as SQLite orders values without a collation.
    static func order(_ one: RowCursor, _ other: RowCursor, firstColumns count: Int) -> Int {
        for column in 0..<Int32(count) {
            let order = one.order(other, column)
            if order != 0 { return order }
        }
        return 0
    }

    /// The columns of the first row whose values differ in the second row.
    static func differences(_ one: RowCursor, _ other: RowCursor, firstColumns count: Int) -> [Int] {
        (0..<count).filter { index in
            let column = Int32(index)
            return one.statement.storageClass(column) != other.statement.storageClass(column)
                || one.order(other, column) != 0
        }
    }

    private func order(_ other: RowCursor, _ column: Int32) -> Int {
        let (mine, theirs) = (statement.storageClass(column), other.statement.storageClass(column))
        let (rank, otherRank) = (Self.rank(mine), Self.rank(theirs))
        guard rank == otherRank else { return rank < otherRank ? -1 : 1 }
        switch (mine, theirs) {
        case (.null, _): return 0
        case (.integer, .integer):
            return Self.compare(statement.integer(column), other.statement.integer(column))
        case (.real, .real): return Self.compare(statement.real(column), other.statement.real(column))
        case (.integer, .real): return Self.order(statement.integer(column), other.statement.real(column))
        case (.real, .integer): return -Self.order(other.statement.integer(column), statement.real(column))
        default:
            return statement.withBytes(column) { one in
                other.statement.withBytes(column) { two in Self.order(one, two) }
            }
        }
    }

    private static func compare<Number: Comparable>(_ one: Number, _ other: Number) -> Int {
        one < other ? -1 : one == other ? 0 : 1
    }

    private static func rank(_ storage: StorageClass) -> Int {
        switch storage {
        case .null: 0
        case .integer, .real: 1
        case .text: 2
        case .blob: 3
        }
    }

    /// Exact, where a number of 64 bits has no equal among those with a fraction.
    private static func order(_ integer: Int64, _ real: Double) -> Int {
        if real < -0x1p63 { return 1 }
        if real >= 0x1p63 { return -1 }
        let whole = Int64(real)
        return whole == integer ? compare(Double(whole), real) : compare(integer, whole)
    }

    private static func order(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int {
        let common = min(one.count, other.count)
        if common > 0, let left = one.baseAddress, let right = other.baseAddress {
            let order = memcmp(left, right, common)
            if order != 0 { return order < 0 ? -1 : 1 }
        }
        return compare(one.count, other.count)
    }
}

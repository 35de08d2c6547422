// SPDX-License-Identifier: MIT

internal import LinuxKit
public import SQLiteKit

/// The differences of one table between two states.
public struct TableDifference: Sendable, Equatable {
    /// The table's name for people.
    public let name: String
    /// The rows before; nil of a table that was not there.
    public var rowsBefore: Int64?
    /// The rows after; nil of a table that is not there.
    public var rowsAfter: Int64?
    /// The columns that tell its rows apart; empty where only their content does.
    public var identity: [String] = []
    public var added: Int64 = 0
    public var removed: Int64 = 0
    /// The rows that both states have, with another value in a column that both states have.
    public var changed: Int64 = 0
    public var columnsAdded: [String] = []
    public var columnsDropped: [String] = []

    /// Whether the table is the same in both states.
    public var isNothing: Bool {
        rowsBefore != nil && rowsAfter != nil && added == 0 && removed == 0 && changed == 0 && columnsAdded.isEmpty
            && columnsDropped.isEmpty
    }
}

/// What became of one row between two states.
public struct RowDifference: Sendable, Equatable {
    /// One of three.
    public enum Kind: Sendable, Equatable { case added, removed, changed }

    /// A value and the column it stands in.
    public struct Cell: Sendable, Equatable {
        public let column: String
        public let value: Value
    }

    public let kind: Kind
    /// The values that tell the row apart; empty where only its content does.
    public let identity: [Cell]
    /// The earlier values: of a removed row all of them, of a changed row those of the changed columns.
    public let old: [Cell]
    /// The present values, in the same way.
    public let new: [Cell]
}

/// Compares two states of a memory row by row.
///
/// Both are read once, in the order of what tells their rows apart, side by side. A value is the same when its storage class and its bytes
/// are. Two rows are the same row by the first of ``ContentTable/identities`` that no two rows of either state share; where there is none,
/// equal rows are the same and all others are added or removed. The ledger of migrations is left out.
public struct StateComparison {
    private let connection: Connection
    private let before: [ContentTable]
    private let after: [ContentTable]

    /// Opens both files.
    public init(from old: ContentFile, to new: ContentFile) throws(SQLiteError) {
        let state = try ContentState(new)
        connection = state.connection
        try connection.attach(immutable: old.path, as: "before")
        before = try state.tables(in: "before", isTranscript: old.isTranscript).filter { !$0.isLedger }
        after = try state.tables().filter { !$0.isLedger }
    }

    /// Every table of either state, by name; also those that are the same.
    public func tables() throws(SQLiteError) -> [TableDifference] {
        var differences: [TableDifference] = []
        for new in after {
            guard let old = before.first(where: { $0.name.folded == new.name.folded }) else {
                differences.append(TableDifference(name: new.name.text, rowsAfter: try count(new, in: "main")))
                continue
            }
            differences.append(try difference(old, new))
        }
        for old in before where !after.contains(where: { $0.name.folded == old.name.folded }) {
            differences.append(TableDifference(name: old.name.text, rowsBefore: try count(old, in: "before")))
        }
        return differences.sorted { $0.name < $1.name }
    }

    /// Calls `body` with each row of the table `name` that differs, until it says that it wants no more. Does nothing where only one state
    /// has the table.
    public func forEachRow(in name: String, _ body: (RowDifference) -> Bool) throws(SQLiteError) {
        guard let new = after.first(where: { $0.name.text.hasSameBytes(as: name) }),
            let old = before.first(where: { $0.name.folded == new.name.folded })
        else { return }
        let pair = TablePair(old, new)
        // Whether an identity serves is known when all rows were seen: a first walk finds that out, so that nothing is told twice.
        let identity = try difference(old, new).identity.map { SQLiteName($0) }
        let walk = RowWalk(pair, by: identity.compactMap { pair.common($0) }, on: connection)
        _ = try walk.run { pair in body(pair.difference) }
    }

    private func difference(_ old: ContentTable, _ new: ContentTable) throws(SQLiteError) -> TableDifference {
        let pair = TablePair(old, new)
        for identity in pair.identities {
            let walk = RowWalk(pair, by: identity, on: connection)
            if let counts = try walk.run() { return described(pair, counts, identity) }
        }
        let counts = try RowWalk(pair, by: [], on: connection).run()
        return described(pair, counts ?? RowWalk.Counts(), [])
    }

    private func described(
        _ pair: TablePair, _ counts: RowWalk.Counts, _ identity: [TablePair.Column]
    ) -> TableDifference {
        TableDifference(
            name: pair.new.name.text, rowsBefore: counts.before, rowsAfter: counts.after,
            identity: identity.map(\.new.text), added: counts.added, removed: counts.removed, changed: counts.changed,
            columnsAdded: pair.added.map(\.text), columnsDropped: pair.dropped.map(\.text))
    }

    private func count(_ table: ContentTable, in schema: SQLiteName) throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT count(*) FROM \(schema).\(table.name)" as SQL) ?? 0
    }
}

/// One table in both states.
struct TablePair {
    /// A column that both states have, under the name that each gives it.
    struct Column: Equatable {
        let old: SQLiteName
        let new: SQLiteName
    }

    let old: ContentTable
    let new: ContentTable
    let columns: [Column]

    init(_ old: ContentTable, _ new: ContentTable) {
        (self.old, self.new) = (old, new)
        columns = new.columns.compactMap { column in
            old.column(column.name).map { Column(old: $0, new: column.name) }
        }
    }

    /// The columns that only the new state has.
    var added: [SQLiteName] { new.columns.map(\.name).filter { old.column($0) == nil } }
    /// The columns that only the old state has.
    var dropped: [SQLiteName] { old.columns.map(\.name).filter { new.column($0) == nil } }

    /// The columns that may identify rows in both states.
    var identities: [[Column]] {
        let known = old.identities.map { $0.map(\.folded) }
        return new.identities.filter { known.contains($0.map(\.folded)) }.map { $0.compactMap(common) }
    }

    /// The column of this name, where both have it.
    func common(_ name: SQLiteName) -> Column? { columns.first { $0.new.folded == name.folded } }
}

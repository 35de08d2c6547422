// SPDX-License-Identifier: MIT

public import GuardCore

/// One state of a memory: what a backup holds, or what the memory holds now.
public struct MemoryState: Codable, Sendable, Equatable {
    public let store: StoreID
    /// The backup that holds it; nil of the live memory.
    public var backup: BackupID?
    /// When the memory stood so: when the backup was made, or now.
    public let at: Timestamp
    public var reason: BackupReason?
    public var schemaVersion: Int?

    public init(
        store: StoreID, backup: BackupID? = nil, at: Timestamp, reason: BackupReason? = nil, schemaVersion: Int? = nil
    ) {
        self.store = store
        self.backup = backup
        self.at = at
        self.reason = reason
        self.schemaVersion = schemaVersion
    }
}

/// One table of a state.
public struct ContentTableForm: Codable, Sendable, Equatable {
    /// One of its columns, in the table's order.
    public struct Column: Codable, Sendable, Equatable {
        public let name: String
        /// The type as it was declared; empty where none was.
        public let type: String

        public init(name: String, type: String) {
            self.name = name
            self.type = type
        }
    }

    public let name: String
    public let rows: Int64
    public let columns: [Column]
    /// The columns of the primary key, in its order.
    public let primaryKey: [String]
    /// The statement that made it, in the memory's own engine.
    public var definition: String?

    public init(name: String, rows: Int64, columns: [Column], primaryKey: [String], definition: String? = nil) {
        self.name = name
        self.rows = rows
        self.columns = columns
        self.primaryKey = primaryKey
        self.definition = definition
    }
}

/// One row of a table of a state.
public struct ContentRowForm: Codable, Sendable, Equatable {
    /// Each column's value by the column's name.
    public let values: [String: CellForm]

    public init(values: [String: CellForm]) {
        self.values = values
    }

    /// The value in `column`, NULL where there is no such column.
    public subscript(_ column: String) -> CellForm { values[column] ?? .null }
}

/// The rows of one table of a state, in the table's own order from its end.
public struct ContentRowsForm: Codable, Sendable, Equatable {
    public let state: MemoryState
    public let table: String
    /// The columns, in the table's order.
    public let columns: [String]
    public let items: [ContentRowForm]
    /// Where the next page begins; nil on the last one.
    public let next: String?

    public init(state: MemoryState, table: String, columns: [String], items: [ContentRowForm], next: String?) {
        self.state = state
        self.table = table
        self.columns = columns
        self.items = items
        self.next = next
    }
}

/// How two states of a memory differ, table by table.
public struct DiffForm: Codable, Sendable, Equatable {
    /// The differences of one table.
    public enum Change: String, Codable, Sendable, CaseIterable {
        case added, dropped, changed, same
    }

    /// One table.
    public struct Table: Codable, Sendable, Equatable {
        public let name: String
        public let change: Change
        public var rowsBefore: Int64?
        public var rowsAfter: Int64?
        public let added: Int64
        public let removed: Int64
        public let changed: Int64
        public let columnsAdded: [String]
        public let columnsDropped: [String]
        /// The columns that tell its rows apart; empty where only their content does.
        public let identity: [String]

        public init(
            name: String, change: Change, rowsBefore: Int64? = nil, rowsAfter: Int64? = nil, added: Int64,
            removed: Int64, changed: Int64, columnsAdded: [String], columnsDropped: [String], identity: [String]
        ) {
            self.name = name
            self.change = change
            self.rowsBefore = rowsBefore
            self.rowsAfter = rowsAfter
            self.added = added
            self.removed = removed
            self.changed = changed
            self.columnsAdded = columnsAdded
            self.columnsDropped = columnsDropped
            self.identity = identity
        }
    }

    public let from: MemoryState
    public let to: MemoryState
    /// Whether anything but the ledger of migrations differs.
    public let differs: Bool
    public let tables: [Table]

    public init(from: MemoryState, to: MemoryState, tables: [Table]) {
        self.from = from
        self.to = to
        differs = tables.contains { $0.change != .same }
        self.tables = tables
    }
}

/// The rows of one table that differ between two states.
public struct DiffRowsForm: Codable, Sendable, Equatable {
    /// One of them.
    public struct Row: Codable, Sendable, Equatable {
        /// What became of it.
        public enum Change: String, Codable, Sendable, CaseIterable {
            case added, removed, changed
        }

        public let change: Change
        /// The values that identify the row.
        public let identity: [String: CellForm]
        /// The earlier values: of a changed row, in the changed columns; nil for a row that was added.
        public var before: [String: CellForm]?
        /// The present values, in the same way; nil for a row that was removed.
        public var after: [String: CellForm]?

        public init(
            change: Change, identity: [String: CellForm], before: [String: CellForm]?, after: [String: CellForm]?
        ) {
            self.change = change
            self.identity = identity
            self.before = before
            self.after = after
        }
    }

    public let table: String
    public let items: [Row]
    public let next: String?

    public init(table: String, items: [Row], next: String?) {
        self.table = table
        self.items = items
        self.next = next
    }
}

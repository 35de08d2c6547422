// SPDX-License-Identifier: MIT

public import GuardCore

/// What an operation would do, as it would be executed.
public struct PlanForm: Codable, Sendable, Equatable {
    /// What happens to one migration.
    public enum Action: String, Codable, Sendable, CaseIterable {
        /// Its statements run.
        case apply
        /// It is there already, and only the ledger is told.
        case adopt
        /// Its down statements run.
        case revert
        /// What stands in the way of its statements is moved aside, and then they run.
        case repair
    }

    /// One migration of the plan.
    public struct Step: Codable, Sendable, Equatable {
        public let version: Int
        public let name: String
        public let action: Action
        /// The changes that run, in order.
        public let statements: [String]

        public init(version: Int, name: String, action: Action, statements: [String]) {
            self.version = version
            self.name = name
            self.action = action
            self.statements = statements
        }
    }

    /// Values that would be gone from the store. The backup that is taken first keeps them.
    public struct Loss: Codable, Sendable, Equatable {
        public let table: String
        /// nil: whole rows.
        public let column: String?
        /// How many rows lose something.
        public let rows: Int64

        public init(table: String, column: String? = nil, rows: Int64) {
            self.table = table
            self.column = column
            self.rows = rows
        }
    }

    /// What a restore would do to one table.
    public struct TableChange: Codable, Sendable, Equatable {
        public let table: String
        /// Rows that are there now; nil when the table is not.
        public let rowsNow: Int64?
        /// Rows in the backup; nil when the table is not in it.
        public let rowsInBackup: Int64?
        /// Rows that would come back.
        public let gained: Int64
        /// Rows that would go. The backup that is taken first keeps them.
        public let lost: Int64
        /// Whether the rows differ at all: as many may go as come back.
        public let differs: Bool
        /// Rows that stay, by their primary key, and get other values. nil where rows were only counted; without a primary key such a row
        /// counts as one that goes and one that comes back.
        public let changed: Int64?
        /// Columns that are there now and would go, with what is in them.
        public let columnsLost: [String]?
        /// Columns that would come back.
        public let columnsGained: [String]?

        /// Of a table whose rows were only counted.
        public init(table: String, rowsNow: Int64?, rowsInBackup: Int64?, differs: Bool) {
            self.table = table
            self.rowsNow = rowsNow
            self.rowsInBackup = rowsInBackup
            gained = max(0, (rowsInBackup ?? 0) - (rowsNow ?? 0))
            lost = max(0, (rowsNow ?? 0) - (rowsInBackup ?? 0))
            self.differs = differs
            (changed, columnsLost, columnsGained) = (nil, nil, nil)
        }

        /// Of a table whose rows were compared one by one.
        public init(
            table: String, rowsNow: Int64?, rowsInBackup: Int64?, gained: Int64, lost: Int64, changed: Int64,
            columnsLost: [String], columnsGained: [String]
        ) {
            self.table = table
            self.rowsNow = rowsNow
            self.rowsInBackup = rowsInBackup
            self.gained = gained
            self.lost = lost
            self.changed = changed
            self.columnsLost = columnsLost
            self.columnsGained = columnsGained
            differs = true
        }
    }

    /// A backup that a prune would take out of the vault.
    public struct Removal: Codable, Sendable, Equatable {
        public let backup: BackupID
        public let store: StoreID
        public let createdAt: Timestamp
        public let storedBytes: Int64
        /// Why: `outlived`, `budget` or `freeSpace`.
        public let reasons: [String]

        public init(
            backup: BackupID, store: StoreID, createdAt: Timestamp, storedBytes: Int64, reasons: [String]
        ) {
            self.backup = backup
            self.store = store
            self.createdAt = createdAt
            self.storedBytes = storedBytes
            self.reasons = reasons
        }
    }

    public let kind: OperationKind
    /// nil for work on the vault as a whole.
    public let store: StoreID?
    /// Where the store is, or the vault.
    public let location: String
    public var line: String?
    /// The version before.
    public var from: Int?
    /// The version after.
    public var to: Int?
    /// In the order in which they run; empty when there is nothing to do.
    public var steps: [Step]
    /// Names the plan: an operation that is given it runs exactly this, or is refused.
    public var digest: String?
    /// The backup that would be restored.
    public var backup: BackupID?
    /// Where the backup would be restored to; nil for the store itself.
    public var destination: String?
    public var wouldLose: [Loss]
    /// What a restore would do to each table.
    public var tables: [TableChange]?
    /// The actions of a restore of single rows, one for each row.
    public var rows: [Row]?
    /// What a prune would remove, newest first.
    public var removals: [Removal]?
    /// How many bytes a prune would give back.
    public var freedBytes: Int64?
    /// What a transfer would make of every table: what the operation's result says later, count for count.
    public var result: OperationResult?
    /// How many bytes are needed for backup and rehearsal, at most.
    public var neededBytes: Int64?
    /// Until when an operation may be started with ``digest``.
    public var expiresAt: Timestamp?
    /// What else a person should know, as sentences.
    public var notes: [String]
    /// Why it cannot be done.
    public var refusal: Problem?

    public init(kind: OperationKind, store: StoreID?, location: String) {
        self.kind = kind
        self.store = store
        self.location = location
        steps = []
        wouldLose = []
        notes = []
    }
}

/// One migration of the catalogue.
public struct MigrationForm: Codable, Sendable, Equatable {
    public let line: String
    public let version: Int
    public let name: String
    public let checksum: String
    /// Whether it can be taken back.
    public let reversible: Bool
    /// The version of Dementia that brought it, as people call it, such as `4.1`.
    public let since: String?

    public init(
        line: String, version: Int, name: String, checksum: String, reversible: Bool, since: String? = nil
    ) {
        self.line = line
        self.version = version
        self.name = name
        self.checksum = checksum
        self.reversible = reversible
        self.since = since
    }
}

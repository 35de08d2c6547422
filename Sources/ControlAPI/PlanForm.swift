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
        /// What runs, in order.
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

    public let kind: OperationKind
    public let store: StoreID
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
    /// What else a person should know, as sentences.
    public var notes: [String]
    /// Why it cannot be done.
    public var refusal: Problem?

    public init(kind: OperationKind, store: StoreID, location: String) {
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

    public init(line: String, version: Int, name: String, checksum: String, reversible: Bool) {
        self.line = line
        self.version = version
        self.name = name
        self.checksum = checksum
        self.reversible = reversible
    }
}

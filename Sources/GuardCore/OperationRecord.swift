// SPDX-License-Identifier: MIT

/// One step of an operation, as it stands in the journal.
public struct StepRecord: Codable, Sendable, Equatable {
    public var kind: StepKind
    public var state: StepState
    public var startedAt: Timestamp
    public var finishedAt: Timestamp?
    /// What recovery and readers need to know of it: a backup's id, a count, a reason.
    public var detail: String?

    public init(
        kind: StepKind,
        state: StepState,
        startedAt: Timestamp,
        finishedAt: Timestamp? = nil,
        detail: String? = nil
    ) {
        self.kind = kind
        self.state = state
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.detail = detail
    }
}

/// What a way back takes away.
public struct Loss: Codable, Sendable, Equatable {
    /// The table that goes, or that loses a column.
    public let table: String
    /// The column that goes; nil for the whole table.
    public let column: String?
    /// The table's rows, or the column's values that are not NULL.
    public let values: Int64

    public init(table: String, column: String?, values: Int64) {
        self.table = table
        self.column = column
        self.values = values
    }
}

/// What an operation achieved, by kind.
public struct OperationResult: Codable, Sendable, Equatable {
    /// One migration that was applied, adopted or taken back.
    public struct Applied: Codable, Sendable, Equatable {
        public let version: Int
        public let name: String
        public let action: PlannedAction
        public let milliseconds: Int64

        public init(version: Int, name: String, action: PlannedAction = .apply, milliseconds: Int64) {
            self.version = version
            self.name = name
            self.action = action
            self.milliseconds = milliseconds
        }
    }

    /// The line that the versions below belong to, such as `sqlite-4`.
    public var line: String?
    /// The version before.
    public var fromVersion: Int?
    /// The version after.
    public var toVersion: Int?
    /// The migrations in the order in which they ran.
    public var applied: [Applied]?
    /// What a way back took away: whole tables, and values of columns.
    public var lost: [Loss]?
    /// How long the write lock of the live store was held, in milliseconds.
    public var lockedMilliseconds: Int64?
    /// The backup of the state that was replaced or had failed.
    public var keptState: BackupID?
    /// How many rows the kept state holds that the restored one does not, per table; only tables that differ. Negative where only numbers
    /// of rows could be compared, and the kept state has fewer.
    public var rowsInKeptState: [String: Int64]?
    /// How many rows the restored state holds that the kept one does not, per table, where rows were compared one by one.
    public var rowsNotInKeptState: [String: Int64]?
    /// The backups that a prune took out of the vault, in that order.
    public var removed: [BackupID]?
    /// How many bytes that gave back.
    public var freedBytes: Int64?
    /// What a transfer made of every table of its source.
    public var tables: [TransferReport.Table]?
    /// The file with the rows that a transfer had to reject, one JSON object a line; nil when there are none.
    public var rejectsPath: String?
    /// How many sessions a transfer made up, because rows refer to them and nobody recorded them.
    public var placeholders: Int64?
    /// Where the sequences of the schema stand that a transfer filled.
    public var sequences: [SequenceState]?
    /// The tables that a transfer could not read whole.
    public var unreadable: [String]?
    /// Seconds per phase.
    public var seconds: [String: Double]?

    public init() {}
}

/// One durable piece of work, exactly as scripts read it.
public struct OperationRecord: Codable, Sendable, Equatable {
    /// On whose behalf it runs.
    public struct Actor: Codable, Sendable, Equatable {
        /// The user id of the peer, or of the daemon itself.
        public let uid: UInt32

        public init(uid: UInt32) {
            self.uid = uid
        }
    }

    public let id: OperationID
    public let kind: OperationKind
    /// nil for work on the vault as a whole.
    public let store: StoreID?
    public var state: OperationState
    public var outcome: Outcome?
    public var dataState: DataState
    /// What set it off: `once`, `schedule`, `release`, `request`, `recovery`.
    public let trigger: String
    public let actor: Actor
    public let startedAt: Timestamp
    public var settledAt: Timestamp?
    /// Only while it runs; never in the journal.
    public var progress: Progress?
    public var steps: [StepRecord]
    /// The proved backup of the state before.
    public var backup: BackupID?
    public var findings: [Finding]
    public var error: Problem?
    public var result: OperationResult?
    /// Names what was tried: the digest of plan, catalogue, release and content. What failed is not tried again with the same one
    /// for ever.
    public var attempt: String?

    public init(
        id: OperationID,
        kind: OperationKind,
        store: StoreID?,
        state: OperationState,
        trigger: String,
        actor: Actor,
        startedAt: Timestamp,
        attempt: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.store = store
        self.state = state
        self.dataState = .untouched
        self.trigger = trigger
        self.actor = actor
        self.startedAt = startedAt
        self.steps = []
        self.findings = []
        self.attempt = attempt
    }
}

extension OperationRecord {
    /// Every key is there, with null for what is not known: a script need not ask whether.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(kind, forKey: .kind)
        try container.encode(store, forKey: .store)
        try container.encode(state, forKey: .state)
        try container.encode(outcome, forKey: .outcome)
        try container.encode(dataState, forKey: .dataState)
        try container.encode(trigger, forKey: .trigger)
        try container.encode(actor, forKey: .actor)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(settledAt, forKey: .settledAt)
        try container.encode(progress, forKey: .progress)
        try container.encode(steps, forKey: .steps)
        try container.encode(backup, forKey: .backup)
        try container.encode(findings, forKey: .findings)
        try container.encode(error, forKey: .error)
        try container.encode(result, forKey: .result)
        try container.encode(attempt, forKey: .attempt)
    }
}

/// Automation paused for a store or for everything, with a reason.
public struct Hold: Codable, Sendable, Equatable {
    public let id: String
    /// nil holds everything.
    public let store: StoreID?
    public let reason: String
    public let createdAt: Timestamp
    /// nil holds until somebody removes it.
    public let until: Timestamp?

    public init(id: String, store: StoreID?, reason: String, createdAt: Timestamp, until: Timestamp?) {
        self.id = id
        self.store = store
        self.reason = reason
        self.createdAt = createdAt
        self.until = until
    }
}

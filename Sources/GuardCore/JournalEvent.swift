// SPDX-License-Identifier: MIT

/// One line of the audit: something that was decided or done, in the order in which it was committed.
public struct JournalEvent: Codable, Sendable, Equatable, Identifiable {
    /// What happened. The list only grows.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case operationBegan, operationUpdated, operationSettled
        case stepStarted, stepNoted, stepFinished
        case holdAdded, holdRemoved
        case backupPinned, backupUnpinned, backupProved, backupForgotten
        case storeFound, storeAdopted, storeForgotten, storeMoved
    }

    /// The particulars; only what belongs to the kind is there. Additive only.
    public struct Facts: Codable, Sendable, Equatable {
        /// What kind of operation began.
        public var operationKind: OperationKind?
        /// What set it off.
        public var trigger: String?
        /// On whose behalf.
        public var uid: UInt32?
        /// The step that started, was noted on or finished.
        public var step: StepKind?
        /// How the step finished.
        public var stepState: StepState?
        /// How the operation was settled.
        public var outcome: Outcome?
        /// What is true of the data, when the event says something new about it.
        public var dataState: DataState?
        /// The backup concerned.
        public var backup: BackupID?
        /// What was found, when something was.
        public var findings: [Finding]?
        /// The error that an operation was settled with.
        public var error: GuardError.Code?
        /// The hold concerned.
        public var hold: String?
        /// Whether a proof succeeded.
        public var succeeded: Bool?
        /// The canonical name of a store's location.
        public var location: String?
        /// A step's or a proof's detail, a hold's reason, an error's sentence, the digest of an attempt.
        public var detail: String?

        /// No particulars yet.
        public init() {}
    }

    /// Rises by one with each event of the journal, from 1.
    public let id: Int64
    /// When it was written.
    public let at: Timestamp
    /// What happened.
    public let kind: Kind
    /// The store concerned, nil when it is no single one.
    public let store: StoreID?
    /// The operation concerned, when there is one.
    public let operation: OperationID?
    /// The particulars.
    public let facts: Facts
    /// Chains the event to all before it: `Journal.verifyChain()` computes it again.
    public let hash: String

    public init(
        id: Int64, at: Timestamp, kind: Kind, store: StoreID?, operation: OperationID?, facts: Facts, hash: String
    ) {
        self.id = id
        self.at = at
        self.kind = kind
        self.store = store
        self.operation = operation
        self.facts = facts
        self.hash = hash
    }
}

/// What reading the audit from its beginning has shown.
public enum ChainVerdict: Sendable, Equatable {
    /// Every event is there and as it was written. `head` is the hash of the last one, which somebody may keep
    /// elsewhere: a rewritten chain cannot have it again.
    case intact(events: Int64, head: String)
    /// The event `id` is missing, or it or its hash was changed.
    case broken(id: Int64)
}

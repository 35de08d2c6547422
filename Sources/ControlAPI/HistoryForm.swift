// SPDX-License-Identifier: MIT

public import GuardCore

/// What ever happened to a store: its ledger, and every attempt, also the failed ones. Newest first.
public struct HistoryForm: Codable, Sendable, Equatable {
    /// One row of the ledger.
    public struct LedgerRow: Codable, Sendable, Equatable {
        public let version: Int
        public let name: String
        public let appliedAt: Timestamp
        public let success: Bool
        public var errorMessage: String?
        public var checksum: String?
        public var executionMs: Int64?
        public var operation: OperationID?
        public var release: String?
        public var backup: BackupID?
        /// `applied`, `adopted` or `baseline`.
        public var origin: String?

        public init(version: Int, name: String, appliedAt: Timestamp, success: Bool) {
            self.version = version
            self.name = name
            self.appliedAt = appliedAt
            self.success = success
        }
    }

    /// One thing that happened.
    public struct Event: Codable, Sendable, Equatable {
        public let at: Timestamp
        /// A stable word, such as `applied` or `operationSettled`.
        public let kind: String
        public var version: Int?
        public var operation: OperationID?
        public var outcome: Outcome?
        public var detail: String?

        public init(
            at: Timestamp, kind: String, version: Int? = nil, operation: OperationID? = nil, outcome: Outcome? = nil,
            detail: String? = nil
        ) {
            self.at = at
            self.kind = kind
            self.version = version
            self.operation = operation
            self.outcome = outcome
            self.detail = detail
        }
    }

    public let store: StoreID
    public let location: String
    public let ledger: [LedgerRow]
    public let events: [Event]

    public init(store: StoreID, location: String, ledger: [LedgerRow], events: [Event]) {
        self.store = store
        self.location = location
        self.ledger = ledger
        self.events = events
    }
}

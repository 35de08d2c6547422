// SPDX-License-Identifier: MIT

public import GuardCore

/// How everything stands, in one word, as ``Standing`` computes it. An old failure does not stay red.
public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// Every store is current and has a proved backup.
    case safe
    /// Work is going on.
    case working
    /// A store waits for a migration, for approval or for its first backup.
    case pending
    /// Nothing waits, and automation is paused for a store.
    case held
    /// Needs attention: a store failed or was taken back, drifted, is unknown, missing or does not answer.
    case attention
    /// The daemon has just started and has not looked at everything yet.
    case starting
}

/// A Dementia found on disk.
public struct ReleaseForm: Codable, Sendable, Equatable {
    /// The commit or the hash of the content.
    public let id: String
    /// For people, such as `4.2.0`.
    public let label: String
    /// Its folder.
    public let path: String
    /// The line that its stores are of.
    public let line: String?
    /// The version that it needs its stores to be at.
    public let version: Int?

    public init(id: String, label: String, path: String, line: String?, version: Int?) {
        self.id = id
        self.label = label
        self.path = path
        self.line = line
        self.version = version
    }
}

/// The daemon at a glance.
public struct StatusForm: Codable, Sendable, Equatable {
    /// The stores, counted and in short.
    public struct Stores: Codable, Sendable, Equatable {
        /// One of them, in short.
        public struct Item: Codable, Sendable, Equatable {
            public let id: StoreID
            public let project: String
            public let location: String
            public let state: StoreState
            public let schemaVersion: Int?
            public let wantedVersion: Int?
            public let lastBackupAt: Timestamp?
            /// Why the store needs attention, as ``StoreForm/problem`` says it; nil for a store that needs none.
            public let problem: Problem?

            public init(_ store: StoreForm) {
                id = store.id
                project = store.project
                location = store.location
                state = store.state
                schemaVersion = store.schemaVersion
                wantedVersion = store.wantedVersion
                lastBackupAt = store.lastBackup?.createdAt
                problem = store.problem
            }
        }

        public let total: Int
        /// How many are in each state; states without a store are left out.
        public let byState: [String: Int]
        public let items: [Item]

        /// Counts `stores` and shortens them.
        public init(_ stores: [StoreForm]) {
            total = stores.count
            byState = Dictionary(grouping: stores, by: \.state.rawValue).mapValues(\.count)
            items = stores.map(Item.init)
        }
    }

    /// The vault.
    public struct Vault: Codable, Sendable, Equatable {
        public let path: String
        public let backups: Int
        /// What the backups take on the disk.
        public let storedBytes: Int64
        public let freeBytes: Int64
        public let lastBackupAt: Timestamp?
        /// When a backup was last restored into scratch and compared.
        public let lastProofAt: Timestamp?

        public init(
            path: String, backups: Int, storedBytes: Int64, freeBytes: Int64, lastBackupAt: Timestamp?,
            lastProofAt: Timestamp?
        ) {
            self.path = path
            self.backups = backups
            self.storedBytes = storedBytes
            self.freeBytes = freeBytes
            self.lastBackupAt = lastBackupAt
            self.lastProofAt = lastProofAt
        }
    }

    public let verdict: Verdict
    /// The verdict as a sentence.
    public let summary: String
    /// The one command that tells more or mends it; nil when nothing has to be done.
    public let next: String?
    /// The daemon's version.
    public let version: String
    public let startedAt: Timestamp
    public let releases: [ReleaseForm]
    public let stores: Stores
    /// The operations that are not settled.
    public let operations: [OperationRecord]
    public let vault: Vault
    public let holds: [Hold]
    /// What a person should know beside the stores, such as a server that cannot be reached. nil from a daemon that knows none.
    public let findings: [Finding]?

    public init(
        verdict: Verdict, summary: String, version: String, startedAt: Timestamp, releases: [ReleaseForm],
        stores: Stores, operations: [OperationRecord], vault: Vault, holds: [Hold],
        findings: [Finding]? = nil, next: String? = nil
    ) {
        self.verdict = verdict
        self.summary = summary
        self.next = next
        self.version = version
        self.startedAt = startedAt
        self.releases = releases
        self.stores = stores
        self.operations = operations
        self.vault = vault
        self.holds = holds
        self.findings = findings
    }
}

/// Whether the daemon works. Answered with 200, or with 503 when a check fails.
public struct HealthForm: Codable, Sendable, Equatable {
    /// One part of the daemon.
    public struct Check: Codable, Sendable, Equatable {
        public let name: String
        public let ok: Bool
        public let detail: String?

        public init(name: String, ok: Bool, detail: String? = nil) {
            self.name = name
            self.ok = ok
            self.detail = detail
        }
    }

    public let ok: Bool
    public let checks: [Check]

    public init(checks: [Check]) {
        ok = checks.allSatisfy(\.ok)
        self.checks = checks
    }
}

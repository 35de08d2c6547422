// SPDX-License-Identifier: MIT

public import GuardCore

/// How a store stands.
public enum StoreState: String, Codable, Sendable, CaseIterable {
    /// At the wanted version.
    case current
    /// A migration is possible and waits for its turn or for approval.
    case pending
    /// Automation is paused.
    case held
    /// Ledger and schema disagree.
    case drifted
    /// Not a memory that this dementiad knows.
    case unknown
    /// Somebody else holds it.
    case busy
    /// The last operation failed.
    case failed
    /// Known, and not there.
    case missing
    /// A call to its filesystem or its server has not come back.
    case notAnswering
}

/// A store as scripts read it.
public struct StoreForm: Codable, Sendable, Equatable {
    /// The newest proved backup that holds a good state: none of what had failed, or was replaced by a restore.
    public struct LastBackup: Codable, Sendable, Equatable {
        public let id: BackupID
        public let createdAt: Timestamp

        public init(id: BackupID, createdAt: Timestamp) {
            self.id = id
            self.createdAt = createdAt
        }
    }

    /// How changes of it are noticed.
    public enum Watch: String, Codable, Sendable, CaseIterable {
        case inotify, poll, database
    }

    public let id: StoreID
    public let engine: StoreEngine
    public let location: String
    public let project: String
    public var line: String?
    public var schemaVersion: Int?
    public var wantedVersion: Int?
    public var state: StoreState
    public var release: String?
    public var sizeBytes: Int64
    public var lastBackup: LastBackup?
    public var watch: Watch?
    /// Why it is not as it should be: what the last look refused, or how the last operation on it failed or was taken back; then it names
    /// the operation. nil when nothing is wrong.
    public var problem: Problem?

    public init(location: StoreLocation, project: String, state: StoreState, sizeBytes: Int64) {
        id = location.id
        engine = location.engine
        self.location = location.name
        self.project = project
        self.state = state
        self.sizeBytes = sizeBytes
    }

    /// Every key is there, with null for what is not known: a script need not ask whether.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(engine, forKey: .engine)
        try container.encode(location, forKey: .location)
        try container.encode(project, forKey: .project)
        try container.encode(line, forKey: .line)
        try container.encode(schemaVersion, forKey: .schemaVersion)
        try container.encode(wantedVersion, forKey: .wantedVersion)
        try container.encode(state, forKey: .state)
        try container.encode(release, forKey: .release)
        try container.encode(sizeBytes, forKey: .sizeBytes)
        try container.encode(lastBackup, forKey: .lastBackup)
        try container.encode(watch, forKey: .watch)
        try container.encode(problem, forKey: .problem)
    }
}

/// A backup as scripts read it.
public struct BackupForm: Codable, Sendable, Equatable {
    /// One table in it.
    public struct Table: Codable, Sendable, Equatable {
        public let name: String
        public let rows: Int64

        public init(name: String, rows: Int64) {
            self.name = name
            self.rows = rows
        }
    }

    public let id: BackupID
    public let store: StoreID
    public let engine: StoreEngine
    public let location: String
    public let createdAt: Timestamp
    public let reason: BackupReason
    public let schemaVersion: Int?
    /// The database's length in bytes.
    public let sizeBytes: Int64
    /// The archive's length in bytes.
    public let storedBytes: Int64
    /// Of the archive.
    public let sha256: String
    public let verified: Bool
    public let proof: BackupProof
    public let pinned: Bool
    /// Its folder.
    public let path: String
    public let tables: [Table]

    public init(
        id: BackupID, store: StoreID, engine: StoreEngine, location: String, createdAt: Timestamp, reason: BackupReason,
        schemaVersion: Int?, sizeBytes: Int64, storedBytes: Int64, sha256: String, verified: Bool, proof: BackupProof,
        pinned: Bool, path: String, tables: [Table]
    ) {
        self.id = id
        self.store = store
        self.engine = engine
        self.location = location
        self.createdAt = createdAt
        self.reason = reason
        self.schemaVersion = schemaVersion
        self.sizeBytes = sizeBytes
        self.storedBytes = storedBytes
        self.sha256 = sha256
        self.verified = verified
        self.proof = proof
        self.pinned = pinned
        self.path = path
        self.tables = tables
    }
}

/// What one pass did with every store, and what it could not look into.
public struct PassForm: Codable, Sendable, Equatable {
    public let items: [PassItem]
    /// Servers that could not be reached, and memories on paths that cannot be used. Everything else was taken care of.
    public let problems: [Problem]
    /// What was not looked into: folders that may not be read, mounted filesystems that a network or another program serves.
    public let findings: [Finding]

    public init(_ items: [PassItem], problems: [GuardError], findings: [Finding] = []) {
        self.items = items
        self.problems = problems.map { Problem($0) }
        self.findings = findings
    }
}

/// What one pass did with one store.
public struct PassItem: Codable, Sendable, Equatable {
    public let store: StoreForm
    /// nil when nothing had to be done and nothing was.
    public let operation: OperationRecord?

    public init(store: StoreForm, operation: OperationRecord?) {
        self.store = store
        self.operation = operation
    }

    /// Both keys are there, with null for no operation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(store, forKey: .store)
        try container.encode(operation, forKey: .operation)
    }
}

// SPDX-License-Identifier: MIT

public import GuardCore

/// Everything that is known of a backup, beside its payload: the content of `MANIFEST.json`.
///
/// Fields that a later version adds are ignored when read; a manifest that needs a newer reader says so in ``minReader``.
public struct Manifest: Codable, Sendable, Equatable {
    /// The store that was backed up.
    public struct Store: Codable, Sendable, Equatable {
        public let id: StoreID
        public let engine: StoreEngine
        /// The canonical name, as in ``GuardCore/StoreLocation/name``.
        public let location: String
    }

    /// Whose the file was and who might read it; only a file has this.
    public struct File: Codable, Sendable, Equatable {
        public let uid: UInt32
        public let gid: UInt32
        /// The permission bits.
        public let mode: UInt32

        public init(uid: UInt32, gid: UInt32, mode: UInt32) {
            self.uid = uid
            self.gid = gid
            self.mode = mode
        }
    }

    /// What was examined before the backup was published.
    public struct Checks: Codable, Sendable, Equatable {
        /// A restore that was tried, and how long it took.
        public struct RestoreTest: Codable, Sendable, Equatable {
            public let ok: Bool
            public let at: Timestamp
            public let seconds: Double

            public init(ok: Bool, at: Timestamp, seconds: Double) {
                self.ok = ok
                self.at = at
                // JSON has no spelling for infinity.
                self.seconds = seconds.isFinite ? seconds : 0
            }
        }

        /// The engine's own word on the copy: `ok`, or its first complaint.
        public let integrity: String
        /// Rows that break a foreign key in the copy, as they did in the store.
        public let foreignKeyViolations: Int
        /// Nil when no restore could be tried.
        public let restoreTest: RestoreTest?

        public init(integrity: String, foreignKeyViolations: Int, restoreTest: RestoreTest?) {
            self.integrity = integrity
            self.foreignKeyViolations = foreignKeyViolations
            self.restoreTest = restoreTest
        }
    }

    /// The form that this version writes and reads.
    static let currentFormat = 1

    public let format: Int
    /// The oldest form whose readers understand this manifest.
    public let minReader: Int
    public let sequence: UInt64
    public let createdAt: Timestamp
    public let store: Store
    public let payload: PayloadFacts
    public let host: String
    public let daemonVersion: String
    public let reason: BackupReason
    public let project: String
    public let slug: String
    public let line: String
    public let schemaVersion: Int?
    public let release: String?
    public let operation: OperationID?
    public let engineFacts: [String: String]
    public let content: StoreDigest
    public let file: File?
    public let checks: Checks
    public let proof: BackupProof

    init(
        _ draft: ManifestDraft, sequence: UInt64, createdAt: Timestamp, location: StoreLocation, slug: String,
        payload: PayloadFacts
    ) {
        format = Self.currentFormat
        minReader = Self.currentFormat
        self.sequence = sequence
        self.createdAt = createdAt
        store = Store(id: location.id, engine: location.engine, location: location.name)
        self.payload = payload
        host = draft.host
        daemonVersion = draft.daemonVersion
        reason = draft.reason
        project = draft.project
        self.slug = slug
        line = draft.line
        schemaVersion = draft.schemaVersion
        release = draft.release
        operation = draft.operation
        engineFacts = draft.engineFacts
        content = draft.content
        file = draft.file
        checks = draft.checks
        proof = draft.proof
    }

    func name(root: String) -> BackupName {
        BackupName(
            id: BackupID(sequence: sequence, root: root), createdAt: createdAt, reason: reason,
            schemaVersion: schemaVersion)
    }
}

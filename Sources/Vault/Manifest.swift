// SPDX-License-Identifier: MIT

public import GuardCore

/// Everything that is known of a backup, beside its payload: the content of `MANIFEST.json`.
///
/// Fields that a later version adds are ignored when read; a manifest that needs a newer reader says so in ``minReader``.
public struct Manifest: Codable, Sendable, Equatable {
    /// The store that was backed up.
    public struct Store: Codable, Sendable, Equatable {
        /// Its identity.
        public let id: StoreID
        /// What holds it.
        public let engine: StoreEngine
        /// The canonical name, as in ``GuardCore/StoreLocation/name``.
        public let location: String
    }

    /// What was examined before the backup was published.
    public struct Checks: Codable, Sendable, Equatable {
        /// A restore that was tried, and how long it took.
        public struct RestoreTest: Codable, Sendable, Equatable {
            /// Whether the restored content was the one that was backed up.
            public let ok: Bool
            /// When.
            public let at: Timestamp
            /// How long it took.
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

    /// The form of this manifest.
    public let format: Int
    /// The oldest form whose readers understand this manifest.
    public let minReader: Int
    /// Rises over the whole vault: the order of backups.
    public let sequence: UInt64
    /// When it was published, by the clock of that day.
    public let createdAt: Timestamp
    /// The store that was backed up.
    public let store: Store
    /// The file that holds the content.
    public let payload: PayloadFacts
    /// The machine that made it.
    public let host: String
    /// The daemon that made it.
    public let daemonVersion: String
    /// Why it was taken.
    public let reason: BackupReason
    /// The project's name, for people.
    public let project: String
    /// The words in the store's folder name.
    public let slug: String
    /// The line of schemas, such as `sqlite-4`.
    public let line: String
    /// The schema version, or nil when it was not known.
    public let schemaVersion: Int?
    /// The release that used the store, when one was known.
    public let release: String?
    /// The operation that took it.
    public let operation: OperationID?
    /// What the engine said about itself.
    public let engineFacts: [String: String]
    /// The digests of the content.
    public let content: StoreDigest
    /// Owner and mode of the store's file.
    public let file: FileRights?
    /// What was examined.
    public let checks: Checks
    /// How it was proved.
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

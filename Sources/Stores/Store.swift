// SPDX-License-Identifier: MIT

public import Dementia
public import GuardCore

/// What a look from outside tells of a store.
public struct StoreDescription: Sendable, Equatable {
    public let location: StoreLocation
    /// The name of the project it belongs to: the folder that holds it, or the schema.
    public let project: String
    /// In bytes, with what is not yet checkpointed.
    public let sizeBytes: Int64
    /// The rights that a restored file must have again; nil where the engine keeps rights itself.
    public let file: FileRights?

    public init(location: StoreLocation, project: String, sizeBytes: Int64, file: FileRights?) {
        self.location = location
        self.project = project
        self.sizeBytes = sizeBytes
        self.file = file
    }
}

/// Owner and mode of a file.
public struct FileRights: Codable, Sendable, Equatable {
    public let uid: UInt32
    public let gid: UInt32
    public let mode: UInt32

    public init(uid: UInt32, gid: UInt32, mode: UInt32) {
        self.uid = uid
        self.gid = gid
        self.mode = mode
    }
}

/// Tells whether a store still is in the state of a snapshot. Only the store that gave it can read it, and only while it is open.
public struct StateToken: Sendable, Equatable {
    /// The connection that the other two are numbers of: to another one they mean nothing, and might be equal by chance.
    let session: UInt64
    /// What moves when somebody else commits, as the store's connection sees it.
    let version: Int64
    /// What moves when anybody commits, the store's own connection included.
    let pagerVersion: UInt32
}

/// A consistent copy of a store, checked and counted.
public struct Snapshot: Sendable {
    /// Where the copy lies: a file of the caller's scratch folder.
    public let path: String
    /// The state that the copy holds.
    public let token: StateToken
    /// Every object and value in it.
    public let content: StoreDigest
    /// The copy's length in bytes.
    public let bytes: Int64
    /// What the engine's own check said: `ok`, or its first complaints.
    public let integrity: String
    /// Rows that break a foreign key. Dementia never enforces them, so there may be some.
    public let foreignKeyViolations: Int64
    /// What is worth knowing of the engine's side, such as `pageSize` and `journalMode`.
    public let engineFacts: [String: String]
    /// Seconds per phase: `copy`, `check`, `digest`.
    public let seconds: [String: Double]

    /// The same state as another connection sees it.
    func with(_ token: StateToken) -> Snapshot {
        Snapshot(
            path: path, token: token, content: content, bytes: bytes, integrity: integrity,
            foreignKeyViolations: foreignKeyViolations, engineFacts: engineFacts, seconds: seconds)
    }
}

/// What became of a plan inside the one transaction that ran it.
public struct MigrationRecord: Sendable, Equatable {
    public let applied: [OperationResult.Applied]
    public let findings: [Finding]
    /// What a downgrade took away.
    public let lost: [Loss]
    /// How long the write lock was held.
    public let lockedMilliseconds: Int64
    /// The state right after our COMMIT.
    public let token: StateToken
}

/// What a store's own ledger tells: every migration that stands, and every attempt in order.
public struct LedgerHistory: Sendable, Equatable {
    /// One row of `schema_migrations`. Times are as they were written.
    public struct Row: Sendable, Equatable {
        public let version: Int
        public let name: String
        public let appliedAt: String
        public let success: Bool
        public let errorMessage: String?
        public let checksum: String?
        public let executionMilliseconds: Int64?
        public let operation: String?
        public let release: String?
        public let backup: String?
        public let origin: String?
    }

    /// One row of `schema_migration_events`.
    public struct Event: Sendable, Equatable {
        public let at: String
        public let event: String
        public let version: Int?
        public let operation: String
        public let message: String?
    }

    public let rows: [Row]
    public let events: [Event]

    public init(rows: [Row], events: [Event]) {
        self.rows = rows
        self.events = events
    }
}

/// Who and why, for the ledger's rows.
public struct LedgerEntry: Sendable, Equatable {
    public let operation: OperationID
    /// The backup that holds the state before; nil only in rehearsals, which have no ledger anybody reads.
    public let backup: BackupID?
    public let release: String?

    public init(operation: OperationID, backup: BackupID?, release: String?) {
        self.operation = operation
        self.backup = backup
        self.release = release
    }
}

/// What a verification from a new connection found.
public struct Verification: Sendable, Equatable {
    /// What is wrong. Empty: verified.
    public let problems: [String]
    /// Whether somebody else committed since the state that was to be verified: then counts are information, not a verdict.
    public let wasWrittenSince: Bool

    public init(problems: [String], wasWrittenSince: Bool) {
        self.problems = problems
        self.wasWrittenSince = wasWrittenSince
    }
}

/// One memory under guard.
///
/// Two implementations, SQLite and PostgreSQL, pass one conformance suite. The order of a migration is
/// 1. ``survey(_:)`` and a plan,
/// 2. ``snapshot(into:progress:)``, which the vault proves and publishes, and a rehearsal on the restore that proved it,
/// 3. ``migrate(_:from:entry:progress:)``, which does nothing when the store is no longer in the snapshot's state,
/// 4. ``verify(_:entry:since:)`` from a new connection,
/// 5. ``close()``, which lets go of everything.
///
/// Every error is a ``GuardError`` with the store's id, and with `dataState` as the store knows it.
public protocol Store: Actor {
    /// Where it is.
    nonisolated var location: StoreLocation { get }

    /// A look from outside. Fails with ``GuardError/Code/storeMissing`` when there is nothing.
    func describe() throws(GuardError) -> StoreDescription

    /// Shape, ledger and the truth of every postcondition of `catalogue`.
    func survey(_ catalogue: Catalogue) throws(GuardError) -> Survey

    /// Copies the store's state to a new file at `path` without its write lock, and checks the copy.
    func snapshot(into path: String, progress: ProgressSink?) throws(GuardError) -> Snapshot

    /// Runs `plan` in one transaction when the store still is in the state of `token`; otherwise fails with
    /// ``GuardError/Code/storeMoved`` and changes nothing.
    ///
    /// - Important: it fails before COMMIT, with nothing changed, when a statement, a postcondition or the conservation check fails.
    func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord

    /// Takes the write lock and keeps it until ``migrate(_:from:entry:progress:)`` ends or ``close()``. Looks and snapshots meanwhile see the
    /// state that is locked. The fallback of design §5, step 3, for a store that never holds still: at most two seconds.
    func lock() throws(GuardError)

    /// Runs `plan` on the database at `scratch`, which holds exactly the state of `snapshot`, and verifies the result there. The store
    /// itself is not touched.
    func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) async throws(GuardError) -> MigrationRecord

    /// Writes down in the ledger that `plan` failed with `error`, in a transaction of its own. Never overwrites a success.
    func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError)

    /// Looks from a new connection whether `plan` holds.
    func verify(_ plan: Plan, entry: LedgerEntry, since token: StateToken?) throws(GuardError) -> Verification

    /// Everything that the ledger tells, for people. Empty without a ledger.
    func history() throws(GuardError) -> LedgerHistory

    /// Whether the ledger has rows of `operation`: how recovery tells a commit that happened from one that did not.
    func hasCommitted(_ operation: OperationID) throws(GuardError) -> Bool

    /// Puts the state of the database file at `source` in place of the store's, in one transaction, exactly when the store still is in
    /// the state of `kept`; otherwise fails with ``GuardError/Code/storeMoved`` and changes nothing. `source` is scratch of ours that
    /// may be changed on the way; it has to hold `content`.
    func restore(from source: String, expecting content: StoreDigest, replacing kept: Snapshot) throws(GuardError)

    /// Puts the database at `source` in the place of a store that is missing or cannot be opened, when nobody uses it. What was there
    /// stays beside it under names that end in `suffix`. Can be repeated after a crash with the same `suffix`.
    func replaceFile(
        with source: String, rights: FileRights?, suffix: String, expecting content: StoreDigest
    ) throws(GuardError)

    /// Lets go of connections. The store can be used again.
    func close()
}

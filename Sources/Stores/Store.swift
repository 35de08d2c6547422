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

/// A consistent copy of a store, checked and counted.
public struct Snapshot: Sendable {
    /// Where the copy lies: a file of the caller's scratch folder. A database file, or for PostgreSQL a plain SQL script.
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
    /// What is worth knowing and kept nobody from a backup: an index that could not be checked, say.
    public var findings: [Finding] = []
    /// Seconds per phase: `copy`, `check`, `digest`.
    public let seconds: [String: Double]

    /// The same state as another connection sees it.
    func with(_ token: StateToken) -> Snapshot {
        Snapshot(
            path: path, token: token, content: content, bytes: bytes, integrity: integrity,
            foreignKeyViolations: foreignKeyViolations, engineFacts: engineFacts, findings: findings, seconds: seconds)
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

/// How sure it is that a copy can be restored.
public enum CopyProof: Sendable, Equatable {
    /// It was restored, or is what a restore would give, and holds what the snapshot shows.
    case restored
    /// No restore could be tried, for this reason: its bytes and digests are all that vouches for it.
    case decoded(because: String)
}

/// Where a check command finds the memory that it is to judge.
public struct CheckTarget: Sendable, Equatable {
    /// What it gets as its last argument, and as `DEMENTIAD_STORE`: a path, or a URL without a password.
    public let argument: String
    /// What it gets in its environment beside that, in the words of Dementia itself.
    public let environment: [String: String]

    public init(argument: String, environment: [String: String]) {
        self.argument = argument
        self.environment = environment
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
/// 2. ``snapshot(into:progress:)`` and ``prove(_:of:for:progress:)``, then the vault publishes it, and a rehearsal on what proved it,
/// 3. ``migrate(_:from:entry:progress:)``, which does nothing when the store is no longer in the snapshot's state,
/// 4. ``verify(_:entry:since:)`` from a new connection,
/// 5. ``close()``, which lets go of everything, and ``discardScratch(of:)`` when the operation is over.
///
/// Every error is a ``GuardError`` with the store's id, and with `dataState` as the store knows it.
public protocol Store: Actor {
    /// Where it is.
    nonisolated var location: StoreLocation { get }

    /// A look from outside. Fails with ``GuardError/Code/storeMissing`` when there is nothing.
    func describe() throws(GuardError) -> StoreDescription

    /// What speaks against changing the store, before anything is begun: fails with it, or gives what a person should only know.
    func preflight() throws(GuardError) -> [Finding]

    /// Shape, ledger and the truth of every postcondition of `catalogue`.
    func survey(_ catalogue: Catalogue) throws(GuardError) -> Survey

    /// Copies the store's state to a new file at `path` without its write lock, and checks the copy.
    func snapshot(into path: String, progress: ProgressSink?) throws(GuardError) -> Snapshot

    /// Proves that the copy at `copy`, which ``snapshot(into:progress:)`` made, can be restored. What it needs for that beyond the scratch
    /// folder it names after `operation` and keeps for ``rehearse(_:on:of:entry:progress:)``, until ``discardScratch(of:)``.
    ///
    /// The vault then stores exactly these bytes and reads them back, so that what is proved of the copy is true of the archive.
    func prove(
        _ copy: String, of snapshot: Snapshot, for operation: OperationID, progress: ProgressSink?
    ) async throws(GuardError) -> CopyProof

    /// Restores the copy at `copy`, which came out of a backup, where it harms nobody, and compares it with `content`. What it needs
    /// for that beyond the scratch folder it names after `operation`, until ``discardScratch(of:)``. The store itself is not looked at.
    ///
    /// Fails with ``GuardError/Code/verificationFailed`` when the copy is not what it should be, and with other codes when that could not be
    /// found out.
    func drill(_ copy: String, holds content: StoreDigest, for operation: OperationID) async throws(GuardError)
        -> CopyProof

    /// What became of the rows of the copy at `old` in the copy at `new`, table by table; nil where rows cannot be told apart one by one.
    func changes(from old: String, to new: String) async throws(GuardError) -> [TableChange]?

    /// Runs `plan` in one transaction when the store still is in the state of `token`; otherwise fails with
    /// ``GuardError/Code/storeMoved`` and changes nothing.
    ///
    /// - Important: it fails before COMMIT, with nothing changed, when a statement, a postcondition or the conservation check fails.
    func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord

    /// Takes the write lock and keeps it until ``migrate(_:from:entry:progress:)`` ends or ``close()``. Looks and snapshots meanwhile
    /// see the state that is locked. The fallback for a store that never holds still: at most two seconds
    /// (`docs/design/migration-sqlite.md`, step 3).
    func lock() throws(GuardError)

    /// Runs `plan` on what the file at `scratch` holds, exactly the state of `snapshot`, and verifies the result there. The store itself
    /// is not touched. nil when there is no place to try it in: then nothing was rehearsed.
    func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) async throws(GuardError) -> MigrationRecord?

    /// Where a check command finds the memory: rehearsed on the file at `scratch`, or for nil the live one.
    func checkTarget(rehearsedOn scratch: String?) -> CheckTarget

    /// Writes down in the ledger that `plan` failed with `error`, in a transaction of its own. Never overwrites a success.
    func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError)

    /// Looks from a new connection whether `plan` holds.
    func verify(_ plan: Plan, entry: LedgerEntry, since token: StateToken?) throws(GuardError) -> Verification

    /// Everything that the ledger tells, for people. Empty without a ledger.
    func history() throws(GuardError) -> LedgerHistory

    /// Whether the ledger has rows of `operation`: how recovery tells a commit that happened from one that did not.
    func hasCommitted(_ operation: OperationID) throws(GuardError) -> Bool

    /// Puts the state of the copy at `source` in place of the store's, in one transaction, exactly when the store still is in
    /// the state of `kept`; otherwise fails with ``GuardError/Code/storeMoved`` and changes nothing. `source` is scratch of ours that
    /// may be changed on the way; it has to hold `content`.
    func restore(from source: String, expecting content: StoreDigest, replacing kept: Snapshot) throws(GuardError)

    /// Puts the copy at `source` in the place of a store that is missing or cannot be opened, when nobody uses it. What was there
    /// stays beside it under names that end in `suffix`. Can be repeated after a crash with the same `suffix`.
    func recreate(
        from source: String, rights: FileRights?, suffix: String, expecting content: StoreDigest
    ) throws(GuardError)

    /// Puts `rows` into the copy at `copy`, scratch of ours, as ``bringBack(_:expecting:replacing:)`` puts them into the store, and gives
    /// what the copy holds then.
    func rehearseReturn(of rows: [ReturningRow], on copy: String) async throws(GuardError) -> StoreDigest

    /// Puts `rows` into the store, in one transaction, exactly when the store still is in the state of `kept`; otherwise fails with
    /// ``GuardError/Code/storeMoved`` and changes nothing. Verified from a new connection: the store has to hold `content` then, unless
    /// somebody else has written since.
    func bringBack(
        _ rows: [ReturningRow], expecting content: StoreDigest, replacing kept: Snapshot
    ) async throws(GuardError)

    /// Drops what ``prove(_:of:for:progress:)`` and ``rehearse(_:on:of:entry:progress:)`` made outside of the scratch folder for
    /// `operation`, if they did. Best effort; whoever cannot now does it with a later operation.
    func discardScratch(of operation: OperationID) async

    /// The operations whose scratch is still there outside of the scratch folder, whoever began them. Best effort, like
    /// ``discardScratch(of:)``.
    func scratchLeft() async -> [OperationID]

    /// Lets go of connections. The store can be used again.
    func close()
}

extension Store {
    /// None: an engine that proves in the scratch folder leaves nothing elsewhere.
    public func scratchLeft() async -> [OperationID] { [] }

    /// A proof like any other, by ``prove(_:of:for:progress:)``.
    public func drill(
        _ copy: String, holds content: StoreDigest, for operation: OperationID
    ) async throws(GuardError) -> CopyProof {
        let snapshot = Snapshot(
            path: copy, token: .postgres(PostgresState(session: 0)), content: content, bytes: 0, integrity: "ok",
            foreignKeyViolations: 0, engineFacts: [:], seconds: [:])
        do throws(GuardError) {
            return try await prove(copy, of: snapshot, for: operation, progress: nil)
        } catch {
            // Of a backup that is being made that is what failed; of one that is there it is a verdict.
            guard error.code == .backupFailed else { throw error }
            throw GuardError(
                .verificationFailed, error.message, store: error.store, hint: error.hint, causes: error.causes)
        }
    }

    /// Digests of whole tables are all there is to compare.
    public func changes(from old: String, to new: String) async throws(GuardError) -> [TableChange]? { nil }
}

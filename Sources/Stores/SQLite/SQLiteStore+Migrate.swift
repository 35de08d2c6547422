// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import LinuxKit
internal import SQLiteKit

extension SQLiteStore {
    /// Steps 3 and 4 of `docs/design/migration-sqlite.md`: the write lock, the proof that the state is the one backed up, the plan,
    /// the conservation check, COMMIT. Whatever fails before COMMIT is rolled back, and the error says that nothing changed.
    public func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        guard !plan.isEmpty else {
            return MigrationRecord(applied: [], findings: [], lost: [], lockedMilliseconds: 0, token: snapshot.token)
        }
        let session = try open()
        let connection = session.connection
        // One that is inside a transaction got here by `lock()` and already is in the state of its snapshot.
        let isLocked = !connection.isAutocommit
        if !isLocked { try lock(connection) }
        let clock = ContinuousClock()
        let locked = clock.now
        do throws(GuardError) {
            // `data_version` tells what others committed, the pager's version what this connection committed itself.
            let state = try translating("reading its version") { () throws(SQLiteError) in try token(session) }
            guard .sqlite(state) == snapshot.token else { throw failure.moved("another program wrote to it") }
            try checkSameFile(session)
            var transaction = MigrationTransaction(SQLiteMigration(connection, failure, progress: progress))
            try transaction.checkStillPlanned(plan)
            let work = try transaction.run(plan, before: snapshot.content, entry: entry)
            let violations = try translating("checking foreign keys") { () throws(SQLiteError) in
                try connection.foreignKeyViolations()
            }
            guard violations <= snapshot.foreignKeyViolations else {
                throw transaction.stopped(
                    .conservationFailed, plan, "rows would break foreign keys that they kept before")
            }
            try checkSameFile(session)
            try commit(connection)
            let held = clock.now - locked
            // What is read from now on may be another program's already.
            let after = SQLiteState.committed(after: state, pagerVersion: committedVersion(connection))
            return MigrationRecord(
                applied: work.applied, findings: work.findings, lost: work.lost, lockedMilliseconds: held.milliseconds,
                token: .sqlite(after))
        } catch {
            // After some errors (a full disk) SQLite has rolled back by itself; then nothing is left to end.
            if !connection.isAutocommit { try? connection.execute("ROLLBACK") }
            close()
            throw error
        }
    }

    /// The state that `session` sees. The order matters: the pager knows its version after it has looked at the file.
    func token(_ session: Session) throws(SQLiteError) -> SQLiteState {
        let version = try session.connection.dataVersion()
        return SQLiteState(
            session: session.id, version: version, pagerVersion: try session.connection.pagerDataVersion())
    }

    /// The pager's version right after COMMIT, which is asked without looking at the file: no other program's commit can be in it. nil when
    /// it cannot be read.
    private func committedVersion(_ connection: Connection) -> UInt32? {
        try? connection.pagerDataVersion()
    }

    public func lock() throws(GuardError) {
        try lock(open().connection)
    }

    public func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) async throws(GuardError) -> MigrationRecord? {
        let rehearsal: SQLiteStore
        do {
            rehearsal = try SQLiteStore(path: scratch, limits: limits)
        } catch {
            throw failure.translate(error, "rehearsing")
        }
        do throws(GuardError) {
            let record = try await rehearsal.run(plan, asIn: snapshot, entry, progress)
            await rehearsal.close()
            return record
        } catch {
            await rehearsal.close()
            // Speaks of the store, not of its scratch copy; what is short in scratch is short for the rehearsal.
            let message = error.message.replacing(scratch, with: path)
            // The plan was made on another state than the copy holds: it failed nothing, and is to be made again. A name that is taken on
            // the copy is taken in the memory.
            if error.code == .storeMoved || error.code == .nameTaken {
                throw GuardError(
                    error.code, message, store: location.id, hint: error.hint, causes: error.causes,
                    migration: error.migration)
            }
            if error.code == .noSpace || error.code == .inputOutput {
                throw GuardError(
                    error.code, "the rehearsal of \(path): \(error.message)", store: location.id, causes: error.causes)
            }
            throw error.asFailedRehearsal(
                message, of: location.id,
                hint: error.hint?.replacing(rehearsal.location.id.value, with: location.id.value))
        }
    }

    /// Runs `plan` on this file, which is a copy of what `snapshot` shows.
    private func run(
        _ plan: Plan, asIn snapshot: Snapshot, _ entry: LedgerEntry, _ progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        let session = try open()
        let state = try translating("reading its version") { () throws(SQLiteError) in try token(session) }
        let record = try migrate(plan, from: snapshot.with(.sqlite(state)), entry: entry, progress: progress)
        let verification = try verify(plan, entry: entry, since: record.token)
        guard verification.problems.isEmpty else {
            throw GuardError(
                stopping: plan, at: location, .verificationFailed, verification.problems.joined(separator: "; "))
        }
        return record
    }

    public func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError) {
        let connection = try open().connection
        if connection.isAutocommit { try lock(connection) }
        do throws(GuardError) {
            try translating("writing its ledger") { () throws(SQLiteError) in
                try SQLiteLedger(connection).recordFailure(error, of: plan, entry: entry)
            }
            try commit(connection)
        } catch {
            if !connection.isAutocommit { try? connection.execute("ROLLBACK") }
            close()
            throw error
        }
    }

    // MARK: Locks

    func lock(_ connection: Connection) throws(GuardError) {
        try translating("waiting for its write lock") { () throws(SQLiteError) in
            connection.waitForLocks(atMost: limits.lockPatience)
            // Outside a transaction, where alone it works; Dementia does not enforce foreign keys either.
            try connection.execute("PRAGMA foreign_keys = 0; PRAGMA query_only = 0; PRAGMA synchronous = FULL")
            // The user's triggers are for the application's statements: they fire neither for a migration's nor for the ledger's.
            try connection.disableTriggers()
            // An index that only the application can keep in order is not written to without it.
            try connection.refuseMissingCollations()
            try connection.execute("BEGIN IMMEDIATE")
        }
    }

    /// In a rollback-journal file COMMIT waits for readers; until it succeeds the transaction stays open, and nothing is lost.
    func commit(_ connection: Connection) throws(GuardError) {
        do {
            try connection.execute("COMMIT")
        } catch {
            let translated = failure.translate(error, "committing")
            // SQLite itself has ended the transaction: on a disk that fails, nobody knows yet which of the two states will be found.
            throw connection.isAutocommit ? translated.with(dataState: .changing) : translated
        }
    }
}

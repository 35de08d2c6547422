// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import LinuxKit
internal import SQLiteKit

extension SQLiteStore {
    /// Design §5, SQLite, steps 3 and 4: the write lock, the proof that the state is the one backed up, the plan, the conservation
    /// check, COMMIT. Whatever fails before COMMIT is rolled back, and the error says that nothing changed.
    public func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        let session = try open()
        let connection = session.connection
        // One that is inside a transaction got here by `lock()` and already is in the state of its snapshot.
        let isLocked = !connection.isAutocommit
        if !isLocked { try lock(connection) }
        let clock = ContinuousClock()
        let locked = clock.now
        do throws(GuardError) {
            guard try translating("reading its version", { () throws(SQLiteError) in try connection.dataVersion() })
                == snapshot.token.version
            else { throw failure.moved("somebody wrote to it") }
            try checkSameFile(session)
            let work = try apply(plan, before: snapshot.content, entry, on: connection, progress)
            let violations = try translating("checking foreign keys") { () throws(SQLiteError) in
                try Self.foreignKeyViolations(connection)
            }
            guard violations <= snapshot.foreignKeyViolations else {
                throw error(.conservationFailed, plan, "rows would break foreign keys that they kept before")
            }
            try checkSameFile(session)
            try commit(connection)
            let token = try translating("reading its version") { () throws(SQLiteError) in
                StateToken(version: try connection.dataVersion(), pagerVersion: try connection.pagerDataVersion())
            }
            return MigrationRecord(
                applied: work.applied, findings: work.findings, lost: work.lost, lockedMilliseconds: (clock.now - locked).milliseconds, token: token)
        } catch {
            // After some errors (a full disk) SQLite has rolled back by itself; then nothing is left to end.
            if !connection.isAutocommit { try? connection.execute("ROLLBACK") }
            close()
            throw error
        }
    }

    public func lock() throws(GuardError) {
        try lock(open().connection)
    }

    public func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) async throws(GuardError) -> MigrationRecord {
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
            throw error.code == .noSpace || error.code == .inputOutput
                ? GuardError(error.code, "the rehearsal of \(path): \(error.message)", store: location.id, causes: error.causes)
                : GuardError(
                    .rehearsalFailed, "the rehearsal failed: \(message)", store: location.id,
                    hint: "Nothing was changed: the plan ran on a copy.", causes: error.causes)
        }
    }

    /// Runs `plan` on this file, which is a copy of what `snapshot` shows.
    private func run(
        _ plan: Plan, asIn snapshot: Snapshot, _ entry: LedgerEntry, _ progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        let connection = try open().connection
        let token = try translating("reading its version") { () throws(SQLiteError) in
            StateToken(version: try connection.dataVersion(), pagerVersion: try connection.pagerDataVersion())
        }
        let record = try migrate(plan, from: snapshot.with(token), entry: entry, progress: progress)
        let verification = try verify(plan, entry: entry, since: record.token)
        guard verification.problems.isEmpty else {
            throw error(.verificationFailed, plan, verification.problems.joined(separator: "; "))
        }
        return record
    }

    public func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError) {
        guard let step = plan.steps.first else { return }
        let connection = try open().connection
        try lock(connection)
        do throws(GuardError) {
            try translating("writing its ledger") { () throws(SQLiteError) in
                let ledger = SQLiteLedger(connection)
                try ledger.prepare()
                try ledger.recordFailure(of: step.migration, message: error.message, entry: entry)
            }
            try commit(connection)
        } catch {
            if !connection.isAutocommit { try? connection.execute("ROLLBACK") }
            close()
            throw error
        }
    }

    // MARK: Inside the transaction

    private func apply(
        _ plan: Plan, before: StoreDigest, _ entry: LedgerEntry, on connection: Connection, _ progress: ProgressSink?
    ) throws(GuardError) -> (applied: [OperationResult.Applied], findings: [Finding], lost: [Loss]) {
        let clock = ContinuousClock()
        let runner = MigrationRunner(connection, progress: progress)
        let ledger = SQLiteLedger(connection)
        var applied: [OperationResult.Applied] = []
        var conservation = try translating("noting what is there") { () throws(SQLiteError) in
            try ledger.prepare()
            return try Conservation(plan, before: before, on: connection)
        }
        for step in plan.steps {
            let start = clock.now
            let migration = step.migration
            do throws(SQLiteError) {
                try connection.execute("SAVEPOINT migration")
                switch step.action {
                case .apply: try runner.run(migration.up)
                case .revert: try runner.run(migration.down ?? [])
                case .adopt: break
                }
                let milliseconds = (clock.now - start).milliseconds
                if step.action == .revert {
                    try ledger.recordRevert(of: step, entry: entry)
                } else {
                    try ledger.recordSuccess(of: step, milliseconds: milliseconds, entry: entry)
                }
                try connection.execute("RELEASE migration")
                applied.append(.init(
                        version: migration.version, name: migration.name, action: step.action, milliseconds: milliseconds))
            } catch {
                throw failed(migration, error)
            }
            let problems = try translating("checking what it made") { () throws(SQLiteError) in
                try Postcondition(migration).problems(on: connection)
            }
            guard problems.isEmpty else {
                throw self.error(.migrationFailed, plan, "after migration \(migration.version) (\(migration.name)) "
                    + problems.joined(separator: ", "))
            }
        }
        let violations = try translating("proving conservation") { () throws(SQLiteError) in
            try conservation.violations(touched: runner.touched, on: connection)
        }
        guard violations.isEmpty else {
            throw error(.conservationFailed, plan, violations.prefix(5).joined(separator: "; "))
        }
        return (applied, runner.findings, conservation.lost)
    }

    /// What SQLite said about a statement of `migration`.
    private func failed(_ migration: Migration, _ error: SQLiteError) -> GuardError {
        switch error.code {
        case .busy, .locked, .full, .inputOutput, .corrupt, .readOnly, .notADatabase:
            return failure.translate(error, "migration \(migration.version) (\(migration.name))")
        default:
            let refused = error.code ~= .authorization ? " (a migration runs inside dementiad's transaction, in one file)" : ""
            return GuardError(
                .migrationFailed,
                "\(path): migration \(migration.version) (\(migration.name)) failed: \(error.message)\(refused)",
                store: location.id, hint: "Nothing was changed. See: dementiad's journal, or dementiactl history \(location.id)",
                causes: [error.description])
        }
    }

    private func error(_ code: GuardError.Code, _ plan: Plan, _ why: String) -> GuardError {
        GuardError(
            code, "\(path): the migration to version \(plan.to) was stopped before COMMIT: \(why)", store: location.id,
            hint: "Nothing was changed. The migration has to declare what it changes, or not do it.")
    }

    // MARK: Locks

    private func lock(_ connection: Connection) throws(GuardError) {
        try translating("waiting for its write lock") { () throws(SQLiteError) in
            connection.waitForLocks(atMost: limits.lockPatience)
            // Outside a transaction, where alone it works; Dementia does not enforce foreign keys either.
            try connection.execute("PRAGMA foreign_keys = 0; PRAGMA query_only = 0; PRAGMA synchronous = FULL")
            try connection.execute("BEGIN IMMEDIATE")
        }
    }

    /// In a rollback-journal file COMMIT waits for readers; until it succeeds the transaction stays open, and nothing is lost.
    private func commit(_ connection: Connection) throws(GuardError) {
        try translating("committing") { () throws(SQLiteError) in try connection.execute("COMMIT") }
    }

    private func checkSameFile(_ session: Session) throws(GuardError) {
        guard try status().isSameFile(as: session.file) else {
            throw failure.moved("another file has its name now")
        }
    }
}

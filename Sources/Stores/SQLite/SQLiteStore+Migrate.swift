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
            guard .sqlite(state) == snapshot.token else { throw failure.moved("somebody wrote to it") }
            try checkSameFile(session)
            try checkStillPlanned(plan, on: connection)
            let work = try apply(plan, before: snapshot.content, entry, on: connection, progress)
            let violations = try translating("checking foreign keys") { () throws(SQLiteError) in
                try connection.foreignKeyViolations()
            }
            guard violations <= snapshot.foreignKeyViolations else {
                throw error(.conservationFailed, plan, "rows would break foreign keys that they kept before")
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
            throw error(.verificationFailed, plan, verification.problems.joined(separator: "; "))
        }
        return record
    }

    public func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError) {
        // What failed as a whole stands at the first migration that would have run.
        guard
            let step = plan.steps.first(where: { $0.migration.version == error.migration })
                ?? plan.steps.first(where: { $0.action != .adopt }) ?? plan.steps.first
        else { return }
        let connection = try open().connection
        if connection.isAutocommit { try lock(connection) }
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

    /// Fails when a step is done already: the plan was made before somebody else, another daemon or a server that migrates by itself, did
    /// it, and the snapshot after.
    private func checkStillPlanned(_ plan: Plan, on connection: Connection) throws(GuardError) {
        let known = try translating("reading its ledger") { () throws(SQLiteError) in
            Set(try (SQLiteLedger(connection).rows() ?? []).filter(\.success).map(\.version))
        }
        for step in plan.steps {
            let isDone =
                switch step.action {
                case .adopt: known.contains(step.migration.version)
                case .revert: false
                case .apply, .repair:
                    try translating("comparing it with the plan") { () throws(SQLiteError) in
                        try Postcondition(step.migration).problems(on: connection).isEmpty
                    }
                }
            if isDone { throw failure.moved("\(step.migration.label) is done already") }
        }
    }

    private func apply(
        _ plan: Plan, before: StoreDigest, _ entry: LedgerEntry, on connection: Connection, _ progress: ProgressSink?
    ) throws(GuardError) -> (applied: [OperationResult.Applied], findings: [Finding], lost: [Loss]) {
        let clock = ContinuousClock()
        let runner = MigrationRunner(connection, progress: progress)
        let ledger = SQLiteLedger(connection)
        var applied: [OperationResult.Applied] = []
        var conservation = try translating("noting what is there") { () throws(SQLiteError) in
            try runner.watched { () throws(SQLiteError) in try ledger.prepare() }
            return try Conservation(plan, before: before, on: connection)
        }
        for step in plan.steps {
            let start = clock.now
            let migration = step.migration
            do throws(SQLiteError) {
                try connection.execute("SAVEPOINT migration")
                switch step.action {
                case .apply: try runner.run(migration.up)
                case .repair: try runner.run(migration.repair + migration.up)
                case .revert: try runner.run(migration.down ?? [])
                case .adopt: break
                }
                let milliseconds = (clock.now - start).milliseconds
                try runner.watched { () throws(SQLiteError) in
                    if step.action == .revert {
                        try ledger.recordRevert(of: step, entry: entry)
                    } else {
                        try ledger.recordSuccess(of: step, milliseconds: milliseconds, entry: entry)
                    }
                }
                try connection.execute("RELEASE migration")
                applied.append(
                    .init(
                        version: migration.version, name: migration.name, action: step.action,
                        milliseconds: milliseconds))
            } catch {
                // A statement that cannot work on a table of the user's own: the name is the reason.
                if error.code ~= .error, let taken = try takenName(migration, on: connection) { throw taken }
                throw failed(step, error)
            }
            if let taken = try takenName(migration, on: connection) { throw taken }
            let problems = try translating("checking what it made") { () throws(SQLiteError) in
                try Postcondition(migration).problems(on: connection)
            }
            guard problems.isEmpty else {
                throw self.error(
                    .migrationFailed, plan, "after \(migration.label) " + problems.joined(separator: ", "),
                    migration: migration.version)
            }
        }
        // Nothing is written from here on but by COMMIT.
        connection.acceptMissingCollations()
        let violations = try translating("proving conservation") { () throws(SQLiteError) in
            try conservation.violations(touched: runner.touched, on: connection)
        }
        guard violations.isEmpty else {
            throw error(.conservationFailed, plan, violations.prefix(5).joined(separator: "; "))
        }
        return (applied, runner.findings, conservation.lost)
    }

    /// Why `migration` cannot have made what it makes, when something of the user's own has the name: `IF NOT EXISTS` has passed it over.
    private func takenName(_ migration: Migration, on connection: Connection) throws(GuardError) -> GuardError? {
        let taken = try translating("checking what it made") { () throws(SQLiteError) in
            try Postcondition(migration).taken(on: connection)
        }
        guard !taken.isEmpty else { return nil }
        return GuardError(
            .nameTaken, "\(path): a name that \(migration.label) needs is taken: \(taken.joined(separator: "; "))",
            store: location.id,
            hint: GuardError.renameHint, migration: migration.version)
    }

    /// What SQLite said about a statement of `step`.
    private func failed(_ step: Plan.Step, _ error: SQLiteError) -> GuardError {
        let migration = step.migration
        switch error.code {
        case .busy, .locked, .full, .inputOutput, .corrupt, .readOnly, .notADatabase:
            return failure.translate(error, migration.label)
        default:
            let refused =
                error.code ~= .authorization ? " (a migration runs inside dementiad's transaction, in one file)" : ""
            return GuardError(
                .migrationFailed,
                "\(path): \(migration.label) failed: \(error.message)\(refused)",
                store: location.id,
                hint: step.hint(afterConstraint: error.code ~= .constraint, of: location.id),
                causes: [error.description], migration: migration.version)
        }
    }

    private func error(
        _ code: GuardError.Code, _ plan: Plan, _ why: String, migration: Int? = nil
    ) -> GuardError {
        GuardError(
            code, "\(path): the migration to version \(plan.destination) was stopped before COMMIT: \(why)",
            store: location.id,
            hint: "Nothing was changed. The migration has to declare what it changes, or not do it.",
            migration: migration)
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

// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import PostgresKit
internal import SchemaDump

extension PostgresStore {
    /// Steps 3 and 4 of `docs/design/migration-postgres.md`: one transaction with every lock at its beginning, the proof that the state
    /// is the one backed up, the plan, the conservation check, COMMIT. Whatever fails before COMMIT is rolled back.
    public func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        guard !plan.isEmpty else {
            return MigrationRecord(applied: [], findings: [], lost: [], lockedMilliseconds: 0, token: snapshot.token)
        }
        (failureDetail, duplicates) = (nil, nil)
        let session = try open()
        let connection = session.connection
        // One that is inside a transaction got here by `lock()`.
        if connection.transactionStatus != .inTransaction { try lock(alone: rehearsedLocks, on: connection) }
        let clock = ContinuousClock()
        let locked = lockedSince ?? clock.now
        do throws(GuardError) {
            let inventory = try checkUnmoved(since: snapshot.content, on: connection)
            try checkStillPlanned(plan, on: connection)
            let work = try apply(plan, before: snapshot.content, inventory, entry, on: connection, progress)
            try commit(connection)
            return MigrationRecord(
                applied: work.applied, findings: [], lost: work.lost,
                lockedMilliseconds: (clock.now - locked).milliseconds,
                token: .postgres(PostgresState(session: session.id)))
        } catch {
            connection.rollBack()
            throw error
        }
    }

    public func lock() throws(GuardError) {
        try lock(alone: nil, on: open().connection)
    }

    /// Begins the transaction of a change and takes all of its locks, in one order and never upgraded later.
    ///
    /// - Parameter alone: the tables that nobody may even read meanwhile; nil for all of them
    func lock(alone: Set<ExactText>?, on connection: Connection) throws(GuardError) {
        try takeLocks("taking its locks") { () throws(PostgresError) in
            try connection.beginChange(limits)
            guard try PostgresLocks.tryGuardLock(connection, schema) else {
                throw PostgresError(sqlState: .lockNotAvailable, message: "another dementiad is at work on this schema")
            }
            let schema = PostgresSchema(connection, schema)
            guard try schema.exists() else {
                throw PostgresError(sqlState: .undefinedSchema, message: "there is no schema \(self.schema)")
            }
            let tables = try schema.lockableTables()
            self.lockedSince = .now
            try PostgresLocks.lock(
                tables.map { ($0, alone?.contains(ExactText($0)) ?? true ? .accessExclusive : .shareRowExclusive) },
                of: self.schema, within: limits.lockTimeout, on: connection)
            guard try schema.lockableTables() == tables else {
                throw PostgresError(sqlState: .lockNotAvailable, message: "tables came or went meanwhile")
            }
        }
    }

    /// Fails when anything is not as `content` shows it. To be asked under the locks.
    ///
    /// - Returns: the objects that are there
    func checkUnmoved(since content: StoreDigest, on connection: Connection) throws(GuardError) -> SchemaInventory {
        let (inventory, now) = try translating("comparing it with its backup") { () throws(PostgresError) in
            let inventory = try SchemaInventory(reading: self.schema, on: connection)
            return (inventory, try PostgresSchema(connection, self.schema).content(of: inventory))
        }
        let differences = now.differences(from: content, sequencesMayMove: true)
        if let first = differences.first { throw failure.moved(first) }
        return inventory
    }

    /// Fails when a step is done already: the plan was made before somebody else, another daemon or a server that migrates by itself, did
    /// it, and the snapshot after.
    private func checkStillPlanned(_ plan: Plan, on connection: Connection) throws(GuardError) {
        let known = try translating("reading its ledger") { () throws(PostgresError) in
            Set(try (PostgresLedger(connection, schema: self.schema).rows() ?? []).filter(\.success).map(\.version))
        }
        for step in plan.steps {
            let isDone =
                switch step.action {
                case .adopt: known.contains(step.migration.version)
                case .revert: false
                case .apply, .repair:
                    try translating("comparing it with the plan") { () throws(PostgresError) in
                        try PostgresSchema(connection, self.schema).problems(of: step.migration).isEmpty
                    }
                }
            if isDone { throw failure.moved("\(step.migration.label) is done already") }
        }
    }

    /// Runs the steps of `plan` and proves that they changed nothing else. On the store itself, or on the scratch copy of a rehearsal.
    ///
    /// - Parameter inventory: the objects before
    func apply(
        _ plan: Plan, before: StoreDigest, _ inventory: SchemaInventory, _ entry: LedgerEntry,
        on connection: Connection, _ progress: ProgressSink?
    ) throws(GuardError) -> (applied: [OperationResult.Applied], lost: [Loss]) {
        let schema = PostgresSchema(connection, schema)
        let ledger = PostgresLedger(connection, schema: self.schema)
        let work = PostgresMigrationRunner(connection, schema: self.schema)
        // Before the first statement, which then finds them as they are, and apart from what it touches.
        try translating("preparing its ledger") { () throws(PostgresError) in try ledger.prepare() }
        let going = plan.isDowngrade ? try columnsThatGo(with: plan, by: work) : [:]
        var conservation = try translating("noting what is there") { () throws(PostgresError) in
            try PostgresConservation(
                plan, before: before, inventory, going: going, on: connection, schema: self.schema)
        }
        let clock = ContinuousClock()
        var applied: [OperationResult.Applied] = []
        for step in plan.steps {
            let start = clock.now
            do throws(PostgresError) {
                try connection.execute("SAVEPOINT migration")
                try work.run(step)
                let milliseconds = (clock.now - start).milliseconds
                if step.action == .revert {
                    try ledger.recordRevert(of: step, entry: entry)
                } else {
                    try ledger.recordSuccess(of: step, milliseconds: milliseconds, entry: entry)
                }
                try connection.execute("RELEASE SAVEPOINT migration")
                applied.append(
                    .init(
                        version: step.migration.version, name: step.migration.name, action: step.action,
                        milliseconds: milliseconds))
            } catch {
                let failure = failed(step, error)
                // A statement that cannot work on an object of the user's own: the name is the reason.
                if failure.code == .migrationFailed, step.action != .revert,
                    let taken = try takenName(step.migration, after: error, on: connection)
                {
                    throw taken
                }
                throw failure
            }
            if step.action != .revert, let taken = try takenName(step.migration, on: connection) { throw taken }
            let problems = try translating("checking what it made") { () throws(PostgresError) in
                try schema.problems(of: step.migration)
            }
            guard problems.isEmpty || step.action == .revert else {
                throw stopped(
                    .migrationFailed, plan, "after \(step.migration.label) \(problems.joined(separator: ", "))",
                    migration: step.migration.version)
            }
        }
        let violations = try translating("proving conservation") { () throws(PostgresError) in
            try conservation.violations(on: connection)
        }
        guard violations.isEmpty else {
            throw stopped(.conservationFailed, plan, violations.prefix(5).joined(separator: "; "))
        }
        return (applied, conservation.lost)
    }

    /// The columns that the downgrade `plan` takes away, by table.
    private func columnsThatGo(
        with plan: Plan, by work: PostgresMigrationRunner
    ) throws(GuardError) -> [ExactText: Set<ExactText>] {
        var tried: Plan.Step?
        do throws(PostgresError) {
            return try work.columnsThatGo(with: plan) { tried = $0 }
        } catch {
            throw tried.map { failed($0, error) } ?? failure.translate(error, "looking at what the way back takes out")
        }
    }

    /// Why `migration` cannot have made what it makes, when an object of the user's own has the name: `IF NOT EXISTS` has passed it over.
    ///
    /// - Parameter error: what a statement of it failed with; its own work is taken back then, before the look
    private func takenName(
        _ migration: Migration, after error: PostgresError? = nil, on connection: Connection
    ) throws(GuardError) -> GuardError? {
        let taken = try translating("checking what it made") { () throws(PostgresError) in
            if error != nil { try connection.execute("ROLLBACK TO SAVEPOINT migration") }
            return try PostgresSchema(connection, schema).taken(of: migration)
        }
        // What a constraint or a type needs is not among what is looked at: the server names it.
        let told = error.flatMap { [.duplicateTable, .duplicateObject].contains($0.sqlState) ? $0.message : nil }
        guard let first = taken.isEmpty ? told : taken.joined(separator: "; ") else { return nil }
        return GuardError(
            .nameTaken, "\(location.name): a name that \(migration.label) needs is taken: \(first)", store: location.id,
            hint: GuardError.renameHint, migration: migration.version)
    }

    /// What PostgreSQL said about a statement of `step`.
    private func failed(_ step: Plan.Step, _ error: PostgresError) -> GuardError {
        let migration = step.migration
        failureDetail = error.detail
        duplicates = DuplicateKeys(error)
        let isOurs = error.sqlState.map { !["08", "53", "57"].contains($0.errorClass) } ?? false
        guard isOurs, !error.isWait, error.sqlState != .diskFull else {
            return failure.translate(error, migration.label)
        }
        return GuardError(
            .migrationFailed, "\(location.name): \(migration.label) failed: \(error.message)", store: location.id,
            hint: migration.repair.isEmpty || step.action == .revert
                ? step.hint(afterConstraint: error.sqlState?.errorClass == "23", of: location.id)
                : "Nothing was changed. See what would clear the way: dementiactl repair \(location.id) --dry-run",
            // Which objects stand in the way of a DROP stands in the detail. It names no value of a row.
            causes: [error.description]
                + (error.sqlState == .dependentObjects ? [error.detail].compactMap(\.self) : []),
            migration: migration.version)
    }

    /// Why `plan` was stopped before COMMIT, by `migration` where it was one of them.
    func stopped(
        _ code: GuardError.Code, _ plan: Plan, _ why: String, migration: Int? = nil
    ) -> GuardError {
        GuardError(
            code, "\(location.name): the migration to version \(plan.destination) was stopped before COMMIT: \(why)",
            store: location.id,
            hint: "Nothing was changed. The migration has to declare what it changes, or not do it.",
            migration: migration)
    }

    // MARK: COMMIT

    /// Commits. A COMMIT without an answer is settled by the server's own record of the transaction.
    func commit(_ connection: Connection) throws(GuardError) {
        goesOnAfterStop = true
        let settlement = CommitSettlement(target: target, failure: failure, patience: limits.patience)
        try settlement.commit(connection) { close() }
    }
}

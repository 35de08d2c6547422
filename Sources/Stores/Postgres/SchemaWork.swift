// SPDX-License-Identifier: MIT

package import Dementia
package import GuardCore
package import PostgresKit
internal import SchemaDump

/// One transaction of ours on a schema that need not be there yet: the guard's lock, the tables at the head of their line, COMMIT.
///
/// Not `Sendable`: it belongs to the thread that began it.
package final class SchemaWork {
    /// Where the schema is, or will be.
    package let location: StoreLocation
    /// The schema's name, as it is.
    package let schema: String
    /// The connection inside the transaction.
    package let connection: Connection
    private let target: ConnectionTarget
    private let limits: PostgresStore.Limits
    private let failure: PostgresFailure

    /// Connects. Nothing is begun yet.
    ///
    /// - Parameter address: `host:port/database`, which with the schema is the store's name
    package init(
        _ target: ConnectionTarget, address: String, schema: String, limits: PostgresStore.Limits
    ) throws(GuardError) {
        location = StoreLocation(engine: .postgres, name: "\(address)#\(schema)")
        self.schema = schema
        self.target = target
        self.limits = limits
        failure = PostgresFailure(location: location)
        do throws(PostgresError) {
            connection = try Connection.forWork(target)
        } catch {
            throw failure.translate(error, "connecting")
        }
    }

    /// Begins the transaction, under pinned settings and the guard's lock.
    package func begin() throws(GuardError) {
        try patiently("taking its lock") { () throws(PostgresError) in
            try connection.beginChange(limits)
            guard try PostgresLocks.tryGuardLock(connection, schema) else {
                throw PostgresError(sqlState: .lockNotAvailable, message: "another dementiad is at work on this schema")
            }
        }
        let facts = try translating("looking at its server") { () throws(PostgresError) in
            try ServerFacts(connection, target)
        }
        if let refusal = facts.refusal(of: location) { throw refusal }
        guard facts.encoding == "UTF8" else {
            throw GuardError(
                .permissionDenied, "the database of \(location.name) holds \(facts.encoding) and not every character",
                store: location.id, hint: "Nothing was changed. Make a database with ENCODING 'UTF8'.")
        }
    }

    /// Whether there is a schema of that name.
    package func exists() throws(GuardError) -> Bool {
        try translating("looking for it") { () throws(PostgresError) in
            try PostgresSchema(connection, schema).exists()
        }
    }

    /// The triggers and rules of its tables, as the server describes them.
    package func attachedTriggersAndRules() throws(GuardError) -> [String] {
        try translating("looking for triggers and rules") { () throws(PostgresError) in
            try AttachedCode(connection, schema: schema).triggersAndRules()
        }
    }

    /// The tables outside of the schema whose rows the transaction wrote.
    package func tablesWrittenOutside() throws(GuardError) -> [String] {
        try translating("looking for what else was written") { () throws(PostgresError) in
            try PostgresLocks.writtenOutside(of: schema, on: connection)
        }
    }

    /// Locks every table that is there, alone when they are to be altered, else beside readers.
    private func lockTables(alone: Bool) throws(GuardError) {
        do throws(PostgresError) {
            let tables = try PostgresSchema(connection, schema).lockableTables()
            try PostgresLocks.lock(
                tables.map { ($0, alone ? .accessExclusive : .shareRowExclusive) }, of: schema,
                within: limits.lockTimeout, on: connection)
        } catch {
            guard error.isWait, !error.isConnectionLost else { throw failure.translate(error, "locking its tables") }
            connection.rollBack()
            let holders = try? PostgresLocks.holders(of: schema, on: connection)
            throw failure.busy(
                "locking its tables", holders: holders ?? LockHolders(), causes: [error.description])
        }
    }

    /// Makes the schema when it is not there, and brings it to the head of `postgres-4`, with a row in the ledger for each migration.
    ///
    /// - Returns: what ran
    /// - Throws: the schema is of another kind, or drifted; then nothing was done
    package func makeReady(_ catalogue: Catalogue, entry: LedgerEntry) throws(GuardError) -> [PlannedAction] {
        if try !exists() {
            _ = try translating("making it") { () throws(PostgresError) in
                try connection.run("CREATE SCHEMA \(SQLText.identifier(schema))")
            }
        }
        let plan = try plan(catalogue)
        try lockTables(alone: !plan.isEmpty)
        let ledger = PostgresLedger(connection, schema: schema)
        let runner = PostgresMigrationRunner(connection, schema: schema)
        try translating("preparing its ledger") { () throws(PostgresError) in try ledger.prepare() }
        let clock = ContinuousClock()
        for step in plan.steps {
            let start = clock.now
            let problems = try translating(step.migration.label) { () throws(PostgresError) in
                try runner.run(step)
                try ledger.recordSuccess(of: step, milliseconds: (clock.now - start).milliseconds, entry: entry)
                return try PostgresSchema(connection, schema).problems(of: step.migration)
            }
            guard problems.isEmpty else {
                throw GuardError(
                    .migrationFailed,
                    "\(location.name): after \(step.migration.label) \(problems.joined(separator: ", "))",
                    store: location.id, hint: "Nothing was changed.", migration: step.migration.version)
            }
        }
        return plan.steps.map(\.action)
    }

    private func plan(_ catalogue: Catalogue) throws(GuardError) -> Plan {
        let survey = try translating("reading its schema") { () throws(PostgresError) in
            try PostgresSchema(connection, schema).survey(catalogue)
        }
        guard !survey.shape.tables.isEmpty else {
            let steps = catalogue.migrations(of: .postgres4).map { Plan.Step(migration: $0, action: .apply) }
            return Plan(
                store: location.id, line: .postgres4, from: nil, to: catalogue.head(of: .postgres4), steps: steps)
        }
        // That it is empty while the rows of others lie in public says nothing of a schema that is about to be filled.
        let surroundings = SchemaSurroundings(schema: schema, isEmpty: false, publicHoldsRows: false)
        let known = Survey(
            recognition: .postgres(survey.shape, in: surroundings), shape: survey.shape, ledger: survey.ledger,
            foreignLedger: survey.foreignLedger, problems: try problems(catalogue))
        return try Planner(catalogue: catalogue).plan(for: location.id, at: location.name, known)
    }

    /// The postconditions that do not hold, by version.
    private func problems(_ catalogue: Catalogue) throws(GuardError) -> [Int: [String]] {
        try translating("reading its schema") { () throws(PostgresError) in
            var problems: [Int: [String]] = [:]
            for migration in catalogue.migrations(of: .postgres4) {
                let found = try PostgresSchema(connection, schema).problems(of: migration)
                if !found.isEmpty { problems[migration.version] = found }
            }
            return problems
        }
    }

    /// What of the head of `postgres-4` does not hold, and what the server does not vouch for.
    package func shortcomings(_ catalogue: Catalogue) throws(GuardError) -> [String] {
        var shortcomings = try problems(catalogue).sorted { $0.key < $1.key }.flatMap(\.value)
        let rows = try translating("reading its ledger") { () throws(PostgresError) in
            let invalid = try PostgresSchema(connection, schema).invalidObjects()
            shortcomings += invalid.sorted().map { "the server does not vouch for \($0)" }
            return try PostgresLedger(connection, schema: schema).rows() ?? []
        }
        let recorded = Set(rows.filter(\.success).map(\.version))
        for migration in catalogue.migrations(of: .postgres4) where !recorded.contains(migration.version) {
            shortcomings.append("the ledger does not have \(migration.label)")
        }
        return shortcomings
    }

    /// Whether a table of that name is the ledger's.
    package static func isLedger(_ table: String) -> Bool { PostgresLedger.isLedger(table) }

    /// Commits. A COMMIT without an answer is settled by the server's own record of the transaction.
    package func commit() throws(GuardError) {
        try CommitSettlement(target: target, failure: failure, patience: limits.patience).commit(connection) {}
    }

    /// Ends the transaction, if one is open, with nothing changed.
    package func rollBack() { connection.rollBack() }

    /// Runs `body` and says what PostgreSQL says in our words.
    package func translating<Result>(
        _ doing: String, _ body: () throws(PostgresError) -> Result
    ) throws(GuardError) -> Result {
        do throws(PostgresError) {
            return try body()
        } catch {
            throw failure.translate(error, doing)
        }
    }

    /// `error` in our words.
    package func error(_ error: PostgresError, _ doing: String) -> GuardError { failure.translate(error, doing) }

    /// Tries `body` as often as locks are tried.
    private func patiently(_ doing: String, _ body: () throws(PostgresError) -> Void) throws(GuardError) {
        var pause = Duration.milliseconds(250)
        for attempt in 1... {
            do throws(PostgresError) {
                return try body()
            } catch {
                connection.rollBack()
                guard error.isWait, !error.isConnectionLost, attempt < limits.lockAttempts else {
                    throw failure.translate(error, doing)
                }
            }
            LockPause.pause(about: pause)
            pause = min(pause * 2, .seconds(4))
        }
    }
}

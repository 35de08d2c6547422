// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import SQLiteKit

/// A migration's transaction in a SQLite file.
struct SQLiteMigration: MigrationEngine {
    let location: StoreLocation
    let ledger: SQLiteLedger
    private let connection: Connection
    private let failure: SQLiteFailure
    private let runner: MigrationRunner
    private var conservation: Conservation?

    init(_ connection: Connection, _ failure: SQLiteFailure, progress: ProgressSink?) {
        location = failure.location
        ledger = SQLiteLedger(connection)
        self.connection = connection
        self.failure = failure
        runner = MigrationRunner(connection, progress: progress)
    }

    var findings: [Finding] { runner.findings }
    var lost: [Loss] { conservation?.lost ?? [] }

    mutating func noteState(before: StoreDigest, _ plan: Plan) throws(GuardError) {
        do throws(SQLiteError) {
            conservation = try Conservation(plan, before: before, on: connection)
        } catch {
            throw failure.translate(error, "noting what is there")
        }
    }

    func inSavepoint(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
        try connection.execute("SAVEPOINT migration")
        try body()
        try connection.execute("RELEASE migration")
    }

    func writing(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) { try runner.watched(body) }

    func run(_ step: Plan.Step) throws(SQLiteError) { try runner.run(step) }

    func problems(of migration: Migration) throws(SQLiteError) -> [String] {
        try Postcondition(migration).problems(on: connection)
    }

    func takenNames(of migration: Migration) throws(SQLiteError) -> [String] {
        try Postcondition(migration).taken(on: connection)
    }

    mutating func violations() throws(SQLiteError) -> [String] {
        // Nothing is written from here on but by COMMIT.
        connection.acceptMissingCollations()
        return try conservation?.violations(touched: runner.touched, on: connection) ?? []
    }

    func takenNames(of migration: Migration, after error: SQLiteError) throws(SQLiteError) -> [String] {
        error.code ~= .error ? try takenNames(of: migration) : []
    }

    func explain(_ error: SQLiteError, in step: Plan.Step) -> GuardError {
        let migration = step.migration
        switch error.code {
        case .busy, .locked, .full, .inputOutput, .corrupt, .readOnly, .notADatabase:
            return failure.translate(error, migration.label)
        default:
            let refused =
                error.code ~= .authorization ? " (a migration runs inside dementiad's transaction, in one file)" : ""
            return GuardError(
                .migrationFailed, "\(location.name): \(migration.label) failed: \(error.message)\(refused)",
                store: location.id, hint: step.hint(afterConstraint: error.code ~= .constraint, of: location.id),
                causes: [error.description], migration: migration.version)
        }
    }

    func translate(_ error: SQLiteError, _ doing: String) -> GuardError { failure.translate(error, doing) }
    func moved(_ why: String) -> GuardError { failure.moved(why) }
}

extension SQLiteLedger: MigrationLedger {}

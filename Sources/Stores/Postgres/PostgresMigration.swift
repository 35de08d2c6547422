// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import PostgresKit
internal import SchemaDump

/// A migration's transaction in a PostgreSQL schema: of the store itself, or of the scratch copy of a rehearsal.
struct PostgresMigration: MigrationEngine {
    let location: StoreLocation
    let ledger: PostgresLedger
    private let connection: Connection
    private let schema: String
    /// The objects before.
    private let inventory: SchemaInventory
    private let failure: PostgresFailure
    private let runner: PostgresMigrationRunner
    private var conservation: PostgresConservation?
    /// What the server said of rows that a migration stumbled over: for the ledger, and for nothing that is logged.
    private(set) var failureDetail: String?
    /// The key that stood in its way, when rows had it more than once.
    private(set) var duplicates: DuplicateKeys?

    init(_ connection: Connection, schema: String, _ inventory: SchemaInventory, _ failure: PostgresFailure) {
        location = failure.location
        ledger = PostgresLedger(connection, schema: schema)
        self.connection = connection
        self.schema = schema
        self.inventory = inventory
        self.failure = failure
        runner = PostgresMigrationRunner(connection, schema: schema)
    }

    var findings: [Finding] { [] }
    var lost: [Loss] { conservation?.lost ?? [] }

    mutating func noteState(before: StoreDigest, _ plan: Plan) throws(GuardError) {
        let going = plan.isDowngrade ? try columnsThatGo(with: plan) : [:]
        do throws(PostgresError) {
            conservation = try PostgresConservation(
                plan, before: before, inventory, going: going, on: connection, schema: schema)
        } catch {
            throw failure.translate(error, "noting what is there")
        }
    }

    /// The columns that the downgrade `plan` takes away, by table.
    private mutating func columnsThatGo(with plan: Plan) throws(GuardError) -> [ExactText: Set<ExactText>] {
        var tried: Plan.Step?
        do throws(PostgresError) {
            return try runner.columnsThatGo(with: plan) { tried = $0 }
        } catch {
            guard let tried else { throw failure.translate(error, "looking at what the way back takes out") }
            throw explain(error, in: tried)
        }
    }

    func inSavepoint(_ body: () throws(PostgresError) -> Void) throws(PostgresError) {
        try connection.execute("SAVEPOINT migration")
        try body()
        try connection.execute("RELEASE SAVEPOINT migration")
    }

    // The server tells by its locks which tables were written.
    func writing(_ body: () throws(PostgresError) -> Void) throws(PostgresError) { try body() }

    func run(_ step: Plan.Step) throws(PostgresError) { try runner.run(step) }

    func problems(of migration: Migration) throws(PostgresError) -> [String] {
        try PostgresSchema(connection, schema).problems(of: migration)
    }

    func takenNames(of migration: Migration) throws(PostgresError) -> [String] {
        try PostgresSchema(connection, schema).taken(of: migration)
    }

    mutating func violations() throws(PostgresError) -> [String] {
        try conservation?.violations(on: connection) ?? []
    }

    func takenNames(of migration: Migration, after error: PostgresError) throws(PostgresError) -> [String] {
        try connection.execute("ROLLBACK TO SAVEPOINT migration")
        let taken = try takenNames(of: migration)
        // What a constraint or a type needs is not among what is looked at: the server names it.
        let isNamed = [.duplicateTable, .duplicateObject].contains(error.sqlState)
        return taken.isEmpty && isNamed ? [error.message] : taken
    }

    mutating func explain(_ error: PostgresError, in step: Plan.Step) -> GuardError {
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

    func translate(_ error: PostgresError, _ doing: String) -> GuardError { failure.translate(error, doing) }
    func moved(_ why: String) -> GuardError { failure.moved(why) }
}

extension PostgresLedger: MigrationLedger {}

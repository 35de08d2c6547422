// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import PostgresKit

/// Runs the statements of migrations inside the caller's transaction, one statement per message.
struct PostgresMigrationRunner {
    private let connection: Connection
    private let schema: String

    init(_ connection: Connection, schema: String) {
        self.connection = connection
        self.schema = schema
    }

    /// Runs the statements of `step`.
    func run(_ step: Plan.Step) throws(PostgresError) {
        switch step.action {
        case .apply: try run(step.migration.up)
        case .repair: try run(step.migration.repair + step.migration.up)
        case .revert: try run(step.migration.down ?? [])
        case .adopt: break
        }
    }

    /// The columns that a downgrade will take away, by table, as a trial run of it shows. The trial is rolled back.
    ///
    /// - Parameter trying: called with each step before it is tried
    func columnsThatGo(
        with plan: Plan, trying: (Plan.Step) -> Void
    ) throws(PostgresError) -> [ExactText: Set<ExactText>] {
        let schema = PostgresSchema(connection, schema)
        let before = try schema.shape()
        try connection.execute("SAVEPOINT trial")
        for step in plan.steps {
            trying(step)
            try run(step)
        }
        let after = try schema.shape()
        try connection.execute("ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial")
        return before.tables.reduce(into: [:]) { going, table in
            let left = Set((after.tables[table.key] ?? []).map { ExactText($0.name) })
            let gone = Set(table.value.map { ExactText($0.name) }).subtracting(left)
            if !gone.isEmpty { going[ExactText(table.key)] = gone }
        }
    }

    /// Runs `statements`, each only when its guard gives no row.
    private func run(_ statements: [MigrationStatement]) throws(PostgresError) {
        for statement in statements {
            // A guard sees what the statement before it did, so it is asked now and not before.
            if let guarding = statement.unless, try hasRow(guarding) { continue }
            switch statement.body {
            case .sql(let sql):
                if let why = PostgresStatementRule.refusal(of: sql) {
                    throw PostgresError(sqlState: Self.refused, message: why)
                }
                try connection.run(SQLTemplate.fill(sql, schema: schema))
            case .code(let step):
                throw PostgresError(
                    sqlState: Self.refused, message: "the code step \(step.rawValue) is for SQLite files")
            }
        }
    }

    private func hasRow(_ select: String) throws(PostgresError) -> Bool {
        try connection.value(SQLTemplate.fill(select, schema: schema)) != nil
    }

    /// `feature_not_supported`: the statement is refused before the server sees it.
    private static let refused = SQLState(rawValue: "0A000")
}

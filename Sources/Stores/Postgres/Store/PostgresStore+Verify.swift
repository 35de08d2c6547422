// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import PostgresKit

extension PostgresStore {
    public func preflight() throws(GuardError) -> [Finding] {
        let (facts, strangers, attached) = try reading("looking at its server") { (connection) throws(PostgresError) in
            (
                try ServerFacts(connection, self.target), try self.tablesOfOthers(connection),
                try PostgresLedger(connection, schema: self.schema).attachedCode()
            )
        }
        if let refusal = facts.refusal(of: location) { throw refusal }
        guard strangers.isEmpty else {
            throw GuardError(
                .permissionDenied,
                "\(location.name): the role \(facts.user) does not own \(strangers.joined(separator: ", "))",
                store: location.id, hint: "Nothing was changed. Connect as the role that owns the schema's tables.")
        }
        guard attached.isEmpty else {
            throw GuardError(
                .foreignLedger,
                "\(location.name): a write into its ledger would run what others attached: \(attached.joined(separator: ", "))",
                store: location.id,
                hint:
                    "Nothing was changed. Drop what is named here, or rename the table schema_migrations out of the way."
            )
        }
        guard facts.isPooled else { return [] }
        return [
            Finding(
                code: "pooler",
                message: """
                    a connection pooler stands before the server; it is safe, and the direct host would be faster\
                    \(directHost.map { ": \($0)" } ?? "")
                    """)
        ]
    }

    /// Neon gives the pooler the name of its server and a suffix.
    private var directHost: String? {
        guard let host = target.host, host.contains("-pooler.") else { return nil }
        return host.replacing("-pooler.", with: ".", maxReplacements: 1)
    }

    /// The tables that this role cannot alter.
    private func tablesOfOthers(_ connection: Connection) throws(PostgresError) -> [String] {
        try connection.rows(
            """
            SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
            ORDER BY 1 LIMIT 5
            """, [schema]
        ) { $0.text(0) }
    }

    public func verify(_ plan: Plan, entry: LedgerEntry, since token: StateToken?) throws(GuardError) -> Verification {
        // What the migration's own connection sees is no evidence of what others see.
        close()
        let problems = try reading("verifying it") { (connection) throws(PostgresError) in
            try self.problems(of: plan, entry, on: connection)
        }
        // The application may have written since; rows are information from here on, and no verdict rests on them.
        return Verification(problems: problems, wasWrittenSince: false)
    }

    /// What of `plan` does not hold.
    func problems(
        of plan: Plan, _ entry: LedgerEntry, on connection: Connection
    ) throws(PostgresError) -> [String] {
        let schema = PostgresSchema(connection, schema)
        let rows = try PostgresLedger(connection, schema: self.schema).rows() ?? []
        let recorded = Set(rows.filter(\.success).map(\.version))
        var problems: [String] = []
        for step in plan.steps {
            let migration = step.migration
            guard step.action != .revert else {
                if recorded.contains(migration.version) {
                    problems.append("the ledger still has \(migration.label), which was taken back")
                }
                continue
            }
            // Rows that the application spoils again at once are no fault of the migration: its next run mends them.
            if !migration.isRecurring { problems += try schema.problems(of: migration) }
            if !recorded.contains(migration.version) { problems.append("the ledger does not have \(migration.label)") }
        }
        return problems
    }

    public func recordFailure(_ error: GuardError, of plan: Plan, entry: LedgerEntry) throws(GuardError) {
        try writing("writing its ledger") { (connection) throws(PostgresError) in
            let keys = try self.duplicates?.list(in: self.schema, on: connection)
            try PostgresLedger(connection, schema: self.schema).recordFailure(
                error, of: plan, entry: entry, details: [self.failureDetail, keys].compactMap(\.self))
        }
    }
}

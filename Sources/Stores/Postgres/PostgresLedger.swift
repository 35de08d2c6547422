// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import PostgresKit

/// The ledger inside a PostgreSQL schema: `schema_migrations` and the append-only `schema_migration_events`.
///
/// The first five columns are those that a table of this name was specified with for Dementia; programs that read those keep working.
/// Times are the server's, and shown in UTC whatever the session's time zone is.
struct PostgresLedger {
    /// The ledger's tables and what belongs to them: ours, and left out of every comparison.
    static func isLedger(_ name: String) -> Bool {
        ["schema_migrations", "schema_migration_events"].contains(name)
    }

    private let connection: Connection
    private let schema: String

    init(_ connection: Connection, schema: String) {
        self.connection = connection
        self.schema = schema
    }

    /// The rows, or nil without a ledger. A table of that name with other columns is somebody else's: see ``foreignObject()``.
    func rows() throws(PostgresError) -> [LedgerRow]? {
        let present = try columns(of: Self.migrations)
        guard !present.isEmpty, try foreignObject() == nil else { return nil }
        // A table with the five specified columns alone is a ledger too.
        let isOurs = present.isSuperset(of: ["checksum", "down_sql"])
        return try connection.rows(
            """
            SELECT version, name, success, \(isOurs ? "checksum, down_sql" : "NULL, NULL") FROM \(table(Self.migrations))
            ORDER BY version
            """
        ) { row in
            LedgerRow(
                version: Int(row.integer(0) ?? 0), name: row.text(1), success: row.bool(2), checksum: row.string(3),
                down: row.string(4))
        }
    }

    /// The object under one of the ledger's names that is another tool's, as a phrase such as `a view schema_migrations`; nil when there is
    /// none. Only an ordinary table can be ours; one is another tool's when it has other columns, or versions that need not be unique.
    func foreignObject() throws(PostgresError) -> String? {
        for (name, wanted) in Self.foundation {
            guard let kind = try kind(of: name) else { continue }
            guard kind == "r", try wanted.isSubset(of: columns(of: name)) else {
                return "\(PostgresSchema.phrase(forKind: kind)) \(name)"
            }
        }
        guard try kind(of: Self.migrations) != nil else { return nil }
        let key = try connection.rows(
            """
            SELECT a.attname FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = $1::pg_catalog.regclass AND i.indisprimary
            """, [table(Self.migrations)]
        ) { $0.text(0) }
        return key == ["version"] ? nil : "a table \(Self.migrations)"
    }

    /// The columns that tell our tables: the five specified ones of the first, and those of the second.
    private static let foundation: [(name: String, columns: Set<String>)] = [
        (migrations, ["version", "name", "applied_at", "success", "error_message"]),
        (events, ["at", "event", "version", "operation_id", "message"]),
    ]

    private static let migrations = "schema_migrations"
    private static let events = "schema_migration_events"

    /// Whether `operation` committed: its events were written in the transaction that did its work.
    func hasCommitted(_ operation: OperationID) throws(PostgresError) -> Bool {
        guard try kind(of: Self.events) != nil, try foreignObject() == nil else { return false }
        return try connection.value(
            """
            SELECT 1 FROM \(table(Self.events))
            WHERE operation_id = $1 AND event IN ('applied', 'adopted', 'reverted') LIMIT 1
            """, [operation.value]) != nil
    }

    /// Rows and events for people, oldest first.
    func history() throws(PostgresError) -> LedgerHistory {
        let present = try columns(of: Self.migrations)
        guard !present.isEmpty, try foreignObject() == nil else { return LedgerHistory(rows: [], events: []) }
        func column(_ name: String) -> String { present.contains(name) ? name : "NULL" }
        let rows = try connection.rows(
            """
            SELECT version, name, \(Self.utc("applied_at")), success, error_message, \(column("checksum")),
                \(column("execution_ms")), \(column("operation_id")), \(column("release")), \(column("backup_id")),
                \(column("origin"))
            FROM \(table(Self.migrations)) ORDER BY version
            """
        ) { row in
            LedgerHistory.Row(
                version: Int(row.integer(0) ?? 0), name: row.text(1), appliedAt: row.text(2), success: row.bool(3),
                errorMessage: row.string(4), checksum: row.string(5), executionMilliseconds: row.integer(6),
                operation: row.string(7), release: row.string(8), backup: row.string(9), origin: row.string(10))
        }
        guard try kind(of: Self.events) != nil else { return LedgerHistory(rows: rows, events: []) }
        let events = try connection.rows(
            "SELECT \(Self.utc("at")), event, version, operation_id, message FROM \(table(Self.events)) ORDER BY id"
        ) { row in
            LedgerHistory.Event(
                at: row.text(0), event: row.text(1), version: row.integer(2).map(Int.init), operation: row.text(3),
                message: row.string(4))
        }
        return LedgerHistory(rows: rows, events: events)
    }

    // MARK: Writing

    /// What would run with a write into the ledger, as the server describes it: somebody attached it to the ledger's tables.
    func attachedCode() throws(PostgresError) -> [String] {
        try AttachedCode(connection, schema: schema).all(of: [Self.migrations, Self.events])
    }

    /// Makes the tables when they are not there, and gives a table with the five specified columns the others.
    ///
    /// - Throws: also where another tool made them after the survey, or where a write into them would run what others attached
    func prepare() throws(PostgresError) {
        for name in [Self.migrations, Self.events] where try kind(of: name) == "r" {
            // From here on nothing can be attached to it.
            try connection.run("LOCK TABLE ONLY \(table(name)) IN SHARE ROW EXCLUSIVE MODE")
        }
        if let object = try foreignObject() {
            throw PostgresError(sqlState: .duplicateTable, message: "another tool made \(object)")
        }
        if let first = try attachedCode().first {
            throw PostgresError(sqlState: .duplicateTable, message: "a write into the ledger would run the \(first)")
        }
        if try kind(of: Self.migrations) == nil {
            try connection.run(
                """
                CREATE TABLE \(table(Self.migrations)) (
                    version INTEGER PRIMARY KEY, name TEXT NOT NULL,
                    applied_at TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
                    success BOOLEAN NOT NULL DEFAULT TRUE, error_message TEXT)
                """)
        }
        let present = try columns(of: Self.migrations)
        let missing = Self.additions.filter { !present.contains($0.name) }
        if !missing.isEmpty {
            let clauses = missing.map { "ADD COLUMN \($0.name) \($0.type)" }.joined(separator: ", ")
            try connection.run("ALTER TABLE \(table(Self.migrations)) \(clauses)")
        }
        if try kind(of: Self.events) == nil {
            try connection.run(
                """
                CREATE TABLE \(table(Self.events)) (
                    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    at TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(), event TEXT NOT NULL, version INTEGER,
                    operation_id TEXT NOT NULL, message TEXT)
                """)
        }
    }

    private static let additions = [
        (name: "checksum", type: "TEXT"), (name: "down_sql", type: "TEXT"), (name: "execution_ms", type: "BIGINT"),
        (name: "operation_id", type: "TEXT"), (name: "release", type: "TEXT"), (name: "backup_id", type: "TEXT"),
        (name: "origin", type: "TEXT NOT NULL DEFAULT 'applied'"),
    ]

    /// Writes that `step` is done.
    func recordSuccess(of step: Plan.Step, milliseconds: Int64, entry: LedgerEntry) throws(PostgresError) {
        let migration = step.migration
        let origin = step.action == .adopt ? "adopted" : "applied"
        try connection.run(
            """
            INSERT INTO \(table(Self.migrations))
                (version, name, applied_at, success, error_message, checksum, down_sql, execution_ms, operation_id, release,
                 backup_id, origin)
            VALUES ($1, $2, pg_catalog.clock_timestamp(), TRUE, NULL, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (version) DO UPDATE SET
                name = $2, applied_at = pg_catalog.clock_timestamp(), success = TRUE, error_message = NULL, checksum = $3,
                down_sql = $4, execution_ms = $5, operation_id = $6, release = $7, backup_id = $8, origin = $9
            """,
            [
                "\(migration.version)", migration.name, migration.checksum.hex, migration.downText, "\(milliseconds)",
                entry.operation.value, entry.release, entry.backup?.description, origin,
            ])
        try recordEvent(origin, migration.version, entry, nil)
    }

    /// Writes that `step` was taken back: its row goes, and the events keep its memory.
    func recordRevert(of step: Plan.Step, entry: LedgerEntry) throws(PostgresError) {
        let version = step.migration.version
        try connection.run("DELETE FROM \(table(Self.migrations)) WHERE version = $1", ["\(version)"])
        try recordEvent("reverted", version, entry, nil)
    }

    /// Writes that `migration` failed, never over a success.
    func recordFailure(of migration: Migration, message: String, entry: LedgerEntry) throws(PostgresError) {
        try connection.run(
            """
            INSERT INTO \(table(Self.migrations)) AS m
                (version, name, applied_at, success, error_message, checksum, operation_id, release, backup_id)
            VALUES ($1, $2, pg_catalog.clock_timestamp(), FALSE, $3, $4, $5, $6, $7)
            ON CONFLICT (version) DO UPDATE SET
                applied_at = pg_catalog.clock_timestamp(), error_message = $3, checksum = $4, operation_id = $5,
                release = $6, backup_id = $7
            WHERE NOT m.success
            """,
            [
                "\(migration.version)", migration.name, message, migration.checksum.hex, entry.operation.value,
                entry.release, entry.backup?.description,
            ])
        try recordEvent("failed", migration.version, entry, message)
    }

    private func recordEvent(
        _ event: String, _ version: Int, _ entry: LedgerEntry, _ message: String?
    ) throws(PostgresError) {
        try connection.run(
            "INSERT INTO \(table(Self.events)) (event, version, operation_id, message) VALUES ($1, $2, $3, $4)",
            [event, "\(version)", entry.operation.value, message])
    }

    // MARK: Looking

    private func table(_ name: String) -> String { SQLText.identifier(schema, name) }

    /// In the form of SQLite's ledger, and of RFC 3339.
    private static func utc(_ column: String) -> String {
        #"pg_catalog.to_char(\#(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#
    }

    /// The kind of the relation called `name`: `r` for an ordinary table; nil when there is none.
    private func kind(of name: String) throws(PostgresError) -> String? {
        try connection.value(
            """
            SELECT c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2
            """, [schema, name])
    }

    private func columns(of name: String) throws(PostgresError) -> Set<String> {
        Set(
            try connection.rows(
                """
                SELECT a.attname FROM pg_catalog.pg_attribute a
                JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
                """, [schema, name]
            ) { $0.text(0) })
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import SQLiteKit

/// The ledger inside a SQLite file: `schema_migrations` and the append-only `schema_migration_events`.
///
/// The first five columns are those that a table of this name was specified with for Dementia; programs that read those keep working.
/// No AUTOINCREMENT: it would write into `sqlite_sequence`, which is the memory's.
struct SQLiteLedger {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// The rows, or nil without a ledger. A table of that name with other columns is somebody else's: see ``foreignObject()``.
    func rows() throws(SQLiteError) -> [LedgerRow]? {
        guard try exists(), try foreignObject() == nil else { return nil }
        // A table with the five specified columns alone is a ledger too.
        let isOurs = try Set<SQLiteName>(["checksum", "down_sql"]).isSubset(of: columns())
        return try connection.rows(
            "SELECT version, name, success, \(isOurs ? "checksum, down_sql" : "NULL, NULL") FROM schema_migrations ORDER BY version"
        ) { row in
            LedgerRow(
                version: Int(row.integer(0)), name: row.string(1) ?? "", success: row.integer(2) != 0,
                checksum: row.string(3),
                down: row.string(4))
        }
    }

    /// The object under one of the ledger's names that is another tool's, as a phrase such as `a view schema_migrations`; nil when there is
    /// none. A view and an index are never ours; a table is another tool's when it has other columns, or versions that need not be unique.
    func foreignObject() throws(SQLiteError) -> String? {
        for (name, wanted) in Self.foundation {
            // A trigger may have the name of a table, and is in nobody's way.
            let kinds = try connection.rows(
                "SELECT type FROM sqlite_schema WHERE type <> 'trigger' AND name = ? COLLATE NOCASE", [.text(name)]
            ) { $0.string(0) ?? "" }
            guard let kind = kinds.first else { continue }
            guard kind == "table" else { return "\(kind == "index" ? "an" : "a") \(kind) \(name)" }
            guard try wanted.isSubset(of: columns(of: name)) else { return "a table \(name)" }
        }
        guard try exists() else { return nil }
        let key = try connection.rows("SELECT name FROM pragma_table_info('schema_migrations') WHERE pk > 0") {
            $0.name(0)
        }
        return key == ["version"] ? nil : "a table schema_migrations"
    }

    /// The columns that tell our tables: the five specified ones of the first, and those of the second.
    private static let foundation: [(name: String, columns: Set<SQLiteName>)] = [
        ("schema_migrations", ["version", "name", "applied_at", "success", "error_message"]),
        ("schema_migration_events", ["at", "event", "version", "operation_id", "message"]),
    ]

    /// Whether `operation` committed: its events were written in the transaction that did its work.
    func hasCommitted(_ operation: OperationID) throws(SQLiteError) -> Bool {
        guard try exists("schema_migration_events"), try foreignObject() == nil else { return false }
        return try connection.integer(
            """
            SELECT count(*) FROM schema_migration_events
            WHERE operation_id = ? AND event IN ('applied', 'adopted', 'reverted')
            """, [.text(operation.value)]) != 0
    }

    /// Rows and events for people, oldest first.
    func history() throws(SQLiteError) -> LedgerHistory {
        guard try exists(), try foreignObject() == nil else { return LedgerHistory(rows: [], events: []) }
        let present = try columns()
        func column(_ name: String) -> String { present.contains(SQLiteName(name)) ? name : "NULL" }
        let rows = try connection.rows(
            """
            SELECT version, name, applied_at, success, error_message, \(column("checksum")), \(column("execution_ms")),
                \(column("operation_id")), \(column("release")), \(column("backup_id")), \(column("origin"))
            FROM schema_migrations ORDER BY version
            """
        ) { row in
            LedgerHistory.Row(
                version: Int(row.integer(0)), name: row.string(1) ?? "", appliedAt: row.string(2) ?? "",
                success: row.integer(3) != 0, errorMessage: row.string(4), checksum: row.string(5),
                executionMilliseconds: row.storageClass(6) == .null ? nil : row.integer(6), operation: row.string(7),
                release: row.string(8), backup: row.string(9), origin: row.string(10))
        }
        guard try exists("schema_migration_events") else { return LedgerHistory(rows: rows, events: []) }
        let events = try connection.rows(
            "SELECT at, event, version, operation_id, message FROM schema_migration_events ORDER BY id"
        ) { row in
            LedgerHistory.Event(
                at: row.string(0) ?? "", event: row.string(1) ?? "",
                version: row.storageClass(2) == .null ? nil : Int(row.integer(2)), operation: row.string(3) ?? "",
                message: row.string(4))
        }
        return LedgerHistory(rows: rows, events: events)
    }

    /// Makes the tables, and the columns that an older ledger lacks.
    func prepare() throws(SQLiteError) {
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
                success BOOLEAN NOT NULL DEFAULT 1,
                error_message TEXT,
                checksum TEXT,
                down_sql TEXT,
                execution_ms INTEGER,
                operation_id TEXT,
                release TEXT,
                backup_id TEXT,
                origin TEXT NOT NULL DEFAULT 'applied'
            );
            CREATE TABLE IF NOT EXISTS schema_migration_events (
                id INTEGER PRIMARY KEY,
                at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
                event TEXT NOT NULL,
                version INTEGER,
                operation_id TEXT NOT NULL,
                message TEXT
            );
            """)
        let present = try columns()
        for (name, type) in Self.additions where !present.contains(SQLiteName(name)) {
            try connection.execute("ALTER TABLE schema_migrations ADD COLUMN \(name) \(type)")
        }
    }

    /// Writes that `step` holds now, over an earlier failure of the same version.
    func recordSuccess(
        of step: Plan.Step, milliseconds: Int64, entry: LedgerEntry
    ) throws(SQLiteError) {
        let migration = step.migration
        try connection.run(
            """
            INSERT INTO schema_migrations
                (version, name, applied_at, success, error_message, checksum, down_sql, execution_ms, operation_id, release,
                 backup_id, origin)
            VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 1, NULL, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (version) DO UPDATE SET
                name = ?2, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), success = 1, error_message = NULL, checksum = ?3,
                down_sql = ?4, execution_ms = ?5, operation_id = ?6, release = ?7, backup_id = ?8, origin = ?9
            """,
            [
                .integer(Int64(migration.version)), .text(migration.name), .text(migration.checksum.hex),
                .text(migration.downText), .integer(milliseconds), .text(entry.operation.value), .text(entry.release),
                .text(entry.backup?.description), .text(step.action == .adopt ? "adopted" : "applied"),
            ])
        try recordEvent(step.action == .adopt ? "adopted" : "applied", migration.version, entry, nil)
    }

    /// Writes that `step` was taken back: its row goes, and the events keep its memory.
    func recordRevert(of step: Plan.Step, entry: LedgerEntry) throws(SQLiteError) {
        let version = step.migration.version
        try connection.run("DELETE FROM schema_migrations WHERE version = ?", [.integer(Int64(version))])
        try recordEvent("reverted", version, entry, nil)
    }

    /// Writes that `migration` failed, never over a success.
    func recordFailure(of migration: Migration, message: String, entry: LedgerEntry) throws(SQLiteError) {
        try connection.run(
            """
            INSERT INTO schema_migrations
                (version, name, applied_at, success, error_message, checksum, operation_id, release, backup_id)
            VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (version) DO UPDATE SET
                applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), error_message = ?3, checksum = ?4, operation_id = ?5,
                release = ?6, backup_id = ?7
            WHERE NOT success
            """,
            [
                .integer(Int64(migration.version)), .text(migration.name), .text(message),
                .text(migration.checksum.hex), .text(entry.operation.value), .text(entry.release),
                .text(entry.backup?.description),
            ])
        try recordEvent("failed", migration.version, entry, message)
    }

    private func recordEvent(
        _ event: String, _ version: Int, _ entry: LedgerEntry, _ message: String?
    ) throws(SQLiteError) {
        try connection.run(
            "INSERT INTO schema_migration_events (event, version, operation_id, message) VALUES (?, ?, ?, ?)",
            [.text(event), .integer(Int64(version)), .text(entry.operation.value), .text(message)])
    }

    private static let additions = [
        ("checksum", "TEXT"), ("down_sql", "TEXT"), ("execution_ms", "INTEGER"), ("operation_id", "TEXT"),
        ("release", "TEXT"), ("backup_id", "TEXT"), ("origin", "TEXT NOT NULL DEFAULT 'applied'"),
    ]

    /// Whether a table or view is called `name`, as SQLite compares names.
    private func exists(_ name: String = "schema_migrations") throws(SQLiteError) -> Bool {
        try connection.integer(
            "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE",
            [.text(name)]) == 1
    }

    private func columns(of name: String = "schema_migrations") throws(SQLiteError) -> Set<SQLiteName> {
        Set(try connection.rows("SELECT name FROM pragma_table_info(?)", [.text(name)]) { $0.name(0).folded })
    }
}

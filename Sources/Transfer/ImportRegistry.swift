// SPDX-License-Identifier: MIT

internal import FoundationEssentials
internal import GuardCore
internal import PostgresKit
internal import Stores

/// The transfers that a schema knows of, in its table `dementia_kept_runs`: a second one of the same memory has nothing to do.
struct ImportRegistry {
    static let table = "dementia_kept_runs"

    private let work: SchemaWork

    init(_ work: SchemaWork) {
        self.work = work
    }

    private var name: String { SQLText.identifier(work.schema, Self.table) }

    /// Makes it, and the table of kept values beside it.
    func prepare() throws(GuardError) {
        let values = KeptWriter.columns.map { column in
            "\(SQLText.identifier(column.name)) \(column.type.sql)\(column.isNullable ? "" : " NOT NULL")"
        }
        _ = try work.translating("making the tables for what is kept") { () throws(PostgresError) in
            try work.connection.run(
                """
                CREATE TABLE IF NOT EXISTS \(name) (
                    run_id TEXT PRIMARY KEY, source TEXT NOT NULL, content_digest TEXT NOT NULL,
                    started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ NOT NULL, is_stale BOOLEAN NOT NULL,
                    report TEXT NOT NULL)
                """)
            return try work.connection.run(
                """
                CREATE TABLE IF NOT EXISTS \(SQLText.identifier(work.schema, KeptWriter.table)) (
                    \(values.joined(separator: ", ")))
                """)
        }
    }

    /// The report of an earlier transfer of the same content of the same memory, whose rows are still there; nil when there was none.
    ///
    /// - Throws: tables hold fewer rows than it loaded, or what it loaded is not known
    func report(of source: String, _ digest: String) throws(GuardError) -> TransferReport? {
        let text = try work.translating("looking for earlier transfers") { () throws(PostgresError) -> String? in
            guard try exists(Self.table) else { return nil }
            return try work.connection.value(
                "SELECT report FROM \(name) WHERE source = $1 AND content_digest = $2 ORDER BY finished_at DESC LIMIT 1",
                [source, digest])
        }
        guard let text else { return nil }
        guard let report = Self.decoded(text) else {
            throw gone("what it loaded cannot be read from \(Self.table)")
        }
        let missing = try work.translating("counting what an earlier transfer loaded") {
            () throws(PostgresError) -> String? in
            var loaded: [ExactText: Int64] = [:]
            for table in report.tables {
                guard let target = table.target else { continue }
                // What a table of the application has no place for lies in others, which the report does not name.
                let isKeptTable = target.beginsWithBytes(of: KeptWriter.prefix)
                loaded[ExactText(target), default: 0] += isKeptTable ? table.loaded + table.kept : table.loaded
            }
            loaded[ExactText("sessions"), default: 0] += report.placeholders
            for (table, rows) in loaded.sorted(by: { $0.key < $1.key }) where rows > 0 {
                let there = try exists(table.text) ? count(of: table.text) : 0
                if there < rows { return "\(table) has \(there) of the \(rows) rows that it loaded" }
            }
            return nil
        }
        if let missing { throw gone(missing) }
        return report
    }

    private func count(of table: String) throws(PostgresError) -> Int64 {
        let counted = try work.connection.rows(
            "SELECT pg_catalog.count(*) FROM \(SQLText.identifier(work.schema, table))"
        ) { $0.integer(0) ?? 0 }
        return counted.first ?? 0
    }

    private func gone(_ why: String) -> GuardError {
        GuardError(
            .targetNotEmpty,
            "\(work.location.name) was filled by an earlier transfer, and is not as that left it: \(why)",
            store: work.location.id,
            hint: "Nothing was changed. Drop the schema, or name one that is not there yet: --to URL#SCHEMA")
    }

    /// The report of the transfer `run`; nil when it was not committed.
    func report(of run: OperationID) throws(GuardError) -> TransferReport? {
        let text = try work.translating("looking for the transfer") { () throws(PostgresError) -> String? in
            guard try exists(Self.table) else { return nil }
            return try work.connection.value("SELECT report FROM \(name) WHERE run_id = $1", [run.value])
        }
        // Of a version that is not known any more it still tells that the transfer was committed.
        return text.map { Self.decoded($0) ?? TransferReport() }
    }

    private static func decoded(_ text: String) -> TransferReport? {
        try? JSONDecoder().decode(TransferReport.self, from: Data(text.utf8))
    }

    /// Writes that the transfer `run` was made.
    func record(
        _ run: OperationID, of source: String, _ digest: String, startedAt: Timestamp, isStale: Bool,
        _ report: TransferReport
    ) throws(GuardError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text: String
        do {
            text = String(decoding: try encoder.encode(report), as: UTF8.self)
        } catch {
            throw GuardError(.internalError, "the report of a transfer could not be written", causes: ["\(error)"])
        }
        _ = try work.translating("recording the transfer") { () throws(PostgresError) in
            try work.connection.run(
                """
                INSERT INTO \(name) (run_id, source, content_digest, started_at, finished_at, is_stale, report)
                VALUES ($1, $2, $3, $4, pg_catalog.clock_timestamp(), $5, $6)
                """,
                [run.value, source, digest, startedAt.rfc3339, isStale ? "t" : "f", text])
        }
    }

    private func exists(_ table: String) throws(PostgresError) -> Bool {
        try work.connection.value(
            """
            SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2
            """, [work.schema, table]) != nil
    }
}

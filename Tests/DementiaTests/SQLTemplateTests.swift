// SPDX-License-Identifier: MIT

import Testing

@testable import Dementia

@Suite struct SQLTemplateTests {
    @Test(
        "the schema's name stands where its variable stood, and nowhere else",
        arguments: [
            (":\"schema\".sessions", "\"shop\".sessions"),
            ("x = :'schema'", "x = 'shop'"),
            ("f(:'schema', :\"schema\")", "f('shop', \"shop\")"),
            ("':\"schema\"', \":'schema'\"", "':\"schema\"', \":'schema'\""),
            ("'a'':\"schema\"'", "'a'':\"schema\"'"),
            ("E'\\':\"schema\"'", "E'\\':\"schema\"'"),
            ("$$ :\"schema\" $$, $t$ :'schema' $t$", "$$ :\"schema\" $$, $t$ :'schema' $t$"),
            ("-- :\"schema\"\n:\"schema\"", "-- :\"schema\"\n\"shop\""),
            (
                "/* :\"schema\" /* :'schema' */ :'schema' */ :'schema'",
                "/* :\"schema\" /* :'schema' */ :'schema' */ 'shop'"
            ),
            ("x::\"schema\"", "x::\"schema\""),
            ("x:::'schema'", "x::'shop'"),
            (": \"schema\" :schema :\"other\" :'schemas'", ": \"schema\" :schema :\"other\" :'schemas'"),
            ("\"schema\" 'schema'", "\"schema\" 'schema'"),
            ("'{\"a\": \"schema\"}'", "'{\"a\": \"schema\"}'"),
            ("", ""),
        ])
    func fill(_ template: String, _ wanted: String) {
        #expect(SQLTemplate.fill(template, schema: "shop") == wanted)
    }

    @Test(
        "any name is quoted as the server reads it",
        arguments: [
            ("We\"ird-Name", "\"We\"\"ird-Name\"", "'We\"ird-Name'"),
            ("it's", "\"it's\"", "'it''s'"),
            ("a\\b", "\"a\\b\"", " E'a\\\\b'"),
            ("a\\'b", "\"a\\'b\"", " E'a\\\\''b'"),
            (":\"schema\"", "\":\"\"schema\"\"\"", "':\"schema\"'"),
            ("\u{301}'\u{301}", "\"\u{301}'\u{301}\"", "'\u{301}''\u{301}'"),
            ("", "\"\"", "''"),
        ])
    func names(_ name: String, _ identifier: String, _ literal: String) {
        #expect(SQLTemplate.fill(":\"schema\"", schema: name).unicodeScalars.elementsEqual(identifier.unicodeScalars))
        #expect(SQLTemplate.fill(":'schema'", schema: name).unicodeScalars.elementsEqual(literal.unicodeScalars))
        // Read again it is one quoted piece: a name cannot break out of its quotes.
        #expect(SQLScanner.pieces(of: SQLTemplate.identifier(name), .postgres).count == 1)
        let pieces = SQLScanner.pieces(of: SQLTemplate.literal(name), .postgres)
        #expect(pieces.count { if case .quoted = $0 { true } else { false } } == 1 && pieces.count <= 3)
    }

    @Test("a migration is written for a schema in every part that runs, and keeps what the ledger knows it by")
    func migration() throws {
        let name = "We\"ird-Name"
        for migration in try Catalogue().migrations(of: .postgres4) {
            let filled = migration.filled(for: name)
            #expect(filled.checksum == migration.checksum && filled.downText == migration.downText)
            #expect(filled.changes == migration.changes && filled.isRecurring == migration.isRecurring)
            let statements = filled.up + filled.repair + (filled.down ?? [])
            let all = statements.flatMap { [$0.unless, $0.sql] }.compactMap(\.self) + filled.verify
            for sql in all {
                #expect(!sql.contains(":\"schema\"") && !sql.contains(":'schema'"), "\(sql)")
                #expect(sql.contains("\"We\"\"ird-Name\"") || sql.contains("'We\"ird-Name'"), "\(sql)")
            }
        }
    }

    @Test("no shipped statement relies on a search path")
    func qualified() throws {
        for migration in try Catalogue().migrations(of: .postgres4) {
            for statement in migration.up + migration.repair + (migration.down ?? []) {
                let sql = try #require(statement.sql)
                #expect(PostgresStatementRule.refusal(of: sql) == nil)
                for keyword in ["TABLE ", "ON ", "EXISTS ", "REFERENCES ", "FROM ", "INTO ", "UPDATE ", "INDEX "] {
                    for table in Self.tables {
                        #expect(!sql.contains(keyword + table + " ") && !sql.contains(keyword + table + "("), "\(sql)")
                    }
                }
            }
        }
    }

    private static let tables = [
        "sessions", "context_locks", "audit_trail", "memory_entries", "file_semantic_model", "file_change_history",
        "query_results_cache", "todos", "decisions", "context_archives", "file_tags", "mcp_sessions", "breadcrumbs",
        "oauth_authorization_codes", "oauth_access_tokens",
    ]
}

extension MigrationStatement {
    var sql: String? { if case .sql(let sql) = body { sql } else { nil } }
}

@Suite struct PostgresStatementRuleTests {
    @Test(
        "what would leave the transaction, its settings or its locks is refused by its first word",
        arguments: [
            "BEGIN", "begin work", "START TRANSACTION", "COMMIT", "END", "ROLLBACK TO x", "ABORT", "SAVEPOINT a",
            "RELEASE a", "PREPARE TRANSACTION 'x'", "PREPARE q AS SELECT 1", "SET search_path TO x", "SET LOCAL a = 1",
            "RESET ALL", "LOCK TABLE a", "LOCK a IN SHARE MODE", "DISCARD ALL", "COPY a FROM STDIN", "COPY a TO '/x'",
            "VACUUM", "VACUUM FULL a", "CLUSTER a", "  \n\t SET x = 1", "-- SET\nSET x = 1", "/* a /* b */ */ LOCK a",
            ";;COMMIT", "CREATE INDEX CONCURRENTLY i ON t (a)",
            "create unique index concurrently if not exists i on t (a)",
            "DROP INDEX CONCURRENTLY i", "REINDEX INDEX CONCURRENTLY i", "REINDEX (CONCURRENTLY) TABLE t",
            "REINDEX (VERBOSE) SCHEMA s", "REINDEX DATABASE d", "REINDEX SYSTEM d", "ALTER SYSTEM SET a = 1",
            "ALTER ROLE me SET search_path TO x", "CREATE DATABASE d", "DROP USER u", "ALTER DATABASE d SET a = 1",
            "DROP OWNED BY u", "ALTER TABLE t DETACH PARTITION p CONCURRENTLY", "SELECT 1; COMMIT",
        ])
    func refused(_ sql: String) {
        #expect(PostgresStatementRule.refusal(of: sql)?.isEmpty == false)
    }

    @Test(
        "what only looks like it may run",
        arguments: [
            "SELECT 'COMMIT'", "CREATE TABLE t (\"begin\" int)", "CREATE TABLE \"lock\" (a int)", "UPDATE t SET a = 1",
            "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", "DELETE FROM t", "INSERT INTO t VALUES ('; COMMIT')",
            "CREATE INDEX i ON t (a)", "COMMENT ON TABLE t IS 'CONCURRENTLY'", "DO $$ BEGIN PERFORM 1; END $$",
            "WITH a AS (SELECT 1) SELECT * FROM a", "REINDEX INDEX i", "REINDEX (VERBOSE) TABLE t", "settle",
            "SELECT 1;",
            "/* COMMIT */ SELECT 1 -- ; COMMIT", "", " -- nothing", "CREATE INDEX \"CONCURRENTLY\" ON t (a)",
            "(SELECT 1)",
        ])
    func allowed(_ sql: String) {
        #expect(PostgresStatementRule.refusal(of: sql) == nil)
    }
}

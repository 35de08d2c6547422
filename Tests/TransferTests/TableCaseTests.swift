// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Transfer

/// The cases of whole tables and files, each with a server.
@Suite(.enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct TableCaseTests {
    @Test(
        "Case 45: a label that no index row holds costs its row, one that compresses well does not, and the plan knows both"
    )
    func longLabel() throws {
        let world = try TransferWorld()
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<5000).map { _ in UInt8.random(in: 97...122, using: &generator) }
        let insert = """
            INSERT INTO context_locks (session_id, label, version, content, content_hash)
            SELECT id, ?, '1.0', 'c', 'h' FROM sessions LIMIT 1
            """
        try world.change(insert, [.text(noise)])
        try world.change(insert, [.text(Array(repeating: UInt8(ascii: "a"), count: 5000))])
        let report = try world.transfer()
        #expect(report[table: "context_locks"]?.rejected == 1)
        #expect(report[table: "context_locks"]?.loaded == 8)
        #expect(report.findings.contains { $0.code == "indexRowTooLarge" })
        #expect(try world.ask("SELECT count(*) FROM context_locks WHERE length(label) = 5000") == ["1"])
        #expect(
            try world.ask(
                """
                SELECT convert_from(bytes, 'UTF8') FROM dementia_kept_values
                WHERE row_fate = 'rejected' AND "column" = 'label' AND bytes IS NOT NULL
                """) == [String(decoding: noise, as: UTF8.self)])
        // And as a file, for whoever has no server at hand.
        let rejects = try String(decoding: content(of: try #require(report.rejectsPath)), as: UTF8.self)
        #expect(rejects.split(separator: "\n").allSatisfy { $0.contains("\"rowFate\" : \"rejected\"") })
        #expect(rejects.contains(noise.map { String($0, radix: 16) }.joined()))
    }

    @Test("Case 46: of rows with one key the newest stays, and the others are kept whole")
    func duplicates() throws {
        let world = try TransferWorld(
            sql: """
                CREATE TABLE copy AS SELECT * FROM file_semantic_model;
                DROP TABLE file_semantic_model;
                CREATE TABLE file_semantic_model AS SELECT * FROM copy;
                INSERT INTO file_semantic_model SELECT * FROM copy; DROP TABLE copy;
                UPDATE file_semantic_model SET id = rowid, purpose = 'copy ' || rowid,
                    last_scanned = CASE WHEN rowid IN (2, 4, 6) THEN 2e9 ELSE 1e9 END
                """)
        let report = try world.transfer()
        let line = try #require(report[table: "file_semantic_model"])
        #expect(line.read == 6 && line.loaded == 3 && line.kept == 3 && line.rejected == 0)
        #expect(try world.ask("SELECT purpose FROM file_semantic_model ORDER BY 1") == ["copy 2", "copy 4", "copy 6"])
        #expect(
            try world.ask("SELECT purpose, kept_because FROM dementia_kept_file_semantic_model ORDER BY 1")
                == ["copy 1|duplicateKey", "copy 3|duplicateKey", "copy 5|duplicateKey"])
    }

    @Test("Case 48: rows whose unique key holds a NULL are no duplicates")
    func nullKeys() throws {
        let world = try TransferWorld(
            sql: """
                CREATE TABLE workspace_x (a TEXT, b TEXT, UNIQUE (a, b));
                INSERT INTO workspace_x VALUES (NULL, 'b'), (NULL, 'b'), ('a', NULL), ('a', NULL);
                INSERT INTO file_change_history (session_id, file_path, change_type, timestamp) VALUES (NULL, 'f', 'c', 1)
                """.replacing(
                    "INSERT INTO file_change_history (session_id, file_path, change_type, timestamp) VALUES (NULL, 'f', 'c', 1)",
                    with: ""))
        #expect(try world.transfer()[table: "workspace_x"]?.loaded == 4)
    }

    @Test("Case 49: a text primary key that is NULL gets a key of its own, and its original is kept")
    func nullPrimaryKeys() throws {
        let world = try TransferWorld(
            sql: """
                CREATE TABLE workspace_x (name TEXT PRIMARY KEY, value TEXT);
                INSERT INTO workspace_x VALUES (NULL, 'one'), (NULL, 'two'), ('k', 'three')
                """)
        let report = try world.transfer()
        #expect(report[table: "workspace_x"]?.loaded == 3 && report[table: "workspace_x"]?.normalized == 2)
        #expect(
            try world.ask("SELECT name, value FROM workspace_x ORDER BY value")
                == ["dementia_rowid_1|one", "k|three", "dementia_rowid_2|two"])
        #expect(
            try world.ask(
                "SELECT source_rowid, storage_class, reason FROM dementia_kept_values WHERE source_table = 'workspace_x' ORDER BY 1"
            )
                == ["1|null|nullKey", "2|null|nullKey"])
    }

    @Test(
        "Case 50: a table without rowid moves in the order of its key, and what is kept of it is called by its key's hash"
    )
    func withoutRowid() throws {
        let world = try TransferWorld(
            sql: """
                CREATE TABLE workspace_x (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
                INSERT INTO workspace_x VALUES ('z', 1, 'one'), ('a', 2, CAST(x'61ff' AS TEXT)), ('a', 1, 'three')
                """)
        let report = try world.transfer()
        #expect(report[table: "workspace_x"]?.loaded == 3)
        #expect(try world.ask("SELECT a, b FROM workspace_x ORDER BY a, b") == ["a|1", "a|2", "z|1"])
        let identity = RowSum.identity(of: [.text(Array("a".utf8)), .integer(2)])
        #expect(
            try world.ask(
                "SELECT source_rowid, encode(bytes, 'hex') FROM dementia_kept_values WHERE source_table = 'workspace_x'"
            )
                == ["\(identity)|61ff"])
    }

    @Test("Case 51: sessions that rows refer to and nobody recorded are made up once each, with their rows' times")
    func orphans() throws {
        let world = try TransferWorld(
            sql: """
                INSERT INTO memory_entries (category, content, timestamp, session_id) VALUES
                    ('x', 'a', 1700000100, 'ghost'), ('x', 'b', 1700000300, 'ghost'), ('x', 'c', 1700000200, NULL);
                INSERT INTO context_locks (session_id, label, version, content, content_hash, locked_at)
                    VALUES ('ghost', 'l', '1.0', 'c', 'h', 1700000400), ('spook', 'l', '1.0', 'c', 'h', NULL)
                """)
        let report = try world.transfer()
        #expect(report.placeholders == 2)
        #expect(report.findings.contains { $0.code == "placeholderSessions" })
        #expect(
            try world.ask(
                "SELECT id, started_at, last_active, project_name FROM sessions WHERE summary LIKE 'Placeholder%' ORDER BY id"
            )
                == ["ghost|1700000100|1700000400|shop", "spook|1760000000|1760000000|shop"])
        #expect(try world.ask("SELECT count(*) FROM memory_entries WHERE session_id IS NULL") == ["1"])
    }

    @Test("Case 52: rows of a workspace may refer to rows behind them")
    func selfReference() throws {
        let world = try TransferWorld(
            sql: """
                CREATE TABLE workspace_x (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES workspace_x (id));
                INSERT INTO workspace_x VALUES (1, 3), (2, 1), (3, 2), (4, NULL)
                """)
        #expect(try world.transfer()[table: "workspace_x"]?.loaded == 4)
        #expect(try world.ask("SELECT id, parent_id FROM workspace_x ORDER BY id") == ["1|3", "2|1", "3|2", "4|"])
    }

    @Test("Case 53: numbers stay, gaps too, and the next one is behind everything that was ever given out")
    func sequences() throws {
        let world = try TransferWorld(
            sql: """
                UPDATE memory_entries SET id = id + 100; DELETE FROM context_locks WHERE id < 3;
                UPDATE sqlite_sequence SET seq = 5000 WHERE name = 'memory_entries'
                """)
        let ids = try LogicalDump(world.memory).values("memory_entries", "id")
        try world.transfer()
        #expect(
            try world.ask("SELECT id FROM memory_entries ORDER BY id")
                == ids.map { if case .integer(let id) = $0 { "\(id)" } else { "" } })
        #expect(try world.ask("INSERT INTO memory_entries (content) VALUES ('next') RETURNING id") == ["5001"])
        #expect(
            try world.ask(
                "INSERT INTO context_locks (session_id, label) SELECT id, 'next' FROM sessions LIMIT 1 RETURNING id")
                == ["9"])
    }

    @Test("Case 54: numbers below one move, those beyond 32 bits cost their row")
    func oddNumbers() throws {
        let world = try TransferWorld(
            sql: """
                INSERT INTO memory_entries (id, category, content, timestamp) VALUES
                    (-5, 'x', 'negative', 1), (0, 'x', 'zero', 1), (2147483648, 'x', 'beyond', 1), (2147483647, 'x', 'last', 1)
                """)
        let report = try world.transfer()
        #expect(report[table: "memory_entries"]?.rejected == 1)
        #expect(
            try world.ask("SELECT content FROM memory_entries WHERE id < 1 OR id > 100000 ORDER BY id") == [
                "negative", "zero", "last",
            ])
        #expect(
            try world.ask(
                "SELECT convert_from(bytes, 'UTF8') FROM dementia_kept_values WHERE row_fate = 'rejected' AND \"column\" = 'content'"
            ) == ["beyond"])
        #expect(try world.ask("SELECT last_value FROM memory_entries_id_seq") == ["2147483647"])
    }

    @Test("Case 55: what a generated column gives is copied as a value")
    func generated() throws {
        let world = try TransferWorld(
            sql: """
                CREATE TABLE workspace_x (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2), c INTEGER AS (a * 3) STORED);
                INSERT INTO workspace_x (a) VALUES (7)
                """)
        try world.transfer()
        #expect(try world.ask("SELECT a, b, c FROM workspace_x") == ["7|14|21"])
    }

    @Test(
        "Cases 56 and 57: a virtual table is kept as a table, its shadows and SQLite's own are listed, triggers and views are told"
    )
    func virtual() throws {
        let world = try TransferWorld(
            .v4_0Real,
            sql: """
                CREATE VIEW recent AS SELECT * FROM sessions;
                CREATE TRIGGER noisy AFTER INSERT ON sessions BEGIN SELECT 1; END; ANALYZE
                """)
        let report = try world.transfer()
        let fts = try #require(report[table: "file_fts"])
        #expect(fts.read == 88 && fts.kept == 88 && fts.target == "dementia_kept_file_fts")
        for shadow in [
            "file_fts_data", "file_fts_idx", "file_fts_content", "file_fts_docsize", "file_fts_config",
            "sqlite_sequence", "sqlite_stat1",
        ] {
            let line = try #require(report[table: shadow])
            #expect(line.read == 0 && line.target == nil)
        }
        #expect(report[table: "recent"]?.read == 0)
        #expect(report.findings.contains { $0.code == "viewNotCarried" && $0.message.contains("recent") })
        #expect(report.findings.contains { $0.code == "triggerNotCarried" && $0.message.contains("noisy") })
        #expect(try world.ask("SELECT count(*) FROM dementia_kept_file_fts WHERE content <> ''") == ["88"])
    }

    @Test("Cases 58 and 59: names are kept whatever they are, and those that are too long stay apart")
    func names() throws {
        let long = String(repeating: "x", count: 62)
        let world = try TransferWorld(
            sql: """
                CREATE TABLE "workspace_My ""Order"" é" ("user" TEXT, "Group By" TEXT, "select" INTEGER, "a.b" TEXT);
                INSERT INTO "workspace_My ""Order"" é" VALUES ('u', 'g', 1, 'd');
                CREATE TABLE workspace_\(long)_one (\(long)_a TEXT, \(long)_b TEXT);
                CREATE TABLE workspace_\(long)_two (\(long)_a TEXT, \(long)_b TEXT);
                INSERT INTO workspace_\(long)_one VALUES ('1', '2'); INSERT INTO workspace_\(long)_two VALUES ('3', '4')
                """)
        let report = try world.transfer()
        #expect(
            try world.ask(#"SELECT "user", "Group By", "select", "a.b" FROM "workspace_My ""Order"" é""#) == ["u|g|1|d"]
        )
        let one = try #require(report[table: "workspace_\(long)_one"]?.target)
        let two = try #require(report[table: "workspace_\(long)_two"]?.target)
        #expect(one != two && one.utf8.count <= 63 && two.utf8.count <= 63)
        #expect(try world.ask("SELECT * FROM \"\(one)\"; SELECT * FROM \"\(two)\"") == ["1|2", "3|4"])
    }

    @Test("Case 60: a table with more columns than PostgreSQL takes is refused row by row, and the rest moves")
    func wide() throws {
        let columns = (0..<1700).map { "c\($0)" }.joined(separator: ", ")
        let world = try TransferWorld(
            sql:
                "CREATE TABLE workspace_wide (\(columns)); INSERT INTO workspace_wide (c3, c1699) VALUES ('three', 9), (NULL, NULL)"
        )
        let report = try world.transfer()
        let line = try #require(report[table: "workspace_wide"])
        #expect(line.read == 2 && line.rejected == 2 && line.target == nil)
        #expect(report[table: "context_locks"]?.loaded == 7 && !report.isComplete)
        #expect(
            try world.ask(
                "SELECT \"column\", convert_from(bytes, 'UTF8') FROM dementia_kept_values WHERE source_table = 'workspace_wide' AND bytes IS NOT NULL ORDER BY 1"
            )
                == ["c1699|9", "c3|three"])
    }

    @Test("Case 62: a database in UTF-16 has equal characters on the other side", arguments: ["UTF-16le", "UTF-16be"])
    func utf16(_ encoding: String) throws {
        let world = try TransferWorld(
            nil,
            sql: """
                PRAGMA encoding = '\(encoding)';
                CREATE TABLE sessions (id TEXT PRIMARY KEY, started_at REAL NOT NULL, ended_at REAL, last_active REAL, summary TEXT);
                CREATE TABLE workspace_x (a TEXT); INSERT INTO workspace_x VALUES ('Ωmega 日本 🧠')
                """)
        try world.transfer()
        #expect(try world.ask("SELECT a FROM workspace_x") == ["Ωmega 日本 🧠"])
    }

    @Test("Case 63: the rows that are only in the WAL are included")
    func wal() throws {
        let world = try TransferWorld(.v4_4HotWAL)
        let before = try LogicalDump(world.memory)
        let report = try world.transfer()
        #expect(report[table: "context_locks"]?.read == Int64(before.tables["context_locks"]?.count ?? 0))
    }

    @Test("Case 70: a memory without rows moves, and its sequences work")
    func empty() throws {
        let world = try TransferWorld(.leanFresh)
        let report = try world.transfer()
        #expect(report.isComplete && report.tables.allSatisfy { $0.read == 0 })
        #expect(report.sequences.allSatisfy { !$0.isCalled })
        #expect(try world.ask("INSERT INTO memory_entries (content) VALUES ('first') RETURNING id") == ["1"])
    }

    @Test(
        "Case 72: in a column without a type the text 3 and the number 3 both arrive, and which was which is recorded")
    func storageClasses() throws {
        let world = try TransferWorld(
            sql: "CREATE TABLE workspace_x (a); INSERT INTO workspace_x VALUES (3), ('3'), (3.5), (NULL)")
        let report = try world.transfer()
        #expect(report[table: "workspace_x"]?.loaded == 4 && report[table: "workspace_x"]?.coerced == 2)
        #expect(try world.ask("SELECT a FROM workspace_x ORDER BY a") == ["3", "3", "3.5", ""])
        #expect(
            try world.ask(
                "SELECT source_rowid, storage_class FROM dementia_kept_values WHERE source_table = 'workspace_x' ORDER BY 1"
            )
                == ["1|integer", "3|real"])
    }
}

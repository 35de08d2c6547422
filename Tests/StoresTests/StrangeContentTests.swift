// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import SQLiteKit
import Stores
import TestSupport
import Testing

/// Values, names and objects that no Dementia ever made, and that have to arrive all the same.
@Suite struct StrangeContentTests {
    private let catalogue = try! Catalogue()

    /// A row of `context_locks` whose content and metadata are these SQL expressions.
    private static func row(_ label: String, _ content: String, _ metadata: String = "NULL") -> String {
        """
        INSERT INTO context_locks (session_id, label, content, content_hash, metadata)
            VALUES ('strange', '\(label)', \(content), 'hash', \(metadata));
        """
    }

    /// Rows on which upstream's script gives up, with the words of the finding.
    static let choking: [(name: String, sql: String)] = [
        ("invalid UTF-8", row("a", "CAST(x'c328' AS TEXT)")),
        ("a BLOB", row("a", "x'00ff00'")),
        ("metadata that is a list", row("a", "'text'", "'[1, 2]'")),
        ("metadata that is a string", row("a", "'text'", "'\"tags\"'")),
        ("metadata that is a number", row("a", "'text'", "'42'")),
        ("metadata that is null", row("a", "'text'", "'null'")),
        ("tags that cannot be members of a set", row("a", "'text'", "'{\"tags\": [[1]]}'")),
        ("metadata that is invalid UTF-8", row("a", "'text'", "CAST(x'7bff7d' AS TEXT)")),
    ]

    @Test(
        "a row on which upstream gives up keeps its NULLs and is a finding; every other row gets its preview",
        arguments: choking.map(\.sql))
    func chokes(_ sql: String) async throws {
        let world = try SQLiteWorld(.v4_0, sql)
        let before = try world.dump(withLedger: false)
        let record = try await world.migrate(catalogue)
        #expect(record.findings.map(\.code) == ["previewMissing"])
        #expect(record.findings.first?.table == "context_locks")
        let id = try #require(record.findings.first?.row)
        await world.store.close()
        #expect(try world.ask("SELECT id FROM context_locks WHERE preview IS NULL;") == [id])
        #expect(
            try world.ask(
                "SELECT label, key_concepts IS NULL, last_accessed IS NULL FROM context_locks WHERE id = \(id);")
                == ["a|1|1"])
        let after = try world.dump(withLedger: false)
        for column in before.columns["context_locks"] ?? [] {
            #expect(after.values("context_locks", column) == before.values("context_locks", column))
        }
        #expect(try await world.plan(catalogue).isEmpty)
    }

    @Test("a NUL inside a text reaches the preview as it reaches upstream's")
    func nul() async throws {
        let world = try SQLiteWorld(.v4_0, Self.row("nul", "CAST(x'6100620a63' AS TEXT)"))
        let record = try await world.migrate(catalogue)
        #expect(record.findings == [])
        await world.store.close()
        #expect(try world.ask("SELECT hex(preview) FROM context_locks WHERE label = 'nul';") == ["610062"])
    }

    @Test("an empty content has an empty preview, and many rows are done in batches")
    func many() async throws {
        let world = try SQLiteWorld(
            .v4_0,
            """
            INSERT INTO context_locks (session_id, label, content, content_hash)
                SELECT 'many', 'label' || value, CASE value % 3 WHEN 0 THEN '' ELSE '# Title ' || value END, 'hash'
                FROM generate_series(1, 1000);
            INSERT INTO context_locks (id, session_id, label, content, content_hash)
                VALUES (-9223372036854775808, 'many', 'lowest', '# Low', 'h'), (9223372036854775807, 'many', 'highest', '# High', 'h');
            """)
        let record = try await world.migrate(catalogue)
        #expect(record.findings == [])
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM context_locks WHERE preview IS NULL;") == ["0"])
        #expect(
            try world.ask("SELECT count(*) FROM context_locks WHERE preview = '' AND label LIKE 'label%';") == ["333"])
        #expect(
            try world.ask("SELECT preview FROM context_locks WHERE label IN ('lowest', 'highest') ORDER BY id;") == [
                "Low", "High",
            ])
    }

    @Test("somebody's triggers neither run nor stand in the way, and are there afterwards")
    func triggers() async throws {
        let world = try SQLiteWorld(
            .v4_0,
            """
            CREATE TABLE audit (what TEXT);
            CREATE TRIGGER keep BEFORE UPDATE ON context_locks BEGIN SELECT RAISE(ABORT, 'contexts do not change'); END;
            CREATE TRIGGER note AFTER UPDATE ON context_locks BEGIN INSERT INTO audit VALUES (new.label); END;
            """)
        try await world.migrate(catalogue)
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM audit;") == ["0"])
        #expect(try world.ask("SELECT count(*) FROM context_locks WHERE preview IS NULL;") == ["0"])
        #expect(
            try world.ask("UPDATE context_locks SET label = 'x';").first?.contains("contexts do not change") == true)
    }

    /// Objects that are carried without being touched.
    static let objects: [String] = [
        #"CREATE TABLE "it's a ""name"" with spaces" ("a b" TEXT, "c""d" INTEGER); INSERT INTO "it's a ""name"" with spaces" VALUES ('x', 1);"#,
        "CREATE TABLE \"quote\"\"\u{301}\" (\"\"\"\u{301}\" TEXT); INSERT INTO \"quote\"\"\u{301}\" VALUES ('x');",
        "CREATE TABLE \"Größe 日本 🧠\" (\"Straße\" TEXT PRIMARY KEY); INSERT INTO \"Größe 日本 🧠\" VALUES ('ß');",
        "CREATE TABLE r (rowid TEXT, oid TEXT, x); INSERT INTO r VALUES ('b', 'y', 1), ('a', 'x', 2);",
        "CREATE TABLE r3 (rowid TEXT, oid TEXT, _rowid_ TEXT); INSERT INTO r3 VALUES ('b', 'y', 1), ('a', 'x', 2);",
        "CREATE TABLE rowid (x); INSERT INTO rowid VALUES (1);",
        "CREATE TABLE w (k TEXT, l INTEGER, v, PRIMARY KEY (l DESC, k)) WITHOUT ROWID; INSERT INTO w VALUES ('a', 1, 2), ('b', 1, 2);",
        "CREATE TABLE s (a INTEGER, b TEXT, c ANY) STRICT; INSERT INTO s VALUES (1, 'x', x'00');",
        "CREATE TABLE g (a, b AS (a * 2), c AS (a + 1) STORED); INSERT INTO g (a) VALUES (1), (2);",
        "CREATE TABLE \"select\" (\"from\" TEXT, \"where\" TEXT); CREATE INDEX \"order\" ON \"select\" (\"from\" COLLATE NOCASE DESC);",
        "CREATE VIEW v AS SELECT * FROM todos; CREATE VIEW broken AS SELECT * FROM nowhere;",
        "CREATE TABLE p (x); CREATE INDEX part ON p (x) WHERE x > 3; CREATE INDEX expr ON p (abs(x));",
        "CREATE VIRTUAL TABLE f USING fts5(a, b); INSERT INTO f VALUES ('x', 'y'); CREATE VIRTUAL TABLE t USING rtree(i, a, b);",
        "CREATE VIRTUAL TABLE f4 USING fts4(a); INSERT INTO f4 VALUES ('x');",
        "CREATE TABLE child (x REFERENCES todos (status)); INSERT INTO child VALUES ('nowhere'); CREATE TABLE c2 (x REFERENCES gone);",
        "CREATE TABLE e (x); INSERT INTO e VALUES (NULL), (1e999), (-0.0), (9223372036854775807), (''), (x''), (1.5e-320);",
        "PRAGMA ignore_check_constraints = 1; CREATE TABLE k (x CHECK (x > 0)); INSERT INTO k VALUES (-1);",
        // SQLite 3.40 calls the numbers in it texts, because it looks at the default.
        "CREATE TABLE d (a INTEGER, b TIMESTAMP DEFAULT 'x', i INT, PRIMARY KEY (a, i)) WITHOUT ROWID; INSERT INTO d VALUES (1, 1.5, 2);",
        """
        CREATE TABLE n (x TEXT); INSERT INTO n VALUES ('12'); PRAGMA writable_schema = 1;
        UPDATE sqlite_schema SET sql = 'CREATE TABLE n (x INTEGER)' WHERE name = 'n'; PRAGMA writable_schema = 0;
        """,
        "ALTER TABLE sessions ADD COLUMN active_project TEXT; UPDATE sessions SET active_project = 'mine';",
        """
        PRAGMA writable_schema = 1;
        INSERT INTO sqlite_schema VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(embedding float[4])');
        PRAGMA writable_schema = 0; CREATE TABLE vectors_rowids (id INTEGER PRIMARY KEY); INSERT INTO vectors_rowids VALUES (1);
        """,
    ]

    @Test(
        "what the catalogue does not know is carried untouched, and every value counts for the proof",
        arguments: objects)
    func unknown(_ sql: String) async throws {
        let world = try SQLiteWorld(.v4_0, sql)
        let before = try world.dump(withLedger: false)
        try await world.migrate(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
        let after = try world.dump(withLedger: false)
        #expect(before.objects.filter { !$0.contains("context_locks") }.isSubset(of: after.objects))
        for (table, rows) in before.tables where table != "context_locks" {
            #expect(after.tables[table] == rows, "\(table)")
        }
        let snapshot = try await world.snapshot("after.db")
        #expect(Set(snapshot.content.tables.map(\.name)).isSuperset(of: before.tables.keys))
        for table in snapshot.content.tables { #expect(table.rows == after.tables[table.name].map { Int64($0.count) }) }
    }

    @Test(
        "no two values have one digest",
        arguments: [
            ("1", "1.0"), ("1", "'1'"), ("'a'", "x'61'"), ("NULL", "''"), ("''", "x''"), ("0", "NULL"),
            ("'a'", "'a' || char(0)"),
            ("0.0", "-0.0"), ("1.0", "1.0000000000000002"),
        ])
    func digests(_ one: String, _ other: String) async throws {
        let sql = "CREATE TABLE t (x BLOB, y BLOB); INSERT INTO t VALUES"
        let first = try await SQLiteWorld(nil, "\(sql) (\(one), \(other));").snapshot().content
        let second = try await SQLiteWorld(nil, "\(sql) (\(other), \(one));").snapshot().content
        let (a, b) = try (#require(first[table: "t"]), #require(second[table: "t"]))
        #expect(a.columns[0].sha256 == b.columns[1].sha256)
        #expect(a.columns[0].sha256 != b.columns[0].sha256)
    }

    @Test("where one value ends and the next begins counts")
    func boundaries() async throws {
        let make = "CREATE TABLE t (x BLOB); INSERT INTO t VALUES"
        let first = try await SQLiteWorld(nil, "\(make) ('ab'), ('c');").snapshot().content
        let second = try await SQLiteWorld(nil, "\(make) ('a'), ('bc');").snapshot().content
        #expect(first != second)
    }

    @Test("a UTF-16 memory is read like any other")
    func utf16() async throws {
        let world = try SQLiteWorld(nil, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE empty (x);")
        let dump = try Tool.run(["sqlite3", Fixture.v4_0.copy(to: world.scratch("utf8.db")), ".dump"]).output
        #expect(try Tool.run(["sqlite3", world.path], input: dump).status == 0)
        #expect(try await world.store.survey(catalogue).recognition == .memory(.sqlite4))
        let record = try await world.migrate(catalogue)
        #expect(record.findings == [])
        await world.store.close()
        let other = try SQLiteWorld(.v4_0)
        try await other.migrate(catalogue)
        await other.store.close()
        let select =
            "SELECT hex(CAST(preview AS TEXT)) = '' OR length(preview), key_concepts FROM context_locks ORDER BY id;"
        #expect(try world.ask(select) == other.ask(select))
    }
}

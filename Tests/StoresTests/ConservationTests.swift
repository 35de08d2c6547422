// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport
import Testing

/// P1: what a migration did not declare is stopped before COMMIT.
@Suite struct ConservationTests {
    /// One thing that a migration does to what was there.
    struct Effect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let up: String
        /// The declaration with which it passes, or nil when there is none for such a thing.
        let declaration: String?
        /// What has to be there before.
        var given = ""

        init(_ name: String, _ up: String, declaration: String?, given: String = "") {
            testDescription = name
            self.up = up
            self.declaration = declaration
            self.given = given
        }
    }

    static let log = "CREATE TABLE log (what TEXT);"
    /// ALTER TABLE cannot change a CHECK, so whoever wants that makes the table anew.
    static let rebuild = """
        CREATE TABLE todos_new (id TEXT PRIMARY KEY, content TEXT NOT NULL, status TEXT NOT NULL CHECK (status <> 'x'),
            created_at REAL, completed_at REAL, priority INTEGER DEFAULT 0);
        INSERT INTO todos_new (rowid, id, content, status, created_at, completed_at, priority)
            SELECT rowid, id, content, status, created_at, completed_at, priority FROM todos;
        DROP TABLE todos;
        ALTER TABLE todos_new RENAME TO todos;
        """

    static let effects = [
        Effect("deletes rows", "DELETE FROM memory_entries WHERE id > 3;", declaration: nil),
        Effect("deletes every row", "DELETE FROM memory_entries;", declaration: nil),
        Effect(
            "replaces a row",
            "DELETE FROM file_tags WHERE id = 1; INSERT INTO file_tags (path, tag) VALUES ('a', 'b');",
            declaration: nil),
        Effect(
            "deduplicates by a hash that is NULL, as in claude-mem#2812",
            "DELETE FROM notes WHERE id NOT IN (SELECT min(id) FROM notes GROUP BY hash);", declaration: nil,
            given: "CREATE TABLE notes (id INTEGER PRIMARY KEY, hash TEXT, body TEXT);"
                + "INSERT INTO notes (body) SELECT value FROM generate_series(1, 26000);"),
        Effect(
            "alters a value", "UPDATE context_locks SET content = 'x' WHERE id = 2;",
            declaration: "rewrites context_locks.content"),
        Effect(
            "turns 1 into 1.0 in a column without affinity", "UPDATE t SET x = 1.0;", declaration: "rewrites t.x",
            given: "CREATE TABLE t (x BLOB); INSERT INTO t VALUES (1);"),
        Effect(
            "sets a value to NULL", "UPDATE file_tags SET comment = NULL;", declaration: "rewrites file_tags.comment"),
        Effect("fills a NULL", "UPDATE sessions SET ended_at = 5.5;", declaration: "fills sessions.ended_at"),
        Effect("renumbers rows", "UPDATE memory_entries SET id = id + 1000;", declaration: nil),
        Effect("drops a table", "DROP TABLE fixes;", declaration: "drops table fixes"),
        Effect("drops an empty table", "DROP TABLE memory;", declaration: "drops table memory"),
        Effect(
            "drops a virtual table", "DROP TABLE search;", declaration: "drops table search",
            given: "CREATE VIRTUAL TABLE search USING fts5(path, content); INSERT INTO search VALUES ('a', 'b');"),
        Effect(
            "drops a column", "ALTER TABLE file_tags DROP COLUMN comment;",
            declaration: "drops column file_tags.comment"),
        Effect("renames a column", "ALTER TABLE file_tags RENAME COLUMN comment TO remark;", declaration: nil),
        Effect("renames a table", "ALTER TABLE todos RENAME TO tasks;", declaration: "renames todos to tasks"),
        Effect(
            "drops an index", "DROP INDEX idx_mine;", declaration: "drops object idx_mine",
            given: "CREATE INDEX idx_mine ON todos (status);"),
        Effect(
            "makes an index anew", "DROP INDEX idx_mine; CREATE INDEX idx_mine ON todos (status DESC);",
            declaration: "drops object idx_mine", given: "CREATE INDEX idx_mine ON todos (status);"),
        Effect(
            "drops a view", "DROP VIEW mine;", declaration: "drops object mine",
            given: "CREATE VIEW mine AS SELECT * FROM todos;"),
        Effect(
            "drops a trigger", "DROP TRIGGER mine;", declaration: "drops object mine",
            given: log + "CREATE TRIGGER mine AFTER INSERT ON todos BEGIN INSERT INTO log VALUES ('x'); END;"),
        Effect("rewrites a CHECK by making the table anew", rebuild, declaration: "drops object todos"),
        Effect(
            "slips a constraint in by making the table anew",
            """
            CREATE TABLE s2 (id TEXT PRIMARY KEY CHECK (length(id) > 0), n);
            INSERT INTO s2 SELECT * FROM small; DROP TABLE small; ALTER TABLE s2 RENAME TO small;
            """,
            declaration: "drops object small",
            given: "CREATE TABLE \"small\" (id TEXT PRIMARY KEY, n); INSERT INTO small VALUES ('a', 1);"),
        Effect(
            "lowers a sequence", "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'context_locks';", declaration: nil),
        Effect(
            "raises a sequence", "UPDATE sqlite_sequence SET seq = 4711 WHERE name = 'context_locks';", declaration: nil
        ),
        Effect("forgets a sequence", "DELETE FROM sqlite_sequence;", declaration: nil),
        Effect(
            "writes into a shadow table", "UPDATE search_content SET c1 = 'forged';",
            declaration: "rewrites search_content.c1",
            given: "CREATE VIRTUAL TABLE search USING fts5(path, content); INSERT INTO search VALUES ('a', 'b');"),
        Effect(
            "writes through a virtual table", "UPDATE search SET content = 'forged';", declaration: nil,
            given: "CREATE VIRTUAL TABLE search USING fts5(path, content); INSERT INTO search VALUES ('a', 'b');"),
        Effect(
            "empties a virtual table", "DELETE FROM search;", declaration: nil,
            given: "CREATE VIRTUAL TABLE search USING fts5(path, content); INSERT INTO search VALUES ('a', 'b');"),
        Effect(
            "writes over a table of somebody whose name is like the ledger's",
            "DELETE FROM schema_migration_notes;", declaration: nil,
            given: "CREATE TABLE schema_migration_notes (x); INSERT INTO schema_migration_notes VALUES (1);"),
        Effect(
            "drops a table of somebody whose name is like the ledger's", "DROP TABLE schema_migrations_backup;",
            declaration: "drops table schema_migrations_backup",
            given: "CREATE TABLE schema_migrations_backup (x); INSERT INTO schema_migrations_backup VALUES (1);"),
        Effect(
            "updates a row of a table without rowid", "UPDATE w SET v = 2;", declaration: "rewrites w.v",
            given: "CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES ('a', 1), ('b', 1);"),
        Effect(
            "changes a key of a table without rowid", "UPDATE w SET k = 'c' WHERE k = 'b';", declaration: nil,
            given: "CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES ('a', 1), ('b', 1);"),
        Effect(
            "lets a row break a foreign key that it kept",
            "INSERT INTO memory_entries (category, content, timestamp, session_id) VALUES ('a', 'b', 1.0, 'nobody');",
            declaration: nil),
        Effect(
            "moves a value into another row", "UPDATE pair SET v = CASE id WHEN 1 THEN 'b' ELSE 'a' END;",
            declaration: "rewrites pair.v",
            given: "CREATE TABLE pair (id INTEGER PRIMARY KEY, v); INSERT INTO pair VALUES (1, 'a'), (2, 'b');"),
    ]

    @Test(
        "P1: a migration that does what it did not declare is stopped, and nothing is changed", arguments: effects,
        [SQLiteWorld.Journal.wal, .delete])
    func stopped(_ effect: Effect, _ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_4Server, journal: journal, effect.given)
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.migrate(.with(up: effect.up))
        }
        #expect(error?.code == .conservationFailed, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "the same migration passes when it declares what it does", arguments: effects.filter { $0.declaration != nil })
    func declared(_ effect: Effect) async throws {
        let world = try SQLiteWorld(.v4_4Server, effect.given)
        let before = try world.dump(withLedger: false)
        try await world.migrate(.with(changes: effect.declaration ?? "none", up: effect.up))
        await world.store.close()
        #expect(try world.dump(withLedger: false).differences(from: before).count > 4)
    }

    @Test(
        "a declaration covers what it names and nothing beside it",
        arguments: [
            ("fills context_locks.metadata", "UPDATE context_locks SET metadata = '{}';"),
            ("fills sessions.ended_at", "UPDATE sessions SET ended_at = 5.5, summary = 'x';"),
            ("rewrites sessions.summary", "UPDATE todos SET content = 'x';"),
            ("drops object idx_mine", "DROP TABLE fixes;"),
            ("drops table fixes", "DROP TABLE fixes; DROP TABLE todos;"),
            ("renames todos to tasks", "ALTER TABLE todos RENAME TO tasks; DELETE FROM tasks;"),
            ("drops object todos", rebuild.replacing("FROM todos;", with: "FROM todos WHERE 0;")),
            ("drops column file_tags.comment", "ALTER TABLE file_tags DROP COLUMN metadata;"),
        ])
    func narrow(_ declaration: String, _ up: String) async throws {
        let world = try SQLiteWorld(.v4_4Server)
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.migrate(.with(changes: declaration, up: up))
        }
        #expect(error?.code == .conservationFailed)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("a filled preview stays, also when a migration that may fill previews writes over it")
    func overwrittenPreview() async throws {
        let world = try SQLiteWorld(.v4_4)
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.migrate(
                .with(
                    changes: "fills context_locks.preview",
                    up: "UPDATE context_locks SET preview = 'mine' WHERE id = 1;"))
        }
        #expect(error?.code == .conservationFailed)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "what is new needs no declaration: tables, columns, indices, views, triggers, rows",
        arguments: [
            "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT); INSERT INTO notes (x) VALUES ('a');",
            "ALTER TABLE todos ADD COLUMN due REAL; ALTER TABLE todos ADD COLUMN tag TEXT DEFAULT 'none' CHECK (tag <> '');",
            "ALTER TABLE context_locks ADD COLUMN mood TEXT REFERENCES sessions (id);",
            "CREATE INDEX idx_new ON todos (status); CREATE VIEW open AS SELECT * FROM todos;",
            "CREATE TRIGGER t AFTER INSERT ON todos BEGIN SELECT 1; END;",
            "INSERT INTO project_variables (key, value, updated_at) VALUES ('schema', '5', 1.0);",
            "INSERT INTO file_tags (path, tag) VALUES ('a', 'b');",
            "ANALYZE;",
            "REINDEX;",
        ])
    func additions(_ up: String) async throws {
        let world = try SQLiteWorld(.v4_4Server)
        try await world.migrate(.with(up: up))
        #expect(try await world.plan(.with(up: up)).isEmpty)
    }

    @Test("statistics are SQLite's own and may change")
    func statistics() async throws {
        let world = try SQLiteWorld(.v4_0, "CREATE INDEX idx_mine ON todos (status); ANALYZE;")
        let catalogue = try Catalogue.with(changes: "drops table todos", up: "DROP TABLE todos; ANALYZE;")
        let record = try await world.migrate(catalogue)
        #expect(record.applied.last?.name == "test")
    }
}

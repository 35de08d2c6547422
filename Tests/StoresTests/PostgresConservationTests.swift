// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import PostgresKit
import TestSupport
import Testing

@testable import Stores

/// P1: what a migration did not declare is stopped before COMMIT, on a PostgreSQL schema.
@Suite(
    // A server takes a hundred connections, and a test has several.
    .serialized, .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct PostgresConservationTests {
    /// One thing that a migration does to what was there.
    struct Effect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let up: String
        /// The declaration with which it passes, or nil when there is none for such a thing.
        let declaration: String?

        init(_ name: String, _ up: String, _ declaration: String? = nil) {
            testDescription = name
            self.up = up
            self.declaration = declaration
        }
    }

    /// What is there before every effect: something of each kind.
    static let given = """
        CREATE TABLE notes (id SERIAL PRIMARY KEY, hash TEXT, body TEXT NOT NULL DEFAULT 'x', weight INTEGER, weight_2 INTEGER,
            CONSTRAINT weighed CHECK (weight > 0));
        INSERT INTO notes (hash, body, weight) VALUES (NULL, 'a', 1), ('h', 'b', NULL), (NULL, 'c', 3);
        COMMENT ON COLUMN notes.body IS 'what it says';
        COMMENT ON COLUMN notes.hash IS 'what it is';
        COMMENT ON TABLE notes IS 'notes';
        CREATE INDEX notes_hash ON notes (hash);
        CREATE VIEW heavy AS SELECT * FROM notes WHERE weight > 2;
        CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';
        CREATE FUNCTION shout(integer) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
        CREATE FUNCTION spread() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN UPDATE innkeeper.todos SET tags = ''spread''; RETURN NEW; END';
        CREATE TABLE button (x INTEGER);
        CREATE TRIGGER push AFTER INSERT ON button FOR EACH ROW EXECUTE FUNCTION spread();
        CREATE TABLE leaf (id INTEGER PRIMARY KEY, x TEXT);
        INSERT INTO leaf VALUES (1, 'one');
        CREATE TABLE kept_notes (LIKE notes);
        CREATE SEQUENCE counter; SELECT setval('counter', 40);
        """

    static let effects = [
        Effect("deletes rows", "DELETE FROM :\"schema\".notes WHERE id > 1;"),
        Effect("empties a table", "TRUNCATE :\"schema\".notes;"),
        Effect("empties a table and counts from 1", "TRUNCATE :\"schema\".notes RESTART IDENTITY;"),
        Effect(
            "replaces a row",
            "DELETE FROM :\"schema\".leaf; INSERT INTO :\"schema\".leaf VALUES (2, 'two');"),
        Effect(
            "writes a row over and adds another",
            "UPDATE :\"schema\".leaf SET x = 'uno'; INSERT INTO :\"schema\".leaf VALUES (2, 'two');"),
        Effect(
            "deduplicates by a hash that is NULL, as in claude-mem#2812",
            "DELETE FROM :\"schema\".notes WHERE id NOT IN (SELECT min(id) FROM :\"schema\".notes GROUP BY hash);"),
        Effect("alters a value", "UPDATE :\"schema\".leaf SET x = 'uno';", "rewrites leaf.x"),
        Effect("sets a value to NULL", "UPDATE :\"schema\".leaf SET x = NULL;", "rewrites leaf.x"),
        Effect("fills NULLs", "UPDATE :\"schema\".notes SET weight = 9 WHERE weight IS NULL;", "fills notes.weight"),
        Effect("renumbers rows", "UPDATE :\"schema\".notes SET id = id + 1000;"),
        Effect("alters a type", "ALTER TABLE :\"schema\".leaf ALTER x TYPE varchar(900);"),
        Effect("drops a column", "ALTER TABLE :\"schema\".leaf DROP COLUMN x;", "drops column leaf.x"),
        Effect(
            "drops a column of which something is said", "ALTER TABLE :\"schema\".notes DROP COLUMN body CASCADE;",
            "drops column notes.body, drops object heavy"),
        Effect(
            "drops a table with its sequence", "DROP TABLE :\"schema\".notes CASCADE;",
            "drops table notes, drops object heavy"),
        Effect("drops an index", "DROP INDEX :\"schema\".notes_hash;", "drops object notes_hash"),
        Effect("drops a view", "DROP VIEW :\"schema\".heavy;", "drops object heavy"),
        Effect("drops a key", "ALTER TABLE :\"schema\".leaf DROP CONSTRAINT leaf_pkey;", "drops object leaf_pkey"),
        Effect("drops a check", "ALTER TABLE :\"schema\".notes DROP CONSTRAINT weighed;", "drops object weighed"),
        Effect("drops a trigger", "DROP TRIGGER push ON :\"schema\".button;", "drops object push"),
        Effect("switches a trigger off", "ALTER TABLE :\"schema\".button DISABLE TRIGGER push;", "drops object push"),
        Effect(
            "drops one of two functions of a name", "DROP FUNCTION :\"schema\".shout(integer);", "drops object shout"),
        Effect("drops a comment", "COMMENT ON COLUMN :\"schema\".notes.hash IS NULL;"),
        Effect("changes a comment", "COMMENT ON COLUMN :\"schema\".notes.hash IS 'other';"),
        Effect("changes a default", "ALTER TABLE :\"schema\".notes ALTER body SET DEFAULT 'y';"),
        Effect("drops a default", "ALTER TABLE :\"schema\".notes ALTER body DROP DEFAULT;"),
        Effect("drops NOT NULL", "ALTER TABLE :\"schema\".notes ALTER body DROP NOT NULL;"),
        Effect(
            "makes a view anew",
            "CREATE OR REPLACE VIEW :\"schema\".heavy AS SELECT * FROM :\"schema\".notes WHERE weight > 1;",
            "drops object heavy"),
        Effect(
            "writes to another table by a trigger", "INSERT INTO :\"schema\".button VALUES (1);", "rewrites todos.tags"),
        Effect("drops a sequence", "DROP SEQUENCE :\"schema\".counter;", "drops object counter"),
        Effect("resets a sequence", "ALTER SEQUENCE :\"schema\".counter RESTART;"),
        Effect("renames a table", "ALTER TABLE :\"schema\".leaf RENAME TO leaves;", "renames leaf to leaves"),
        Effect("moves a table elsewhere", "ALTER TABLE :\"schema\".leaf SET SCHEMA public;", "drops table leaf"),
        Effect("gives a table away", "ALTER TABLE :\"schema\".leaf OWNER TO pg_monitor;"),
    ]

    private func world() throws -> PostgresWorld { try PostgresWorld(.earliest, Self.given) }

    @Test("nothing that was not declared gets past it", arguments: effects)
    func undeclared(_ effect: Effect) async throws {
        try await stopped(effect.up)
    }

    @Test("what is declared does", arguments: effects.filter { $0.declaration != nil })
    func declared(_ effect: Effect) async throws {
        let world = try world()
        let catalogue = try Catalogue.postgres(changes: #require(effect.declaration), up: effect.up)
        let life = try await world.live(catalogue)
        #expect(life.record.applied.last?.version == 12)
    }

    @Test(
        "a declaration covers what it names and nothing beside it",
        arguments: [
            ("fills notes.weight", "UPDATE :\"schema\".notes SET weight = 9;"),
            ("fills notes.weight", "UPDATE :\"schema\".notes SET weight = NULL;"),
            (
                "fills notes.weight",
                "WITH a AS (SELECT id, weight FROM :\"schema\".notes) UPDATE :\"schema\".notes n SET weight = 4 - n.id;"
            ),
            ("rewrites notes.weight", "UPDATE :\"schema\".notes SET weight = 9, hash = 'x';"),
            ("rewrites notes.weight", "DELETE FROM :\"schema\".notes WHERE id = 2;"),
            (
                "renames leaf to leaves",
                "ALTER TABLE :\"schema\".leaf RENAME TO leaves; ALTER TABLE :\"schema\".leaves DROP CONSTRAINT leaf_pkey;"
            ),
            (
                "renames leaf to leaves",
                "ALTER TABLE :\"schema\".leaf RENAME TO leaves; UPDATE :\"schema\".leaves SET x = 'y';"
            ),
            (
                "drops column notes.weight, drops object weighed, drops object heavy",
                "DROP VIEW :\"schema\".heavy; ALTER TABLE :\"schema\".notes DROP COLUMN weight, ALTER weight_2 TYPE bigint;"
            ),
            ("drops table leaf", "DROP TABLE :\"schema\".leaf; DROP SEQUENCE :\"schema\".counter;"),
            ("drops object counter", "DROP SEQUENCE :\"schema\".counter; DROP INDEX :\"schema\".notes_hash;"),
        ])
    func abused(_ changes: String, _ up: String) async throws {
        try await stopped(up, changes: changes)
    }

    @Test("new rows, tables, columns and rights need no declaration")
    func new() async throws {
        let world = try world()
        let catalogue = try Catalogue.postgres(
            up: """
                INSERT INTO :"schema".notes (body) VALUES ('new');
                ALTER TABLE :"schema".notes ADD COLUMN more TEXT DEFAULT 'm';
                ALTER TABLE :"schema".leaf ADD CONSTRAINT small CHECK (id < 10);
                CREATE INDEX fresh ON :"schema".leaf (x);
                GRANT SELECT ON :"schema".leaf TO pg_monitor;
                """)
        let life = try await world.live(catalogue)
        #expect(life.record.applied.last?.version == 12)
        #expect(try world.ask("SELECT count(*), count(more) FROM notes;") == ["4|4"])
    }

    @Test("what ROLLBACK would not undo is refused before it runs")
    func setval() async throws {
        let error = try await stopped("SELECT pg_catalog.setval(:'schema' || '.counter', 1);")
        #expect(error.message.contains("setval is not undone"))
    }

    /// Runs a migration that has to be stopped, and looks that nothing but the ledger is another.
    @discardableResult
    private func stopped(_ up: String, changes: String = "none") async throws -> GuardError {
        let world = try world()
        let catalogue = try Catalogue.postgres(changes: changes, up: up)
        let before = try world.state(withLedger: false)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let entry = LedgerEntry.test()
        let error = try #require(
            await #expect(throws: GuardError.self) {
                try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
            })
        #expect(error.dataState == .untouched)
        if !up.contains("setval") { #expect(error.code == .conservationFailed, "\(error)") }
        await world.store.close()
        #expect(try world.state(withLedger: false).differences(from: before) == [])
        return error
    }
}

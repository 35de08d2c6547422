// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import PostgresKit
import Stores
import TestSupport
import Testing

/// A state goes back into a live schema whole, or not at all.
@Suite(
    // A server takes a hundred connections, and a test has several.
    .serialized, .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct PostgresRestoreTests {
    private let catalogue = try! Catalogue()

    /// A user's own objects of every kind that gets in the way of a replacement.
    static let own = """
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE DOMAIN short AS varchar(9) CHECK (VALUE <> 'never');
        CREATE TYPE pair AS (a integer, b mood);
        CREATE TABLE egg (id INTEGER PRIMARY KEY, hen INTEGER);
        CREATE TABLE hen (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES egg, feels mood DEFAULT 'good', called short, paired pair);
        ALTER TABLE egg ADD CONSTRAINT laid FOREIGN KEY (hen) REFERENCES hen DEFERRABLE INITIALLY DEFERRED;
        BEGIN; INSERT INTO egg VALUES (1, 1); INSERT INTO hen VALUES (1, 1, 'bad', 'berta', '(1,good)'); COMMIT;
        CREATE VIEW hens AS SELECT * FROM hen;
        CREATE VIEW of_view AS SELECT called FROM hens;
        CREATE FUNCTION count_hens() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM innkeeper.hen';
        CREATE FUNCTION egg_of(hen) RETURNS integer LANGUAGE sql AS 'SELECT $1.egg';
        CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE product(double precision) (sfunc = float8mul, stype = double precision, initcond = 1);
        CREATE MATERIALIZED VIEW frozen AS SELECT count(*) AS n FROM hen;
        CREATE UNIQUE INDEX frozen_n ON frozen (n);
        CREATE TABLE measured (at date NOT NULL, x INTEGER) PARTITION BY RANGE (at);
        CREATE TABLE measured_25 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
        INSERT INTO measured VALUES ('2025-05-05', 5), ('2030-01-01', 30);
        CREATE TABLE numbered (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x TEXT, twice TEXT GENERATED ALWAYS AS (x || x) STORED);
        INSERT INTO numbered (x) VALUES ('a'), ('b');
        CREATE TABLE base (x INTEGER); CREATE TABLE derived (y INTEGER) INHERITS (base); INSERT INTO derived VALUES (1, 2);
        CREATE SEQUENCE counter INCREMENT -3; SELECT nextval('counter'), nextval('counter');
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER noted BEFORE UPDATE ON hen FOR EACH ROW EXECUTE FUNCTION note();
        CREATE STATISTICS together ON id, egg FROM hen;
        CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
        CREATE OPERATOR === (leftarg = integer, rightarg = integer, function = int4eq);
        CREATE COLLATION plain (locale = 'C');
        ALTER TABLE hen ENABLE ROW LEVEL SECURITY; CREATE POLICY all_hens ON hen USING (true);
        COMMENT ON TABLE hen IS 'it was first';
        GRANT SELECT ON hen TO PUBLIC;
        ALTER DEFAULT PRIVILEGES IN SCHEMA innkeeper GRANT SELECT ON TABLES TO PUBLIC;
        """

    static let changed = """
        UPDATE hen SET called = 'bertha'; DROP VIEW hens CASCADE; DROP MATERIALIZED VIEW frozen; DROP TABLE measured;
        INSERT INTO numbered (x) VALUES ('c'); SELECT nextval('counter');
        CREATE TABLE later (id SERIAL PRIMARY KEY, hen INTEGER REFERENCES hen); CREATE VIEW late AS SELECT * FROM later;
        ALTER TYPE mood ADD VALUE 'awful'; DELETE FROM context_locks; TRUNCATE memory_entries RESTART IDENTITY;
        ALTER TABLE todos ADD COLUMN more TEXT; DROP FUNCTION count_hens;
        """

    @Test("every object and value of the backup is back, sequences too, and no second schema stays")
    func whole() async throws {
        let world = try PostgresWorld(.earliest, Self.own)
        let old = try world.state(withLedger: true)
        let snapshot = try await world.snapshot()
        try world.write(Self.changed)
        let kept = try await world.snapshot("kept.sql")
        try await world.store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: old) == [])
        #expect(try Self.schemas(world) == ["innkeeper", "public"])
        // And forth again: what was kept is a backup as any other.
        let again = try await world.snapshot("again.sql")
        try await world.store.restore(from: kept.path, expecting: kept.content, replacing: again)
        await world.store.close()
        #expect(try world.ask("SELECT called FROM hen; SELECT count(*) FROM late;") == ["bertha", "0"])
    }

    @Test("after a migration the old state comes back with the ledger it had")
    func migrated() async throws {
        let world = try PostgresWorld(.earliest, Self.own)
        let old = try world.state(withLedger: true)
        let snapshot = try await world.snapshot()
        try await world.live(catalogue)
        let kept = try await world.snapshot("kept.sql")
        try await world.store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: old) == [])
        try await world.live(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
    }

    @Test(
        "what stands outside and on it makes it refuse, by name",
        arguments: [
            ("CREATE VIEW public.outside AS SELECT label FROM innkeeper.context_locks;", "outside"),
            (
                "CREATE TABLE public.outside (x TEXT CONSTRAINT outside_key REFERENCES innkeeper.sessions (id));",
                "outside_key"
            ),
            (
                "CREATE FUNCTION public.outside(innkeeper.sessions) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
                "outside"
            ),
            (
                "CREATE TABLE public.outside (x INTEGER DEFAULT nextval('innkeeper.context_locks_id_seq'));", "outside"
            ),
            ("CREATE PUBLICATION outside FOR TABLE innkeeper.sessions;", "outside"),
        ])
    func outside(_ sql: String, _ name: String) async throws {
        let world = try PostgresWorld(.earliest, sql)
        let snapshot = try await world.snapshot()
        try world.write("DELETE FROM context_locks;")
        let before = try world.database.dump()
        let kept = try await world.snapshot("kept.sql")
        let error = await #expect(throws: GuardError.self) {
            try await world.store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        }
        #expect(error?.code == .restoreFailed && error?.dataState == .untouched)
        #expect(error?.message.contains(name) ?? false, "\(String(describing: error))")
        await world.store.close()
        #expect(try world.database.dump() == before)
    }

    @Test("a stranger's table that comes in meanwhile is never dropped", arguments: [true, false])
    func meanwhile(_ commits: Bool) async throws {
        var limits = PostgresStore.Limits()
        limits.lockTimeout = commits ? .seconds(2) : .milliseconds(300)
        let world = try PostgresWorld(limits: limits)
        let snapshot = try await world.snapshot()
        try world.write("DELETE FROM context_locks;")
        let kept = try await world.snapshot("kept.sql")
        let before = try world.state(withLedger: true)
        let stranger = try world.stranger()
        try stranger.execute("BEGIN; CREATE TABLE innkeeper.strange (x INTEGER)")
        let restoring = Task {
            try await world.store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        }
        if commits {
            try world.waitForALock()
            try stranger.execute("COMMIT")
        }
        let error = await #expect(throws: GuardError.self) { try await restoring.value }
        #expect(error?.dataState == .untouched)
        #expect(error?.code == (commits ? .restoreFailed : .storeBusy), "\(String(describing: error))")
        if commits { #expect(error?.causes.contains { $0.contains("strange") } ?? false) }
        if !commits { try stranger.execute("ROLLBACK") }
        await world.store.close()
        try world.write("DROP TABLE IF EXISTS strange;")
        #expect(try world.state(withLedger: true).differences(from: before) == [])
        #expect(try Self.schemas(world) == ["innkeeper", "public"])
    }

    @Test("a backup that was cut off leaves everything as it is")
    func cut() async throws {
        let world = try PostgresWorld()
        let snapshot = try await world.snapshot()
        try world.write("DELETE FROM context_locks;")
        let kept = try await world.snapshot("kept.sql")
        let before = try world.state(withLedger: true)
        _ = try Tool.run(["truncate", "-s", "-2000", snapshot.path])
        let error = await #expect(throws: GuardError.self) {
            try await world.store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        }
        #expect(error?.code == .restoreFailed && error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test("a schema that is gone is made again, and one that is there again is left alone")
    func recreate() async throws {
        let world = try PostgresWorld(.earliest, Self.own)
        let old = try world.state(withLedger: true)
        let snapshot = try await world.snapshot()
        try world.database.psql("DROP SCHEMA innkeeper CASCADE")
        let missing = await #expect(throws: GuardError.self) { try await world.store.survey(catalogue) }
        #expect(missing?.code == .storeMissing)
        try await world.store.recreate(from: snapshot.path, rights: nil, suffix: "x", expecting: snapshot.content)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: old) == [])
        let again = await #expect(throws: GuardError.self) {
            try await world.store.recreate(from: snapshot.path, rights: nil, suffix: "x", expecting: snapshot.content)
        }
        #expect(again?.code == .restoreFailed && again?.dataState == .untouched)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: old) == [])
    }

    private static func schemas(_ world: PostgresWorld) throws -> [String] {
        try world.database.psql(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1")
    }
}

extension PostgresWorld {
    /// Waits until a session of dementiad's waits for a lock in this database.
    func waitForALock() throws {
        try waitUntil("a session of dementiad's waits for a lock") {
            try database.psql(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'dementiad'
                """) != ["0"]
        }
    }
}

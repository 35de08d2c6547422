// SPDX-License-Identifier: MIT

import PostgresKit
import SchemaDump
import TestSupport
import Testing

@Suite(
    "What a schema holds", .serialized,
    .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct InventoryTests {
    @Test("A schema that is not there is refused by name")
    func noSchema() throws {
        let database = try DumpWorld.source.database()
        let connection = try DumpWorld.reader(database)
        defer { withExtendedLifetime(database) {} }
        let error = #expect(throws: PostgresError.self) { try SchemaInventory(reading: "no\"such", on: connection) }
        #expect(error?.sqlState == .undefinedSchema)
    }

    @Test("What stands outside and depends on the schema is found, and nothing else")
    func outside() throws {
        let database = try DumpWorld.source.database()
        try database.psql(
            """
            CREATE SCHEMA s;
            CREATE SCHEMA o;
            CREATE TYPE s.mood AS ENUM ('a');
            CREATE TABLE s.t (id serial PRIMARY KEY, big text, m s.mood);
            CREATE TABLE o.base (id integer PRIMARY KEY);
            CREATE TABLE s.inner_reference (id integer REFERENCES o.base);
            CREATE VIEW s.inner_view AS SELECT * FROM s.t;
            CREATE VIEW o.v AS SELECT * FROM s.t;
            CREATE TABLE o.f (id integer REFERENCES s.t, m s.mood DEFAULT 'a'::s.mood);
            CREATE FUNCTION o.g(s.mood) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE TABLE o.child () INHERITS (s.t);
            CREATE PUBLICATION p FOR TABLE s.t;
            """)
        let found = try SchemaInventory(reading: "s", on: try DumpWorld.reader(database)).outsideDependants
        let expected = [
            "column m of table o.f", "constraint f_id_fkey on table o.f",
            "default value for column id of table o.child",
            "default value for column m of table o.f", "function o.g(s.mood)",
            "publication of table s.t in publication p",
            "rule _RETURN on view o.v", "table o.child", "table o.f",
        ]
        for text in expected where text != "column m of table o.f" {
            #expect(found.contains(text), "\(text) in \(found)")
        }
        #expect(found.allSatisfy { $0.contains(" o.") || $0.contains("publication") }, "\(found)")
        #expect(!found.contains { $0.contains("o.base") })
    }

    @Test("What is excluded takes its indices, keys, triggers and sequences with it")
    func excluded() throws {
        let database = try DumpWorld.source.database()
        try database.psql(
            """
            CREATE SCHEMA s;
            CREATE TABLE s.kept (id serial PRIMARY KEY);
            CREATE TABLE s.schema_migrations (id serial PRIMARY KEY, v text UNIQUE CHECK (v <> ''), i integer GENERATED ALWAYS AS IDENTITY);
            CREATE INDEX gone ON s.schema_migrations (v);
            COMMENT ON TABLE s.schema_migrations IS 'gone';
            GRANT SELECT ON s.schema_migrations TO PUBLIC;
            """)
        let script = try DumpWorld.script(database, "s") { kind, name in
            kind == "TABLE" && name.hasPrefix("schema_migration")
        }
        #expect(script.inventory.tables.map(\.name) == ["kept"])
        #expect(script.inventory.sequences == ["kept_id_seq"])
        let text = String(decoding: script.bytes, as: UTF8.self)
        #expect(!text.contains("schema_migration"))
        #expect(!text.contains("gone"))
        let target = try DumpWorld.target.database()
        try DumpWorld.restore(script.bytes, into: target)
        #expect(try target.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 's'::regnamespace") == ["3"])
    }

    @Test("The schema public comes back into a database that has one")
    func publicSchema() throws {
        let database = try DumpWorld.source.database()
        try database.psql(
            "CREATE TABLE t (a serial); INSERT INTO t DEFAULT VALUES; REVOKE USAGE ON SCHEMA public FROM PUBLIC")
        let script = try DumpWorld.script(database, "public")
        let target = try DumpWorld.target.database()
        try DumpWorld.restore(script.bytes, into: target)
        #expect(try target.dump(schema: "public") == database.dump(schema: "public"))
    }

    @Test("What is not carried is said")
    func notes() throws {
        let database = try DumpWorld.source.database()
        try database.psql(
            """
            CREATE SCHEMA s;
            CREATE TABLE s.t (a integer);
            INSERT INTO s.t VALUES (1), (1);
            CREATE INDEX broken ON s.t (a);
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 's.broken'::regclass;
            """)
        let inventory = try SchemaInventory(reading: "s", on: try DumpWorld.reader(database))
        #expect(inventory.notes == ["the invalid index \"s\".\"broken\" is not carried"])
        #expect(!inventory.postData.contains { $0.name == "broken" })
    }

    @Test("The number of statements does not grow with what a schema holds")
    func fewStatements() throws {
        let server = try PostgresServer(settings: ["shared_preload_libraries": "pg_stat_statements"])
        let database = try server.database()
        try database.load(PostgresFixture.latest)
        try database.psql("CREATE EXTENSION pg_stat_statements; CREATE SCHEMA small; CREATE TABLE small.t (a integer)")
        let large = try #require(
            try database.psql(
                """
                SELECT nspname FROM pg_namespace
                WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public', 'small')
                """
            ).first)
        func statements(_ schema: String) throws -> Int? {
            let connection = try DumpWorld.reader(database)
            try database.psql("SELECT pg_stat_statements_reset()")
            _ = try SchemaInventory(reading: schema, on: connection)
            let calls = "SELECT sum(calls) FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'"
            return try database.psql(calls).first.flatMap { Int($0) }
        }
        let (few, many) = (try statements("small"), try statements(large))
        #expect(few == many)
        #expect(try #require(many) < 40)
    }
}

@Suite(
    "Sums of tables", .serialized,
    .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct TableSumTests {
    private func sums(_ values: [String], columns: String = "a text, b float8, c numeric") throws -> [TableSum] {
        let database = try DumpWorld.source.database()
        try database.psql("CREATE SCHEMA s")
        for (number, value) in values.enumerated() {
            try database.psql("CREATE TABLE s.t\(number) (\(columns)); INSERT INTO s.t\(number) VALUES \(value)")
        }
        let connection = try DumpWorld.reader(database)
        return try values.indices.map { number in
            try TableSum.read(schema: "s", table: "t\(number)", columns: ["a", "b", "c"], on: connection)
        }
    }

    @Test("Different rows have different sums: NULL and empty, -0 and 0, NaN, scale, and twice the same row")
    func differences() throws {
        let all = try sums([
            "(NULL, 0, 1)", "('', 0, 1)", "('', '-0', 1)", "('', 'NaN', 1)", "('', 0, 1.0)", "('', 0, 1), ('', 0, 1)",
            "(',0', NULL, 1)",
        ])
        #expect(Set(all).count == all.count)
    }

    @Test("The order of rows and of columns plays no role, and a table without rows or columns has a sum")
    func sameness() throws {
        let database = try DumpWorld.source.database()
        try database.psql(
            """
            CREATE SCHEMA s;
            CREATE TABLE s.one (a integer, "B" text);
            CREATE TABLE s.two ("B" text, gone integer, a integer);
            ALTER TABLE s.two DROP gone;
            INSERT INTO s.one VALUES (1, 'x'), (2, 'y');
            INSERT INTO s.two VALUES ('y', 2), ('x', 1);
            CREATE TABLE s.child () INHERITS (s.one);
            INSERT INTO s.child VALUES (3, 'z');
            CREATE TABLE s.none ();
            INSERT INTO s.none DEFAULT VALUES;
            """)
        let connection = try DumpWorld.reader(database)
        let one = try TableSum.read(schema: "s", table: "one", columns: ["a", "B"], on: connection)
        #expect(one == (try TableSum.read(schema: "s", table: "two", columns: ["B", "a"], on: connection)))
        #expect(one.rows == 2)
        #expect(try TableSum.read(schema: "s", table: "none", columns: [], on: connection).rows == 1)
        #expect(try TableSum.read(schema: "s", table: "one", columns: ["a"], on: connection) != one)
    }
}

// SPDX-License-Identifier: MIT

import PostgresKit
import SchemaDump
import TestSupport
import Testing

/// What others call their things, and what they write into them, is never more than a name and a text.
@Suite(
    "Names and texts in a dump", .serialized,
    .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct NameTests {
    /// A schema `s` in which every odd text is the name of a table and of its column, and stands in a comment, a default, a check, a label, a
    /// function's body and a row.
    private static func odd() throws -> PostgresDatabase {
        let database = try DumpWorld.source.database()
        let connection = try Connection(ConnectionTarget(database.url))
        try connection.execute(
            "BEGIN; SET check_function_bodies = off; CREATE SCHEMA s; CREATE TABLE s.precious (a int); INSERT INTO s.precious VALUES (1)"
        )
        for (number, text) in OddText.all.enumerated() {
            // The server quotes: what the daemon makes of names is what is tried here.
            let statements = try connection.rows(
                """
                SELECT unnest(ARRAY[
                    format('CREATE TABLE s.%1$I (%1$I text DEFAULT %2$L CONSTRAINT %1$I CHECK (%1$I <> %2$L || ''x''))', $1::text, $1::text),
                    format('COMMENT ON TABLE s.%I IS %L', $1::text, $1::text),
                    format('COMMENT ON COLUMN s.%1$I.%1$I IS %2$L', $1::text, $1::text),
                    format('INSERT INTO s.%I VALUES (DEFAULT), (%L)', $1::text, $1::text || '.'),
                    format('CREATE TYPE s.%I AS ENUM (%L)', 'label ' || $2::text, $1::text),
                    format('CREATE VIEW s.%1$I AS SELECT %2$I FROM s.%2$I', 'view ' || $2::text, $1::text),
                    format('CREATE FUNCTION s.%I() RETURNS text LANGUAGE sql AS %L', 'f ' || $2::text, 'SELECT ' || quote_literal($1::text))
                ])
                """,
                [text, "\(number)"]
            ) { $0.text(0) }
            for statement in statements { try connection.run(statement) }
        }
        try connection.execute("COMMIT")
        return database
    }

    @Test("Every Unicode category, beside every mark, goes through psql and through our own replay as it is")
    func through() throws {
        let original = try Self.odd()
        let script = try DumpWorld.script(original, "s")
        let expected = try original.dump(schema: "s")
        #expect(expected.utf8.count > 50_000)
        let first = try DumpWorld.target.database()
        try DumpWorld.restore(script.bytes, into: first)
        #expect(try first.dump(schema: "s") == expected)
        let second = try DumpWorld.target.database()
        try DumpWorld.replay(script.bytes, into: second, making: "s")
        #expect(try second.dump(schema: "s") == expected)
        #expect(try second.psql("SELECT a FROM s.precious") == ["1"])
        let (before, after) = (try DumpWorld.content(original, "s").sums, try DumpWorld.content(second, "s").sums)
        #expect(before == after && before.count == OddText.all.count + 1)
    }

    @Test("The sum of a table counts both of two columns that look the same")
    func twins() throws {
        let database = try DumpWorld.source.database()
        let (one, two) = ("\u{E9}", "e\u{301}")
        try database.psql(
            "CREATE SCHEMA s; CREATE TABLE s.t (\"\(one)\" int, \"\(two)\" int); INSERT INTO s.t VALUES (1, 1)")
        func sum() throws -> TableSum {
            try TableSum.read(schema: "s", table: "t", columns: [one, two], on: try DumpWorld.reader(database))
        }
        let first = try sum()
        try database.psql("UPDATE s.t SET \"\(one)\" = 2")
        let second = try sum()
        try database.psql("UPDATE s.t SET \"\(two)\" = 2")
        #expect(try Set([first, second, sum()]).count == 3)
    }

    @Test("Grants go to the one of two roles that look the same")
    func roles() throws {
        let database = try DumpWorld.source.database()
        let names = ["\u{E9} reads", "e\u{301} reads"]
        for server in [try DumpWorld.source, try DumpWorld.target] {
            try server.psql(
                names.map { "DROP ROLE IF EXISTS \"\($0)\"; CREATE ROLE \"\($0)\";" }.joined(), database: "postgres")
        }
        try database.psql(
            "CREATE SCHEMA s; CREATE TABLE s.t (a int); GRANT SELECT ON s.t TO \"\(names[0])\"; GRANT DELETE ON s.t TO \"\(names[1])\""
        )
        let restored = try DumpWorld.target.database()
        try DumpWorld.replay(try DumpWorld.script(database, "s").bytes, into: restored, making: "s")
        #expect(try restored.dump(schema: "s") == database.dump(schema: "s"))
    }
}

/// What a dump needs to be run again, and what it carries to the byte.
@Suite(
    "Surroundings of a dump", .serialized,
    .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct SurroundingsTests {
    @Test("Functions that call others of their schema unnamed serve an index, a check and a generated column")
    func unqualified() throws {
        let original = try DumpWorld.source.database()
        try original.psql(
            """
            CREATE SCHEMA s; SET search_path = s;
            CREATE FUNCTION helper(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(t); END $$;
            CREATE FUNCTION fold(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN helper(t); END $$;
            CREATE TABLE t (a text CHECK (fold(a) <> 'x'), b text GENERATED ALWAYS AS (fold(a)) STORED);
            CREATE INDEX folded ON t (fold(a));
            INSERT INTO t VALUES ('One'), ('two');
            """)
        let script = try DumpWorld.script(original, "s")
        let expected = try original.dump(schema: "s")
        let first = try DumpWorld.target.database()
        try DumpWorld.restore(script.bytes, into: first)
        #expect(try first.dump(schema: "s") == expected)
        let second = try DumpWorld.target.database()
        // As scripts of earlier versions pin it.
        let old = String(decoding: script.bytes, as: UTF8.self)
            .replacingBytes(of: "pg_catalog, \"s\", pg_temp", with: "pg_catalog,      pg_temp")
        try DumpWorld.replay(Array(old.utf8), into: second, making: "s")
        #expect(try second.dump(schema: "s") == expected)
    }

    @Test(
        "Bytes that are no text of a database's encoding are carried as they are",
        arguments: [("SQL_ASCII", "\\351\\201"), ("WIN1252", "\\201\\351")])
    func encodings(_ encoding: String, _ octal: String) throws {
        let server = try DumpWorld.source
        let names = (0..<2).map { "odd_\(encoding.lowercased())_\($0)" }
        for name in names {
            try server.psql(
                "CREATE DATABASE \(name) TEMPLATE template0 ENCODING '\(encoding)' LC_COLLATE 'C' LC_CTYPE 'C'",
                database: "postgres")
        }
        defer { for name in names { _ = try? server.psql("DROP DATABASE \(name) WITH (FORCE)", database: "postgres") } }
        func target(_ name: String) throws -> ConnectionTarget {
            try ConnectionTarget("postgresql:///\(name)?host=\(server.socketFolder)&port=\(server.port)&user=postgres")
        }
        try server.psql(
            """
            SET client_encoding = '\(encoding)'; CREATE SCHEMA s; CREATE TABLE s.t (a text);
            INSERT INTO s.t VALUES (E'caf\(octal)'), ('plain')
            """, database: names[0])
        let reader = try Connection(target(names[0]))
        try reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try reader.execute(PinnedSettings.statements)
        let inventory = try SchemaInventory(reading: "s", on: reader)
        var script: [UInt8] = []
        _ = try DumpScript.write(
            inventory, on: reader, heading: [],
            to: { (piece: UnsafeRawBufferPointer) throws(Never) in script += piece })
        let writer = try Connection(target(names[1]))
        try writer.execute("BEGIN")
        try DumpWorld.replayer(script).run(on: writer, making: "s")
        try writer.execute("COMMIT")
        let sums = try [reader, writer].map { connection in
            try TableSum.read(schema: "s", table: "t", columns: ["a"], on: connection)
        }
        #expect(sums[0] == sums[1] && sums[0].rows == 2)
        let bytes =
            "SELECT string_agg(encode(a::bytea, 'hex'), ',' ORDER BY a) FROM (SELECT convert_to(a, '\(encoding)') AS a FROM s.t) x"
        #expect(try server.psql(bytes, database: names[0]) == server.psql(bytes, database: names[1]))
    }

    @Test("Casts to text that are implicit make no query of the catalogues ambiguous")
    func casts() throws {
        let original = try DumpWorld.shapes()
        for cast in [
            "integer AS text", "bigint AS text", "smallint AS text", "numeric AS text", "timestamptz AS text",
            "text AS integer",
            "text AS double precision", "date AS text", "double precision AS text", "uuid AS text",
        ] {
            try original.psql("CREATE CAST (\(cast)) WITH INOUT AS IMPLICIT")
        }
        let script = try DumpWorld.script(original, DumpWorld.schema)
        let sums = try DumpWorld.content(original, DumpWorld.schema).sums
        #expect(script.bytes.count > 50_000 && sums.count > 20)
    }
}

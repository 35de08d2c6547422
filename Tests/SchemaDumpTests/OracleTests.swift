// SPDX-License-Identifier: MIT

import PostgresKit
import SchemaDump
import TestSupport
import Testing

/// The oracle is the stock pg_dump: what it says of the original and of the restored schema has to be the same.
@Suite(
    "Dump and restore of a schema", .serialized,
    .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct OracleTests {
    @Test("B18: psql alone restores every shape into another cluster, and pg_dump sees no difference")
    func throughPsql() throws {
        let original = try DumpWorld.shapes()
        let script = try DumpWorld.script(original, DumpWorld.schema)
        let restored = try DumpWorld.emptyForShapes()
        try DumpWorld.restore(script.bytes, into: restored)
        try expectSame(restored, original, DumpWorld.schema)
    }

    @Test(
        "B18: our own reader restores the same in one transaction, in pieces of any size",
        arguments: [7, 1000, 1 << 20])
    func throughReplay(size: Int) throws {
        let original = try DumpWorld.shapes()
        let script = try DumpWorld.script(original, DumpWorld.schema)
        let restored = try DumpWorld.emptyForShapes()
        try DumpWorld.replay(script.bytes, into: restored, size: size)
        try expectSame(restored, original, DumpWorld.schema)
    }

    @Test("B18: the shapes are many: 120 objects and 60 types of columns at least")
    func manyShapes() throws {
        let original = try DumpWorld.shapes()
        let inventory = try SchemaInventory(reading: DumpWorld.schema, on: try DumpWorld.reader(original))
        let items = inventory.preData + inventory.postData
        #expect(items.count { !["ACL", "COMMENT"].contains($0.kind) } >= 250)
        #expect(Set(items.map(\.kind)).count >= 33, "\(Set(items.map(\.kind)).sorted())")
        let types = try original.psql(
            """
            SELECT count(DISTINCT a.atttypid) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'My Shapes' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            """)
        #expect(try #require(types.first.flatMap { Int($0) }) >= 100)
    }

    @Test("B18: a dump of the restored schema is the same dump, byte by byte")
    func dumpOfDump() throws {
        let original = try DumpWorld.shapes()
        let first = try DumpWorld.script(original, DumpWorld.schema)
        let restored = try DumpWorld.emptyForShapes()
        try DumpWorld.replay(first.bytes, into: restored)
        let second = try DumpWorld.script(restored, DumpWorld.schema)
        let (a, b) = (Self.lines(first.bytes), Self.lines(second.bytes))
        let difference = zip(a, b).first { $0 != $1 }
        #expect(difference == nil)
        #expect(a.count == b.count)
    }

    @Test(
        "Every historic schema comes back as it was",
        arguments: PostgresFixture.all + PostgresFixture.all.map(\.afterUpstream))
    func fixtures(fixture: PostgresFixture) throws {
        #expect(PostgresFixture.all.count == 11)
        let original = try DumpWorld.source.database()
        try original.load(fixture)
        let schemas = try original.psql(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')"
        )
        #expect(!schemas.isEmpty)
        for schema in schemas {
            let script = try DumpWorld.script(original, schema)
            let restored = try DumpWorld.target.database()
            try DumpWorld.restore(script.bytes, into: restored)
            try expectSame(restored, original, schema)
            let replayed = try DumpWorld.target.database()
            try DumpWorld.replay(script.bytes, into: replayed)
            try expectSame(replayed, original, schema)
        }
    }

    @Test("B17: after a restore an INSERT with defaults succeeds in every table, and gets a number that nobody has")
    func insertsAfterRestore() throws {
        let original = try DumpWorld.source.database()
        try original.load(PostgresFixture.latest.afterUpstream)
        let schema = try #require(
            try original.psql(
                "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')"
            ).first)
        // Made rows refer to nothing, which a restore would refuse: without references.
        try original.psql(
            """
            DO $$
            DECLARE c record;
            BEGIN
                FOR c IN SELECT conrelid, conname FROM pg_constraint WHERE contype = 'f' LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname);
                END LOOP;
            END $$;
            """)
        try original.psql(Self.fill(schema, 101...103))
        let script = try DumpWorld.script(original, schema)
        let restored = try DumpWorld.target.database()
        try DumpWorld.restore(script.bytes, into: restored)
        #expect(script.summary.rows.values.allSatisfy { $0 >= 3 })
        try restored.psql(Self.fill(schema, 104...104))
        #expect(try DumpWorld.content(restored, schema).sequences.map(\.name) == script.summary.sequences.map(\.name))
        for table in script.inventory.tables {
            let rows = try restored.psql("SELECT count(*) FROM \(SQLText.identifier(schema, table.name))")
            #expect(rows == ["\((script.summary.rows[ExactText(table.name)] ?? 0) + 1)"], "\(table.name)")
        }
    }

    // MARK: Help

    private func expectSame(_ restored: PostgresDatabase, _ original: PostgresDatabase, _ schema: String) throws {
        let (after, before) = (try restored.dump(schema: schema), try original.dump(schema: schema))
        let lines = (before.split(separator: "\n"), after.split(separator: "\n"))
        #expect(lines.0.count > 20)
        let missing = lines.0.difference(from: lines.1)
        #expect(missing.isEmpty, "\(missing.prefix(10))")
        let (contents, expected) = (try DumpWorld.content(restored, schema), try DumpWorld.content(original, schema))
        #expect(contents.sums == expected.sums)
        #expect(contents.sequences == expected.sequences)
    }

    /// The lines of a script but its heading.
    private static func lines(_ script: [UInt8]) -> [Substring] {
        String(decoding: script, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Inserts rows into every table of `schema`: values only where a column needs one and has no default;
    /// there the `numbers`.
    private static func fill(_ schema: String, _ numbers: ClosedRange<Int>) -> String {
        """
        SET session_replication_role = replica;
        DO $$
        DECLARE t record; i integer;
        BEGIN
            FOR t IN
                SELECT c.oid, c.relname, string_agg(quote_ident(a.attname), ', ') AS names,
                    string_agg(CASE WHEN a.attname = 'status' THEN '''pending''' ELSE CASE y.typcategory
                        WHEN 'S' THEN 'gen_random_uuid()::text' WHEN 'D' THEN 'now()' WHEN 'B' THEN 'true'
                        WHEN 'U' THEN '''{}''' ELSE '%s' END END, ', ') AS vals
                FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' LEFT JOIN pg_type y ON y.oid = a.atttypid
                WHERE c.relnamespace = \(SQLText.literal(SQLText.identifier(schema)))::regnamespace AND c.relkind = 'r'
                GROUP BY c.oid, c.relname
            LOOP
                FOR i IN \(numbers.lowerBound)..\(numbers.upperBound) LOOP
                    EXECUTE format('INSERT INTO %s ', t.oid::regclass)
                        || coalesce('(' || t.names || ') VALUES (' || replace(t.vals, '%s', i::text) || ')', 'DEFAULT VALUES');
                END LOOP;
            END LOOP;
        END $$;
        """
    }
}

// SPDX-License-Identifier: MIT

import PostgresKit
import SchemaDump
import TestSupport
import Testing

@Suite(
    "What goes wrong with a dump", .serialized,
    .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct FailureTests {
    private enum Full: Error { case full }

    @Test("B18: a missing extension is named before anything is made")
    func missingExtension() throws {
        let original = try DumpWorld.source.database()
        try original.psql(
            "CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE SCHEMA s; CREATE TABLE s.t (a public.hstore[], b public.citext)"
        )
        let script = try DumpWorld.script(original, "s")
        #expect(script.inventory.requiredExtensions.map(\.name) == ["citext", "hstore"])
        let target = try DumpWorld.target.database()
        try target.psql("CREATE EXTENSION citext")
        let failure = #expect(throws: ReplayFailure<Never>.self) { try DumpWorld.replay(script.bytes, into: target) }
        guard case .server(let error, "EXTENSION CHECK") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(error.message == "this dump needs the extension hstore in the schema public")
        #expect(error.hint?.contains("CREATE EXTENSION hstore WITH SCHEMA public") == true)
        #expect(throws: (any Error).self) { try DumpWorld.restore(script.bytes, into: target) }
        #expect(try target.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 's'") == ["0"])
    }

    @Test("An extension that lives in the schema comes along")
    func extensionInside() throws {
        let original = try DumpWorld.source.database()
        try original.psql(
            "CREATE SCHEMA s; CREATE EXTENSION hstore SCHEMA s; CREATE TABLE s.t (a s.hstore); INSERT INTO s.t VALUES ('a=>1')"
        )
        let script = try DumpWorld.script(original, "s")
        #expect(script.inventory.extensionMembers.contains("extension hstore"))
        #expect(script.inventory.extensionMembers.contains("type s.hstore"))
        let target = try DumpWorld.target.database()
        try DumpWorld.restore(script.bytes, into: target)
        #expect(try target.dump(schema: "s") == original.dump(schema: "s"))
    }

    @Test("Owners and grants of roles that the other cluster lacks are left out, and everything else is there")
    func missingRoles() throws {
        let original = try DumpWorld.source.database()
        let (owner, reader) = (try DumpWorld.source.role("NOLOGIN"), "only '\"here")
        try DumpWorld.source.psql("CREATE ROLE \(SQLText.identifier(reader))", database: "postgres")
        defer { _ = try? DumpWorld.source.psql("DROP ROLE \(SQLText.identifier(reader))", database: "postgres") }
        try original.psql(
            """
            CREATE SCHEMA s AUTHORIZATION \(owner);
            CREATE TABLE s.t (a integer);
            INSERT INTO s.t VALUES (1);
            ALTER TABLE s.t OWNER TO \(owner);
            GRANT SELECT ON s.t TO \(SQLText.identifier(reader)), PUBLIC;
            ALTER TABLE s.t ENABLE ROW LEVEL SECURITY;
            CREATE POLICY one ON s.t TO \(SQLText.identifier(reader)) USING (true);
            CREATE POLICY two ON s.t TO postgres, \(SQLText.identifier(reader)) USING (true);
            """)
        let script = try DumpWorld.script(original, "s")
        #expect(Set(script.inventory.roles) == [owner, reader, "postgres"])
        let target = try DumpWorld.target.database()
        try DumpWorld.restore(script.bytes, into: target)
        #expect(try target.psql("SELECT tableowner FROM pg_tables WHERE schemaname = 's'") == ["postgres"])
        #expect(
            try target.psql("SELECT relacl FROM pg_class WHERE relname = 't'") == [
                "{postgres=arwdDxt/postgres,=r/postgres}"
            ])
        #expect(try target.psql("SELECT policyname, roles FROM pg_policies") == ["two|{postgres}"])
        #expect(try target.psql("SELECT count(*) FROM s.t") == ["1"])
        try original.psql("DROP OWNED BY \(SQLText.identifier(reader))")
    }

    @Test("A role whose rows a policy hides gets an error and never a short dump")
    func rowSecurity() throws {
        let original = try DumpWorld.source.database()
        let role = try DumpWorld.source.role()
        try original.psql(
            """
            CREATE SCHEMA s;
            CREATE TABLE s.t AS SELECT generate_series(1, 100) AS a;
            ALTER TABLE s.t ENABLE ROW LEVEL SECURITY;
            CREATE POLICY few ON s.t USING (a <= 10);
            GRANT USAGE ON SCHEMA s TO \(role);
            GRANT SELECT ON s.t TO \(role);
            """)
        let connection = try DumpWorld.reader(original, as: role)
        let inventory = try SchemaInventory(reading: "s", on: connection)
        let failure = #expect(throws: CopyFailure<Never>.self) {
            try DumpScript.write(
                inventory, on: connection, heading: [], to: { (_: UnsafeRawBufferPointer) throws(Never) in })
        }
        guard case .server(let error) = failure else { return }
        #expect(error.sqlState == .insufficientPrivilege)
    }

    @Test("When the sink fails in the middle, its failure comes out and the connection still works")
    func failingSink() throws {
        let original = try DumpWorld.source.database()
        try original.psql(
            "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT i, repeat('x', 100) FROM generate_series(1, 100000) i")
        let connection = try DumpWorld.reader(original)
        let inventory = try SchemaInventory(reading: "s", on: connection)
        var pieces: [Int] = []
        let failure = #expect(throws: CopyFailure<Full>.self) {
            try DumpScript.write(inventory, on: connection, heading: []) {
                (piece: UnsafeRawBufferPointer) throws(Full) in
                pieces.append(piece.count)
                if pieces.count == 10 { throw .full }
            }
        }
        guard case .caller(.full) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(pieces.allSatisfy { $0 >= 256 * 1024 && $0 < 300 * 1024 })
        #expect(connection.transactionStatus == .failed)
        try connection.execute("ROLLBACK")
        #expect(try connection.value("SELECT 1") == "1")
    }

    @Test("A script that is cut off anywhere is not taken for a whole one")
    func truncated() throws {
        let original = try DumpWorld.source.database()
        try original.psql(
            "CREATE SCHEMA s; CREATE TABLE s.t (a serial PRIMARY KEY, b text); INSERT INTO s.t (b) VALUES ('x'), (E'\\n\\\\.\\n'), ('')"
        )
        let script = try DumpWorld.script(original, "s").bytes
        let target = try DumpWorld.target.database()
        let connection = try Connection(ConnectionTarget(target.url))
        // The last two bytes are line ends, which nobody misses.
        for length in 0..<(script.count - 2) {
            try connection.execute("BEGIN")
            let failure = #expect(throws: ReplayFailure<Never>.self) {
                try DumpWorld.replayer(Array(script[..<length])).run(on: connection, making: "s")
            }
            if case .damaged = failure {} else { Issue.record("\(length): \(String(describing: failure))") }
            try connection.execute("ROLLBACK")
        }
        let file = try TemporaryFolder()
        for length in stride(from: 100, to: script.count - 10, by: 97) {
            try write(Array(script[..<length]), to: file.file("cut.sql"))
            _ = try? target.load(file.file("cut.sql"))
        }
        #expect(try target.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 's'") == ["0"])
        try DumpWorld.replay(script, into: target, making: "s", size: 1)
        #expect(try target.dump(schema: "s") == original.dump(schema: "s"))
    }

    @Test("A replay wants the caller's transaction, and leaves nothing set behind it")
    func transactionOfCaller() throws {
        let original = try DumpWorld.source.database()
        try original.psql("CREATE SCHEMA s; CREATE TABLE s.t (a integer)")
        let script = try DumpWorld.script(original, "s").bytes
        let target = try DumpWorld.target.database()
        defer { withExtendedLifetime(target) {} }
        let connection = try Connection(ConnectionTarget(target.url))
        // The language of the guarded statements brings settings of its own when it is loaded.
        let settings =
            "SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings WHERE name !~ '^plpgsql'"
        let before = try connection.value(settings)
        #expect(throws: ReplayFailure<Never>.self) { try DumpWorld.replayer(script).run(on: connection, making: "s") }
        try connection.execute("BEGIN")
        try DumpWorld.replayer(script).run(on: connection, making: "s")
        #expect(connection.transactionStatus == .inTransaction)
        try connection.execute("COMMIT")
        #expect(try connection.value(settings) == before)
    }

    @Test("A line break in the heading stays inside its comment")
    func heading() throws {
        let original = try DumpWorld.source.database()
        try original.psql("CREATE SCHEMA s")
        let connection = try DumpWorld.reader(original)
        let inventory = try SchemaInventory(reading: "s", on: connection)
        var bytes: [UInt8] = []
        _ = try DumpScript.write(
            inventory, on: connection, heading: ["a\n\\! touch x\r\u{2028}\u{85}DROP TABLE y;"],
            to: { (piece: UnsafeRawBufferPointer) throws(Never) in bytes += piece })
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("-- a\\u{a}\\! touch x\\u{d}\\u{2028}\\u{85}DROP TABLE y;\n"))
    }
}

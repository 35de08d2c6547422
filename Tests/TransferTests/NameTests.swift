// SPDX-License-Identifier: MIT

import GuardCore
import LinuxKit
import PostgresKit
import SQLiteKit
import Stores
import TestSupport
import Testing

@testable import Transfer

/// What a memory calls its tables is a name in every statement, on either side.
@Suite("Names in a transfer", .serialized, .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct NameTests {
    @Test("Tables, columns and values of every Unicode category move whole, and a plan makes nothing")
    func through() throws {
        let world = try TransferWorld()
        let texts = OddText.all.filter { $0.utf8.count < 50 }
        do {
            let connection = try SQLiteKit.Connection(path: world.memory, access: .create)
            for text in texts {
                // SQLite quotes: what the daemon makes of names is what is tried here.
                for format in [
                    #"SELECT printf('CREATE TABLE "workspace_%w" ("%w" TEXT, n INTEGER)', ?1, ?1)"#,
                    #"SELECT printf('INSERT INTO "workspace_%w" VALUES (%Q, 7)', ?1, ?1)"#,
                ] {
                    let statement = try connection.rows(format, [.text(text)]) { $0.string(0) ?? "" }
                    try connection.run(try #require(statement.first))
                }
            }
        }
        let report = try world.transfer()
        let names = Set(texts.map { ExactText("workspace_" + $0) })
        let own = report.tables.filter { names.contains(ExactText($0.source)) }
        #expect(own.count == texts.count && own.allSatisfy { $0.read == 1 && $0.loaded == 1 && $0.rejected == 0 })
        #expect(Set(own.map { ExactText($0.target ?? "") }).count == texts.count)
        let server = try PostgresKit.Connection(ConnectionTarget(world.url))
        for table in own {
            let text = String(decoding: table.source.utf8.dropFirst("workspace_".utf8.count), as: UTF8.self)
            let target = try #require(table.target)
            let rows = try server.rows("SELECT * FROM \(SQLText.identifier(world.schema, target))") {
                ($0.text(0), $0.text(1))
            }
            #expect(rows.count == 1 && rows[0].0.hasSameBytes(as: text) && rows[0].1 == "7")
        }
    }

    @Test(
        "A name that is not UTF-8 is refused by name, of a table as of a column, and nothing is made",
        arguments: [
            (
                "CREATE TABLE \"workspace_\u{1}\" (x); INSERT INTO \"workspace_\u{1}\" VALUES (1)",
                "the table workspace_\\xE9"
            ),
            (
                "CREATE TABLE workspace_a (x, \"b\u{1}\"); INSERT INTO workspace_a VALUES (1, 2)",
                "the column b\\xE9 of workspace_a"
            ),
            ("CREATE VIEW \"v\u{1}\" AS SELECT 1 AS x", "the view v\\xE9"),
        ])
    func notText(_ sql: String, _ name: String) throws {
        let world = try TransferWorld()
        do {
            // A literal cannot hold the byte, so a placeholder stands for it.
            let bytes = sql.utf8.map { $0 == 1 ? 0xE9 : $0 }
            let connection = try SQLiteKit.Connection(path: world.memory, access: .create)
            try connection.execute(SQL(definition: bytes))
        }
        let before = try world.database.dump()
        let job = try world.job()
        let tries: [() throws -> Void] = [{ _ = try job.plan() }, { _ = try job.run() }]
        for refused in tries {
            let error = #expect(throws: GuardError.self, performing: refused)
            #expect(error?.code == .unsupportedEncoding && error?.hint != nil, "\(String(describing: error))")
            #expect(error?.message.contains(name) == true, "\(String(describing: error))")
        }
        #expect(try world.database.dump() == before)
    }

    @Test("The name of an index that is not UTF-8 keeps no row from its place")
    func oddIndex() throws {
        let world = try TransferWorld()
        do {
            let connection = try SQLiteKit.Connection(path: world.memory, access: .create)
            let sql =
                "CREATE TABLE workspace_a (x); CREATE INDEX \"i\u{1}\" ON workspace_a (x); INSERT INTO workspace_a VALUES (1)"
            try connection.execute(SQL(definition: sql.utf8.map { $0 == 1 ? 0xE9 : $0 }))
        }
        let report = try world.transfer()
        #expect(report.tables.first { $0.source == "workspace_a" }.map { $0.read == 1 && $0.loaded == 1 } == true)
    }

    @Test(
        "A schema of any name is filled under that name",
        arguments: ["in\u{600}\"n", "x'#\u{301}y", "c#app", "e\u{301}\\"])
    func schema(_ name: String) throws {
        var world = try TransferWorld()
        world.schema = name
        let report = try world.transfer()
        #expect(report.tables.contains { $0.loaded > 0 })
        let names = try world.database.psql("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information'")
        #expect(names.contains { $0.hasSameBytes(as: name) })
        #expect(try world.job().run().isRepeated)
    }

    // MARK: What is there is counted

    @Test(
        "A schema that was filled and emptied afterwards is not told to hold the memory",
        arguments: [
            "TRUNCATE sessions CASCADE", "TRUNCATE context_locks CASCADE", "DROP TABLE context_locks CASCADE",
            "UPDATE dementia_kept_runs SET report = 'what?'",
        ])
    func emptied(_ sql: String) throws {
        let world = try TransferWorld()
        try world.transfer()
        #expect(try world.job().run().isRepeated)
        _ = try world.ask(sql)
        let before = try world.database.dump()
        let job = try world.job()
        let tries: [() throws -> Void] = [{ _ = try job.look() }, { _ = try job.run() }, { _ = try job.plan() }]
        for refused in tries {
            let error = #expect(throws: GuardError.self, performing: refused)
            #expect(error?.code == .targetNotEmpty && error?.hint != nil)
        }
        #expect(try world.database.dump() == before)
    }

    // MARK: What others attached

    @Test(
        "A schema in which a trigger or a rule waits for rows is refused",
        arguments: [
            """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER t BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION f()
            """, "CREATE RULE r AS ON INSERT TO context_locks DO ALSO DELETE FROM sessions",
        ])
    func attached(_ sql: String) throws {
        var world = try TransferWorld()
        world.schema = "claude_dementia"
        try world.database.load(PostgresFixture.latest)
        let tables = try world.database.psql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'claude_dementia'::regnamespace AND relkind = 'r'")
        _ = try world.ask(tables.map { "TRUNCATE \"\($0)\" CASCADE;" }.joined() + sql)
        let before = try world.database.dump()
        let error = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(
            error?.code == .targetNotEmpty && error?.message.contains("attached") ?? false,
            "\(String(describing: error))")
        #expect(try world.database.dump() == before)
    }
}

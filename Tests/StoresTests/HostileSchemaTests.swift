// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import GuardCore
import LinuxKit
import SQLiteKit
import Stores
import TestSupport
import Testing

/// Schemas that mean no good, or are only odd.
@Suite("Hostile and odd schemas") struct HostileSchemaTests {
    private let catalogue = try! Catalogue()

    /// A ledger as Dementia's requirements describe it, with triggers that its maker planted.
    private static let planted = """
        CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT 'x',
            success BOOLEAN NOT NULL DEFAULT 1, error_message TEXT);
        CREATE TABLE schema_migration_events (id INTEGER PRIMARY KEY, at TEXT NOT NULL DEFAULT 'x', event TEXT NOT NULL,
            version INTEGER, operation_id TEXT NOT NULL, message TEXT);
        CREATE TRIGGER t1 AFTER INSERT ON schema_migrations BEGIN DELETE FROM todos; END;
        CREATE TRIGGER t2 AFTER UPDATE ON schema_migrations BEGIN DELETE FROM todos; END;
        CREATE TRIGGER t3 AFTER DELETE ON schema_migrations BEGIN DELETE FROM todos; END;
        CREATE TRIGGER t4 BEFORE INSERT ON schema_migration_events BEGIN UPDATE context_locks SET content = 'gone'; END;
        INSERT INTO todos (id, content, status) VALUES ('kept', 'x', 'pending');
        """

    @Test("Triggers that a memory brings with its ledger fire for none of the daemon's statements")
    func ledgerTriggers() async throws {
        let world = try SQLiteWorld(.v4_0, Self.planted)
        let before = try world.ask("SELECT id, content FROM context_locks ORDER BY id;")
        let plan = try await world.plan(catalogue)
        let failure = GuardError(.migrationFailed, "made up", migration: 2)
        try await world.store.recordFailure(failure, of: plan, entry: .test())
        await world.store.close()
        try await world.migrate(catalogue)
        let down = try await Planner(catalogue: catalogue)
            .downgrade(for: world.id, at: world.path, world.store.survey(catalogue), to: 1)
        _ = try await world.store.migrate(down, from: world.snapshot("second.db"), entry: .test(), progress: nil)
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM todos WHERE id = 'kept';") == ["1"])
        #expect(try world.ask("SELECT id, content FROM context_locks ORDER BY id;") == before)
        #expect(try world.ask("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger';") == ["4"])
    }

    @Test("A migration's own statements fire no trigger of the user's, so none changes what the migration did not name")
    func migrationTriggers() async throws {
        let world = try SQLiteWorld(
            .v4_0,
            "CREATE TABLE seen (x); CREATE TRIGGER t AFTER INSERT ON todos BEGIN INSERT INTO seen VALUES (1); END;")
        try await world.migrate(
            Catalogue.with(up: "INSERT INTO todos (id, content, status) VALUES ('new', 'x', 'pending');"))
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM seen;") == ["0"])
        #expect(try world.ask("SELECT count(*) FROM todos WHERE id = 'new';") == ["1"])
    }

    @Test(
        "A table of as many columns as SQLite allows is digested, compared and migrated around",
        arguments: [true, false])
    func wide(hasKey: Bool) async throws {
        let columns = (1..<2000).map { "c\($0)" }.joined(separator: ", ")
        let world = try SQLiteWorld(
            .v4_0,
            """
            CREATE TABLE wide (c0\(hasKey ? " INTEGER PRIMARY KEY" : ""), \(columns));
            INSERT INTO wide (c0, c1, c1999) VALUES (1, 'a', 'z'), (2, 'b', 'y');
            """)
        let before = try await world.snapshot("before.db")
        let table = try #require(before.content[table: "wide"])
        #expect(table.columns.count == 2000 && table.columns[1999].values == 2)
        _ = try await world.store.migrate(world.plan(catalogue), from: before, entry: .test(), progress: nil)
        await world.store.close()
        try world.write("UPDATE wide SET c1999 = 'x' WHERE c0 = 2;")
        let after = try await world.snapshot("after.db")
        #expect(after.content[table: "wide"]?.columns[1998] == table.columns[1998])
        #expect(after.content[table: "wide"]?.columns[1999] != table.columns[1999])
        let changes = try await world.store.changes(from: before.path, to: after.path)
        let change = try #require(changes?.first { $0.name == "wide" })
        #expect(hasKey ? change.changed == 1 : (change.gained == 1 && change.lost == 1))
    }

    /// What stands beside a downgrade and has nothing to do with it.
    static let bystanders = [
        "CREATE VIEW broken AS SELECT * FROM nowhere;",
        "CREATE VIEW broken AS SELECT * FROM nowhere; CREATE VIEW upon AS SELECT * FROM broken;",
        "CREATE TRIGGER broken AFTER INSERT ON todos BEGIN INSERT INTO nowhere VALUES (1); END;",
        "CREATE TRIGGER broken AFTER UPDATE OF status ON todos BEGIN INSERT INTO nowhere VALUES (new.status); END;",
        #"CREATE VIEW quoted AS SELECT * FROM context_locks WHERE label = "text";"#,
        #"CREATE VIEW v AS SELECT id FROM todos; CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN SELECT "text"; END;"#,
        #"CREATE TABLE q (a CHECK (a <> "text"), b DEFAULT "text"); CREATE INDEX qi ON q (a) WHERE b = "text"; INSERT INTO q VALUES ('x', 'y');"#,
        "CREATE VIEW \"a\"\"\u{301}b\" AS SELECT * FROM nowhere;",
        "CREATE VIEW unknown AS SELECT fold(label) FROM context_locks;",
    ]

    @Test(
        "The way back is open beside views and triggers that do not compile, and leaves them as they are",
        arguments: bystanders)
    func downgrade(beside sql: String) async throws {
        let world = try SQLiteWorld(.v4_0, sql)
        let before = try world.ask(
            "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY 2;")
        try await world.migrate(catalogue)
        let down = try await Planner(catalogue: catalogue)
            .downgrade(for: world.id, at: world.path, world.store.survey(catalogue), to: 1)
        _ = try await world.store.migrate(down, from: world.snapshot("second.db"), entry: .test(), progress: nil)
        await world.store.close()
        #expect(
            try world.ask("SELECT count(*) FROM pragma_table_info('context_locks') WHERE name = 'preview';") == ["0"])
        #expect(
            try world.ask("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY 2;")
                == before)
    }

    @Test("A way back that would break a view of the user's is refused, and nothing changes")
    func breakingDowngrade() async throws {
        let world = try SQLiteWorld(.v4_0)
        try await world.migrate(catalogue)
        await world.store.close()
        try world.write("CREATE VIEW mine AS SELECT preview FROM context_locks;")
        let before = try world.dump(withLedger: true)
        let down = try await Planner(catalogue: catalogue)
            .downgrade(for: world.id, at: world.path, world.store.survey(catalogue), to: 1)
        let error = await #expect(throws: GuardError.self) {
            _ = try await world.store.migrate(down, from: world.snapshot("second.db"), entry: .test(), progress: nil)
        }
        #expect(error?.code == .migrationFailed && error?.dataState == .untouched)
        #expect(error?.message.contains("mine") == true)
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    // MARK: Files

    @Test("A file with a second name is left alone, and so is one that gets it before the commit")
    func severalNames() async throws {
        let world = try SQLiteWorld(.v4_0)
        let snapshot = try await world.snapshot()
        let plan = try await world.plan(catalogue)
        let other = world.folder.file("other.db")
        try Directory.link(world.path, as: other)
        let late = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(late?.code == .severalNames && late?.dataState == .untouched)
        let survey = await #expect(throws: GuardError.self) { try await world.store.survey(catalogue) }
        #expect(survey?.code == .severalNames)
        let copy = await #expect(throws: GuardError.self) { try await world.snapshot("no.db") }
        #expect(copy?.code == .severalNames)
        #expect(try await world.store.describe().project == "project")
        try Directory.unlink(other)
        #expect(try await world.store.survey(catalogue).recognition == .memory(.sqlite4))
    }

    @Test("A path that is too long for SQLite has a reason of its own", arguments: [504, 505, 1000])
    func longPath(length: Int) async throws {
        let folder = try TemporaryFolder()
        var path = folder.path
        while path.utf8.count + 102 + 18 < length { path += "/" + String(repeating: "x", count: 100) }
        path += "/" + String(repeating: "y", count: length - path.utf8.count - 1 - 18)
        try Directory.createAll(path)
        path += "/.claude-memory.db"
        #expect(path.utf8.count == length)
        try Fixture.v4_0.copy(to: path)
        let store = try SQLiteStore(path: path)
        if length <= 504 {
            #expect(try await store.survey(catalogue).recognition == .memory(.sqlite4))
        } else {
            let error = await #expect(throws: GuardError.self) { try await store.survey(catalogue) }
            #expect(error?.code == .pathTooLong && error?.dataState == .untouched)
        }
    }
}

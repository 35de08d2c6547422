// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport
import Testing

/// What migration SQL may not do, and what happens when it fails.
@Suite struct RefusedStatementTests {
    @Test(
        "a migration cannot leave our transaction or our file",
        arguments: [
            "BEGIN;", "COMMIT;", "END TRANSACTION;", "ROLLBACK;", "SAVEPOINT mine;", "RELEASE migration;",
            "ROLLBACK TO migration;",
            "ATTACH ':memory:' AS other;", "DETACH main;", "PRAGMA journal_mode = DELETE;", "PRAGMA foreign_keys = 1;",
            "PRAGMA writable_schema = 1;", "PRAGMA user_version = 5;", "PRAGMA wal_checkpoint;", "VACUUM;",
            "UPDATE sqlite_schema SET sql = 'x';", "SELECT load_extension('x');",
        ], [SQLiteWorld.Journal.wal, .delete])
    func refused(_ statement: String, _ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_4Server, journal: journal)
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.migrate(.with(up: "DELETE FROM todos;\n" + statement))
        }
        #expect(error?.code == .migrationFailed)
        #expect(error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "neither a guard nor a postcondition can write",
        arguments: [
            "-- unless: DELETE FROM todos RETURNING 1\nCREATE TABLE fresh (x);",
            "-- unless: UPDATE todos SET content = '' RETURNING 1\nCREATE TABLE fresh (x);",
        ])
    func guardThatWrites(_ up: String) async throws {
        let world = try SQLiteWorld(.v4_0)
        let before = try world.dump(withLedger: true)
        await #expect(throws: GuardError.self) { try await world.migrate(.with(up: up)) }
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "a postcondition that writes is stopped before COMMIT",
        arguments: [
            "DELETE FROM todos;", "UPDATE context_locks SET content = 'x' RETURNING 'x';", "DROP TABLE todos;",
            "PRAGMA user_version = 9;",
        ])
    func postconditionThatWrites(_ verify: String) async throws {
        let world = try SQLiteWorld(.v4_0)
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            // Planned by hand: the survey already refuses to ask such a thing.
            let catalogue = try Catalogue.with(up: "", verify: verify)
            let plan = Plan(
                store: world.id, line: .sqlite4, from: 1, to: 5,
                steps: catalogue.migrations(of: .sqlite4).dropFirst().map { .init(migration: $0, action: .apply) })
            _ = try await world.store.migrate(plan, from: world.snapshot(), entry: .test(), progress: nil)
        }
        #expect(error?.code == .migrationFailed)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "a statement that ends the transaction by itself ends the migration, and nothing runs after it",
        arguments: [
            "INSERT OR ROLLBACK INTO todos (id, content, status) SELECT id, content, status FROM todos;"
        ])
    func endsByItself(_ statement: String) async throws {
        let world = try SQLiteWorld(.v4_0)
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.migrate(.with(up: statement + "\nDELETE FROM memory_entries;"))
        }
        #expect(error?.code == .migrationFailed)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    /// Migration `version` with a statement that fails after its first `count` ones.
    private static func broken(_ plan: Plan, _ version: Int, after count: Int) -> Plan {
        let steps = plan.steps.map { step in
            guard step.migration.version == version else { return step }
            let old = step.migration
            let up = old.up.prefix(count) + [MigrationStatement(body: .sql("INSERT INTO nowhere VALUES (1)"))]
            let migration = Migration(
                line: old.line, version: old.version, name: old.name, changes: old.changes, up: Array(up),
                down: old.down,
                verify: old.verify, downText: old.downText, checksum: old.checksum)
            return Plan.Step(migration: migration, action: .apply)
        }
        return Plan(store: plan.store, line: plan.line, from: plan.from, to: plan.to, steps: steps)
    }

    @Test(
        "P11, R11: a failure at any statement of a shipped migration changes nothing, and the next run succeeds",
        arguments: [(Fixture.v0_2, 1), (.v4_0, 2), (.v4_0, 3), (.v4_1Crud, 4)], [SQLiteWorld.Journal.wal, .delete])
    func everyStatement(_ subject: (fixture: Fixture, version: Int), _ journal: SQLiteWorld.Journal) async throws {
        let catalogue = try Catalogue()
        let world = try SQLiteWorld(subject.fixture, journal: journal)
        let before = try world.dump(withLedger: false)
        let plan = try await world.plan(catalogue)
        let migration = try #require(plan.steps.first { $0.migration.version == subject.version }?.migration)
        for count in 0...migration.up.count {
            let broken = Self.broken(plan, subject.version, after: count)
            let snapshot = try await world.snapshot()
            let error = try #require(
                await #expect(throws: GuardError.self) {
                    try await world.store.migrate(broken, from: snapshot, entry: .test(), progress: nil)
                })
            #expect(error.code == .migrationFailed && error.dataState == .untouched)
            try await world.store.recordFailure(error, of: broken, entry: .test())
            await world.store.close()
            #expect(try world.dump(withLedger: false).differences(from: before) == [])
        }
        #expect(try world.ask("SELECT version, success FROM schema_migrations;") == ["\(subject.version)|0"])
        try await world.migrate(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM schema_migrations WHERE NOT success;") == ["0"])
    }
}

// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport
import Testing

/// The way back by the down statements that the ledger kept, and repairs.
@Suite struct DowngradeTests {
    private let catalogue = try! Catalogue()

    private func downgrade(_ world: SQLiteWorld, to version: Int) async throws -> MigrationRecord {
        let plan = try await Planner(catalogue: catalogue)
            .downgrade(for: world.id, at: world.path, world.store.survey(catalogue), to: version)
        return try await world.store.migrate(plan, from: world.snapshot(), entry: .test(), progress: nil)
    }

    @Test(
        "back to version 1 gives the state before, to the letter, and tells what is lost",
        arguments: [Fixture.v4_0, .v4_0Real])
    func back(_ fixture: Fixture) async throws {
        let world = try SQLiteWorld(fixture)
        let before = try world.dump(withLedger: false)
        try await world.migrate(catalogue)
        let record = try await downgrade(world, to: 1)
        #expect(record.applied.map(\.version) == [4, 3, 2])
        let contexts = Int64(before.tables["context_locks"]?.count ?? 0)
        #expect(record.lost.contains(Loss(table: "context_locks", column: "preview", values: contexts)))
        #expect(record.lost.contains(Loss(table: "context_archives", column: nil, values: 0)))
        await world.store.close()
        #expect(try world.dump(withLedger: false).differences(from: before) == [])
        #expect(try world.ask("SELECT version FROM schema_migrations;") == ["1"])
        try await world.migrate(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
    }

    @Test("a way back that takes more than columns, tables and objects away is stopped")
    func tooFar() async throws {
        let world = try SQLiteWorld(.v4_4)
        try await world.migrate(catalogue)
        try world.write(
            "UPDATE schema_migrations SET down_sql = 'DELETE FROM context_locks WHERE id = 1;' WHERE version = 4;")
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) { try await downgrade(world, to: 3) }
        #expect(error?.code == .conservationFailed && error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "A working view or trigger that uses what the way back takes out stops it, and is named with the next step",
        arguments: [
            "CREATE VIEW mine AS SELECT label, preview FROM context_locks;",
            "CREATE TRIGGER mine AFTER UPDATE ON todos BEGIN UPDATE context_locks SET preview = NULL; END;",
            "CREATE INDEX mine ON context_locks (preview);",
        ])
    func inUse(_ sql: String) async throws {
        let world = try SQLiteWorld(.v4_0)
        try await world.migrate(catalogue)
        await world.store.close()
        try world.write(sql)
        let before = try world.dump(withLedger: true)
        let plan = try await Planner(catalogue: catalogue)
            .downgrade(for: world.id, at: world.path, world.store.survey(catalogue), to: 1)
        let snapshot = try await world.snapshot()
        let live = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        let rehearsal = await #expect(throws: GuardError.self) {
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: .test(), progress: nil)
        }
        #expect(live?.code == .migrationFailed && rehearsal?.code == .rehearsalFailed)
        for error in [live, rehearsal] {
            #expect(error?.message.contains("mine") == true, "\(String(describing: error))")
            #expect(error?.hint?.contains("Drop that object") == true)
            #expect(error?.hint?.contains("dementiactl restore \(world.id) --before") == true)
        }
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("there is no way back from the base, and none through another tool's ledger")
    func noWay() async throws {
        let world = try SQLiteWorld(.v4_4)
        try await world.migrate(catalogue)
        let error = await #expect(throws: GuardError.self) { try await downgrade(world, to: 0) }
        #expect(error?.code == .noWayBack)
        let other = try SQLiteWorld(.v4_4, "CREATE TABLE schema_migrations (version TEXT);")
        let foreign = await #expect(throws: GuardError.self) { try await downgrade(other, to: 2) }
        #expect(foreign?.code == .foreignLedger)
    }

    @Test("the way back from a release that is gone is the one that the ledger kept")
    func future() async throws {
        let world = try SQLiteWorld(.v4_4)
        let before = try world.dump(withLedger: false)
        let text = """
            -- changes: none
            -- up
            CREATE TABLE notes (x);
            -- down
            DROP TABLE notes;
            -- verify
            SELECT 'notes' WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'notes');
            """
        try await world.migrate(Catalogue(dropIns: [("sqlite4_0005_notes.sql", text)]))
        let error = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(error?.code == .newerVersion)
        try world.write("DROP TABLE IF EXISTS tool_usage_log;")
        _ = try await downgrade(world, to: 4)
        await world.store.close()
        #expect(try world.dump(withLedger: false).tables["notes"] == nil)
        #expect(try world.dump(withLedger: false).tables.keys.contains("context_locks"))
        #expect(before.tables["notes"] == nil)
    }

    @Test("P3: a repair brings a drifted memory back to what its ledger says")
    func repair() async throws {
        let world = try SQLiteWorld(.v4_0)
        try await world.migrate(catalogue)
        try world.write("DROP TABLE tool_usage_log; ALTER TABLE context_locks DROP COLUMN embedding_model;")
        let plan = try await Planner(catalogue: catalogue)
            .repair(for: world.id, at: world.path, world.store.survey(catalogue))
        #expect(plan.steps.map(\.migration.version) == [2, 4])
        _ = try await world.store.migrate(plan, from: world.snapshot(), entry: .test(), progress: nil)
        #expect(try await world.plan(catalogue).isEmpty)
    }
}

// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport
import Testing

/// A schema in which the user has an object of his own that stands in the way of a migration.
@Suite("Names that are taken in a schema", .enabled(if: PostgresServer.isInstalled, "needs PostgreSQL"))
struct PostgresTakenNameTests {
    private let catalogue = try! Catalogue()

    private func errors(
        _ world: PostgresWorld, _ plan: Plan
    ) async throws -> (live: GuardError?, rehearsal: GuardError?) {
        let entry = LedgerEntry.test()
        let snapshot = try await world.snapshot()
        let live = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        }
        _ = try await world.store.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil)
        let rehearsal = await #expect(throws: GuardError.self) {
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil)
        }
        await world.store.discardScratch(of: entry.operation)
        await world.store.close()
        return (live, rehearsal)
    }

    static let taken = [
        ("CREATE VIEW context_archives AS SELECT 1 AS id", "context_archives is a view"),
        ("CREATE MATERIALIZED VIEW breadcrumbs AS SELECT 1 AS id", "breadcrumbs is a materialized view"),
        ("CREATE SEQUENCE decisions", "decisions is a sequence"),
        ("CREATE INDEX file_tags ON todos (content)", "file_tags is an index"),
        ("CREATE INDEX idx_decisions_session ON todos (content)", "idx_decisions_session is on todos"),
        ("CREATE TABLE idx_breadcrumbs_marker (x int)", "idx_breadcrumbs_marker is a table"),
        ("CREATE TYPE oauth_access_tokens AS ENUM ('a')", "oauth_access_tokens"),
        ("CREATE TABLE file_semantic_model_unique (x int)", "file_semantic_model_unique"),
    ]

    @Test(
        "A migration that meets another object under its name is refused with that reason, and changes nothing",
        arguments: taken)
    func refused(_ sql: String, _ reason: String) async throws {
        let world = try PostgresWorld(.earliest, sql)
        let before = try world.state(withLedger: true)
        let plan = try await world.plan(catalogue)
        let errors = try await errors(world, plan)
        for error in [errors.live, errors.rehearsal] {
            #expect(error?.code == .nameTaken && error?.dataState == .untouched, "\(String(describing: error))")
            #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
            #expect(error?.hint?.contains("another name") == true)
        }
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "What of another tool has a name of the ledger's is named as what it is",
        arguments: [
            ("CREATE VIEW schema_migrations AS SELECT 1 AS version", "a view schema_migrations"),
            ("CREATE SEQUENCE schema_migration_events", "a sequence schema_migration_events"),
            ("CREATE INDEX schema_migrations ON todos (content)", "an index schema_migrations"),
            ("CREATE TABLE schema_migration_events (x int)", "a table schema_migration_events"),
        ])
    func foreignLedger(_ sql: String, _ name: String) async throws {
        let world = try PostgresWorld(.earliest, sql)
        let error = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(error?.code == .foreignLedger && error?.message.contains(name) == true, "\(String(describing: error))")
        #expect(error?.hint?.contains("dementiactl stores rescan") == true)
        await world.store.close()
    }

    @Test("A constraint of the user's own that refuses a value of a migration is named, with the next step")
    func refusedValue() async throws {
        let world = try PostgresWorld(
            .earliest, "ALTER TABLE file_change_history ADD CONSTRAINT mine CHECK (file_path <> 'filled')")
        // With an id of its own, so that no sequence moves.
        let filling = try Catalogue.postgres(
            up: #"INSERT INTO :"schema".file_change_history (id, file_path, change_type) VALUES (-1, 'filled', 'x');"#)
        let before = try world.state(withLedger: true)
        let errors = try await errors(world, try await world.plan(filling))
        #expect(errors.live?.code == .migrationFailed && errors.rehearsal?.code == .rehearsalFailed)
        for error in [errors.live, errors.rehearsal] {
            #expect(error?.message.contains("mine") == true, "\(String(describing: error))")
            #expect(error?.hint?.hasSuffix("dementiactl migrate \(world.id)") == true)
        }
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test("A working view that uses what the way back takes out stops it, and is named with the next step")
    func inUse() async throws {
        let world = try PostgresWorld(.earliest)
        try await world.migrate(catalogue)
        await world.store.close()
        try world.write("CREATE VIEW mine AS SELECT id, summary FROM sessions")
        let before = try world.state(withLedger: true)
        let plan = try await Planner(catalogue: catalogue)
            .downgrade(for: world.id, at: world.store.location.name, world.store.survey(catalogue), to: 3)
        let errors = try await errors(world, plan)
        #expect(errors.live?.code == .migrationFailed && errors.rehearsal?.code == .rehearsalFailed)
        for error in [errors.live, errors.rehearsal] {
            #expect(error?.causes.joined().contains("mine") == true, "\(String(describing: error))")
            #expect(error?.hint?.contains("Drop that object") == true)
        }
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }
}

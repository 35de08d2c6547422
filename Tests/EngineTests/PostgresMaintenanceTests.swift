// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Journal
import LinuxKit
import Stores
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite(
    "The maintenance of a schema's backups", .serialized,
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresMaintenanceTests {
    /// A world with one backup of its schema as it is, and what looks after it.
    private func tended() async throws -> (world: PostgresWorld, tools: EngineContext, state: Keeper) {
        var world = try PostgresWorld()
        world.policy.maintenance.every = .zero
        world.policy.maintenance.drillEvery = .zero
        let state = Keeper(try StateDirectory(world.state))
        let tools = try world.tools(world.state)
        #expect(try await Maintenance(tools).backUpIfDue(try world.location)?.outcome == .succeeded)
        return (world, tools, state)
    }

    @Test("R9: a drill restores it into a database of its own, leaves none behind, and finds a lie in it")
    func drill() async throws {
        let (world, tools, state) = try await tended()
        let entry = try #require(try tools.vault.newest(of: try world.location.id))
        #expect(try await Maintenance(tools).drillNext()?.outcome == .succeeded)
        let proof = try #require(try await tools.journal.lastProof(of: entry.id))
        #expect(proof.succeeded && proof.detail?.hasPrefix("restored into scratch") == true)
        let databases = try world.database.psql(
            "SELECT datname FROM pg_database WHERE datname LIKE 'dementiad!_\(try world.location.id)!_%' ESCAPE '!'")
        #expect(databases == [])
        // A copy that holds something else than the manifest says is found by its rows.
        let store = try tools.open(try world.location)
        let script = world.folder.file("copy.sql")
        try tools.vault.restore(entry, to: script)
        let content = entry.manifest.content
        let lie = StoreDigest(
            objects: content.objects,
            tables: content.tables.map { TableDigest(name: $0.name, rows: $0.rows + 1, rowSum: $0.rowSum ?? "0") },
            sequences: content.sequences)
        let id = tools.newOperationID()
        let error = await #expect(throws: GuardError.self) { try await store.drill(script, holds: lie, for: id) }
        #expect(error?.code == .verificationFailed)
        await store.discardScratch(of: id)
        await store.close()
        state.release()
    }

    @Test("A connection that is lost while a backup is replayed is no proof that the backup is damaged")
    func lostConnection() async throws {
        let (world, tools, state) = try await tended()
        let entry = try #require(try tools.vault.newest(of: try world.location.id))
        let store = try tools.open(try world.location)
        let script = world.folder.file("copy.sql")
        try tools.vault.restore(entry, to: script)
        var lines = String(decoding: try content(of: script), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let table = try #require(lines.firstIndex { $0.hasPrefix("CREATE TABLE") })
        // The line before it tells how long the section is.
        let ending = "DO $$ BEGIN PERFORM pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()); END $$;"
        var header = lines[table - 1].split(separator: " ").map(String.init)
        let last = header.removeLast()
        let length = try #require(Int(last))
        lines[table - 1] = (header + [String(length + ending.utf8.count + 1)]).joined(separator: " ")
        lines.insert(ending, at: table)
        try write(Array(lines.joined(separator: "\n").utf8), to: script)
        let id = tools.newOperationID()
        let error = await #expect(throws: GuardError.self) {
            try await store.drill(script, holds: entry.manifest.content, for: id)
        }
        #expect(error?.code == .serverUnreachable, "\(String(describing: error))")
        await store.discardScratch(of: id)
        await store.close()
        state.release()
    }

    @Test("Two scripts are compared row by row: one deleted, one written, one column gone with its values")
    func rowByRow() async throws {
        let (world, tools, state) = try await tended()
        let entry = try #require(try tools.vault.newest(of: try world.location.id))
        let store = try tools.open(try world.location)
        let (then, now) = (world.folder.file("then.sql"), world.folder.file("now.sql"))
        try tools.vault.restore(entry, to: then)
        _ = try world.change(
            """
            CREATE TABLE moods (a text, b text); INSERT INTO moods VALUES (E'one\ttab', NULL);
            ALTER TABLE context_locks ADD COLUMN mood text;
            UPDATE context_locks SET mood = 'calm' WHERE id = (SELECT min(id) FROM context_locks);
            DELETE FROM memory_entries WHERE id = (SELECT min(id) FROM memory_entries);
            UPDATE memory_entries SET content = E'other\nline' WHERE id = (SELECT max(id) FROM memory_entries)
            """)
        _ = try await store.snapshot(into: now, progress: nil)
        let changes = try #require(try await store.changes(from: now, to: then))
        let entries = try #require(changes.first { $0.name == "memory_entries" }, "\(changes)")
        #expect(entries.gained == 2 && entries.lost == 1)
        let contexts = try #require(changes.first { $0.name == "context_locks" })
        #expect(contexts.goneColumns == ["mood"] && contexts.lostValues == ["mood": 1])
        #expect(contexts.gained == 0 && contexts.lost == 0)
        #expect(changes.first { $0.name == "moods" }.map { $0.isGone && $0.lost == 1 } == true)
        #expect(!changes.contains { $0.name.hasPrefix("schema_migration") })
        await store.close()
        state.release()
    }

    @Test("Unchanged it is looked at and not backed up again; changed by others it is compared by counts and digests")
    func shadow() async throws {
        let (world, tools, state) = try await tended()
        let place = try world.location
        #expect(try await Maintenance(tools).backUpIfDue(place) == nil)
        let before = try #require(try tools.vault.newest(of: place.id))
        _ = try world.change("ALTER TABLE \(world.schema).context_locks ADD COLUMN mood text DEFAULT 'calm'")
        _ = try world.change("CREATE TABLE \(world.schema).moods (a text)")
        let record = try await Maintenance(tools).compareAfterShadowMigration(place, since: before)
        #expect(record.outcome == .succeeded && record.findings.last?.code == "nothingLost", "\(record.findings)")
        #expect(record.findings.map(\.message).contains("moods: is new, with 0 rows"))
        state.release()
    }
}

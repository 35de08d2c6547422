// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Stores
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("A schema's backup in another place")
struct PostgresRestoreElsewhereTests {
    private let caller = Caller(uid: 1000, pid: 1)

    /// Restores the newest backup of `world` to `place`, which its own server or another one has.
    private func restore(
        _ world: PostgresWorld, to place: String, _ url: String? = nil
    ) async throws -> OperationRecord {
        let tools = try world.tools(world.state)
        let servers = try PostgresServers([url ?? world.url])
        let backup = try #require(try world.backups().first).id
        var settings = SupervisorSettings(
            mode: { _ in .ask }, discover: { () throws(GuardError) in Discovered(locations: []) })
        settings.target = { (text) throws(GuardError) in try servers.store(named: text) }
        let service = EngineService(tools, settings, relay: EventRelay())
        let request = OperationRequest(kind: .restore, to: .place(place), backup: backup)
        let plan = try await service.plan(PlanRequest(kind: .restore, to: .place(place), backup: backup))
        #expect(plan.destination?.hasSuffix(place.split(separator: "#").last ?? "") == true)
        var agreed = request
        agreed.planDigest = plan.digest
        let record = try await service.start(agreed, key: nil, for: caller)
        return try await service.operation(record.id, waiting: Patience.limit)
    }

    @Test("Beside the memory that it is from, which nobody else ever sees under another name")
    func beside() async throws {
        let world = try PostgresWorld()
        _ = try await world.pass()
        let before = try world.contents()
        let record = try await restore(world, to: "\(world.url)#copy_of_it")
        #expect(record.outcome == .succeeded && record.dataState == .untouched, "\(record)")
        #expect(try world.contents() == before)
        // As the memory was before its migration, to the letter, under its new name.
        let entry = try #require(try world.backups().first)
        let restored = try world.database.dump(schema: "copy_of_it").replacing("copy_of_it", with: world.schema)
        #expect(try restored == world.contents(of: entry))
        #expect(
            try world.change(
                "SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'")
                == ["3"])
        #expect(try world.scratchDatabases() == [])
    }

    @Test("In another database, and in one where somebody else has a schema of the backup's name")
    func otherDatabase() async throws {
        let world = try PostgresWorld()
        _ = try await world.pass()
        let other = try PostgresServer.shared.database()
        _ = try other.psql(
            "CREATE SCHEMA innkeeper; CREATE TABLE innkeeper.t (a int); INSERT INTO innkeeper.t VALUES (7)")
        let record = try await restore(world, to: "\(other.url)#innkeeper_2")
        #expect(record.outcome == .succeeded, "\(record)")
        #expect(try other.psql("SELECT count(*) FROM innkeeper_2.context_locks") == ["8"])
        #expect(try other.psql("SELECT a FROM innkeeper.t") == ["7"])
    }

    @Test("What is there already is not written over, and what is a file's backup is no schema")
    func taken() async throws {
        let world = try PostgresWorld()
        _ = try await world.pass()
        let before = try world.contents()
        let record = try await restore(world, to: "\(world.url)#\(world.schema)")
        #expect(record.outcome == .failedUntouched && record.error?.code == .restoreRefused)
        #expect(try world.contents() == before)
    }
}

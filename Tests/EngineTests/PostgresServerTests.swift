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
    "A PostgreSQL server that goes away or fills up", .serialized,
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresServerTests {
    @Test("A server that is killed in the middle of the transaction has rolled it back, and the next pass migrates")
    func killedInTheTransaction() async throws {
        let server = try PostgresServer()
        var world = try PostgresWorld(on: server)
        try world.dropIn(PostgresWorld.barrier)
        let before = try world.contents()
        let barrier = try Barrier(in: world.database)
        let service = world
        async let ending = service.pass()
        try await barrier.waitForArrival()
        server.kill()
        let result = try await ending
        #expect(result.operation?.error?.code == .serverUnreachable, "\(result)")
        #expect(result.operation?.outcome == .failedUntouched)
        #expect(result.exit == .failed)
        try server.restart()
        #expect(try world.contents() == before)
        let next = try await world.pass()
        #expect(next.operation?.outcome == .succeeded, "\(next)")
        #expect(next.exit == .done)
        #expect(try await world.journal.unsettled().isEmpty)
        // Nobody was there to drop the first one's scratch database.
        #expect(try world.leftovers() == [])
        barrier.open()
    }

    @Test("A server that is killed during the rehearsal leaves nothing behind once it is back")
    func killedInTheRehearsal() async throws {
        let server = try PostgresServer()
        var world = try PostgresWorld(on: server)
        let before = try world.contents()
        world.when(.rehearse) { server.kill() }
        let result = try await world.pass()
        #expect(result.operation?.dataState == .untouched)
        #expect(result.exit == .failed, "\(result)")
        try server.restart()
        #expect(try world.contents() == before)
        world.observe = { _ in }
        #expect(try await world.pass().exit == .done)
        #expect(try world.leftovers() == [])
    }

    @Test(
        "A server that is killed between COMMIT and the look at it: the operation waits, and the next pass verifies it")
    func killedAfterCommit() async throws {
        let server = try PostgresServer()
        var world = try PostgresWorld(on: server)
        let before = try world.contents()
        world.when(.verify) { server.kill() }
        let result = try await world.pass()
        #expect(result.operation?.dataState == .changing)
        #expect(result.operation?.outcome == nil, "\(result)")
        #expect(result.exit == .failed)
        // It cannot be reached at the next start either: the operation goes on waiting.
        world.observe = { _ in }
        let early = try await world.pass()
        #expect(early.recovered == [])
        #expect(try await world.journal.unsettled().count == 1)
        try server.restart()
        let next = try await world.pass()
        #expect(next.recovered.map(\.outcome) == [.succeeded], "\(next)")
        #expect(next.recovered.map(\.dataState) == [.migratedVerified])
        #expect(next.exit == .done)
        #expect(next.form?.state == .current)
        #expect(try world.contents() != before)
        #expect(try await world.journal.holds().isEmpty)
        #expect(try world.leftovers() == [])
    }

    @Test(
        "A full disk of the server stops the migration untouched; with room again it goes on by itself",
        .enabled(if: SmallFilesystem.isPossible, "needs root, to mount a small filesystem"))
    func fullDisk() async throws {
        let server = try PostgresServer()
        let disk = try SmallFilesystem(kilobytes: 20_000)
        #expect(try Tool.run(["chown", "postgres", disk.path]).status == 0)
        // The way there has to be open to the server's user, too.
        #expect(try Tool.run(["chmod", "755", Directory.parent(of: disk.path)]).status == 0)
        try server.psql("CREATE TABLESPACE small LOCATION '\(disk.path)'", database: "postgres")
        var world = try PostgresWorld(on: server)
        try server.psql("ALTER DATABASE \(world.database.name) SET TABLESPACE small", database: "postgres")
        try world.dropIn(
            "CREATE TABLE :\"schema\".heap AS SELECT g AS a, repeat('x', 500) AS b FROM generate_series(1, 8000) AS g")
        let before = try world.contents()
        world.when(.migrate) { disk.fill() }
        let result = try await world.pass()
        #expect(result.operation?.error?.code == .noSpace, "\(result)")
        #expect(result.operation?.dataState == .untouched)
        #expect(result.exit == .noBackup)
        try disk.empty()
        #expect(try world.contents() == before)
        world.observe = { _ in }
        #expect(try await world.pass().operation?.outcome == .succeeded)
        #expect(try world.leftovers() == [])
    }

    @Test(
        "B2: a vault that fills up under the backup leaves no part of one, and the schema untouched",
        .enabled(if: SmallFilesystem.isPossible, "needs root, to mount a small filesystem"))
    func fullVault() async throws {
        var world = try PostgresWorld()
        let disk = try SmallFilesystem(kilobytes: 100_000)
        world.state = disk.path + "/state"
        let before = try world.database.dump()
        world.when(.backup) { disk.fill() }
        do {
            let result = try await world.pass()
            #expect(result.exit == .noBackup, "\(result)")
            #expect(result.operation?.dataState == .untouched)
        } catch let error as GuardError {
            // Not even the journal had room.
            #expect(error.dataState == .untouched)
            #expect(ErrorTable.line(for: error.code).exit == .noBackup)
        }
        try disk.empty()
        #expect(try world.database.dump() == before)
        #expect(try world.backups() == [])
        world.observe = { _ in }
        let next = try await world.pass()
        #expect(next.operation?.outcome == .succeeded, "\(next)")
        #expect(try world.leftovers() == [])
    }
}

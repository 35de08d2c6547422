// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("An upgrade that goes well")
struct HappyPathTests {
    @Test("B1: every fixture of the line arrives at its head, and loses nothing", arguments: Fixture.sqlite4)
    func upgrade(of fixture: Fixture) async throws {
        let world = try World(fixture)
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.exit == .done)
        let operation = try #require(result.operation)
        #expect(operation.outcome == .succeeded)
        #expect(operation.dataState == .migratedVerified)
        #expect(operation.error == nil)
        #expect(operation.steps.map(\.kind) == [.preflight, .backup, .rehearse, .migrate, .verify])
        #expect(operation.steps.allSatisfy { $0.state == .done && $0.finishedAt != nil })
        #expect(result.form?.state == .current && result.form?.schemaVersion == 4)
        // Of 0.2 only a name changes: its sessions were something else than sessions are today.
        let renamed = fixture == .v0_2 ? ["sessions": "sessions_v0_2"] : [:]
        let losses = try world.contents().losses(since: before.renaming(renamed))
        #expect(losses == [])
        let backups = try world.backups()
        #expect(backups.map(\.id) == [try #require(operation.backup)])
        #expect(backups.first?.manifest.content.tables.isEmpty == false)
        #expect(try world.contents(of: backups[0]).differences(from: before) == [])
        #expect(try world.ledger() == ["1 base 1 1 1", "2 rlm 1 1 1", "3 files 1 1 1", "4 embeddings 1 1 1"])
        #expect(try world.leftovers() == [])
        // What the operation tells now is what its history tells later.
        var told = try #require(try await world.operations().first)
        told.settledAt = operation.settledAt
        told.steps = operation.steps
        #expect(told == operation)
    }

    @Test(
        "A second pass finds nothing to do, and writes nothing but the sighting", arguments: [Fixture.v4_0, .v4_0Real])
    func idle(_ fixture: Fixture) async throws {
        let world = try World(fixture)
        _ = try await world.pass()
        let (store, vault, operations) = (try world.files(), try world.vaultFiles(), try await world.operations())
        let result = try await world.pass()
        #expect(result.exit == .done)
        #expect(result.operation == nil)
        #expect(result.form?.state == .current)
        #expect(try world.files() == store)
        #expect(try world.vaultFiles() == vault)
        #expect(try await world.operations() == operations)
        #expect(try world.leftovers() == [])
    }

    @Test("P8: a row that was committed a moment before, and is only in the WAL, is in the backup and in the result")
    func rowInTheWAL() async throws {
        let world = try World(.v4_0)
        // Another process that has it open, so that no close moves the row into the file.
        let application = try Shell(world.store)
        application.run(
            """
            PRAGMA wal_autocheckpoint = 0;
            INSERT INTO memory_entries (category, content, timestamp) VALUES ('test', 'a moment before', 1);
            """)
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(application.run("SELECT count(*) FROM memory_entries WHERE content = 'a moment before';") == ["1"])
        application.quit()
        let backup = try #require(try world.backups().first)
        #expect(try world.contents(of: backup).values("memory_entries", "content").contains(.text("a moment before")))
    }

    @Test("A large memory: figures of one pass are in the result")
    func large() async throws {
        let world = try World()
        #expect(try Tool.run(["python3", Place.largeStoreMaker, "1500", world.store]).status == 0)
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(try world.contents().losses(since: before) == [])
        let figures = try #require(result.operation?.result)
        for phase in ["copy", "check", "digest", "compress", "prove", "publish", "migrate"] {
            #expect(figures.seconds?[phase] != nil, "\(phase) is missing")
        }
        #expect(try #require(figures.lockedMilliseconds) >= 0)
        // A million characters of context got their previews.
        #expect(try world.lines("SELECT count(*) FROM context_locks WHERE preview IS NULL") == ["0"])
    }
}

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

@Suite("What automation does again, and what it leaves alone")
struct RetryLimitTests {
    @Test(
        "P5: the same migration on the same content fails three times by itself and then waits, without filling vault or journal"
    )
    func threeTimes() async throws {
        var world = try World()
        try world.dropIn("DELETE FROM memory_entries")
        for number in 1...3 {
            let result = try await world.pass()
            #expect(result.operation?.error?.code == .rehearsalFailed, "pass \(number)")
        }
        let backups = try world.backups()
        for _ in 4...6 {
            let result = try await world.pass()
            #expect(result.operation?.error?.code == .held)
            #expect(result.operation?.error?.detail.contains("3 times") == true)
            #expect(result.exit == .busy)
            #expect(result.form?.state == .held)
        }
        #expect(try world.backups() == backups)
        #expect(backups.count == 3)
        // One that waits, and three that failed.
        #expect(
            try await world.operations().map { $0.error?.code } == [
                .held, .rehearsalFailed, .rehearsalFailed, .rehearsalFailed,
            ])
        #expect(try world.leftovers() == [])
        // Other content is another attempt.
        try remember("news", in: world.store)
        #expect(try await world.pass().operation?.error?.code == .rehearsalFailed)
        // And so is another plan.
        try world.dropIn("CREATE TABLE fine (a)")
        #expect(try await world.pass().operation?.outcome == .succeeded)
    }

    @Test("P11: a check command that changes its mind needs nobody to clear anything")
    func retries() async throws {
        var world = try World()
        world.check("exit 1")
        #expect(try await world.pass().operation?.outcome == .failedUntouched)
        world.check("exit 0")
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(try world.ledger().first == "1 base 1 1 1")
        // Failure history survives.
        let events = try world.lines("SELECT event || ' ' || version FROM schema_migration_events ORDER BY id")
        #expect(events == ["failed 2", "adopted 1", "applied 2", "applied 3", "applied 4"])
    }

    @Test("A hold pauses automation, for one store or for all, until it is removed or over", arguments: [true, false])
    func hold(isGlobal: Bool) async throws {
        let world = try World()
        let before = try world.files()
        try Directory.createAll(world.state)
        let journal = try world.tools(world.state).journal
        try await journal.add(
            Hold(
                id: "hold_1", store: isGlobal ? nil : world.id, reason: "a demonstration",
                createdAt: Timestamp(milliseconds: 0), until: nil))
        let result = try await world.pass()
        #expect(result.exit == .done)
        #expect(result.operation == nil && result.form?.state == .held)
        #expect(try world.files() == before)
        #expect(try world.backups() == [])
        try await journal.removeHold("hold_1")
        #expect(try await world.pass().operation?.outcome == .succeeded)
    }

    @Test(
        "With mode ask or off it looks, reports what is pending, and touches nothing",
        arguments: [MigrationMode.ask, .off])
    func modes(_ mode: MigrationMode) async throws {
        var world = try World()
        world.mode = mode
        let before = try world.files()
        let result = try await world.pass()
        #expect(result.exit == .done)
        #expect(result.operation == nil)
        #expect(result.form?.state == .pending)
        #expect(result.form?.schemaVersion == 1 && result.form?.wantedVersion == 4)
        #expect(try world.files() == before)
        #expect(try world.backups() == [])
        #expect(try await world.operations() == [])
    }

    @Test("R13: a refusal is an operation of its own, written once and not at every look")
    func refusals() async throws {
        let world = try World(.leanFresh)
        try world.change("DROP TABLE IF EXISTS context_locks; CREATE TABLE schema_migrations (id INTEGER)")
        let before = try world.files()
        for _ in 1...3 { #expect(try await world.pass().exit == .notMigratable) }
        // It may be a memory all the same, so it is backed up, once.
        #expect(try await world.operations().map(\.kind) == [.migrate, .backup])
        #expect(try world.backups().count == 1)
        #expect(try world.files() == before)
    }
}

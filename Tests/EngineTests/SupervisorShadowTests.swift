// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import TestSupport
import Testing

@testable import Engine

@Suite("When the application migrates by itself")
struct SupervisorShadowTests {
    /// A guarded memory of 4.0 with a backup, which its own server then takes to 4.1 under the service's eyes.
    private func migrated(alsoRunning sql: String = "") async throws -> (Guarded, OperationRecord) {
        let world = try World(.v4_0)
        let root = try realPath(Directory.parent(of: world.store))
        let location = world.location
        let guarded = try await Guarded(world, mode: .ask, watching: [root]) { Discovered(locations: [location]) }
        #expect(try await guarded.run(.backup).outcome == .succeeded)
        try await guarded.eventually { $0.schemaVersion == 1 && $0.lastBackup != nil }
        let shell = try Shell(world.store)
        shell.run(".restore '\(Fixture.v4_1Script.path)'")
        if !sql.isEmpty { shell.run(sql) }
        shell.quit()
        try await guarded.eventually { ($0.schemaVersion ?? 0) > 1 }
        try await guarded.eventually("a comparison") { _ in
            try await world.operations().contains { $0.trigger == "shadow" && $0.state == .settled }
        }
        return (guarded, try #require(try await world.operations().first { $0.trigger == "shadow" }))
    }

    @Test("it is compared with the backup from before, and nothing is restored")
    func harmless() async throws {
        let (guarded, comparison) = try await migrated()
        #expect(comparison.kind == .verify && comparison.outcome == .succeeded && comparison.dataState == .untouched)
        #expect(comparison.findings.contains { $0.code == "nothingLost" })
        #expect(try await guarded.form().schemaVersion == 2)
        // Once: the next look finds nothing new.
        _ = try await guarded.run(.rescan)
        #expect(try await guarded.world.operations().count { $0.trigger == "shadow" } == 1)
        await guarded.stop()
    }

    @Test("what it lost on the way is told by table, and the way back is offered")
    func losses() async throws {
        let (guarded, comparison) = try await migrated(
            alsoRunning: "DELETE FROM context_locks WHERE id = (SELECT min(id) FROM context_locks)")
        #expect(comparison.findings.contains { $0.code == "changedByOthers" && $0.message.contains("1 lost") })
        let offer = try #require(comparison.findings.first { $0.code == "restoreOffered" })
        #expect(offer.message.contains("dementiactl restore \(try #require(comparison.backup))"))
        #expect(try await guarded.form().schemaVersion == 2)
        await guarded.stop()
    }

    @Test("our own migration is none of somebody else's")
    func ours() async throws {
        let world = try World(.v4_0)
        let root = try realPath(Directory.parent(of: world.store))
        let location = world.location
        let guarded = try await Guarded(world, mode: .auto, watching: [root]) { Discovered(locations: [location]) }
        try await guarded.eventually { $0.schemaVersion == 4 && $0.state == .current }
        try await guarded.isQuiet { 0 }
        _ = try await guarded.run(.rescan)
        #expect(try await world.operations().allSatisfy { $0.trigger != "shadow" })
        await guarded.stop()
    }
}

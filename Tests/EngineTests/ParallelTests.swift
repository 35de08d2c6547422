// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("Several memories in one pass")
struct ParallelTests {
    /// A check command that ends only when two of it have met on their rehearsals.
    private func meeting(_ world: inout World, timeout: Duration) throws {
        let pipe = world.folder.file("pipe")
        #expect(try Tool.run(["mkfifo", pipe]).status == 0)
        world.check(
            """
            test $DEMENTIAD_PHASE = rehearsal || exit 0
            if mkdir '\(pipe).first' 2>/dev/null; then read line < '\(pipe)'; else echo here > '\(pipe)'; fi
            """, timeout: timeout)
    }

    @Test("Two of them are worked on at the same time: each waits for the other, and both are done")
    func overlap() async throws {
        var world = try World()
        try meeting(&world, timeout: .seconds(60))
        let other = try world.neighbour("other")
        let result = try await world.pass(over: [world.location, other], parallel: 2)
        #expect(result.exit == .done)
        #expect(result.items.map(\.store.id) == [world.id, other.id])
        #expect(result.items.allSatisfy { $0.operation?.outcome == .succeeded && $0.operation?.findings == [] })
        #expect(try world.leftovers() == [])
    }

    @Test("One at a time, they never meet")
    func oneAtATime() async throws {
        var world = try World()
        try meeting(&world, timeout: .milliseconds(300))
        let result = try await world.pass(over: [world.location, try world.neighbour("other")])
        #expect(result.items.map { $0.operation?.findings.map(\.code) } == [["checkNotRun"], ["checkNotRun"]])
    }

    @Test("They are told of in the order in which they were named, each once, whichever was done first")
    func order() async throws {
        let world = try World(.v4_0Real)
        let locations = try ["d", "b", "c", "a"].map { try world.neighbour($0) } + [world.location]
        let result = try await world.pass(over: locations + [locations[1]], parallel: 3)
        #expect(result.items.map(\.store.location) == locations.map(\.name))
        #expect(result.items.allSatisfy { $0.operation?.outcome == .succeeded })
        // One journal and one vault for all, and nothing of one is taken for the other's.
        let backups = try world.backups()
        #expect(Set(backups.map(\.manifest.store.id)) == Set(locations.map(\.id)) && backups.count == 5)
        for item in result.items {
            #expect(backups.first { $0.id == item.operation?.backup }?.manifest.store.id == item.store.id)
        }
    }

    @Test("Without a journal the pass ends and says so, and no memory is touched")
    func noJournal() async throws {
        var world = try World()
        let other = try world.neighbour("other")
        let state = world.state
        // Under the first operation: from there on no intent can be written down.
        world.when(.preflight) { try run("DROP TABLE operations", on: state + "/journal.db") }
        await #expect(throws: GuardError.self) {
            try await world.pass(over: [world.location, other], parallel: 1)
        }
        for path in [world.store, other.name] {
            #expect(try LogicalDump(path).columns["context_locks"]?.contains("preview") == false)
        }
    }
}

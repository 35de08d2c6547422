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
        try meeting(&world, timeout: Patience.limit)
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

    @Test("The daemon, too, works on so many at the same time and no more", arguments: [1, 2])
    func daemon(_ parallel: Int) async throws {
        var world = try World()
        try meeting(&world, timeout: parallel == 1 ? .milliseconds(300) : Patience.limit)
        let locations = [world.location, try world.neighbour("other")]
        let guarded = try await Guarded(
            world, mode: .auto, parallel: parallel, discover: { Discovered(locations: locations) })
        for location in locations {
            let started = try #require(
                try await guarded.service.operations(of: location.id, in: nil, Page()).items.first)
            let settled = try await guarded.service.operation(started.id, waiting: Patience.limit)
            #expect(settled.outcome == .succeeded)
            #expect(settled.findings.map(\.code) == (parallel == 1 ? ["checkNotRun"] : []))
        }
        await guarded.stop()
    }

    @Test("A stop reaches those that wait for their turn: nothing of them has begun")
    func stopWhileWaiting() async throws {
        var world = try World()
        // Says that it has begun, and ends only when it is told to.
        let (begun, pipe) = (world.folder.file("begun"), world.folder.file("pipe"))
        #expect(try Tool.run(["mkfifo", begun, pipe]).status == 0)
        world.check("echo here > '\(begun)'; read line < '\(pipe)'", timeout: Patience.limit)
        let locations = [world.location, try world.neighbour("other")]
        let guarded = try await Guarded(
            world, mode: .auto, parallel: 1, discover: { Discovered(locations: locations) })
        #expect(try Tool.run(["cat", begun]).output == "here\n")
        let stopping = Task { await guarded.stop() }
        let waker = try Tool(["sh", "-c", "echo go > '\(pipe)'"])
        await stopping.value
        #expect(waker.finish().status == 0)
        let outcomes = try await world.operations().map(\.outcome)
        #expect(outcomes == [.cancelled, .cancelled])
        #expect(try world.contents().columns["context_locks"]?.contains("preview") == false)
        #expect(try LogicalDump(locations[1].name).columns["context_locks"]?.contains("preview") == false)
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

// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import HashKit
import Journal
import LinuxKit
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// A memory whose looks hang, beside one that is behind.
@Suite("A memory that does not answer")
struct SilentStoreTests {
    @Test("Its neighbour is upgraded as if it were not there; status and health tell of it, and a stop ends")
    func neighbour() async throws {
        let trouble = TroubledStore.Trouble()
        trouble.looksHang()
        var world = try World()
        let silent = try world.neighbour("silent")
        world.opener = { (location) throws(GuardError) in
            if location == silent { return try TroubledStore(location, trouble) }
            return try SQLiteStore.open(location)
        }
        let noticed = Noticed()
        world.observe = noticed.hear
        let locations = [silent, world.location]
        let guarded = try await Guarded(
            world, mode: .auto, silence: .milliseconds(300), discover: { Discovered(locations: locations) })
        try await guarded.eventually { $0.state == .current }
        let shown = try await guarded.eventually(silent.id) { $0.state == .notAnswering }
        #expect(shown.project == "silent")
        let status = try await guarded.service.status()
        #expect(status.verdict == .attention)
        let finding = try #require(status.findings?.first { $0.code == "notAnswering" })
        #expect(finding.message.contains(silent.name) && finding.message.contains("began at"), "\(finding)")
        let health = try await guarded.service.health()
        #expect(!health.ok && health.checks.contains { !$0.ok && $0.detail?.contains(silent.name) == true })
        // Who asks for work on it is told why there is none.
        let request = OperationRequest(kind: .backup, store: silent.id)
        let error = await #expect(throws: GuardError.self) {
            try await guarded.service.start(request, key: nil, for: Caller(uid: 1000, pid: 1))
        }
        #expect(error?.code == .notAnswering, "\(error.debugDescription)")
        let left = await guarded.service.supervisor.stop(patience: .milliseconds(200))
        #expect(left.contains { $0.contains(silent.name) }, "\(left)")
        trouble.isOver()
        await guarded.stop()
    }

    @Test("A single pass ends all the same: it upgrades the neighbour, tells of the memory, and is no success")
    func singlePass() async throws {
        let trouble = TroubledStore.Trouble()
        trouble.looksHang()
        var world = try World()
        let silent = try world.neighbour("silent")
        world.opener = { (location) throws(GuardError) in
            if location == silent { return try TroubledStore(location, trouble) }
            return try SQLiteStore.open(location)
        }
        let directory = try StateDirectory(world.state)
        let locations = [silent, world.location]
        var settings = SupervisorSettings(mode: { _ in .auto }, discover: { Discovered(locations: locations) })
        settings.silence = .milliseconds(300)
        let result = try await SinglePass(try world.tools(directory.path), settings, relay: EventRelay()).run()
        #expect(result.items.map(\.store.state) == [.notAnswering, .current])
        #expect(result.items.last?.operation?.outcome == .succeeded)
        #expect(result.problems.map(\.code) == [.notAnswering])
        #expect(result.problems.first?.message.contains(silent.name) == true && result.exitCode != .done)
        trouble.isOver()
        withExtendedLifetime(directory) {}
    }

    @Test("When it answers again it is looked at, and is as before")
    func answersAgain() async throws {
        let trouble = TroubledStore.Trouble()
        var world = try World(.v4_4)
        world.opener = { (location) throws(GuardError) in try TroubledStore(location, trouble) }
        let guarded = try await Guarded(world, silence: .milliseconds(300))
        // Its newest version is not in its ledger yet, and nothing is done without asking.
        try await guarded.eventually { $0.state == .pending }
        trouble.looksHang()
        _ = try? await guarded.service.supervisor.rescan(startingWork: true)
        try await guarded.eventually { $0.state == .notAnswering }
        trouble.isOver()
        try await guarded.eventually { $0.state == .pending }
        #expect(try await guarded.service.health().ok)
        await guarded.stop()
    }

    @Test("Before anything was looked at the verdict is starting")
    func starting() async throws {
        let world = try World(.v4_4)
        let directory = try StateDirectory(world.state)
        let relay = EventRelay()
        let location = world.location
        let service = EngineService(
            try world.tools(directory.path),
            SupervisorSettings(mode: { _ in .ask }) { Discovered(locations: [location]) },
            relay: relay)
        try await service.supervisor.recover()
        #expect(try await service.status().verdict == .starting)
        try await service.supervisor.rescan(startingWork: false)
        #expect(try await service.status().verdict != .starting)
        await service.supervisor.stop()
        withExtendedLifetime(directory) {}
    }

    @Test("Right after a start a memory with a backup is shown with it")
    func backupAfterStart() async throws {
        let world = try World()
        _ = try await world.pass()
        let directory = try StateDirectory(world.state)
        let service = EngineService(
            try world.tools(directory.path), SupervisorSettings(mode: { _ in .ask }) { Discovered(locations: []) },
            relay: EventRelay())
        try await service.supervisor.recover()
        #expect(try await service.stores().first?.lastBackup != nil)
        await service.supervisor.stop()
        withExtendedLifetime(directory) {}
    }

    @Test("A pipe beside a memory is refused before SQLite opens it")
    func pipeBeside() async throws {
        let world = try World()
        #expect(try Tool.run(["mkfifo", world.store + "-journal"]).status == 0)
        let store = try SQLiteStore.open(world.location)
        let error = await #expect(throws: GuardError.self) { try await store.survey(world.catalogue) }
        #expect(error?.code == .notAnswering && error?.message.contains("-journal") == true)
        await store.close()
    }

    @Test("A journal that takes no more lines: health and status say so, and the watchdog is not fed any more")
    func journal() async throws {
        let guarded = try await Guarded(World(.v4_4))
        try await guarded.service.supervisor.answer()
        // An error that the journal cannot foresee is the worst one: nothing is written any more.
        try run("ALTER TABLE holds RENAME TO gone", on: guarded.world.state + "/journal.db")
        let caller = Caller(uid: 1000, pid: 1)
        await #expect(throws: GuardError.self) {
            try await guarded.service.addHold(HoldRequest(store: nil, reason: "any"), for: caller)
        }
        try run("ALTER TABLE gone RENAME TO holds", on: guarded.world.state + "/journal.db")
        let health = try await guarded.service.health()
        #expect(!health.ok && health.checks.contains { $0.name == "journal" && !$0.ok && $0.detail != nil })
        #expect(try await guarded.service.status().verdict == .attention)
        // What doctor reads.
        #expect(try await guarded.service.facts().journalProblem != nil)
        await #expect(throws: GuardError.self) { try await guarded.service.supervisor.answer() }
        await guarded.stop()
    }

    @Test("The daemon and a pass say the same of a memory whose upgrade failed")
    func failed() async throws {
        var world = try World()
        try world.dropIn("SELECT no_such_function()")
        let guarded = try await Guarded(world)
        #expect(try await guarded.run(.migrate).outcome == .failedUntouched)
        #expect(try await guarded.form().state == .failed)
        #expect(try await guarded.service.status().verdict == .attention)
        await guarded.stop()
        world.mode = .ask
        #expect(try await world.pass().form?.state == .failed)
    }
}

/// What was noticed.
private final class Noticed: Sendable {
    private let notices = Mutex<[Notice]>([])

    var hear: @Sendable (EngineContext.Event) -> Void {
        { [self] event in
            if case .noticed(let notice) = event { notices.withLock { $0.append(notice) } }
        }
    }
}

@Suite("A memory's queue")
struct StoreQueueTests {
    private final class Order: Sendable {
        let numbers = Mutex<[Int]>([])
    }

    private let queue = StoreQueue { Timestamp(milliseconds: 1) }

    @Test("Turns come in the order of arrival")
    func order() async throws {
        let first = try #require(await queue.enter(.maintenance, within: .seconds(1)))
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                group.addTask { [queue, order] in
                    let turn = try #require(await queue.enter(.maintenance, within: .seconds(60)))
                    order.numbers.withLock { $0.append(number) }
                    queue.leave(turn)
                }
                while queue.waiting <= number { await Task.yield() }
            }
            queue.leave(first)
            try await group.waitForAll()
        }
        #expect(order.numbers.withLock { $0 } == [0, 1, 2])
        #expect(queue.turn == nil)
    }

    @Test("Nobody waits behind an operation, nor longer than was said")
    func refusals() async throws {
        let maintenance = try #require(await queue.enter(.maintenance, within: .seconds(1)))
        #expect(await queue.enter(.maintenance, within: .milliseconds(20)) == nil)
        var generator = SystemRandomNumberGenerator()
        let operation = OperationID(milliseconds: 1, using: &generator)
        queue.hand(maintenance, to: operation)
        #expect(queue.operation == operation)
        #expect(await queue.enter(.maintenance, within: .seconds(60)) == nil)
        // A turn that is over already takes nobody's away.
        queue.leave(maintenance)
        let next = try #require(await queue.enter(.maintenance, within: .seconds(1)))
        queue.leave(maintenance)
        #expect(queue.turn != nil)
        queue.leave(next)
        #expect(queue.turn == nil)
    }
}

@Suite("Plans that are remembered")
struct IssuedPlanTests {
    @Test("Readers cannot fill memory with plans")
    func bounded() throws {
        var plans = IssuedPlans()
        let now = Timestamp(milliseconds: 1_762_689_662_345)
        for number in 0..<2000 {
            let request = PlanRequest(kind: .restore, to: .place("/tmp/" + String(number)))
            _ = plans.issue(request, .writesElsewhere, at: now.advanced(by: .milliseconds(number)))
        }
        #expect(plans.count == IssuedPlans.most)
        // Of a long place only a digest is kept, so that each takes as much as every other.
        let long = PlanRequest(kind: .restore, to: .place("/" + String(repeating: "x", count: 1 << 20)))
        let digest = plans.issue(long, .writesElsewhere, at: now.advanced(by: .seconds(3))).digest
        var kept = ""
        dump(plans, to: &kept)
        #expect(kept.contains(digest) && kept.utf8.count < IssuedPlans.most * 4096)
    }
}

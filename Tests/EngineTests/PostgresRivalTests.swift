// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Engine

@Suite(
    "More than one guard, and more than one schema", .serialized,
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresRivalTests {
    @Test("Two guards with state directories of their own: one migrates, the other finds it done; never twice")
    func twoGuards() async throws {
        let world = try PostgresWorld()
        let rival = world.rival()
        async let one = world.pass()
        async let other = rival.pass()
        let results = try await [one, other]
        let outcomes = results.compactMap(\.operation?.outcome)
        #expect(outcomes.count(where: { $0 == .succeeded }) == 1, "\(outcomes)")
        #expect(outcomes.allSatisfy { [.succeeded, .nothingToDo, .busy].contains($0) }, "\(outcomes)")
        // Every version once, and all of one operation.
        let events = try world.events()
        #expect(Set(events).count == events.count && !events.isEmpty)
        #expect(try world.change("SELECT count(DISTINCT operation_id) FROM schema_migration_events") == ["1"])
        for service in [world, rival] {
            let next = try await service.pass()
            #expect(next.exit == .done)
            #expect(next.form?.state == .current)
            #expect(try service.leftovers() == [])
        }
        #expect(try world.events() == events)
    }

    @Test("A guard that comes while another is in its transaction leaves the schema to it, and is not in its way")
    func duringTheTransaction() async throws {
        var world = try PostgresWorld()
        try world.dropIn(PostgresWorld.barrier)
        // Its migrations are the shipped ones, or it would wait at the same barrier.
        var rival = world.rival()
        rival.limits.lockAttempts = 1
        let barrier = try Barrier(in: world.database)
        let service = world
        async let first = service.pass()
        try await barrier.waitForArrival()
        let second = try await rival.pass()
        #expect(second.operation?.outcome == .busy || second.operation?.error?.code == .storeBusy, "\(second)")
        #expect(second.exit == .busy)
        barrier.open()
        #expect(try await first.operation?.outcome == .succeeded)
        #expect(try await rival.pass().exit == .done)
        #expect(try world.change("SELECT count(DISTINCT operation_id) FROM schema_migration_events") == ["1"])
    }

    @Test("Twelve schemas, four at a time: all are migrated, four are at work at once and never more")
    func parallel() async throws {
        var world = try PostgresWorld()
        for number in 1...11 {
            try world.database.psql("ALTER SCHEMA innkeeper RENAME TO project_\(number)")
            try world.database.load(.earliest)
        }
        let crowd = Crowd()
        world.observe = crowd.watch
        let result = try await world.pass(parallel: 4)
        #expect(result.items.count == 12)
        #expect(
            result.items.allSatisfy { $0.operation?.outcome == .succeeded }, "\(result.items.map(\.operation?.error))")
        #expect(result.items.allSatisfy { $0.store.state == .current })
        #expect(crowd.largest == 4)
        #expect(try world.backups().count == 12)
        #expect(try world.leftovers() == [])
        let next = try await world.pass(parallel: 4)
        #expect(next.items.allSatisfy { $0.operation == nil && $0.store.state == .current })
    }
}

/// Counts how many operations are at work at the same time.
private final class Crowd: Sendable {
    private let numbers = Mutex((now: 0, most: 0))

    var largest: Int { numbers.withLock { $0.most } }

    var watch: @Sendable (EngineContext.Event) -> Void {
        { [self] event in
            numbers.withLock { numbers in
                switch event {
                case .began(let record) where record.steps.last?.kind == .backup: numbers.now += 1
                case .settled: numbers.now -= 1
                default: return
                }
                numbers.most = max(numbers.most, numbers.now)
            }
        }
    }
}

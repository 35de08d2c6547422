// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport
import Testing

/// What every implementation of ``Store`` owes its caller.
@Suite struct ConformanceTests {
    private let catalogue = try! Catalogue()

    private func plan(_ world: any StoreWorld, _ catalogue: Catalogue? = nil) async throws -> Plan {
        let catalogue = catalogue ?? self.catalogue
        return try await Planner(catalogue: catalogue)
            .plan(for: world.id, at: "the store", world.anyStore.survey(catalogue))
    }

    @Test(
        "a snapshot holds every object and value, and leaves the store as it was", arguments: EngineUnderTest.present)
    func snapshot(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let before = try world.state(withLedger: true)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        await world.anyStore.close()
        #expect(try world.state(ofCopy: snapshot.path).differences(from: before) == [])
        #expect(try world.state(withLedger: true).differences(from: before) == [])
        #expect(snapshot.integrity == "ok")
        #expect(snapshot.content.tables.first { $0.name == "context_locks" }?.rows == world.facts.contexts)
    }

    @Test(
        "a plan takes the store to its head, and then there is nothing left to do", arguments: EngineUnderTest.present)
    func head(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let store = world.anyStore
        let plan = try await plan(world)
        #expect(plan.steps.map(\.action) == world.facts.steps.map { $0.isAdopted ? .adopt : .apply })
        #expect(plan.from == world.facts.from && plan.to == world.facts.head)
        let entry = LedgerEntry.test()
        let snapshot = try await store.snapshot(into: world.scratch("copy"), progress: nil)
        let record = try await store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        #expect(record.applied.map(\.version) == world.facts.steps.map(\.version))
        let verification = try await store.verify(plan, entry: entry, since: record.token)
        #expect(verification == Verification(problems: [], wasWrittenSince: false))
        #expect(try await store.hasCommitted(entry.operation))
        #expect(try await self.plan(world).isEmpty)
    }

    @Test("the ledger tells version, name, success, origin, operation and backup", arguments: EngineUnderTest.present)
    func ledger(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let entry = LedgerEntry.test()
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        _ = try await world.anyStore.migrate(plan(world), from: snapshot, entry: entry, progress: nil)
        await world.anyStore.close()
        let rows = try world.ask(
            """
            SELECT version, name, success, error_message IS NULL, origin, operation_id, backup_id, release,
                   length(checksum), down_sql IS NOT NULL
            FROM schema_migrations ORDER BY version;
            """)
        let tail = "\(entry.operation)|000007_0123456789ab|v4.4.0|64"
        let (yes, no) = (world.facts.yes, world.facts.no)
        #expect(
            rows
                == world.facts.steps.map {
                    "\($0.version)|\($0.name)|\(yes)|\(yes)|\($0.isAdopted ? "adopted" : "applied")|\(tail)|\($0.isReversible ? yes : no)"
                })
        #expect(
            try world.ask("SELECT event, version, operation_id FROM schema_migration_events ORDER BY id;")
                == world.facts.steps.map {
                    "\($0.isAdopted ? "adopted" : "applied")|\($0.version)|\(entry.operation)"
                })
        let history = try await world.anyStore.history()
        #expect(history.rows.map(\.version) == world.facts.steps.map(\.version))
        #expect(history.events.map(\.event) == world.facts.steps.map { $0.isAdopted ? "adopted" : "applied" })
        #expect(
            (history.rows.map(\.appliedAt) + history.events.map(\.at)).allSatisfy {
                $0.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ/) != nil
            })
        await world.anyStore.close()
    }

    @Test("a rehearsal leaves the store alone", arguments: EngineUnderTest.present)
    func rehearsal(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let before = try world.state(withLedger: true)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        let plan = try await plan(world)
        let entry = LedgerEntry.test()
        let proof = try await world.anyStore.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil)
        #expect(proof == .restored)
        let record = try await world.anyStore
            .rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil)
        #expect(record?.applied.count == plan.steps.count)
        await world.anyStore.discardScratch(of: entry.operation)
        await world.anyStore.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test("what was proved can be rehearsed, and nothing of it stays", arguments: EngineUnderTest.present)
    func proof(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let store = world.anyStore
        let before = try world.state(withLedger: true)
        #expect(try await store.preflight().isEmpty)
        let entry = LedgerEntry.test()
        let snapshot = try await store.snapshot(into: world.scratch("copy"), progress: nil)
        let plan = try await plan(world)
        // Twice, as in the rounds of one migration.
        for _ in 1...2 {
            let proof = try await store.prove(
                snapshot.path, of: snapshot, for: entry.operation, progress: nil)
            #expect(proof == .restored)
        }
        let record = try await store.rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil)
        #expect(record?.applied.count == plan.steps.count)
        let (rehearsed, live) = await (
            store.checkTarget(rehearsedOn: snapshot.path), store.checkTarget(rehearsedOn: nil)
        )
        #expect(rehearsed != live && !rehearsed.environment.isEmpty && !live.environment.isEmpty)
        await store.discardScratch(of: entry.operation)
        await store.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test("a state that moved after the snapshot is left alone", arguments: EngineUnderTest.present)
    func moved(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let plan = try await plan(world)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        try world.write(world.facts.insertion)
        let before = try world.state(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.anyStore.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeMoved)
        #expect(error?.dataState == .untouched)
        await world.anyStore.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "P11, R11: a failure is written down, never over a success, and the next run needs no repair",
        arguments: EngineUnderTest.present)
    func failure(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let broken = world.facts.broken
        let (yes, no) = (world.facts.yes, world.facts.no)
        let before = try world.state(withLedger: false)
        let plan = try await plan(world, broken)
        let entry = LedgerEntry.test()
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        let error = try #require(
            await #expect(throws: GuardError.self) {
                try await world.anyStore.migrate(plan, from: snapshot, entry: entry, progress: nil)
            })
        #expect(error.code == .migrationFailed)
        try await world.anyStore.recordFailure(error, of: plan, entry: entry)
        #expect(try await !world.anyStore.hasCommitted(entry.operation))
        await world.anyStore.close()
        #expect(try world.state(withLedger: false).differences(from: before) == [])
        #expect(
            try world.ask("SELECT version, name, success, error_message LIKE '%nowhere%' FROM schema_migrations;")
                == ["\(world.facts.head + 1)|test|\(no)|\(yes)"])

        let next = try await world.anyStore.snapshot(into: world.scratch("next"), progress: nil)
        _ = try await world.anyStore.migrate(self.plan(world), from: next, entry: .test(), progress: nil)
        try await world.anyStore.recordFailure(error, of: self.plan(world, broken), entry: entry)
        await world.anyStore.close()
        #expect(
            try world.ask("SELECT version, success FROM schema_migrations ORDER BY version;")
                == world.facts.steps.map { "\($0.version)|\(yes)" } + ["\(world.facts.head + 1)|\(no)"])
    }

    @Test(
        "a restore puts the state of a snapshot back, and only over the state that was kept",
        arguments: EngineUnderTest.present)
    func restore(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let old = try world.state(withLedger: true)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        try world.write("DELETE FROM context_locks; CREATE TABLE fresh (x INTEGER);")
        let stale = try await world.anyStore.snapshot(into: world.scratch("stale"), progress: nil)
        try world.write("INSERT INTO fresh VALUES (1);")
        let moved = await #expect(throws: GuardError.self) {
            try await world.anyStore.restore(from: snapshot.path, expecting: snapshot.content, replacing: stale)
        }
        #expect(moved?.code == .storeMoved && moved?.dataState == .untouched)
        #expect(try world.ask("SELECT count(*) FROM fresh;") == ["1"])

        let kept = try await world.anyStore.snapshot(into: world.scratch("kept"), progress: nil)
        try await world.anyStore.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        await world.anyStore.close()
        #expect(try world.state(withLedger: true).differences(from: old) == [])
    }

    @Test(
        "P9: of eight daemons that start at once, one migrates and seven find nothing to do",
        arguments: EngineUnderTest.present)
    func eight(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let catalogue = catalogue
        let id = world.id
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let store = try world.another()
                    for round in 0... {
                        let survey = try await store.survey(catalogue)
                        let plan = try Planner(catalogue: catalogue).plan(for: id, at: "the store", survey)
                        if plan.isEmpty { return 0 }
                        do throws(GuardError) {
                            let copy = world.scratch("\(number)-\(round)")
                            let snapshot = try await store.snapshot(into: copy, progress: nil)
                            _ = try await store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
                            return 1
                        } catch {
                            guard [.storeMoved, .storeBusy].contains(error.code) else { throw error }
                        }
                    }
                    return 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(applied == 1)
        #expect(try world.ask("SELECT count(*) FROM schema_migration_events;") == ["\(world.facts.steps.count)"])
    }
}

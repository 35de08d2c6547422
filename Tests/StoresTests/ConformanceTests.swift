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
        "a snapshot holds every object and value, and leaves the store as it was", arguments: EngineUnderTest.allCases)
    func snapshot(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let before = try world.dump(withLedger: true)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        await world.anyStore.close()
        #expect(try world.dump(ofCopy: snapshot.path).differences(from: before) == [])
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
        #expect(snapshot.integrity == "ok")
        #expect(snapshot.content.tables.first { $0.name == "context_locks" }?.rows == 8)
    }

    @Test(
        "a plan takes the store to its head, and then there is nothing left to do", arguments: EngineUnderTest.allCases)
    func head(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let store = world.anyStore
        let plan = try await plan(world)
        #expect(plan.steps.map(\.action) == [.adopt, .apply, .apply, .apply])
        #expect(plan.from == 1 && plan.to == 4)
        let entry = LedgerEntry.test()
        let snapshot = try await store.snapshot(into: world.scratch("copy"), progress: nil)
        let record = try await store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        #expect(record.applied.map(\.version) == [1, 2, 3, 4])
        let verification = try await store.verify(plan, entry: entry, since: record.token)
        #expect(verification == Verification(problems: [], wasWrittenSince: false))
        #expect(try await store.hasCommitted(entry.operation))
        #expect(try await self.plan(world).isEmpty)
    }

    @Test("the ledger tells version, name, success, origin, operation and backup", arguments: EngineUnderTest.allCases)
    func ledger(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let entry = LedgerEntry.test()
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        _ = try await world.anyStore.migrate(plan(world), from: snapshot, entry: entry, progress: nil)
        await world.anyStore.close()
        let rows = try world.ask(
            """
            SELECT version, name, success, error_message IS NULL, origin, operation_id, backup_id, release,
                   length(checksum), down_sql IS NOT NULL, applied_at LIKE '20__-__-__T%Z'
            FROM schema_migrations ORDER BY version;
            """)
        let tail = "\(entry.operation)|000007_0123456789ab|v4.4.0|64"
        #expect(
            rows == [
                "1|base|1|1|adopted|\(tail)|0|1", "2|rlm|1|1|applied|\(tail)|1|1", "3|files|1|1|applied|\(tail)|1|1",
                "4|embeddings|1|1|applied|\(tail)|1|1",
            ])
        #expect(
            try world.ask("SELECT event, version, operation_id FROM schema_migration_events ORDER BY id;") == [
                "adopted|1|\(entry.operation)", "applied|2|\(entry.operation)", "applied|3|\(entry.operation)",
                "applied|4|\(entry.operation)",
            ])
    }

    @Test("a rehearsal leaves the store alone", arguments: EngineUnderTest.allCases)
    func rehearsal(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let before = try world.dump(withLedger: true)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        let plan = try await plan(world)
        let record = try await world.anyStore
            .rehearse(plan, on: snapshot.path, of: snapshot, entry: .test(), progress: nil)
        #expect(record?.applied.count == 4)
        await world.anyStore.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("what was proved can be rehearsed, and nothing of it stays", arguments: EngineUnderTest.allCases)
    func proof(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let store = world.anyStore
        let before = try world.dump(withLedger: true)
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
        #expect(record?.applied.count == 4)
        let (rehearsed, live) = await (
            store.checkTarget(rehearsedOn: snapshot.path), store.checkTarget(rehearsedOn: nil)
        )
        #expect(rehearsed != live && !rehearsed.environment.isEmpty && !live.environment.isEmpty)
        await store.discardScratch(of: entry.operation)
        await store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("a state that moved after the snapshot is left alone", arguments: EngineUnderTest.allCases)
    func moved(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let plan = try await plan(world)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        try world.write("INSERT INTO todos (id, content, status) VALUES ('late', 'x', 'pending');")
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.anyStore.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeMoved)
        #expect(error?.dataState == .untouched)
        await world.anyStore.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "P11, R11: a failure is written down, never over a success, and the next run needs no repair",
        arguments: EngineUnderTest.allCases)
    func failure(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let broken = try Catalogue.with(up: "CREATE TABLE fresh (x); INSERT INTO nowhere VALUES (1);")
        let before = try world.dump(withLedger: false)
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
        #expect(try world.dump(withLedger: false).differences(from: before) == [])
        #expect(
            try world.ask("SELECT version, name, success, error_message LIKE '%nowhere%' FROM schema_migrations;")
                == ["5|test|0|1"])

        let next = try await world.anyStore.snapshot(into: world.scratch("next"), progress: nil)
        _ = try await world.anyStore.migrate(self.plan(world), from: next, entry: .test(), progress: nil)
        try await world.anyStore.recordFailure(error, of: self.plan(world, broken), entry: entry)
        await world.anyStore.close()
        #expect(
            try world.ask("SELECT version, success FROM schema_migrations ORDER BY version;")
                == ["1|1", "2|1", "3|1", "4|1", "5|0"])
    }

    @Test(
        "a restore puts the state of a snapshot back, and only over the state that was kept",
        arguments: EngineUnderTest.allCases)
    func restore(_ engine: EngineUnderTest) async throws {
        let world = try engine.world()
        let old = try world.dump(withLedger: true)
        let snapshot = try await world.anyStore.snapshot(into: world.scratch("copy"), progress: nil)
        try world.write("DELETE FROM context_locks; CREATE TABLE fresh (x);")
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
        #expect(try world.dump(withLedger: true).differences(from: old) == [])
    }

    @Test(
        "P9: of eight daemons that start at once, one migrates and seven find nothing to do",
        arguments: EngineUnderTest.allCases)
    func eight(_ engine: EngineUnderTest) async throws {
        guard let world = try engine.world() as? SQLiteWorld else { return }
        let catalogue = catalogue
        let (path, scratch, id) = (world.path, world.folder.path, world.id)
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let store = try SQLiteStore(path: path)
                    for round in 0... {
                        let survey = try await store.survey(catalogue)
                        let plan = try Planner(catalogue: catalogue).plan(for: id, at: path, survey)
                        if plan.isEmpty { return 0 }
                        do throws(GuardError) {
                            let copy = "\(scratch)/\(number)-\(round).db"
                            let snapshot = try await store.snapshot(into: copy, progress: nil)
                            _ = try await store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
                            return 1
                        } catch {
                            guard error.code == .storeMoved else { throw error }
                        }
                    }
                    return 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(applied == 1)
        #expect(try world.ask("SELECT count(*) FROM schema_migration_events;") == ["4"])
    }
}

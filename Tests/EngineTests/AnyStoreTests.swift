// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Journal
import LinuxKit
import Stores
import Synchronization
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("A store of any kind")
struct AnyStoreTests {
    /// A world whose memory is a store without scratch, and what is asked of it.
    private func sparse() throws -> (World, SparseStore.Diary) {
        var world = try World()
        let diary = SparseStore.Diary()
        world.opener = { (location) throws(GuardError) in try SparseStore(location, diary) }
        return (world, diary)
    }

    @Test("Without a restore the proof is decode and digests, without scratch nothing is rehearsed, and both are told")
    func decoded() async throws {
        var (world, diary) = try sparse()
        let log = world.folder.file("log")
        world.check("echo \"$DEMENTIAD_PHASE $SPARSE $1 $DEMENTIAD_STORE\" >> '\(log)'")
        let before = try world.contents()
        let result = try await world.pass()
        let operation = try #require(result.operation)
        #expect(operation.outcome == .succeeded)
        #expect(operation.findings.map(\.code) == ["sparse", "proofDecoded", "notRehearsed"])
        #expect(operation.findings.contains { $0.message.contains("no scratch database may be created") })
        let backup = try #require(try world.backups().first)
        #expect(backup.manifest.proof == .decoded && backup.manifest.checks.restoreTest == nil)
        #expect(try world.contents(of: backup).differences(from: before) == [])
        // Nobody was asked to judge a rehearsal that there was none of.
        let url = "sparse://" + world.store
        #expect(String(decoding: try content(of: log), as: UTF8.self) == "live live \(url) \(url)\n")
        #expect(diary.entries == ["prove \(operation.id)", "discard \(operation.id)"])
        #expect(try world.leftovers() == [])
    }

    @Test("After a failure, too, nothing of an operation is left in scratch")
    func discardedAfterFailure() async throws {
        var (world, diary) = try sparse()
        try world.dropIn("DELETE FROM memory_entries")
        let before = try world.contents()
        let operation = try #require(try await world.pass().operation)
        #expect(operation.outcome == .failedUntouched && operation.error?.code == .conservationFailed)
        #expect(diary.entries.last == "discard \(operation.id)")
        #expect(try world.contents().differences(from: before) == [])
    }

    @Test("What a crash left in the scratch of an operation is dropped when it is settled")
    func discardedByRecovery() async throws {
        let (world, diary) = try sparse()
        // Known from an earlier look.
        var looking = world
        looking.mode = .ask
        _ = try await looking.pass()
        let tools = try world.tools(world.state)
        let record = OperationRecord(
            id: tools.newOperationID(), kind: .backup, store: world.id, state: .running, trigger: "request",
            actor: .init(uid: 1000), startedAt: tools.clock())
        try await OperationLog.begin(record, with: tools).step(.backup)
        _ = try await looking.pass()
        #expect(diary.entries == ["discard \(record.id)"])
    }

    @Test("The losses of a downgrade that cannot be tried are not made up")
    func unknownLosses() async throws {
        let (world, _) = try sparse()
        let guarded = try await Guarded(world)
        #expect(try await guarded.run(.migrate).outcome == .succeeded)
        let plan = try await guarded.service.plan(PlanRequest(kind: .downgrade, store: world.id, to: .version(1)))
        #expect(plan.wouldLose.isEmpty && plan.refusal == nil)
        #expect(plan.notes.contains { $0.contains("cannot be told") })
        await guarded.stop()
    }

    // MARK: Stores that cannot be opened

    private static func unreachable(_ location: StoreLocation) -> GuardError {
        GuardError(.serverUnreachable, "\(location.name) is out of reach", store: location.id, hint: "Wait.")
    }

    @Test("A store that cannot be opened is that store's result, and the others are taken care of")
    func refusedByTheOpener() async throws {
        var world = try World()
        let (good, bad) = (world.location, StoreLocation(engine: .postgres, name: "db:5432/app#shop"))
        world.opener = { (location) throws(GuardError) in
            if location.engine == .postgres { throw Self.unreachable(location) }
            return try SQLiteStore.open(location)
        }
        for _ in 1...2 {
            let result = try await world.pass(over: [bad, good])
            #expect(result.items.map(\.store.state) == [.missing, .current])
            #expect(result.items[0].operation?.error?.code == .serverUnreachable)
            #expect(result.items[0].operation?.dataState == .untouched)
            #expect(result.exit == .failed)
        }
        // Told once, not at every look.
        let operations = try await Journal(path: world.state + "/journal.db", clock: { Timestamp(milliseconds: 0) })
            .operations(store: bad.id, limit: 10)
        #expect(operations.count == 1)

        // In the daemon it stands in the list, and does not keep the others from being looked at.
        let guarded = try await Guarded(world, discover: { Discovered(locations: [bad, good]) })
        #expect(
            try await guarded.service.stores().map(\.state).sorted { $0.rawValue < $1.rawValue } == [
                .current, .missing,
            ])
        #expect(try await guarded.service.history(of: bad.id).ledger.isEmpty)
        let backup = try await guarded.service.start(
            OperationRequest(kind: .backup, store: bad.id), key: nil, for: Caller(uid: 1000, pid: 1))
        let settled = try await guarded.service.operation(backup.id, waiting: Patience.limit)
        #expect(settled.outcome == .failedUntouched && settled.error?.code == .serverUnreachable)
        await guarded.stop()
    }

    @Test(
        "An operation whose store cannot be opened waits for its evidence",
        arguments: [OperationKind.migrate, .restore])
    func waitsForEvidence(_ kind: OperationKind) async throws {
        var world = try World()
        world.mode = .ask
        _ = try await world.pass()
        let tools = try world.tools(world.state)
        let record = OperationRecord(
            id: tools.newOperationID(), kind: kind, store: world.id, state: .running, trigger: "request",
            actor: .init(uid: 1000), startedAt: tools.clock())
        let log = try await OperationLog.begin(record, with: tools)
        try await log.step(.preflight, backup: BackupID(sequence: 1, root: "0123456789ab"))
        try await log.step(kind == .migrate ? .migrate : .restore, dataState: .changing)
        world.opener = { (location) throws(GuardError) in throw Self.unreachable(location) }
        #expect(try await world.pass().recovered.isEmpty)
        let unsettled = try await tools.journal.unsettled()
        #expect(unsettled.map(\.id) == [record.id] && unsettled.map(\.dataState) == [.changing])
    }

    // MARK: Places that cannot be looked into

    @Test("A server that cannot be reached is a finding until it is, and keeps nobody else waiting")
    func unreachedServer() async throws {
        let world = try World()
        let location = world.location
        let problems = Mutex([GuardError(.serverUnreachable, "the server db:5432 cannot be reached", hint: "Start it.")]
        )
        let guarded = try await Guarded(
            world, discover: { Discovered(locations: [location], problems: problems.withLock { $0 }) })
        #expect(try await guarded.run(.migrate).outcome == .succeeded)
        let status = try await guarded.service.status()
        #expect(status.verdict == .attention && status.summary.contains("server"))
        #expect(
            status.findings == [Finding(code: "serverUnreachable", message: "the server db:5432 cannot be reached")])
        problems.withLock { $0 = [] }
        #expect(try await guarded.run(.rescan).outcome == .succeeded)
        let later = try await guarded.service.status()
        #expect(later.verdict == .safe && later.findings == [])
        await guarded.stop()
    }

    @Test("What a pass could not look into is part of its exit code, and of its document")
    func exitOfProblems() throws {
        let problem = GuardError(.serverUnreachable, "the server db:5432 cannot be reached", hint: "Start it.")
        #expect(PassResult(items: [], problems: [problem]).exitCode == .failed)
        #expect(PassResult(items: [], problems: []).exitCode == .done)
        let form = PassForm([], problems: [problem])
        #expect(form.problems.map(\.code) == [.serverUnreachable] && form.problems[0].retryable)
        #expect(form.problems[0].detail == problem.message && form.problems[0].dataState == .untouched)
    }
}

// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import Releases
import SQLiteKit
import Stores
import TestSupport
import Testing
import Vault
import Watcher

@testable import Engine

/// A service of a world's memory, as the daemon has it: recovered, and with one look behind it.
struct Guarded {
    let world: World
    let service: EngineService
    private let relay: EventRelay
    private let relaying: Task<Void, Never>
    private let attending: Task<Void, Never>
    private let following: Task<Void, Never>
    private let state: Keeper

    init(
        _ world: World, mode: MigrationMode = .ask, parallel: Int = 2,
        silence: Duration = .seconds(45), watching trees: Set<String>? = nil,
        discover: (@Sendable () async throws(GuardError) -> Discovered)? = nil
    ) async throws {
        self.world = world
        let relay = EventRelay()
        self.relay = relay
        var watched = world
        let observe = world.observe
        watched.observe = { event in
            relay.send(event)
            observe(event)
        }
        state = Keeper(try StateDirectory(world.state))
        let location = world.location
        var settings = SupervisorSettings(
            mode: { _ in mode }, parallel: parallel, discover: discover ?? { Discovered(locations: [location]) })
        settings.silence = silence
        if let trees {
            settings.watcher = try Watcher(Self.rules)
            settings.trees = { trees }
        }
        let service = EngineService(try watched.tools(world.state), settings, relay: relay)
        self.service = service
        relaying = Task { await service.supervisor.relayEvents() }
        attending = Task { await service.supervisor.attendToRequests() }
        following = Task { await service.supervisor.followWatcher() }
        try await service.supervisor.recover()
        try await service.supervisor.rescan(startingWork: true)
    }

    /// As the daemon watches, and quicker.
    private static var rules: WatchRules {
        var rules = WatchRules { name, folder in
            Discovery.isMemory(name, in: folder) || ReleaseFinder.isReleaseName(name)
        }
        rules.settle = .milliseconds(100)
        return rules
    }

    /// Starts an operation and waits until it is settled.
    func run(
        _ kind: OperationKind, to version: Int? = nil, backup: BackupID? = nil, digest: String? = nil
    ) async throws -> OperationRecord {
        let request = OperationRequest(
            kind: kind, store: kind == .rescan ? nil : world.id, to: version.map { .version($0) }, backup: backup,
            planDigest: digest)
        let record = try await service.start(request, key: nil, for: Caller(uid: 1000, pid: 1))
        let settled = try await service.operation(record.id, waiting: Patience.limit)
        #expect(settled.state == .settled)
        return settled
    }

    /// What is shown of the memory, or of `id`, once `condition` holds for it. Nothing is looked at for that.
    @discardableResult
    func eventually(_ id: StoreID? = nil, _ condition: (StoreForm) -> Bool) async throws -> StoreForm {
        let id = id ?? world.id
        var last: StoreForm?
        try await eventually("\(id)") { service in
            last = try await service.stores().first { $0.id == id }
            return last.map(condition) ?? false
        }
        return try #require(last)
    }

    /// Waits until `condition` holds.
    func eventually(_ what: String, _ condition: (EngineService) async throws -> Bool) async throws {
        do {
            try await TestSupport.eventually(what) { try await condition(service) }
        } catch let ended as Patience.Ended {
            Issue.record("\(ended); there are \(try await service.stores())")
        }
    }

    /// Waits for a second in which `value` does not change. A loop, which would turn ten times in it, has none.
    func isQuiet(_ value: () -> Int) async throws {
        try await TestSupport.eventually("a quiet second") {
            let before = value()
            try await Task.sleep(for: .seconds(1))
            return value() == before
        }
    }

    func form() async throws -> StoreForm { try await service.store(world.id) }

    func stop() async {
        await service.supervisor.stop()
        await relaying.value
        await attending.value
        await following.value
        state.release()
    }
}

/// Holds the state directory until it is released: a second service on it then is a daemon that starts again.
final class Keeper: @unchecked Sendable {
    // Only the test's own task touches it.
    private var directory: StateDirectory?

    init(_ directory: consuming StateDirectory) {
        self.directory = consume directory
    }

    func release() {
        directory = nil
    }
}

@Suite("The service")
struct SupervisorTests {
    @Test(
        "mode ask looks and waits; an explicit migration goes to the head, and back and forth again keeps every value")
    func thereAndBack() async throws {
        let world = try World(.v4_0Real)
        let before = try world.contents()
        let guarded = try await Guarded(world)
        #expect(try await guarded.form().state == .pending)
        #expect(try world.contents() == before)

        let up = try await guarded.run(.migrate)
        #expect(up.outcome == .succeeded)
        #expect(try await guarded.form().schemaVersion == 4)

        let plan = try await guarded.service.plan(PlanRequest(kind: .downgrade, store: world.id, to: .version(1)))
        #expect(plan.wouldLose.contains { $0.table == "context_locks" && $0.column == "preview" && $0.rows == 3 })
        #expect(plan.wouldLose.contains { $0.table == "tool_usage_log" && $0.column == nil })

        let down = try await guarded.run(.downgrade, to: 1, digest: plan.digest)
        #expect(down.outcome == .succeeded)
        #expect(down.result?.lost?.map(\.table).contains("tool_usage_log") == true)
        #expect(try world.contents().differences(from: before) == [])
        #expect(try await guarded.form().state == .held)

        // The hold keeps automation away, and who asks by name ends it.
        let again = try await guarded.run(.migrate)
        #expect(again.outcome == .succeeded)
        #expect(try await guarded.service.holds().isEmpty)
        #expect(try await guarded.form().state == .current)
        await guarded.stop()
    }

    @Test("P24: a restore brings the old state back, keeps what was written since, and leaves a hold")
    func restore() async throws {
        let world = try World(.v4_0)
        let before = try world.contents()
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.migrate).backup)
        try Connection(path: world.store, access: .readWrite)
            .execute("INSERT INTO memory_entries (category, content, timestamp) VALUES ('late', 'written since', 1)")
        let restored = try await guarded.run(.restore, backup: backup)
        #expect(restored.outcome == .succeeded)
        #expect(restored.dataState == .restoredVerified)
        #expect(restored.result?.rowsInKeptState?["memory_entries"] == 1)
        #expect(try world.contents().differences(from: before) == [])
        #expect(try await guarded.form().state == .held)

        let kept = try #require(restored.result?.keptState)
        _ = try await guarded.run(.restore, backup: kept)
        #expect(try world.contents().values("memory_entries", "content").contains(.text("written since")))
        await guarded.stop()
    }

    @Test("a file that is missing, or is no database any more, is replaced by a restore", arguments: [false, true])
    func replacement(isMissing: Bool) async throws {
        let world = try World(.v4_0)
        let before = try world.contents()
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        if isMissing {
            try Directory.unlink(world.store)
        } else {
            try write(Array(repeating: 0x5a, count: 5000), to: world.store)
        }
        let restored = try await guarded.run(.restore, backup: backup)
        #expect(restored.outcome == .succeeded)
        #expect(try world.contents().differences(from: before) == [])
        let beside = try Directory.entries(Directory.parent(of: world.store))
            .filter { $0.hasPrefix(".claude-memory.db.replaced-") }
        #expect(beside.count == (isMissing ? 0 : 1))
        await guarded.stop()
    }

    @Test("P3: what drifted is refused, and a repair converges it")
    func repair() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        _ = try await guarded.run(.migrate)
        try Connection(path: world.store, access: .readWrite).execute(
            "DROP TABLE tool_usage_log; DROP INDEX idx_context_access")
        let refused = try await guarded.run(.migrate)
        #expect(refused.error?.code == .drift)
        #expect(refused.exitCode == .notMigratable)
        #expect(try await guarded.run(.verify).exitCode == .verificationFailed)
        #expect(try await guarded.form().state == .drifted)
        let repaired = try await guarded.run(.repair)
        #expect(repaired.outcome == .succeeded)
        #expect(try await guarded.run(.verify).outcome == .succeeded)
        #expect(try await guarded.form().state == .current)
        await guarded.stop()
    }

    @Test("a plan that was agreed to is the plan that runs, or nothing does")
    func planDigest() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let plan = try await guarded.service.plan(PlanRequest(store: world.id))
        try Connection(path: world.store, access: .readWrite).execute(
            "ALTER TABLE context_locks ADD COLUMN embedding BLOB")
        try Connection(path: world.store, access: .readWrite).execute(
            "ALTER TABLE context_locks ADD COLUMN embedding_model TEXT")
        await #expect { try await guarded.run(.migrate, digest: plan.digest) } throws: {
            ($0 as? GuardError)?.code == .planChanged
        }
        #expect(try await guarded.form().state == .pending)
        await guarded.stop()
    }

    @Test(
        "one operation at a time per memory; the same key gives the same operation, and another request with it is refused"
    )
    func oneAtATime() async throws {
        var world = try World(.v4_0)
        world.check("sleep 2")
        let guarded = try await Guarded(world)
        let caller = Caller(uid: 1000, pid: 1)
        let request = OperationRequest(kind: .migrate, store: world.id)
        let first = try await guarded.service.start(request, key: "k", for: caller)
        #expect(try await guarded.service.start(request, key: "k", for: caller).id == first.id)
        await #expect {
            try await guarded.service.start(OperationRequest(kind: .rescan), key: "k", for: caller)
        } throws: {
            ($0 as? GuardError)?.code == .keyReused
        }
        await #expect { try await guarded.service.start(request, key: nil, for: caller) } throws: {
            ($0 as? GuardError)?.code == .storeBusy
        }
        #expect(try await guarded.service.operation(first.id, waiting: Patience.limit).outcome == .succeeded)
        await guarded.stop()
    }

    @Test("a cancelled operation leaves everything as it was; past the point of no return nothing is cancelled")
    func cancel() async throws {
        var world = try World(.v4_0)
        world.check("sleep 1")
        let before = try world.contents()
        let guarded = try await Guarded(world)
        let caller = Caller(uid: 1000, pid: 1)
        let record = try await guarded.service.start(
            OperationRequest(kind: .migrate, store: world.id), key: nil, for: caller)
        _ = try await guarded.service.cancel(record.id, for: caller)
        let settled = try await guarded.service.operation(record.id, waiting: Patience.limit)
        #expect(settled.outcome == .cancelled)
        #expect(settled.dataState == .untouched)
        #expect(try world.contents().differences(from: before) == [])
        await #expect { try await guarded.service.cancel(record.id, for: caller) } throws: {
            ($0 as? GuardError)?.code == .notCancellable
        }
        await guarded.stop()
    }

    @Test("mode auto migrates what a look finds, and not what is held")
    func automation() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world, mode: .auto)
        let records = try await guarded.service.operations(of: world.id, in: nil, Page()).items
        #expect(records.map(\.kind) == [.migrate])
        let settled = try await guarded.service.operation(try #require(records.first).id, waiting: Patience.limit)
        #expect(settled.outcome == .succeeded)
        #expect(settled.trigger == "discovery")
        _ = try await guarded.run(.downgrade, to: 1)
        #expect(try await guarded.run(.rescan).outcome == .succeeded)
        #expect(try await guarded.form().schemaVersion == 1)
        await guarded.stop()
    }

    @Test("invariant 7: an unknown shape is backed up once, reported and left alone")
    func unknown() async throws {
        let world = try World(.v4_0)
        try Connection(path: world.store, access: .readWrite).execute(
            "ALTER TABLE context_locks DROP COLUMN content_hash")
        let before = try world.files()
        let guarded = try await Guarded(world, mode: .auto)
        #expect(try await guarded.run(.rescan).outcome == .succeeded)
        #expect(try await guarded.form().state == .unknown)
        #expect(try await guarded.service.backups(of: world.id, Page()).items.count == 1)
        #expect(try world.files() == before)
        await guarded.stop()
    }

    @Test("R12: a restore that a crash cut short is settled by what the file holds", arguments: [false, true])
    func interruptedRestore(hasHappened: Bool) async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.migrate).backup)
        let tools = await guarded.service.supervisor.tools
        let record = OperationRecord(
            id: tools.newOperationID(), kind: .restore, store: world.id, state: .running, trigger: "request",
            actor: .init(uid: 1000), startedAt: tools.clock())
        let log = try await OperationLog.begin(record, with: tools)
        let scratch = try ScratchFolder(record.id.value, in: tools.scratch)
        let store = try SQLiteStore(path: world.store)
        try await log.step(.preflight, backup: backup)
        let entry = try tools.vault.entry(backup)
        if hasHappened {
            _ = try await Restorer(tools: tools, store: store, log: log, scratch: scratch).restore(
                entry, keeping: .beforeRestore)
        } else {
            _ = try await BackupTaker(tools: tools, store: store, log: log, scratch: scratch)
                .take(.beforeRestore, line: "sqlite-4", version: nil)
            try await log.step(.restore, dataState: .changing)
        }
        await store.close()
        // Somebody writes before the daemon is there again.
        try Connection(path: world.store, access: .readWrite)
            .execute("INSERT INTO memory_entries (category, content, timestamp) VALUES ('late', 'x', 1)")
        await guarded.stop()

        let restarted = try await Guarded(world)
        let settled = try await restarted.service.operation(record.id, waiting: .zero)
        #expect(settled.state == .settled)
        #expect(settled.outcome == (hasHappened ? .succeeded : .failedUntouched))
        #expect(settled.dataState == (hasHappened ? .restoredVerified : .untouched))
        #expect(try await restarted.form().schemaVersion == (hasHappened ? 1 : 4))
        await restarted.stop()
    }
}

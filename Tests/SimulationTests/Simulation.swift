// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import FoundationEssentials
import Glibc
import GuardCore
import LinuxKit
import Stores
import Synchronization
import TestSupport

@testable import Engine
@testable import Journal
@testable import Vault

/// One engine after the other over one simulated memory, one journal and one vault, as a scenario says, with the invariants checked after
/// every step.
///
/// Everything runs one after the other, so that a seed decides the order of all calls. Journal and vault are the real ones, on a
/// filesystem in memory; a crash keeps what they had written, as a SIGKILL does.
final class Simulation {
    /// One process.
    struct Running {
        let service: EngineService
        let context: EngineContext
        let relaying: Task<Void, Never>

        var supervisor: Supervisor { service.supervisor }
    }

    /// The simulation itself went wrong.
    struct Stuck: Error, CustomStringConvertible { let description: String }

    let scenario: Scenario
    let folder: SimulationFolder
    let memory: SimulatedMemory
    let chaos = Chaos()
    let clock = VirtualClock()
    /// Read once: it is the same in every world.
    private static let catalogue = Result { try Catalogue() }
    private let isBroken = Flag()
    /// nil while no process runs.
    private(set) var running: Running?
    /// The content of the memory before its folder went away.
    private var gone: MemoryContent?
    private(set) var log: [String] = []
    private var told = 0
    private var knowledge = Knowledge()

    init(_ scenario: Scenario) throws {
        self.scenario = scenario
        folder = try SimulationFolder()
        let location = StoreLocation(engine: .sqlite, name: "/simulated/\(scenario.seed)/shop/.claude-memory.db")
        var content = MemoryContent(version: scenario.version)
        content.rows = ["key0": "value0"]
        memory = SimulatedMemory(location, content)
    }

    private var id: StoreID { memory.location.id }

    /// Plays the scenario. Gives what was found to be untrue, in words; the first step after which something is ends it.
    func run() async throws -> [String] {
        try await start()
        for (number, step) in scenario.steps.enumerated() {
            log.append("\(number + 1). \(step)")
            chaos.arm(step.chaos, seed: step.seed)
            await perform(step.action)
            try await untilIdle()
            noteTrace()
            let isOver = chaos.isCrashed || running == nil
            if isOver { try await end() }
            chaos.disarm()
            if isOver {
                memory.dropLocks()
                try await start()
            }
            let untrue = try await check(after: step)
            if !untrue.isEmpty { return untrue }
        }
        try await end()
        try await start()
        let untrue = try await check(after: nil)
        if !untrue.isEmpty { return untrue }
        let left = try await checkEnd()
        try await end()
        return left
    }

    private func noteTrace() {
        let trace = chaos.trace
        log += trace[told...].map { "    \($0)" }
        told = trace.count
    }

    // MARK: Processes

    private var policy: EngineContext.Policy {
        var policy = EngineContext.Policy()
        policy.minimumFree = 0
        policy.maintenance.keep = .init(last: scenario.kept, daily: 0, weekly: 0, beforeMigration: 1)
        policy.maintenance.budget = .max
        return policy
    }

    /// A new process: opens everything, settles what the last one left, and looks at everything.
    private func start() async throws {
        let (chaos, clock, memory, isBroken, state) = (chaos, clock, memory, isBroken, folder.path)
        let relay = EventRelay()
        let context = try EngineContext(
            journal: Journal(path: state + "/journal.db", clock: clock.now) { (write) throws(JournalError) in
                try chaos.judge(write)
            },
            vault: Vault(
                openingOrCreating: state + "/vault", now: clock.now,
                disk: Disk(judge: { change, path in chaos.judge(change, path) })),
            catalogue: try Self.catalogue.get(), policy: policy, clock: clock.now, scratch: state + "/scratch",
            uid: 1000,
            host: "simulation",
            open: { (_) throws(GuardError) in
                SimulatedStore(memory, chaos, passes: { clock.move(by: $0) }, isBroken: { isBroken.isSet })
            },
            observe: relay.send)
        let mode: MigrationMode = scenario.isAutomatic ? .auto : .ask
        let releases = folder.releases
        let settings = SupervisorSettings(
            mode: { _ in mode }, parallel: 1,
            discover: { Discovered(locations: [memory.location], releaseFolders: [releases]) })
        let service = EngineService(context, settings, relay: relay)
        let relaying = Task { await service.supervisor.relayEvents() }
        running = Running(service: service, context: context, relaying: relaying)
        try await service.supervisor.recover()
        try await attempt { (running) in try await running.supervisor.rescan(startingWork: true) }
        try await untilIdle()
    }

    private func end() async throws {
        guard let running else { return }
        let left = await running.supervisor.stop()
        guard left.isEmpty else { throw Stuck(description: "a stop left \(left)") }
        await running.relaying.value
        self.running = nil
    }

    /// Waits until nothing is at work.
    private func untilIdle() async throws {
        guard let running else { return }
        for _ in 0..<1000 {
            let tasks = await running.supervisor.operations.all
            if tasks.isEmpty { return }
            for task in tasks { await task.value }
        }
        throw Stuck(description: "the engine does not come to rest")
    }

    // MARK: Steps

    /// Does `body`; what it is refused for is noted and no fault of anything.
    private func attempt(_ body: (Running) async throws -> Void) async throws {
        guard let running else { return }
        do {
            try await body(running)
        } catch let error as GuardError {
            log.append("    refused: \(error.code) \(error.message)")
        }
    }

    private func perform(_ action: Scenario.Action) async {
        do {
            try await attempt { running in try await perform(action, running) }
        } catch {
            // What ends a process in the middle of its start.
            log.append("    ended: \(error)")
            try? await end()
            running = nil
        }
    }

    private func perform(_ action: Scenario.Action, _ running: Running) async throws {
        let (service, supervisor) = (running.service, running.supervisor)
        switch action {
        case .write: memory.write()
        case .upgrade:
            memory.upgrade()
            try await supervisor.attend(memory.location, because: "change")
        case .vanish:
            if let content = memory.content { gone = content }
            memory.move(away: nil)
            try await supervisor.attend(memory.location, because: "discovery")
        case .reappear:
            if memory.content == nil, let gone { memory.move(away: gone) }
            try await supervisor.attend(memory.location, because: "discovery")
        case .migrate: try await ask(.migrate, of: service)
        case .backup: try await ask(.backup, of: service)
        case .verify: try await ask(.verify, of: service)
        case .downgrade(let version): try await ask(.downgrade, to: version, of: service)
        case .proof: try await ask(OperationRequest(kind: .verify), of: service)
        case .prune: try await ask(OperationRequest(kind: .prune), of: service)
        case .rescan: try await supervisor.rescan(startingWork: true)
        case .restore(let number):
            let backups = try running.context.vault.list().compactMap(\.entry)
            guard !backups.isEmpty else { return }
            let request = OperationRequest(kind: .restore, store: id, backup: backups[number % backups.count].id)
            try await ask(request, of: service)
        case .hold: _ = try await service.addHold(HoldRequest(store: id), for: Self.caller)
        case .release:
            for hold in try await service.holds() { try await service.removeHold(hold.id, for: Self.caller) }
        case .pin(let number):
            let backups = try running.context.vault.list().compactMap(\.entry)
            guard !backups.isEmpty else { return }
            _ = try await service.setPin(number % 2 == 0, of: backups[number % backups.count].id, for: Self.caller)
        case .install(let version):
            try folder.install(version)
            await supervisor.releasesChanged()
            try await supervisor.rescan(startingWork: true)
        case .breakMigration: isBroken.set(true)
        case .mendMigration: isBroken.set(false)
        case .wait(let hours): clock.move(by: .seconds(hours * 3600))
        case .scheduledBackup: await supervisor.backUpIfDue(id)
        case .drill: await supervisor.drill()
        case .scheduledPrune: await supervisor.prune()
        case .restart:
            try await end()
            try await start()
        }
    }

    private static let caller = Caller(uid: 1000, pid: 1)

    private func ask(_ kind: OperationKind, to version: Int? = nil, of service: EngineService) async throws {
        try await ask(OperationRequest(kind: kind, store: id, to: version.map { .version($0) }), of: service)
    }

    private func ask(_ request: OperationRequest, of service: EngineService) async throws {
        let record = try await service.start(request, key: nil, for: Self.caller)
        try await untilIdle()
        let settled = try await service.operation(record.id, waiting: .zero)
        let error = settled.error.map { " (\($0.code): \($0.detail))" } ?? ""
        log.append(
            "    \(settled.kind) ended as \(settled.outcome.map(\.rawValue) ?? "open"), \(settled.dataState)\(error)")
    }

    // MARK: Checks

    private func check(after step: Scenario.Step?) async throws -> [String] {
        guard let running else { throw Stuck(description: "no process runs") }
        var check = Check(
            running, memory, scenario, step?.action, wanted: folder.wanted ?? 4, isBroken: isBroken.isSet, knowledge)
        let untrue = try await check.run()
        knowledge = check.knowledge
        return untrue
    }

    private func checkEnd() async throws -> [String] {
        guard let running else { throw Stuck(description: "no process runs") }
        let check = Check(
            running, memory, scenario, nil, wanted: folder.wanted ?? 4, isBroken: isBroken.isSet, knowledge)
        return try await check.leftovers(in: folder.path)
    }
}

/// A clock that moves when the world says so, and by a millisecond each time it is read.
final class VirtualClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_762_689_662_345)

    var now: WallClock {
        { [self] in
            milliseconds.withLock { milliseconds in
                milliseconds += 1
                return Timestamp(milliseconds: milliseconds)
            }
        }
    }

    func move(by duration: Duration) { milliseconds.withLock { $0 += duration.milliseconds } }
}

/// A switch.
final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }
    func set(_ isSet: Bool) { state.withLock { $0 = isSet } }
}

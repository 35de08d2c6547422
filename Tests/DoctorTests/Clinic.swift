// SPDX-License-Identifier: MIT

import ControlAPI
import ControlServer
import ControlTestKit
import Dementia
import Doctor
import Engine
import GuardCore
import Journal
import LinuxKit
import Logging
import ServiceLifecycle
import Stores
import Synchronization
import TestSupport
import Testing
import Vault
import Watcher

@testable import dementiad

/// The control socket's tests have fixtures of their own.
typealias Fixture = TestSupport.Fixture

/// A service of memories in a folder, whose time a test moves, behind a real socket: the built `dementiactl` asks it, and what it prints
/// is run by a shell.
struct Clinic {
    let patient: Patient
    let service: EngineService
    let clock: MovableClock
    /// Home, memories and state of the user.
    let folder: TemporaryFolder
    let state: String
    private let places: Locations

    /// Runs `body` with memories that are copies of `fixtures`, each in a project of its own, after the first look at them.
    static func run(
        _ fixtures: [Fixture] = [.v4_4], mode: MigrationMode = .ask, in parent: String? = nil,
        servers: [String] = [], releases: Set<String> = [], policy: EngineContext.Policy = EngineContext.Policy(),
        _ body: (Clinic) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let clock = MovableClock()
        let patient = try Patient(in: folder)
        let state = try folder.folder("state")
        try Directory.create(state + "/scratch")
        let base = try parent ?? folder.folder("src")
        let locations = try fixtures.enumerated().map { number, fixture in
            let project = "\(base)/project\(number)"
            try Directory.create(project)
            return StoreLocation(engine: .sqlite, name: try fixture.copy(to: project + "/.claude-memory.db"))
        }
        let places = Locations(locations)
        let databases = try PostgresServers(servers)
        let relay = EventRelay()
        var policy = policy
        policy.minimumFree = 0
        let tools = try EngineContext(
            journal: Journal(path: state + "/journal.db", clock: clock.now),
            vault: Vault(openingOrCreating: state + "/vault", now: clock.now), catalogue: try Catalogue(),
            policy: policy, clock: clock.now, scratch: state + "/scratch", uid: 1000, host: "workstation",
            open: { (location) throws(GuardError) in
                if location.engine == .sqlite { return try SQLiteStore.open(location) }
                return try databases.store(at: location)
            },
            observe: relay.send)
        var settings = SupervisorSettings(
            mode: { _ in mode },
            discover: { Discovered(locations: places.value + databases.look().stores, releaseFolders: releases) })
        settings.target = { (place) throws(GuardError) in try databases.store(named: place) }
        let service = EngineService(tools, settings, relay: relay)
        let checkup = DiagnosticsRunner(
            unit: nil, dropIns: folder.path, trees: { [base] }, databases: { databases.checkUp() },
            calls: BlockingCalls(name: "look") { clock.now().milliseconds })
        await service.diagnose(with: .init { await checkup.run($0) })
        let clinic = Clinic(
            patient: patient, service: service, clock: clock, folder: folder, state: state, places: places)
        try await serving(service, at: patient.socket) {
            let tasks = [
                Task { await service.supervisor.relayEvents() }, Task { await service.supervisor.attendToRequests() },
            ]
            try await service.supervisor.recover()
            try await service.supervisor.rescan(startingWork: mode == .auto)
            try await body(clinic)
            await service.supervisor.stop()
            for task in tasks { await task.value }
        }
    }

    private static func serving(
        _ service: EngineService, at socket: String, _ body: () async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = ControlServer(socket: try ListeningSocket(at: socket), service: service, logger: logger)
        let group = ServiceGroup(services: [server], logger: logger)
        let running = Task { try await group.run() }
        do {
            try await body()
        } catch {
            await group.triggerGracefulShutdown()
            try await running.value
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    /// The memories.
    var stores: [StoreLocation] { places.value }

    /// Adds a memory, or what is to be one, and looks at it.
    func add(_ location: StoreLocation) async throws {
        places.add(location)
        try await service.supervisor.rescan(startingWork: false)
    }

    /// Waits until the operation `kind` on the first memory is settled.
    @discardableResult
    func work(_ kind: OperationKind) async throws -> OperationRecord {
        let request = OperationRequest(kind: kind, store: stores[0].id)
        let record = try await service.start(request, key: nil, for: Caller(uid: 1000, pid: 1))
        let settled = try await service.operation(record.id, waiting: Patience.limit)
        #expect(settled.outcome == .succeeded, "\(settled)")
        return settled
    }

    /// Expects the condition `code` to be found, does what is printed, and expects it to be gone.
    func mends(_ code: DiagnosisCode, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await patient.mends(code, sourceLocation: sourceLocation)
    }
}

/// Memories that a test and its service share the list of.
final class Locations: Sendable {
    private let list: Mutex<[StoreLocation]>

    init(_ list: [StoreLocation]) { self.list = Mutex(list) }

    var value: [StoreLocation] { list.withLock(\.self) }
    func add(_ location: StoreLocation) { list.withLock { $0.append(location) } }
}

/// The machine's clock, and what a test adds to it.
final class MovableClock: Sendable {
    private let offset = Mutex<Int64>(0)

    var now: WallClock {
        { [self] in
            Timestamp(milliseconds: Setup.clock().milliseconds + offset.withLock(\.self))
        }
    }

    func move(by duration: Duration) { offset.withLock { $0 += duration.components.seconds * 1000 } }
}

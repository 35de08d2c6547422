// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlServer
internal import Doctor
internal import Engine
internal import GuardConfiguration
internal import GuardCore
internal import GuardLog
internal import LinuxKit
internal import Logging
internal import Watcher

/// The daemon, put together: what lives as long as the process, and what a reload replaces.
actor Composition {
    let service: EngineService
    nonisolated var supervisor: Supervisor { service.supervisor }
    private let options: CommonOptions
    private let notifier: Notifier
    private let logger: Logger
    private let level: LogLevel
    private let runtime: Runtime
    private let watcher: Watcher
    private var setup: Setup
    private var places: StoreProvider
    private var loadedAt: Timestamp
    /// Where it is asked, and who may ask; nil before it listens.
    private var door: (socket: ListeningSocket, access: AccessControl)?

    init(_ options: CommonOptions, _ setup: Setup, _ notifier: Notifier, _ logger: Logger, _ level: LogLevel)
        throws(GuardError)
    {
        self.options = options
        self.setup = setup
        loadedAt = Setup.clock()
        self.notifier = notifier
        self.logger = logger
        self.level = level
        let relay = EventRelay()
        let eventLogger = EventLogger(logger, notifier)
        places = try StoreProvider(setup)
        runtime = try setup.runtime(places) { event in
            relay.send(event)
            eventLogger.tell(event)
        }
        for amendment in runtime.amendments { logger.tell(.stateDirectoryClosed, "\(amendment)") }
        do {
            watcher = try Watcher(setup.watchRules)
        } catch {
            throw GuardError(.internalError, "no thread could be made", causes: [error.description])
        }
        service = EngineService(runtime.context, setup.supervisorSettings(places, watcher), relay: relay)
    }

    /// Takes over what the configuration says now, as a whole, or keeps the old one and says what is wrong with the new.
    func reload() async throws(GuardError) -> ConfigReloadForm {
        notifier.reloading()
        let next: Setup
        let context: EngineContext
        let places: StoreProvider
        do throws(GuardError) {
            next = try Setup(options)
            places = try StoreProvider(next, calls: self.places.calls, marks: self.places.marks)
            try await places.prepare()
            context = try next.context(replacing: runtime.context, places)
            let readers = try next.readers()
            // Last, because it is in force at once.
            if let door { try door.access.admit(readers, at: door.socket) }
        } catch {
            notifier.ready(await supervisor.summary)
            let reasons = ([error.message] + error.causes).joined(separator: "; ")
            logger.tell(
                .configurationRefused, "the new configuration was refused, and the old one stays: \(reasons)",
                ["error": "\(reasons)"])
            throw GuardError(
                error.code, error.message,
                hint: "The old configuration stays in force. Look at it before the next try: dementiactl config check",
                causes: error.causes)
        }
        let changed = next.changes(since: setup)
        setup = next
        self.places = places
        loadedAt = Setup.clock()
        level.set(next.logLevel)
        await service.reconfigure(context, next.supervisorSettings(places, watcher))
        notifier.ready(await supervisor.summary)
        let names = changed.map(\.rawValue).joined(separator: ", ")
        logger.tell(
            .configurationReloaded, "the new configuration is live; changed: \(changed.isEmpty ? "nothing" : names)",
            ["changed": "\(names)"])
        return ConfigReloadForm(changed: changed.map(\.rawValue), config: form)
    }

    /// From now on a reload changes who may ask at `socket`.
    func listens(at socket: ListeningSocket, _ access: AccessControl) { door = (socket, access) }

    /// Lets the engine answer for the configuration.
    func start() async throws(GuardError) {
        try await places.prepare()
        await service.configure(
            with: .init(
                current: { [self] in await form },
                reload: { [self] () throws(GuardError) in try await reload() }))
        await service.diagnose(with: .init { [self] known in await checkup.run(known) })
    }

    /// By what is in force.
    private var checkup: DiagnosticsRunner {
        let folder = setup.userConfiguration
        let places = places
        return DiagnosticsRunner(
            unit: KernelText.of("/proc/self/cgroup").flatMap { ServiceUnit(cgroup: $0, configuration: folder) },
            dropIns: setup.dropIns, trees: { await places.trees() }, databases: { await places.checkUp() },
            calls: places.calls)
    }

    /// What is in force.
    private var form: ConfigForm {
        ConfigForm(
            loadedAt: loadedAt, files: setup.loaded.filesRead,
            items: setup.loaded.entries.map { .init(key: $0.key.rawValue, value: $0.text, origin: "\($0.origin)") })
    }
}

// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlServer
internal import Engine
internal import GuardCore
internal import Logging
internal import ServiceLifecycle
internal import Stores
internal import UnixSignals

/// `dementiad serve`: the daemon.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Guard memories until told to stop, and answer dementiactl over a Unix socket.",
        discussion: """
            Settles what an earlier run left open, listens, then looks for memories and migrates what is pending. SIGTERM and SIGINT \
            stop it at a safe point.
            """
    )

    @OptionGroup var options: CommonOptions

    @Option(help: "Listen here in place of $XDG_RUNTIME_DIR/dementiad/control.sock.")
    var socket: String?

    func run() async throws {
        let setup = try Setup(options)
        try setup.refuseRoot()
        let logger = setup.logger
        let relay = EventRelay()
        let narrator = Narrator(logger)
        let workshop = try setup.workshop { event in
            relay.send(event)
            narrator.tell(event)
        }
        let guardian = Guardian(workshop.tools, try setup.guardianSettings(), relay: relay)
        // Before anybody can ask: what a crash left is settled, and every answer is about settled data.
        try await guardian.recover()
        let path = try setup.socketPath(socket)
        let listening = try ListeningSocket(at: path)
        logger.notice(
            "dementiad is ready", metadata: ["socket": "\(path)", "places": "\(setup.places.joined(separator: ", "))"])
        // In start order; they stop in reverse: first nobody can ask any more, then no new work begins, then work ends.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: GuardianService(guardian)),
                    .init(service: RescanService(guardian, every: setup.rescanEvery, logger)),
                    .init(service: ControlServer(socket: listening, service: guardian, logger: logger)),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
        logger.notice("dementiad has stopped")
        withExtendedLifetime(workshop) {}
    }
}

/// Runs the engine's own tasks, and ends its work when the group stops.
private struct GuardianService: Service {
    private let guardian: Guardian

    init(_ guardian: Guardian) {
        self.guardian = guardian
    }

    func run() async throws {
        async let relaying: Void = guardian.relayEvents()
        try await gracefulShutdown()
        await guardian.stop()
        await relaying
    }
}

/// Looks for memories at the start and again after each period.
private struct RescanService: Service {
    private let guardian: Guardian
    private let period: Duration
    private let logger: Logger

    init(_ guardian: Guardian, every period: Duration, _ logger: Logger) {
        self.guardian = guardian
        self.period = period
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await guardian.rescan(startingWork: true)
                } catch {
                    logger.error("Looking for memories failed", metadata: ["error": "\(error)"])
                }
                // Cancelled when the daemon stops, which ends the loop.
                try? await Task.sleep(for: period)
            }
        }
    }
}

/// Tells the log what an operator should see in a quiet week: how operations ended.
struct Narrator: Sendable {
    private let logger: Logger

    init(_ logger: Logger) {
        self.logger = logger
    }

    func tell(_ event: Toolbox.Event) {
        switch event {
        case .progressed, .noticed: break
        case .began(let record):
            logger.debug(
                "Operation step",
                metadata: [
                    "operation": "\(record.id)", "kind": "\(record.kind.rawValue)",
                    "store": "\(record.store?.value ?? "-")",
                    "step": "\(record.steps.last?.kind.rawValue ?? "begin")",
                ])
        case .settled(let record):
            let level: Logger.Level =
                record.outcome == .needsAttention ? .error : record.error == nil ? .notice : .warning
            var metadata: Logger.Metadata = [
                "operation": "\(record.id)", "kind": "\(record.kind.rawValue)",
                "store": "\(record.store?.value ?? "-")",
                "outcome": "\(record.outcome?.rawValue ?? "-")", "dataState": "\(record.dataState.rawValue)",
            ]
            if let backup = record.backup { metadata["backup"] = "\(backup)" }
            if let error = record.error { metadata["error"] = "\(error.detail)" }
            logger.log(level: level, "Operation settled", metadata: metadata)
        }
    }
}

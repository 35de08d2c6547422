// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlServer
internal import Engine
internal import Glibc
internal import GuardCore
internal import GuardLog
internal import Logging
internal import ServiceLifecycle
internal import SystemdKit
internal import UnixSignals

/// `dementiad serve`: the daemon.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Guard memories until told to stop, and answer dementiactl over a Unix socket.",
        discussion: """
            Settles what an earlier run left open, listens, then looks for memories and releases, watches them, and migrates what is \
            pending. SIGTERM and SIGINT stop it at a safe point. A new configuration is taken over by: dementiactl daemon reload
            """
    )

    @OptionGroup var options: CommonOptions

    @Option(help: "Listen here in place of $XDG_RUNTIME_DIR/dementiad/control.sock.")
    var socket: String?

    func run() async throws {
        let setup = try Setup(options)
        let level = LogLevel(setup.logLevel)
        let logger = try setup.logger(level)
        let notifier = Notifier(logger)
        let composition = try Composition(options, setup, notifier, logger, level)
        let supervisor = composition.supervisor
        try await composition.start()
        notifier.status("settling what an earlier run left open")
        // Before anybody can ask: what a crash left is settled, and every answer is about settled data.
        _ = try await notifier.withPatience { try await supervisor.recover() }
        let listening = try listeningSocket(setup)
        let access = AccessControl(AccessPolicy(owner: geteuid()))
        try access.admit(try setup.readers(), at: listening)
        await composition.listens(at: listening, access)
        // What services begin and end is told in our own words.
        var quiet = logger
        quiet.logLevel = .warning
        let isReady: @Sendable () async -> Void = {
            notifier.ready(await supervisor.summary)
            logger.tell(
                .daemonReady, "dementiad is ready, and guards \(setup.places.joined(separator: ", "))",
                ["socket": "\(listening.path ?? "from the service manager")"])
        }
        // In start order; they stop in reverse: first nobody can ask any more, then no new work begins, then work ends.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: EngineTasks(supervisor, notifier, logger, isReady)),
                    .init(service: WatchdogService(supervisor, notifier, logger)),
                    .init(
                        service: ControlServer(
                            socket: listening, service: composition.service, access: access, logger: logger)),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet))
        try await group.run()
        logger.tell(.daemonStopped, "dementiad has stopped")
        withExtendedLifetime(composition) {}
    }

    /// The one that the service manager listens at, or one of our own.
    private func listeningSocket(_ setup: Setup) throws -> ListeningSocket {
        let inherited = try ListeningSockets.take()
        guard let first = inherited.first else { return try ListeningSocket(at: try setup.socketPath(socket)) }
        guard inherited.count == 1, try first.isListeningUnixStream else {
            throw GuardError(
                .configuration,
                "the service manager passed \(inherited.count) sockets, and one Unix stream socket is needed",
                hint: "Look at the .socket unit: systemctl cat 'dementiad*.socket'")
        }
        return try ListeningSocket(inherited: first.descriptor)
    }
}

/// Runs the engine's own tasks, and ends its work when the group stops.
private struct EngineTasks: Service {
    private let supervisor: Supervisor
    private let notifier: Notifier
    private let logger: Logger
    /// Tells the service manager that the daemon is ready.
    private let isReady: @Sendable () async -> Void

    init(
        _ supervisor: Supervisor, _ notifier: Notifier, _ logger: Logger,
        _ isReady: @escaping @Sendable () async -> Void
    ) {
        self.supervisor = supervisor
        self.notifier = notifier
        self.logger = logger
        self.isReady = isReady
    }

    func run() async throws {
        let supervisor = supervisor
        // The group catches signals before it starts services: a stop that follows on the heels of this comes to a safe point. A client that
        // connects from here on waits in the socket's queue, and is answered.
        await isReady()
        // Each ends by itself when the supervisor stops, but for the schedule; none is waited for, since each may wait for what hangs.
        Task { await supervisor.relayEvents() }
        Task { await supervisor.attendToRequests() }
        Task { await supervisor.followWatcher() }
        let schedule = Task { await supervisor.keepSchedule() }
        try? await gracefulShutdown()
        notifier.stopping("stopping: what is under way ends at a safe point")
        schedule.cancel()
        let left = (try? await notifier.withPatience { await supervisor.stop() }) ?? []
        guard !left.isEmpty else { return }
        let text = left.joined(separator: "; ")
        logger.tell(
            .leftBehind, "ending, although this has not come back, and is settled at the next start: \(text)",
            ["error": "\(text)"])
        // A thread that hangs in a system call is waited for by nothing but the end of the process.
        _exit(0)
    }
}

/// Tells the service manager that the daemon is alive, each time after a question to the engine was answered: one that hangs is not
/// alive, whatever else still runs.
private struct WatchdogService: Service {
    private let supervisor: Supervisor
    private let notifier: Notifier
    private let logger: Logger

    init(_ supervisor: Supervisor, _ notifier: Notifier, _ logger: Logger) {
        self.supervisor = supervisor
        self.notifier = notifier
        self.logger = logger
    }

    func run() async throws {
        guard let pulse = notifier.pulse else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(GuardError) {
                    try await supervisor.answer()
                    notifier.alive()
                } catch {
                    logger.tell(
                        .engineStuck, "the engine does not answer: \(error.message)", ["error": "\(error.message)"])
                }
                try? await Task.sleep(for: pulse)
            }
        }
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlServer
internal import Glibc
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// What `ControlFixture` does.
public enum Fixture {
    /// Serves at the socket that comes first, until SIGTERM. The words after it: `stuck` starts operations that never end by
    /// themselves, `die-on-status` ends the process in the middle of an answer.
    public static func run(_ arguments: [String]) async throws {
        let words = arguments.dropFirst()
        let service = FakeService(exit: { _exit(1) })
        if words.contains("stuck") { await service.end(nil) }
        for route in Route.Name.allCases where words.contains("die-on-\(route.rawValue)") {
            await service.die(on: route)
        }
        let logger = Logger(label: "fixture") { _ in SwiftLogNoOpLogHandler() }
        let server = ControlServer(
            socket: try ListeningSocket(at: arguments.first ?? ""), service: service, logger: logger)
        try await ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm], logger: logger).run()
    }
}

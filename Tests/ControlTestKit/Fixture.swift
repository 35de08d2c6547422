// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlServer
internal import Glibc
internal import LinuxKit
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// What `ControlFixture` does.
public enum Fixture {
    /// Serves at the socket that comes first, until SIGTERM. The words after it: `stuck` starts operations that never end by
    /// themselves, `die-on-status` ends the process in the middle of an answer, `readers=GROUP` lets a group read.
    public static func run(_ arguments: [String]) async throws {
        let words = arguments.dropFirst()
        let service = FakeService(exit: { _exit(1) })
        if words.contains("stuck") { await service.end(nil) }
        for route in Route.Name.allCases where words.contains("die-on-\(route.rawValue)") {
            await service.die(on: route)
        }
        let logger = Logger(label: "fixture") { _ in SwiftLogNoOpLogHandler() }
        let socket = try ListeningSocket(at: arguments.first ?? "")
        let access = AccessControl(AccessPolicy(owner: geteuid()))
        let names = words.filter { $0.hasPrefix("readers=") }.map { String($0.dropFirst(8)) }
        try access.admit(
            names.compactMap { name in try Accounts.groupID(name).map { .init(name: name, id: $0) } }, at: socket)
        let server = ControlServer(socket: socket, service: service, access: access, logger: logger)
        try await ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm], logger: logger).run()
    }
}

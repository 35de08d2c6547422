// SPDX-License-Identifier: MIT

public import ControlServer
internal import Glibc
internal import LinuxKit
internal import Logging
internal import ServiceLifecycle

/// A folder that is gone when its owner is.
public final class Folder: Sendable {
    /// Its path.
    public let path: String

    public init() throws {
        var template = Array("/tmp/dementiad-control-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemCallError(call: "mkdtemp", errno: errno) }
        path = String(cString: made)
    }

    deinit {
        // Best effort: it lies among temporary files.
        try? Directory.removeTree(path)
    }
}

/// A server with a fake service behind it, on a socket in a folder of its own.
public struct World: Sendable {
    /// What answers.
    public let service: FakeService
    /// The folder of everything.
    public let folder: Folder
    private let access: AccessControl
    private let listening: ListeningSocket
    private let group: ServiceGroup

    /// The socket.
    public let socket: String

    /// Runs `body` with a server, and stops the server afterwards.
    public static func run<Value: Sendable>(
        limits: ControlLimits = .init(), readers: [AccessPolicy.ReaderGroup] = [], _ body: (World) async throws -> Value
    ) async throws -> Value {
        let folder = try Folder()
        let path = folder.path + "/control.sock"
        return try await run(
            on: try ListeningSocket(at: path), at: path, in: folder, limits: limits, readers: readers, body)
    }

    /// Runs `body` with a server on a socket that is there, with a service that is there.
    public static func run<Value: Sendable>(
        on listening: ListeningSocket, at path: String, in folder: Folder? = nil, service: FakeService = FakeService(),
        limits: ControlLimits = .init(), readers: [AccessPolicy.ReaderGroup] = [], _ body: (World) async throws -> Value
    ) async throws -> Value {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let access = AccessControl(AccessPolicy(owner: geteuid()))
        try access.admit(readers, at: listening)
        let server = ControlServer(socket: listening, service: service, access: access, limits: limits, logger: logger)
        let group = ServiceGroup(services: [server], logger: logger)
        let task = Task { try await group.run() }
        let world = World(
            service: service, folder: try folder ?? Folder(), access: access, listening: listening, group: group,
            socket: path)
        do {
            let value = try await body(world)
            await group.triggerGracefulShutdown()
            try await task.value
            return value
        } catch {
            await group.triggerGracefulShutdown()
            try await task.value
            throw error
        }
    }

    /// Lets members of these groups read from now on, as a reload does.
    public func admit(_ readers: [AccessPolicy.ReaderGroup]) throws { try access.admit(readers, at: listening) }

    /// Begins a graceful stop, and returns at once.
    public func stop() async { await group.triggerGracefulShutdown() }
}

// SPDX-License-Identifier: MIT

public import ControlAPI
internal import Glibc
internal import GuardCore
internal import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle

/// The daemon's end of the control socket.
///
/// Hummingbird's router and HTTP/1 channel on a server channel of our own: its server would take no descriptor that was inherited, and
/// would replace the socket of a daemon that is alive.
public struct ControlServer: Service {
    private let socket: ListeningSocket
    private let endpoints: Endpoints
    private let access: AccessControl
    private let limits: ControlLimits
    private let registry: ConnectionRegistry
    private let logger: Logger

    /// A server for `service` at `socket`, which accepts already: clients wait in its queue until ``run()``.
    ///
    /// - Parameters:
    ///   - socket: bound before, so that a daemon that cannot have it fails before it says that it is ready
    ///   - service: what answers
    ///   - access: who may do what; nil for the user as whom this process runs, and root
    ///   - limits: what one client may take
    ///   - logger: for what a client did that an operator should know
    public init(
        socket: ListeningSocket, service: any ControlService, access: AccessControl? = nil,
        limits: ControlLimits = .init(), logger: Logger
    ) {
        self.socket = socket
        self.limits = limits
        self.logger = logger
        endpoints = Endpoints(service: service, limits: limits)
        self.access = access ?? AccessControl(AccessPolicy(owner: geteuid()))
        registry = ConnectionRegistry(limit: limits.connections)
    }

    /// Serves until the service group shuts down: then it accepts nobody, lets requests finish, ends streams, and returns.
    public func run() async throws {
        defer { socket.removeName() }
        let responder = endpoints.router(access).buildResponder()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // A client that has said everything may close its half and still read the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(socket.descriptor) { channel in connection(on: channel, responder) }
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                do {
                    try await server.executeThenClose { connections in
                        for try await connection in connections {
                            group.addTask { await connection?.serve(logger) }
                        }
                    }
                } catch {
                    logger.error("The control socket stopped accepting", metadata: ["error": "\(error)"])
                }
            }
        } onGracefulShutdown: {
            // First the name: who comes now finds no daemon, and not one that hangs up.
            socket.removeName()
            server.channel.close(promise: nil)
            registry.quiesce()
            server.channel.eventLoop.scheduleTask(in: TimeAmount(limits.stopTime)) { registry.closeAll() }
        }
    }

    // MARK: Connections

    private struct Connection: Sendable {
        let http: HTTP1Channel
        let value: HTTP1Channel.Value

        func serve(_ logger: Logger) async {
            await http.handle(value: value, logger: logger)
        }
    }

    /// Sets a new connection up, on its event loop. nil when it was closed at once.
    private func connection(
        on channel: any Channel, _ responder: RouterResponder<ControlContext>
    ) -> EventLoopFuture<Connection?> {
        let peer: Peer
        do {
            peer = try Peer.of(channel)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        let granted = access.current.access(of: peer)
        let seat = registry.admit(channel, ofOwner: granted == .owner)
        guard seat != .turnedAway, seat != .stopping else {
            return channel.close().map { nil }
        }
        let facts = ConnectionFacts(
            peer: peer, refusal: seat == .full ? RequestErrors.tooManyConnections(limit: limits.connections) : nil,
            hangup: ClientDisconnect(of: channel))
        if granted == nil {
            logger.notice("A stranger was refused", metadata: ["uid": "\(peer.uid)", "pid": "\(peer.pid)"])
        }
        let http = http(facts, responder)
        return http.setup(channel: channel, logger: logger).map { Connection(http: http, value: $0) }
    }

    private func http(_ facts: ConnectionFacts, _ responder: RouterResponder<ControlContext>) -> HTTP1Channel {
        HTTP1Channel(
            responder: { request, writer, _ in
                let context = ControlContext(source: .init(connection: facts, logger: logger))
                if expectsContinue(request), facts.refusal == nil, access.current.access(of: facts.peer) != nil {
                    try await writer.writeInformationalHead(.init(status: .continue))
                }
                let response = try await responder.respond(to: request, context: context)
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                additionalChannelHandlers: [RequestGuard(limits)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: 64)))
    }

    /// Whether the client waits for a word before it sends a body that we would take.
    private func expectsContinue(_ request: Request) -> Bool {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return false }
        return request.headers[.contentLength].flatMap { Int($0) }.map { $0 <= limits.bodyBytes } ?? true
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// One request and its answer, on a connection of its own: to a socket on the same machine that costs less than keeping one.
struct Exchange: Sendable {
    typealias RequestPart = HTTPPart<HTTPRequestHead, ByteBuffer>
    typealias Channel = NIOAsyncChannel<HTTPClientResponsePart, RequestPart>

    let socket: ControlSocket
    let head: HTTPRequestHead
    let body: [UInt8]?

    private var path: String { socket.path }
    /// Whether the daemon may have begun something when the connection breaks.
    private var acts: Bool { head.method != .GET }

    /// Sends the request and hands head and body of the answer to `read`, piece by piece and no faster than it takes them.
    @concurrent
    func run<Value: Sendable>(
        _ read: @Sendable @concurrent (HTTPResponseHead, inout Pieces) async throws -> Value
    ) async throws(GuardError) -> Value {
        let channel = try await connect()
        do {
            return try await channel.executeThenClose { inbound, outbound in
                // In one go: a peer that answers before it has read everything must find nothing left to send.
                let payload = body.map { [RequestPart.body(ByteBuffer(bytes: $0))] } ?? []
                try await outbound.write(contentsOf: [.head(head)] + payload + [.end(nil)])
                var iterator = inbound.makeAsyncIterator()
                while let part = try await iterator.next() {
                    // An interim answer such as 100 Continue is followed by the real one.
                    guard case .head(let head) = part, head.status.code >= 200 else { continue }
                    var pieces = Pieces(iterator)
                    return try await read(head, &pieces)
                }
                throw ClientErrors.cutOff(path, mayHaveActed: acts)
            }
        } catch let error as GuardError {
            throw error
        } catch {
            // Whatever broke, the answer is not whole.
            throw ClientErrors.cutOff(path, mayHaveActed: acts)
        }
    }

    private func connect() async throws(GuardError) -> Channel {
        for _ in 0..<20 {
            do {
                return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(unixDomainSocketPath: path) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHTTPClientHandlers()
                            try channel.pipeline.syncOperations.addHandler(BufferToIOData())
                            return try Channel(wrappingChannelSynchronously: channel)
                        }
                    }
            } catch let error as IOError where error.errnoCode == EAGAIN {
                // The daemon's queue is full for the moment.
                do { try await Task.sleep(for: .milliseconds(50)) } catch { break }
            } catch {
                throw connectFailure(error)
            }
        }
        throw ClientErrors.busy(path)
    }

    private func connectFailure(_ error: any Error) -> GuardError {
        if let error = error as? SocketAddressError, case .unixDomainSocketPathTooLong = error {
            return ClientErrors.pathTooLong(path)
        }
        switch (error as? IOError)?.errnoCode {
        case ENOENT, ENOTDIR: return ClientErrors.noSocket(socket)
        case ECONNREFUSED: return ClientErrors.refused(path)
        case EACCES, EPERM: return ClientErrors.notPermitted(path)
        case let code?: return ClientErrors.cannotConnect(path, String(cString: strerror(code)))
        case nil: return ClientErrors.cannotConnect(path, "\(error)")
        }
    }
}

/// The body of an answer.
struct Pieces {
    private var parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    private var isAtEnd = false

    init(_ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator) {
        self.parts = parts
    }

    /// The next piece, or nil at the end. Throws when the connection breaks before that.
    @concurrent
    mutating func next() async throws -> ByteBuffer? {
        guard !isAtEnd else { return nil }
        switch try await parts.next() {
        case .body(let piece): return piece
        case .end:
            isAtEnd = true
            return nil
        case .head, nil: throw ChannelError.eof
        }
    }

    /// All of it, at most `limit` bytes.
    @concurrent
    mutating func all(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() {
            bytes += piece.readableBytesView
            guard bytes.count <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
        }
        return bytes
    }
}

/// `IOData` can hold a file and is not Sendable; what we send is always a buffer.
private final class BufferToIOData: ChannelOutboundHandler {
    typealias OutboundIn = Exchange.RequestPart
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}

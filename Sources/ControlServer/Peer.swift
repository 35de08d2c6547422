// SPDX-License-Identifier: MIT

internal import CLinux
internal import ControlAPI
internal import GuardCore
internal import NIOCore
internal import NIOPosix

/// Who is at the other end of a connection, as the kernel noted it when the connection was made.
struct Peer: Sendable, Equatable {
    let uid: UInt32
    let pid: Int32

    init(uid: UInt32, pid: Int32) {
        self.uid = uid
        self.pid = pid
    }

    /// Asks the kernel, once, before a byte of a request is read.
    static func of(_ channel: any Channel) -> EventLoopFuture<Peer> {
        guard let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        // Memory-safe because the shim's struct has the size and layout of the kernel's struct ucred; CLinux asserts it.
        let credentials: EventLoopFuture<dementiad_credentials> = socket.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return credentials.map { Peer(uid: $0.uid, pid: $0.pid) }
    }

    var caller: Caller { Caller(uid: uid, pid: pid) }
}

/// What a peer may do.
struct AccessPolicy: Sendable {
    /// The user whose data the daemon guards, and as whom it runs.
    let owner: UInt32

    /// Owner and root act; nobody else is admitted.
    ///
    /// By user, never by process: a process id is used again, and the number that was checked may be somebody else's by now.
    func access(of peer: Peer) -> Route.Access? {
        peer.uid == owner || peer.uid == 0 ? .owner : nil
    }
}

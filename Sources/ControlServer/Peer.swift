// SPDX-License-Identifier: MIT

internal import CLinux
internal import ControlAPI
internal import Glibc
internal import LinuxKit
internal import NIOCore
internal import NIOPosix

/// Who is at the other end of a connection, as the kernel noted it when the connection was made.
struct Peer: Sendable, Equatable {
    let uid: UInt32
    let pid: Int32
    /// Its own group and the supplementary ones.
    let groups: Set<UInt32>

    init(uid: UInt32, pid: Int32, groups: Set<UInt32> = []) {
        self.uid = uid
        self.pid = pid
        self.groups = groups
    }

    /// Asks the kernel, once, before a byte of a request is read. On the channel's event loop.
    static func of(_ channel: any Channel) throws -> Peer {
        // NIO's own socket options have one size each, and how many groups there are is known only by asking.
        let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { try Peer(socket: $0) }
        guard let peer else { throw ChannelError.operationUnsupported }
        return peer
    }

    /// Asks about a connected socket (unix(7): SO_PEERCRED; socket(7): SO_PEERGROUPS).
    private init(socket: Int32) throws(SystemCallError) {
        var credentials = dementiad_credentials()
        guard dementiad_peer_credentials(socket, &credentials) == 0 else {
            throw SystemCallError(call: "getsockopt", errno: errno)
        }
        self.init(
            uid: credentials.uid, pid: credentials.pid,
            groups: try Self.supplementaryGroups(socket).union([credentials.gid]))
    }

    private static func supplementaryGroups(_ socket: Int32) throws(SystemCallError) -> Set<UInt32> {
        var groups = [gid_t](repeating: 0, count: 32)
        while true {
            let stride = MemoryLayout<gid_t>.stride
            var length = socklen_t(groups.count * stride)
            let result = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &groups, &length)
            if result == 0 { return Set(groups.prefix(Int(length) / stride)) }
            // Too little room: the length says how much is needed, and it was noted once and for all.
            guard errno == ERANGE, Int(length) > groups.count * stride else {
                throw SystemCallError(call: "getsockopt", errno: errno)
            }
            groups = [gid_t](repeating: 0, count: Int(length) / stride)
        }
    }

    var caller: Caller { Caller(uid: uid, pid: pid) }
}

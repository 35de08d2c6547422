// SPDX-License-Identifier: MIT

internal import ControlAPI
public import GuardCore
internal import Synchronization

/// Who may do what at the control socket.
public struct AccessPolicy: Sendable, Equatable {
    /// A group whose members may read.
    public struct ReaderGroup: Sendable, Hashable {
        /// As it is configured.
        public let name: String
        public let id: UInt32

        public init(name: String, id: UInt32) {
            self.name = name
            self.id = id
        }
    }

    /// The user whose data the daemon guards, and as whom it runs.
    public let owner: UInt32
    /// Who reads besides the owner and root. While there are any, everybody reaches the socket, and the daemon sends strangers away;
    /// otherwise the kernel does.
    public let readers: [ReaderGroup]

    public init(owner: UInt32, readers: [ReaderGroup] = []) {
        self.owner = owner
        self.readers = readers
    }

    /// Owner and root act, members of the groups read; nobody else is admitted.
    ///
    /// By user, never by process: a process id is used again, and the number that was checked may be somebody else's by now.
    func access(of peer: Peer) -> Route.Access? {
        if peer.uid == owner || peer.uid == 0 { return .owner }
        return readers.contains { peer.groups.contains($0.id) } ? .reader : nil
    }
}

/// The policy that is in force: a reload of the configuration may put another one in its place.
public final class AccessControl: Sendable {
    private let policy: Mutex<AccessPolicy>

    public init(_ policy: AccessPolicy) {
        self.policy = Mutex(policy)
    }

    /// What holds for a request that comes now.
    public var current: AccessPolicy { policy.withLock(\.self) }

    /// Lets the members of `readers` read, and nobody else but the owner and root do anything; `socket` is open to everybody while
    /// there are any. When its mode cannot be changed all stays as it was.
    public func admit(_ readers: [AccessPolicy.ReaderGroup], at socket: ListeningSocket) throws(GuardError) {
        let old = current
        // The policy comes first: who gets in by the new mode finds it in force.
        policy.withLock { $0 = AccessPolicy(owner: old.owner, readers: readers) }
        do {
            try socket.admit(everybody: !readers.isEmpty)
        } catch {
            policy.withLock { $0 = old }
            throw error
        }
    }
}

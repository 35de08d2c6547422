// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc
public import GuardCore
internal import LinuxKit

/// A Unix socket that accepts connections from the moment it has a name.
public struct ListeningSocket: Sendable {
    let descriptor: Int32
    /// Where it is, nil when somebody else made it and cares for its name.
    public let path: String?
    /// What stood at ``path`` when we had made it.
    private let identity: FileStatus?

    /// Takes a socket over from the service manager, which bound it and listens (`sd_listen_fds(3)`).
    public init(inherited descriptor: Int32) throws(GuardError) {
        var accepts: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) == 0, accepts == 1 else {
            throw GuardError(
                .configuration, "Descriptor \(descriptor) is not a listening socket",
                hint: "Look at the .socket unit: systemctl cat 'dementiad*.socket'")
        }
        self.descriptor = descriptor
        path = nil
        identity = nil
    }

    /// Makes the socket `path`, with mode 0600 from birth, and listens.
    ///
    /// A socket that nobody answers at is replaced; one that somebody answers at never is: `stateDirectoryBusy`.
    public init(at path: String) throws(GuardError) {
        do {
            let folder = Directory.parent(of: path)
            try Directory.createAll(folder, mode: 0o700)
            // Two daemons that start at once must not both find the leftover dead and then replace each other.
            let lock = try Self.lock(try Directory.resolved(folder))
            try Self.refuseLiving(path)
            (descriptor, identity) = try Self.bind(path, in: folder)
            self.path = path
            _ = consume lock
        } catch let error as GuardError {
            throw error
        } catch let error as SystemCallError {
            throw GuardError(
                error.isPermission ? .permissionDenied : .configuration, "The control socket \(path) cannot be made",
                hint: "Give another place: dementiad serve --socket PATH", causes: [error.description])
        } catch {
            throw GuardError(.internalError, "The control socket \(path) cannot be made", causes: ["\(error)"])
        }
    }

    /// Takes the name away, unless it is somebody else's by now.
    func removeName() {
        guard let path, let identity, let now = try? FileStatus(ofLink: path), now.isSameFile(as: identity) else {
            return
        }
        // Best effort: the next daemon replaces a socket that nobody answers at.
        _ = unlink(path)
    }

    // MARK: The steps

    private static func lock(_ folder: String) throws(GuardError) -> FileLock {
        do {
            return try FileLock(directory: folder, patience: .seconds(5))
        } catch {
            throw GuardError(
                .stateDirectoryBusy, "Another dementiad is starting in \(folder)", hint: "Try again in a moment.",
                causes: [error.description])
        }
    }

    /// Connects to whatever is at `path`. Nobody there, or nobody answering, is fine.
    private static func refuseLiving(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw SystemCallError(call: "lstat", errno: errno, path: path) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw GuardError(
                .configuration, "\(path) is there and is not a socket", hint: "Move it away, or give another --socket.")
        }
        // Non-blocking: connect(2) would wait for as long as a living daemon's queue is full.
        let probe = try newSocket()
        defer { close(probe) }
        let result = try UnixAddress(path).connect(probe)
        if result == ECONNREFUSED || result == ENOENT { return }
        guard result == 0 || result == EAGAIN else {
            throw SystemCallError(call: "connect", errno: result, path: path)
        }
        var peer = dementiad_credentials()
        let isKnown = result == 0 && dementiad_peer_credentials(probe, &peer) == 0
        throw GuardError(
            .stateDirectoryBusy,
            "Another dementiad answers at \(path)" + (isKnown ? " (pid \(peer.pid))" : ""),
            hint: "Stop it, or give this one another --socket.")
    }

    /// The mode of a socket's file is the mode of the socket at bind(2), without the bits of the umask. So it is set before, on the
    /// descriptor that nobody else can see: the file is never wider than 0600, whatever the umask, and no thread has to change the
    /// umask of the whole process for a moment.
    ///
    /// It is bound and listens under a name of its own and is then renamed: who finds `path` finds a socket that answers.
    private static func bind(_ path: String, in folder: String) throws -> (Int32, FileStatus) {
        let descriptor = try newSocket()
        do {
            try check(fchmod(descriptor, 0o600), "fchmod", path)
            let young = "\(folder)/.ctl-\(String(UInt32.random(in: 0...0xFF_FFFF), radix: 36))"
            try UnixAddress(path).checkLength()
            try check(UnixAddress(young).bind(descriptor), "bind", young)
            do {
                let status = try FileStatus(ofLink: young)
                guard status.mode & 0o177 == 0 else { throw SystemCallError(call: "bind", errno: EPERM, path: young) }
                try check(listen(descriptor, 128), "listen", path)
                try check(rename(young, path), "rename", path)
                return (descriptor, status)
            } catch {
                // Best effort: the error that led here is the one to tell.
                _ = unlink(young)
                throw error
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func newSocket() throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw SystemCallError(call: "socket", errno: errno) }
        return descriptor
    }

    private static func check(_ result: Int32, _ call: String, _ path: String) throws {
        guard result == 0 else { throw SystemCallError(call: call, errno: errno, path: path) }
    }
}

/// A path as `struct sockaddr_un`, which holds at most 107 bytes and a zero.
private struct UnixAddress {
    let path: String

    init(_ path: String) { self.path = path }

    func checkLength() throws(GuardError) {
        let limit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
        guard path.utf8.count <= limit else {
            throw GuardError(
                .configuration, "\(path) is too long for a socket: the system takes \(limit) bytes",
                hint: "Give a shorter one: dementiad serve --socket PATH")
        }
    }

    /// The error number, 0 for success.
    func connect(_ descriptor: Int32) throws(GuardError) -> Int32 {
        try withAddress { Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno }
    }

    /// As bind(2).
    func bind(_ descriptor: Int32) throws(GuardError) -> Int32 {
        try withAddress { Glibc.bind(descriptor, $0, $1) }
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws(GuardError) -> Int32 {
        try checkLength()
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

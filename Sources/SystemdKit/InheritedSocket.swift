// SPDX-License-Identifier: MIT

internal import CSystemd
internal import Glibc
public import LinuxKit

/// A socket that the service manager opened for this process: `sd_listen_fds_with_names(3)`.
public struct InheritedSocket: Sendable, Equatable {
    /// The descriptor, which now is the caller's to use and to close. It is not passed on to child processes.
    public let descriptor: Int32
    /// What `FileDescriptorName=` says in the socket's unit; without that the unit's name, or `unknown`.
    public let name: String

    /// Whether it is a Unix stream socket that listens.
    public var isListeningUnixStream: Bool {
        get throws(SystemCallError) {
            try checked("sd_is_socket_unix") { sd_is_socket_unix(descriptor, Int32(SOCK_STREAM.rawValue), 1, nil, 0) }
                > 0
        }
    }
}

/// The sockets that the service manager passed to this process.
public enum ListeningSockets {
    /// Takes them, in the order of their descriptors; none when there are none, or when they are meant for another process.
    ///
    /// To be called once and before there are other threads: it takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES out of the
    /// environment, so that neither a second call nor a child process takes the sockets for its own. Throws EINVAL when these
    /// variables contradict themselves, and EBADF when a descriptor that they count is not open.
    public static func take() throws(SystemCallError) -> [InheritedSocket] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = try checked("sd_listen_fds_with_names") { sd_listen_fds_with_names(1, &names) }
        defer { release(names) }
        return (0..<count).map { index in
            let name = names?[Int(index)].map { String(cString: $0) }
            return InheritedSocket(descriptor: SD_LISTEN_FDS_START + index, name: name ?? "unknown")
        }
    }

    private static func release(_ names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
        guard let names else { return }
        var next = names
        while let name = next.pointee {
            free(name)
            next += 1
        }
        free(names)
    }
}

// SPDX-License-Identifier: MIT

internal import Glibc
internal import Synchronization

/// Standard output or standard error, written whole or with the reason why not.
///
/// A program says its results here and asks for ``failure`` before it ends: what a full disk did not take was not said.
public final class StandardStream: Sendable {
    /// Where results go.
    public static let output = StandardStream(STDOUT_FILENO)
    /// Where everything else goes.
    public static let error = StandardStream(STDERR_FILENO)

    private let descriptor: Int32
    private let firstFailure = Mutex<SystemCallError?>(nil)

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// To be called once, before anything is opened or written.
    ///
    /// A reader that has gone is an error of the write (EPIPE) from then on, and no signal that ends the program in the middle of its work.
    /// A standard stream that is closed is occupied: otherwise the next file that is opened would be one, and what is printed would stand
    /// in it. Writing to it still fails.
    public static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // The lowest free number is the one that was found closed. Best effort: without /dev nothing can be occupied.
            _ = open("/dev/null", O_RDONLY)
        }
    }

    /// Why not everything that was said has arrived; nil when it has. `EPIPE`: its reader wanted no more.
    public var failure: SystemCallError? { firstFailure.withLock(\.self) }

    /// Whether the reader of a pipe has gone.
    public var isUnread: Bool { failure?.errno == EPIPE }

    /// Ends the process as the kernel ends one that writes into a pipe without a reader: by SIGPIPE, which a shell shows as 141.
    ///
    /// To be called in place of an end with status 0 where ``isUnread`` is true: the work is done, and its result did not arrive.
    public static func endUnread() -> Never {
        signal(SIGPIPE, SIG_DFL)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        // Whoever started the process may have had the signal blocked.
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }

    /// Writes `text`. After a failure nothing more is written: half a document is not mended by its end.
    public func write(_ text: String) {
        guard failure == nil else { return }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            let code = errno
            switch code {
            case EINTR: break
            // Whoever shares the pipe or the terminal has made it non-blocking.
            case EAGAIN: awaitRoom()
            default:
                firstFailure.withLock { $0 = $0 ?? SystemCallError(call: "write", errno: code) }
                return
            }
        }
    }

    private func awaitRoom() {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // However this ends, the next write tells.
        _ = poll(&poller, 1, 1000)
    }
}

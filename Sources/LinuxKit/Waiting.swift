// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Ends a ``wait(for:urgent:atMost:)`` from another thread.
public final class Waker: Sendable {
    /// To be waited for.
    public let descriptor: Int32
    private let end: Int32

    public init() throws(SystemCallError) {
        var ends: [Int32] = [-1, -1]
        try checked("pipe2", nil) { dementiad_pipe(&ends) }
        (descriptor, end) = (ends[0], ends[1])
        // On a descriptor of our own this cannot fail (fcntl(2)).
        for descriptor in ends { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        // Best effort: nothing is lost with them.
        _ = close(descriptor)
        _ = close(end)
    }

    /// Makes the descriptor readable until ``rest()``.
    public func wake() {
        // A full pipe wakes as well.
        _ = Glibc.write(end, [1], 1)
    }

    /// Makes the descriptor silent again.
    public func rest() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while Glibc.read(descriptor, &bytes, bytes.count) > 0 {}
    }
}

/// Waits until one of `descriptors` can be read, one of `urgent` has something urgent to tell, or `limit` is over; nil waits for ever.
///
/// Gives back those that have something; none when the time is over or a signal came.
@discardableResult
public func wait(
    for descriptors: [Int32], urgent: [Int32] = [], atMost limit: Duration?
) throws(SystemCallError) -> Set<Int32> {
    var set = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    set += urgent.map { pollfd(fd: $0, events: Int16(POLLPRI), revents: 0) }
    var milliseconds: Int32 = -1
    if let limit {
        // Rounded up: who wakes too early would have to wait again at once.
        let (seconds, attoseconds) = limit.components
        let exact = seconds.multipliedReportingOverflow(by: 1000)
        let sum =
            exact.overflow
            ? Int64.max : exact.partialValue + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        milliseconds = Int32(clamping: max(0, sum))
    }
    guard poll(&set, nfds_t(set.count), milliseconds) >= 0 else {
        if errno == EINTR { return [] }
        throw SystemCallError(call: "poll", errno: errno)
    }
    return Set(set.filter { $0.revents != 0 }.map(\.fd))
}

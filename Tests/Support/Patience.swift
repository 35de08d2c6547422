// SPDX-License-Identifier: MIT

public import Glibc

/// How long a test waits for an event that must come. The wait ends with the event; the limit only turns a hang into a failure with a
/// name.
public enum Patience {
    /// Less than `scripts/run-tests --patience`, so that the test says which event it waited for before the runner ends the suite.
    public static let limit: Duration = .seconds(240)
    /// A machine that is so slow that it looked less often has not had its chance yet.
    static let looks = 100

    /// An event did not come.
    public struct Ended: Error, CustomStringConvertible {
        public let description: String

        /// Describes the event that did not come.
        public init(description: String) { self.description = description }
    }
}

/// Waits until `condition` holds.
///
/// - Parameters:
///   - what: the event, as in "the socket answers"
///   - process: a child of this process without which the event cannot come: its end ends the wait
///   - pause: the time between two looks
/// - Throws: ``Patience/Ended`` when the event did not come, and the errors of `condition`.
public func eventually(
    _ what: String, from process: pid_t? = nil, every pause: Duration = .milliseconds(10),
    _ condition: () async throws -> Bool
) async throws {
    var wait = Wait(what, process)
    while true {
        try wait.look()
        if try await condition() { return }
        try await Task.sleep(for: pause)
    }
}

/// Waits until `condition` holds, as ``eventually(_:from:every:_:)`` does where nothing can be awaited: it keeps the thread meanwhile.
///
/// - Parameters:
///   - what: the event, as in "the socket answers"
///   - process: a child of this process without which the event cannot come: its end ends the wait
/// - Throws: ``Patience/Ended`` when the event did not come, and the errors of `condition`.
public func waitUntil(_ what: String, from process: pid_t? = nil, _ condition: () throws -> Bool) throws {
    var wait = Wait(what, process)
    while true {
        try wait.look()
        if try condition() { return }
        usleep(10_000)
    }
}

private struct Wait {
    private let what: String
    private let process: pid_t?
    private let start = SuspendingClock.now
    private var looks = 0
    private var hasEnded = false

    init(_ what: String, _ process: pid_t?) { (self.what, self.process) = (what, process) }

    /// Counts a look, or throws when no other one is due. A process may end right after the event: one look follows its end.
    mutating func look() throws {
        if hasEnded { throw Patience.Ended(description: "process \(process ?? 0) ended before: \(what)") }
        if looks >= Patience.looks, SuspendingClock.now - start > Patience.limit {
            throw Patience.Ended(description: "it did not happen within \(Patience.limit) and \(looks) looks: \(what)")
        }
        looks += 1
        guard let process else { return }
        var end = siginfo_t()
        // Without reaping it: that is for the one who started it.
        hasEnded = waitid(P_PID, id_t(process), &end, WEXITED | WNOHANG | WNOWAIT) != 0 || end.si_signo == SIGCHLD
    }
}

/// Processor time that was used, in seconds: what other processes take does not count.
public enum ProcessorTime {
    /// The time of the calling thread.
    public static var ofThisThread: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }
    /// The time of all threads of this process.
    public static var ofThisProcess: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import PostgresKit
import Synchronization
import TestSupport

/// Does one thing again and again on a thread of its own, until it is told to stop.
final class Repeated: Sendable {
    private struct State {
        var isStopping = false
        var isDone = false
        var count = 0
        var failures: [String] = []
    }

    private let state = Mutex(State())

    /// Begins, and waits until it was done once.
    init(_ body: @escaping @Sendable () throws -> Void) throws {
        try body()
        Thread { [self] in
            while !state.withLock({ $0.isStopping }) {
                do {
                    try body()
                    state.withLock { $0.count += 1 }
                } catch {
                    state.withLock { $0.failures.append("\(error)") }
                }
            }
            state.withLock { $0.isDone = true }
        }.start()
    }

    /// Ends it, and gives how often it was done, and what went wrong.
    func stop() -> (count: Int, failures: [String]) {
        state.withLock { $0.isStopping = true }
        while !state.withLock({ $0.isDone }) { sched_yield() }
        return state.withLock { ($0.count, $0.failures) }
    }
}

/// Somebody who reads `context_locks` again and again, and notes how long he had to wait.
final class Reader: Sendable {
    private let repeated: Repeated
    private let stalls: Stalls

    private final class Stalls: Sendable {
        let list = Mutex<[Duration]>([])
    }

    init(of url: String) throws {
        let stalls = Stalls()
        self.stalls = stalls
        let target = try ConnectionTarget(url + "&application_name=reader")
        repeated = try Repeated {
            let connection = try Connection(target)
            for _ in 0..<50 {
                let clock = ContinuousClock()
                let start = clock.now
                try connection.execute("SELECT count(*) FROM innkeeper.context_locks")
                let stall = clock.now - start
                // Whoever waits for a lock waits for longer.
                if stall > .milliseconds(250) { stalls.list.withLock { $0.append(stall) } }
            }
        }
    }

    /// Ends it, and gives the longest wait; nil when there was none worth noting.
    func stop() -> Duration? {
        _ = repeated.stop()
        return stalls.list.withLock { $0.max() }
    }
}

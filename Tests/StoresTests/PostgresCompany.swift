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

/// Reads `context_locks` again and again, and counts the answers that it had to wait for.
final class Reader: Sendable {
    private let repeated: Repeated
    private let waits: Waits

    private final class Waits: Sendable {
        let count = Mutex(0)
    }

    init(of url: String) throws {
        let waits = Waits()
        self.waits = waits
        let target = try ConnectionTarget(url + "&application_name=reader")
        repeated = try Repeated {
            let connection = try Connection(target)
            for _ in 0..<50 {
                let clock = ContinuousClock()
                let start = clock.now
                try connection.execute("SELECT count(*) FROM innkeeper.context_locks")
                // An answer that no lock keeps back is there much sooner.
                if clock.now - start > .milliseconds(100) { waits.count.withLock { $0 += 1 } }
            }
        }
    }

    /// Ends it, and gives how many answers it had to wait for.
    func stop() -> Int {
        _ = repeated.stop()
        return waits.count.withLock { $0 }
    }
}

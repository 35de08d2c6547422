// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import Synchronization

/// What the watcher's thread and everybody else know of each other.
final class WatchCommandQueue: Sendable {
    /// What is known of the watching, for everybody.
    struct Report: Sendable {
        var methods: [Subject: Method] = [:]
        var problems: Set<WatchProblem> = []
        var watches = 0
        var overflows = 0
        /// How often the thread woke up.
        var turns = 0
    }

    /// What the thread is to do next.
    enum Order: Sendable {
        case watch(Set<Subject>, WatchRules?, OrderEnd)
        case stop
    }

    private struct State {
        var orders: [Order] = []
        var isStopped = false
        var report = Report()
    }

    private let state = Mutex(State())
    private let waker: Waker

    init() throws(SystemCallError) {
        waker = try Waker()
    }

    /// To be waited for by the thread.
    var descriptor: Int32 { waker.descriptor }

    var report: Report { state.withLock(\.report) }

    func publish(_ report: Report) {
        state.withLock { $0.report = report }
    }

    /// Hands `order` to the thread. Nobody waits for one that has ended.
    func send(_ order: Order) {
        let isLate = state.withLock { state in
            if state.isStopped { return true }
            state.orders.append(order)
            return false
        }
        if isLate { Self.answer(order) }
        waker.wake()
    }

    /// The orders that came meanwhile.
    func take() -> [Order] {
        waker.rest()
        return state.withLock { state in
            defer { state.orders = [] }
            return state.orders
        }
    }

    /// Nothing is done any more.
    func close() {
        let rest = state.withLock { state in
            state.isStopped = true
            defer { state.orders = [] }
            return state.orders
        }
        rest.forEach(Self.answer)
    }

    private static func answer(_ order: Order) {
        if case .watch(_, _, let end) = order { end.reach() }
    }
}

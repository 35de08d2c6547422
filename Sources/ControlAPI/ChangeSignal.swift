// SPDX-License-Identifier: MIT

internal import Synchronization

/// Tells any number of tasks that something has changed.
///
/// Whoever waits reads ``count`` first, then looks at the thing, and then waits for a ring after that count: nothing that happens in
/// between is missed.
public final class ChangeSignal: Sendable {
    private struct State {
        var count: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// How often it has rung.
    public var count: UInt64 { state.withLock { $0.count } }

    /// Wakes everybody who waits. Never blocks; to be called from any thread.
    public func ring() {
        let woken = state.withLock { state in
            state.count += 1
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Comes back once it has rung more than `count` times, at the deadline, or when the task is cancelled.
    public func wait(after count: UInt64, before deadline: ContinuousClock.Instant) async {
        let key = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        let alarm = Task {
            // Cancelled when it rang first, and then there is nobody to wake.
            try? await Task.sleep(until: deadline, clock: .continuous)
            wake(key)
        }
        defer { alarm.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    // Cancelled before there was anything to wake: the handler below has run already, or runs after this.
                    guard state.count == count, !Task.isCancelled else { return true }
                    state.waiters[key] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            wake(key)
        }
    }

    private func wake(_ key: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: key) }?.resume()
    }
}

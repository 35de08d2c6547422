// SPDX-License-Identifier: MIT

internal import Synchronization

/// A bounded resource: so many may be at it at the same time, the others wait in line.
final class Turnstile: Sendable {
    private struct State {
        var width: Int
        var inside = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// One place inside.
    final class Place: Sendable {
        private let turnstile: Turnstile
        private let isGiven = Mutex(true)

        fileprivate init(_ turnstile: Turnstile) { self.turnstile = turnstile }

        /// Gives the place to the next in line. Once is enough.
        func release() {
            let isFirst = isGiven.withLock { given in
                defer { given = false }
                return given
            }
            if isFirst { turnstile.leave() }
        }
    }

    private let state: Mutex<State>

    init(width: Int) {
        state = Mutex(State(width: max(1, width)))
    }

    /// Lets as many in from now on. Those who are inside stay.
    func setWidth(_ width: Int) {
        let next = state.withLock { state in
            state.width = max(1, width)
            return Self.admit(&state)
        }
        for continuation in next { continuation.resume() }
    }

    /// Waits for a place.
    func enter() async -> Place {
        await withCheckedContinuation { continuation in
            let next = state.withLock { state in
                state.waiting.append(continuation)
                return Self.admit(&state)
            }
            for continuation in next { continuation.resume() }
        }
        return Place(self)
    }

    /// Does `work` for each of `items`, as many at the same time as fit. Gives the first failure, once all are through.
    @discardableResult
    func forEach<Item: Sendable, Failure: Error>(
        _ items: [Item], _ work: @escaping @Sendable (Item) async throws(Failure) -> Void
    ) async -> Failure? {
        await withTaskGroup(of: Failure?.self) { group in
            for item in items {
                let place = await enter()
                group.addTask {
                    defer { place.release() }
                    do throws(Failure) {
                        try await work(item)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var first: Failure?
            for await failure in group { first = first ?? failure }
            return first
        }
    }

    private func leave() {
        let next = state.withLock { state in
            state.inside -= 1
            return Self.admit(&state)
        }
        for continuation in next { continuation.resume() }
    }

    /// Those that have a place by now.
    private static func admit(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        let count = min(state.waiting.count, max(0, state.width - state.inside))
        defer { state.waiting.removeFirst(count) }
        state.inside += count
        return Array(state.waiting.prefix(count))
    }
}

/// What `task` gives; nil when it has not ended after `limit`. The task goes on.
func value<T: Sendable>(of task: Task<T, Never>, within limit: Duration) async -> T? {
    await withCheckedContinuation { continuation in
        let race = Race(continuation)
        let timer = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            race.end(nil)
        }
        Task {
            race.end(await task.value)
            timer.cancel()
        }
    }
}

/// Resumes once, with what comes first.
private final class Race<T: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<T?, Never>?>

    init(_ continuation: CheckedContinuation<T?, Never>) {
        self.continuation = Mutex(continuation)
    }

    func end(_ value: T?) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: value)
    }
}

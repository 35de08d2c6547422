// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Synchronization

/// What is to be done by the clock, each thing once. Nothing ticks: its keeper sleeps until the earliest item is due.
struct Schedule {
    /// One thing to do.
    enum Item: Hashable {
        /// Look at everything.
        case rescan
        /// Look again at releases that were in the middle of something.
        case releases
        /// Look again at a memory whose last operation could not go on.
        case store(StoreID)
        /// See whether a memory's scheduled backup is due.
        case backup(StoreID)
        /// Make room in the vault by the rules.
        case prune
        /// Prove the backup again that waits the longest for it.
        case drill
        /// See whether something that is at work does not come back.
        case silences
    }

    typealias Instant = ContinuousClock.Instant

    /// Runs on while the machine sleeps.
    private let now: @Sendable () -> Instant
    private var due: [Item: Instant] = [:]

    init(now: @escaping @Sendable () -> Instant = { .now }) {
        self.now = now
    }

    /// How long until the earliest item, zero when it is due; nil for an empty schedule.
    var wait: Duration? {
        due.values.min().map { max(.zero, now().duration(to: $0)) }
    }

    /// Puts `item` on for `delay` from now, in place of when it was on for.
    mutating func set(_ item: Item, in delay: Duration) {
        due[item] = now().advanced(by: max(.zero, delay))
    }

    /// Puts `item` on for `delay` from now, unless it is on for an earlier time.
    mutating func hasten(_ item: Item, in delay: Duration) {
        let at = now().advanced(by: max(.zero, delay))
        due[item] = due[item].map { min($0, at) } ?? at
    }

    /// Whether `item` is on it.
    func has(_ item: Item) -> Bool { due[item] != nil }

    /// Takes `item` off. One that is not on it is fine.
    mutating func drop(_ item: Item) {
        due[item] = nil
    }

    /// Takes the item off that is due and has been for the longest.
    mutating func next() -> Item? {
        guard let first = due.min(by: { $0.value < $1.value }), first.value <= now() else { return nil }
        due[first.key] = nil
        return first.key
    }
}

/// Keeps the schedule, and sleeps until its earliest item is due.
final class ScheduleKeeper: Sendable {
    private struct State {
        var schedule = Schedule()
        var sleeper: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Changes the schedule, and wakes whoever sleeps until the earliest item of the old one.
    func plan(_ change: (inout Schedule) -> Void) {
        state.withLock { state in
            change(&state.schedule)
            state.sleeper?.cancel()
        }
    }

    /// Whether `item` is on it.
    func has(_ item: Schedule.Item) -> Bool { state.withLock { $0.schedule.has(item) } }

    /// Takes the next item off, once it is due. nil when the task is cancelled.
    func next() async -> Schedule.Item? {
        while !Task.isCancelled {
            let (item, sleeper) = state.withLock { state -> (Schedule.Item?, Task<Void, Never>?) in
                if let item = state.schedule.next() { return (item, nil) }
                // For ever without an item: a change of the schedule ends it.
                let delay = state.schedule.wait ?? .seconds(86_400)
                state.sleeper = Task { _ = try? await Task.sleep(for: delay) }
                return (nil, state.sleeper)
            }
            if let item { return item }
            await withTaskCancellationHandler {
                await sleeper?.value
            } onCancel: {
                sleeper?.cancel()
            }
        }
        return nil
    }
}

/// Waits longer each time: 30 s, 1, 2, 4 … minutes, and an hour at most.
struct RetryDelay {
    private(set) var tries = 0

    /// How long to wait now that it went wrong once more.
    mutating func next() -> Duration {
        tries += 1
        return .seconds(min(3600, 30 << min(tries - 1, 10)))
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Synchronization

/// One memory's queue: whatever touches the memory waits here for its turn, and one thing has it at a time.
///
/// Nobody waits here for another memory's work. What has its turn may hang, in a mount whose server is gone or at a server that does not
/// answer: then those behind it are turned away after their deadline, and the queue tells what hangs and since when.
final class StoreQueue: Sendable {
    /// What has its turn.
    enum Owner: Sendable, Equatable {
        /// An operation that a person can watch and cancel.
        case operation(OperationID)
        /// A look, a comparison or a backup of the daemon's own.
        case maintenance
    }

    /// One turn.
    struct Turn: Sendable {
        fileprivate let number: Int
        var occupant: Owner
        /// When it began.
        let since: Timestamp
        /// When it last showed that it goes on.
        fileprivate(set) var sign: ContinuousClock.Instant
        /// Whether it was told that it does not go on.
        fileprivate var isTold = false

        /// How long nothing has been heard of it.
        var silence: Duration { ContinuousClock.now - sign }
    }

    private struct Waiter {
        let number: Int
        let occupant: Owner
        let continuation: CheckedContinuation<Int?, Never>
    }

    private struct State {
        var next = 0
        var turn: Turn?
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())
    private let clock: WallClock

    init(clock: @escaping WallClock) {
        self.clock = clock
    }

    /// What has its turn now; nil for nothing.
    var turn: Turn? { state.withLock(\.turn) }

    /// How many wait.
    var waiting: Int { state.withLock(\.waiters.count) }

    /// The operation that has its turn, when it is one.
    var operation: OperationID? {
        if case .operation(let id)? = turn?.occupant { id } else { nil }
    }

    /// Waits for a turn, and gives its number for ``leave(_:)``. nil when an operation has the turn, or gets it first: it may take long,
    /// and its end looks at the memory. nil as well when `limit` is over.
    func enter(_ occupant: Owner, within limit: Duration) async -> Int? {
        let now = clock()
        let (number, isFree, isRefused) = state.withLock { state -> (Int, Bool, Bool) in
            state.next += 1
            if state.turn == nil {
                state.turn = Turn(number: state.next, occupant: occupant, since: now, sign: .now)
                return (state.next, true, false)
            }
            if case .operation? = state.turn?.occupant { return (state.next, false, true) }
            return (state.next, false, false)
        }
        if isFree { return number }
        if isRefused { return nil }
        let timer = Task { [self] in
            // Cancelled as soon as the wait is over.
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            giveUp(number)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            // The turn may have become free, or an operation's, since the look above.
            let waiter = Waiter(number: number, occupant: occupant, continuation: continuation)
            let answer: Int?? = state.withLock { state in
                if state.turn == nil {
                    state.turn = Turn(number: number, occupant: occupant, since: now, sign: .now)
                    return .some(number)
                }
                if case .operation? = state.turn?.occupant { return .some(nil) }
                state.waiters.append(waiter)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { state -> Waiter? in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: nil)
    }

    /// Ends the turn `number`; the next in line has its own. One that is over already is fine.
    func leave(_ number: Int) {
        let now = clock()
        let (next, refused) = state.withLock { state -> (Waiter?, [Waiter]) in
            guard state.turn?.number == number else { return (nil, []) }
            state.turn = nil
            guard !state.waiters.isEmpty else { return (nil, []) }
            let next = state.waiters.removeFirst()
            state.turn = Turn(number: next.number, occupant: next.occupant, since: now, sign: .now)
            guard case .operation = next.occupant else { return (next, []) }
            defer { state.waiters = [] }
            return (next, state.waiters)
        }
        next?.continuation.resume(returning: next?.number)
        for waiter in refused { waiter.continuation.resume(returning: nil) }
    }

    /// Gives the turn `number` to `operation`, which others can be told of; those that wait are turned away.
    func hand(_ number: Int, to operation: OperationID) {
        let refused = state.withLock { state -> [Waiter] in
            guard state.turn?.number == number else { return [] }
            state.turn?.occupant = .operation(operation)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in refused { waiter.continuation.resume(returning: nil) }
    }

    /// Notes that what has its turn goes on. Gives whether it had been told silent.
    @discardableResult
    func goesOn() -> Bool {
        state.withLock { state in
            guard state.turn != nil else { return false }
            state.turn?.sign = .now
            defer { state.turn?.isTold = false }
            return state.turn?.isTold ?? false
        }
    }

    /// The turn that has been silent for `limit`, the first time that it is asked for.
    func newlySilent(for limit: Duration) -> Turn? {
        state.withLock { state in
            guard let turn = state.turn, turn.silence >= limit, !turn.isTold else { return nil }
            state.turn?.isTold = true
            return turn
        }
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Synchronization

/// How much of one kind each user has going on at the same time, such as open streams of events: one user must not take what is there for
/// all.
final class StreamLimiter: Sendable {
    /// One that is going on.
    final class Slot: Sendable {
        private let isTaken = Mutex(true)
        private let whenLeft: @Sendable () -> Void

        fileprivate init(_ whenLeft: @escaping @Sendable () -> Void) {
            self.whenLeft = whenLeft
        }

        /// Gives the place back. Twice is fine.
        func leave() {
            let wasTaken = isTaken.withLock { isTaken in
                defer { isTaken = false }
                return isTaken
            }
            if wasTaken { whenLeft() }
        }

        deinit { leave() }
    }

    private let limit: Int
    private let refusal: @Sendable (_ limit: Int) -> GuardError
    private let taken = Mutex<[UInt32: Int]>([:])

    /// - Parameters:
    ///   - limit: how many each user has at most
    ///   - refusal: what one more is answered with
    init(limit: Int, refusal: @escaping @Sendable (_ limit: Int) -> GuardError) {
        self.limit = limit
        self.refusal = refusal
    }

    /// A place for one more of `caller`.
    func take(for caller: Caller) throws(GuardError) -> Slot {
        let isFree = taken.withLock { taken in
            guard taken[caller.uid, default: 0] < limit else { return false }
            taken[caller.uid, default: 0] += 1
            return true
        }
        guard isFree else { throw refusal(limit) }
        return Slot { [self] in
            taken.withLock { taken in
                let left = taken[caller.uid, default: 1] - 1
                taken[caller.uid] = left > 0 ? left : nil
            }
        }
    }
}

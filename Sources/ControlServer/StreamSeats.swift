// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Synchronization

/// How many streams of events each user has open: who opens them and never reads must not take every connection.
final class StreamSeats: Sendable {
    /// One open stream.
    final class Seat: Sendable {
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
    private let taken = Mutex<[UInt32: Int]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// A place for one more stream of `caller`.
    func take(for caller: Caller) throws(GuardError) -> Seat {
        let isFree = taken.withLock { taken in
            guard taken[caller.uid, default: 0] < limit else { return false }
            taken[caller.uid, default: 0] += 1
            return true
        }
        guard isFree else { throw Wording.tooManyStreams(limit: limit) }
        return Seat { [self] in
            taken.withLock { taken in
                let left = taken[caller.uid, default: 1] - 1
                taken[caller.uid] = left > 0 ? left : nil
            }
        }
    }
}

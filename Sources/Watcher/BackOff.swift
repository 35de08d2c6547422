// SPDX-License-Identifier: MIT

/// When something that may be needed again at once is done: after a second at first, and later each time that it is needed soon.
struct BackOff {
    private static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(60)

    /// When it is done next, or nil.
    private(set) var due: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?
    private var pause = Self.shortest

    /// Plans to do it. Nothing new when that is planned already.
    mutating func plan(at now: ContinuousClock.Instant) {
        guard due == nil else { return }
        if let last, last.duration(to: now) < pause {
            pause = min(pause * 2, Self.longest)
        } else {
            pause = Self.shortest
        }
        due = now.advanced(by: pause)
    }

    /// Whether it is to be done now; then it is not planned any more.
    mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
        guard let planned = due, planned <= now else { return false }
        due = nil
        last = now
        return true
    }
}

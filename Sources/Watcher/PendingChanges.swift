// SPDX-License-Identifier: MIT

/// What happened and was not told yet. A change is told when it has been quiet for ``WatchRules/settle``, or after
/// ``WatchRules/maxWait`` where it never is.
struct PendingChanges {
    private struct Mark {
        let first: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        var change: Change
    }

    /// More names than this are as good as all.
    private static let manyPaths = 1000

    private var marks: [Subject: Mark] = [:]

    /// Notes that something happened to `subject`; nil for `path` means to all of it.
    mutating func mark(_ subject: Subject, _ path: String?, at now: ContinuousClock.Instant) {
        var mark =
            marks[subject] ?? Mark(first: now, last: now, change: Change(subject: subject, paths: [], isWhole: false))
        mark.last = now
        if let path, !mark.change.isWhole { mark.change.paths.insert(path) } else { mark.change.isWhole = true }
        if mark.change.paths.count > Self.manyPaths { mark.change.isWhole = true }
        if mark.change.isWhole { mark.change.paths = [] }
        marks[subject] = mark
    }

    /// Forgets `subject`.
    mutating func drop(_ subject: Subject) { marks[subject] = nil }

    /// When the next change is to be told, or nil.
    func nextDue(_ rules: WatchRules) -> ContinuousClock.Instant? {
        marks.values.map { Self.due($0, rules) }.min()
    }

    /// The changes that are to be told by now.
    mutating func take(_ rules: WatchRules, at now: ContinuousClock.Instant) -> [Change] {
        let ripe = marks.filter { Self.due($0.value, rules) <= now }
        for subject in ripe.keys { marks[subject] = nil }
        return ripe.values.map(\.change)
    }

    private static func due(_ mark: Mark, _ rules: WatchRules) -> ContinuousClock.Instant {
        min(mark.last.advanced(by: rules.settle), mark.first.advanced(by: rules.maxWait))
    }
}

// SPDX-License-Identifier: MIT

public import LinuxKit

/// Tells that something changed on disk, once it is quiet.
///
/// Events are hints, and what they lead to is a look. Where the kernel tells, one inotify instance listens; where it does not, or its
/// limits are reached, subjects are looked at from time to time, and ``problems`` say so. A thread of its own sleeps until there is
/// something to do: nothing ticks while nothing happens.
public final class Watcher: Sendable {
    /// What happened. To be read once; ends with ``stop()``.
    public let changes: AsyncStream<Change>
    private let switchboard: Switchboard

    /// Watches nothing yet.
    ///
    /// - Throws: the system has no thread or no pipe to give
    public convenience init(_ rules: WatchRules) throws(SystemCallError) {
        try self.init(rules) { () throws(SystemCallError) in try KernelEvents() }
    }

    /// - Parameter events: where events come from; nil for nowhere
    init(
        _ rules: WatchRules, events: @escaping @Sendable () throws(SystemCallError) -> (any EventSource)?
    ) throws(SystemCallError) {
        let switchboard = try Switchboard()
        let thread = try ThreadExecutor(name: "watcher")
        let (changes, continuation) = AsyncStream<Change>.makeStream()
        self.switchboard = switchboard
        self.changes = changes
        Task {
            await thread.run {
                WatchLoop(rules, switchboard, events) { continuation.yield($0) }.run()
                continuation.finish()
            }
        }
    }

    deinit {
        switchboard.send(.stop)
    }

    /// Watches these subjects, and no others. When it returns, what happens to them from then on is told.
    ///
    /// - Parameter rules: new ones, which everything is watched by from then on
    public func watch(_ subjects: Set<Subject>, by rules: WatchRules? = nil) async {
        await withCheckedContinuation { switchboard.send(.watch(subjects, rules, $0)) }
    }

    /// How changes of `subject` are noticed; nil when it is not watched.
    public func method(of subject: Subject) -> Method? { switchboard.report.methods[subject] }

    /// What keeps changes from being noticed at once.
    public var problems: Set<WatchProblem> { switchboard.report.problems }

    /// How many watches the kernel holds for this process.
    public var watches: Int { switchboard.report.watches }

    /// How often events were lost, and everything was looked at in their place.
    public var overflows: Int { switchboard.report.overflows }

    /// How often the thread had something to do.
    var turns: Int { switchboard.report.turns }

    /// Watches nothing any more.
    public func stop() {
        switchboard.send(.stop)
    }
}

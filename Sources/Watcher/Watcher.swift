// SPDX-License-Identifier: MIT

public import LinuxKit
internal import Synchronization

/// Tells that something changed on disk, once it is quiet.
///
/// Events are hints, and what they lead to is a look. Where the kernel tells, one inotify instance listens; where it does not, or its
/// limits are reached, subjects are looked at from time to time, and ``problems`` say so. A thread of its own sleeps until there is
/// something to do: nothing ticks while nothing happens.
///
/// A mount whose server is gone may keep that thread forever. Then another thread takes its place and leaves the mount alone, and
/// ``problems`` say that, too.
public final class Watcher: Sendable {
    /// The thread that watches at the moment.
    private struct Crew {
        let switchboard: WatchCommandQueue
        let thread: ThreadExecutor
    }

    /// A thread that hangs, and what is said of its place.
    private struct Silent {
        let problem: WatchProblem
        let thread: ThreadExecutor
        let since: ContinuousClock.Instant

        var isOver: Bool { thread.activity.call?.since != since }
    }

    private struct State {
        var crew: Crew
        var rules: WatchRules
        var subjects: Set<Subject> = []
        /// Paths at which an earlier thread hangs.
        var silent: [String: Silent] = [:]
        var isStopped = false
    }

    /// How long the thread may be in one system call.
    private static let patience = Duration.seconds(4)

    /// What happened. To be read once; ends with ``stop()``.
    public let changes: AsyncStream<Change>
    private let tell: AsyncStream<Change>.Continuation
    private let events: @Sendable () throws(SystemCallError) -> (any EventSource)?
    private let state: Mutex<State>

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
        (changes, tell) = AsyncStream<Change>.makeStream()
        self.events = events
        state = Mutex(State(crew: try Self.start(rules, events, tell), rules: rules))
    }

    private static func start(
        _ rules: WatchRules, _ events: @escaping @Sendable () throws(SystemCallError) -> (any EventSource)?,
        _ tell: AsyncStream<Change>.Continuation
    ) throws(SystemCallError) -> Crew {
        let switchboard = try WatchCommandQueue()
        let thread = try ThreadExecutor(name: "watcher")
        Task {
            await thread.run {
                WatchLoop(rules, switchboard, events) { tell.yield($0) }.run()
            }
        }
        return Crew(switchboard: switchboard, thread: thread)
    }

    deinit {
        stop()
    }

    /// Watches these subjects, and no others. When it returns, what happens to them from then on is told.
    ///
    /// - Parameter rules: new ones, which everything is watched by from then on
    public func watch(_ subjects: Set<Subject>, by rules: WatchRules? = nil) async {
        var isNew = state.withLock { state in
            state.subjects = subjects
            if let rules { state.rules = rules }
            let count = state.silent.count
            // What has answered after all is watched again.
            state.silent = state.silent.filter { !$0.value.isOver }
            return rules != nil || state.silent.count != count
        }
        // Once for each place that turns out to hang, and the number of those is bounded by the tree: but not for ever.
        for _ in 0..<16 {
            guard let silent = await order(withRules: isNew) else { return }
            relieve(silent)
            isNew = true
        }
    }

    /// Has the thread watch. The call in which it hangs, or nil when it has done so.
    private func order(withRules: Bool) async -> ThreadActivity.Call? {
        let (crew, subjects, rules) = state.withLock { state in
            var rules = state.rules
            rules.ignored.formUnion(state.silent.keys)
            let subjects = state.subjects.filter { subject in
                !state.silent.keys.contains { subject.path == $0 || subject.path.hasPrefix($0 + "/") }
            }
            return (state.crew, subjects, withRules ? rules : nil)
        }
        let end = OrderEnd()
        crew.switchboard.send(.watch(subjects, rules, end))
        while !(await end.isReached(within: .seconds(1))) {
            guard let call = crew.thread.activity.call, ContinuousClock.now - call.since > Self.patience else {
                continue
            }
            return call
        }
        return nil
    }

    /// Puts another thread in the place of the one that hangs in `call`.
    private func relieve(_ call: ThreadActivity.Call) {
        let path = call.path ?? "/"
        let problem = WatchProblem(
            path: path, message: "does not answer (a call to \(call.name) does not come back); it is not watched")
        state.withLock { state in
            guard !state.isStopped, state.crew.thread.activity.call?.since == call.since else { return }
            state.silent[path] = Silent(problem: problem, thread: state.crew.thread, since: call.since)
            var rules = state.rules
            rules.ignored.formUnion(state.silent.keys)
            // Without a thread to give, the old one stays: it goes on when its call comes back.
            guard let crew = try? Self.start(rules, events, tell) else { return }
            state.crew.switchboard.send(.stop)
            state.crew = crew
        }
    }

    /// Puts another thread in the place of one that hangs. To be called now and then: a look that hangs tells nobody.
    public func checkAlive() async {
        let call = state.withLock { $0.crew.thread.activity.call }
        guard let call, ContinuousClock.now - call.since > Self.patience else { return }
        relieve(call)
        let subjects = state.withLock(\.subjects)
        await watch(subjects, by: state.withLock(\.rules))
    }

    private var report: WatchCommandQueue.Report { state.withLock(\.crew).switchboard.report }

    /// How changes of `subject` are noticed; nil when it is not watched.
    public func method(of subject: Subject) -> Method? { report.methods[subject] }

    /// What keeps changes from being noticed at once.
    public var problems: Set<WatchProblem> { report.problems.union(state.withLock { $0.silent.values.map(\.problem) }) }

    /// How many watches the kernel holds for this process.
    public var watches: Int { report.watches }

    /// How often events were lost, and everything was looked at in their place.
    public var overflows: Int { report.overflows }

    /// How often the thread had something to do.
    var turns: Int { report.turns }

    /// Watches nothing any more.
    public func stop() {
        let crew = state.withLock { state in
            state.isStopped = true
            return state.crew
        }
        crew.switchboard.send(.stop)
        // Not left to the thread, which may hang.
        tell.finish()
    }
}

/// The end of an order, which may never come.
final class OrderEnd: Sendable {
    private enum State {
        case open(CheckedContinuation<Bool, Never>?)
        case reached
    }

    private let state = Mutex(State.open(nil))

    /// Waits for the end, `limit` at most. One waits at a time.
    func isReached(within limit: Duration) async -> Bool {
        let timer = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard case .open(let waiting) = state else { return nil }
                state = .open(nil)
                return waiting
            }
            waiting?.resume(returning: false)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if case .reached = state { return true }
                state = .open(continuation)
                return false
            }
            if isReached { continuation.resume(returning: true) }
        }
    }

    func reach() {
        let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard case .open(let waiting) = state else { return nil }
            state = .reached
            return waiting
        }
        waiting?.resume(returning: true)
    }
}

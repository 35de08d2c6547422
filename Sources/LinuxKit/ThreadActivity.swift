// SPDX-License-Identifier: MIT

internal import Glibc
internal import Synchronization

/// What one thread of ours does at the moment: the job that it works on and the system call that it is in.
///
/// The world can keep a system call forever: a pipe without a writer, a mount whose server is gone. Another thread reads here where this
/// one waits and since when.
public final class ThreadActivity: Sendable {
    /// A system call that has not come back.
    public struct Call: Sendable, Equatable {
        /// Its name, such as `open`.
        public let name: String
        /// The path that it is about, when there is one.
        public let path: String?
        /// When it began.
        public let since: ContinuousClock.Instant
    }

    private struct State {
        var call: Call?
        /// When the thread last began a job, or began or ended a call.
        var changed = ContinuousClock.now
        /// When the job began; nil while the thread waits for work.
        var job: ContinuousClock.Instant?
        /// The clock of the time that the thread has computed; nil before it runs.
        var computing: clockid_t?
        /// What that clock showed at the last look, in nanoseconds.
        var computed: Int64 = 0
    }

    private let state = Mutex(State())

    /// The system call that the thread is in; nil between calls.
    public var call: Call? { state.withLock { $0.call } }

    /// How long the thread has shown no sign of life: no call of it began or ended, and it computed nothing. Zero for one that has nothing
    /// to do.
    public var silence: Duration {
        state.withLock { state in
            guard state.job != nil else { return .zero }
            if let clock = state.computing {
                var time = timespec()
                let now =
                    clock_gettime(clock, &time) == 0 ? Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) : -1
                if now != state.computed {
                    state.computed = now
                    state.changed = .now
                }
            }
            return ContinuousClock.now - state.changed
        }
    }

    /// How long the thread has been at its job; nil when it has none.
    public var busyTime: Duration? { state.withLock { state in state.job.map { ContinuousClock.now - $0 } } }

    func begin(_ call: String, _ path: String?) {
        let now = ContinuousClock.now
        state.withLock { state in
            state.call = Call(name: call, path: path, since: now)
            state.changed = now
        }
    }

    func end() {
        let now = ContinuousClock.now
        state.withLock { state in
            state.call = nil
            state.changed = now
        }
    }

    func beginJob() {
        let now = ContinuousClock.now
        state.withLock { state in
            state.job = now
            state.changed = now
        }
    }

    func endJob() { state.withLock { $0.job = nil } }

    // MARK: The thread's own

    /// The activity of the calling thread; nil on a thread that ``ThreadExecutor`` did not make.
    static var current: ThreadActivity? {
        guard let pointer = pthread_getspecific(key) else { return nil }
        return Unmanaged<ThreadActivity>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Makes this the activity of the calling thread, which has to keep it alive until the thread ends.
    func attach() {
        // The key is valid, so there is nothing that could fail but memory; without it the thread works and tells nothing.
        _ = pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        var clock = clockid_t()
        // Without the clock, calls alone are its signs of life.
        if pthread_getcpuclockid(pthread_self(), &clock) == 0 { state.withLock { $0.computing = clock } }
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        // A process has room for 1024 keys, and this is its only one of ours.
        precondition(pthread_key_create(&key, nil) == 0)
        return key
    }()
}

/// The threads that this process made for blocking work.
public enum WorkerThreads {
    /// One of them that is at work.
    public struct Busy: Sendable, CustomStringConvertible {
        /// What the thread is for, such as `discovery`.
        public let name: String
        /// What it works on, such as a path; nil when it has no single subject.
        public let subject: String?
        /// How long it has been at it.
        public let time: Duration
        /// The system call that it is in.
        public let call: ThreadActivity.Call?

        /// For example `sqlite-store, at /home/a/.claude-memory.db for 31 s, in open`.
        public var description: String {
            let at = (call?.path ?? subject).map { ", at \($0)" } ?? ""
            let within = call.map { ", in \($0.name)" } ?? ""
            return "\(name)\(at) for \(time.components.seconds) s\(within)"
        }
    }

    private struct Member {
        let name: String
        let subject: String?
        let activity: ThreadActivity
    }

    private static let members = Mutex<[ObjectIdentifier: Member]>([:])

    static func add(_ activity: ThreadActivity, _ name: String, _ subject: String?) {
        let member = Member(name: name, subject: subject, activity: activity)
        members.withLock { $0[ObjectIdentifier(activity)] = member }
    }

    static func remove(_ activity: ThreadActivity) {
        members.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(activity)) }
    }

    /// How long nothing has been heard of the thread that works on `subject`: the longest, where there are several. Zero where none is at
    /// work.
    public static func silence(about subject: String) -> Duration {
        members.withLock { Array($0.values) }.filter { $0.subject == subject }.map(\.activity.silence).max() ?? .zero
    }

    /// Those that are at a job now, the longest first.
    public static var busy: [Busy] {
        members.withLock { Array($0.values) }.compactMap { member in
            member.activity.busyTime.map {
                Busy(name: member.name, subject: member.subject, time: $0, call: member.activity.call)
            }
        }.sorted { $0.time > $1.time }
    }
}

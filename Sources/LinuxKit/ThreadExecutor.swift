// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc
internal import Synchronization

/// A serial executor that is one POSIX thread: for libraries that block, or that want one thread for one handle.
///
/// An actor that names it as its executor runs on that thread only, and a blocking call inside keeps nobody else waiting. The
/// thread ends when the executor is released and everything enqueued has run.
public final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    // Sendable because the only stored property is a constant reference to a queue that guards its own state with a mutex.
    private let queue: JobQueue

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: shown by `ps -L` and in core dumps; the kernel keeps the first 15 bytes
    ///   - subject: what the thread works on, such as a path, for ``WorkerThreads``
    /// - Throws: the system has no thread to give (EAGAIN)
    public init(name: String, about subject: String? = nil) throws(SystemCallError) {
        queue = try JobQueue.start(named: name, about: subject)
    }

    /// What the thread does at the moment.
    public var activity: ThreadActivity { queue.activity }

    deinit {
        // May run on the thread itself, after its last job; hence it only asks and does not join.
        queue.stop()
    }

    /// Runs the job on the thread, after everything that was enqueued before it.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The closure keeps the executor alive until the job has run: the job itself holds it by an unowned reference.
        queue.append { [self] in
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }

    /// Stops the program when the caller is not on the thread.
    public func checkIsolated() {
        precondition(queue.isCurrent, "not on the thread that this executor owns")
    }

    /// Whether the caller is on the thread.
    public func isIsolatingCurrentContext() -> Bool? { queue.isCurrent }

    /// Runs `body`, which may block, on the thread, and gives back what it gives or throws.
    ///
    /// The caller's thread is free meanwhile. Cancellation does not reach into `body`.
    public func run<T: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> T) async throws(E) -> T {
        let result: Result<T, E> = await withCheckedContinuation { continuation in
            queue.append { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }

    /// The same, unless the thread is still at other work when `deadline` comes: then nothing is done, and nil is given back.
    ///
    /// - Parameter deadline: when `body` has to have begun; nil for no hurry
    public func run<T: Sendable, E: Error>(
        beginningBy deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () throws(E) -> T
    ) async throws(E) -> T? {
        guard let deadline else { return try await run(body) }
        let start = Start()
        let timer = Task {
            guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
            start.giveUp()
        }
        defer { timer.cancel() }
        let result: Result<T, E>? = await withCheckedContinuation { continuation in
            start.wait { continuation.resume(returning: nil) }
            queue.append {
                guard start.begin() else { return }
                continuation.resume(returning: Result(catching: body))
            }
        }
        return try result?.get()
    }
}

/// Whether work has begun or was given up, whichever was first.
private final class Start: Sendable {
    private enum State {
        case open((@Sendable () -> Void)?)
        case begun
        case givenUp
    }

    private let state = Mutex(State.open(nil))

    /// Has `refuse` called when the work is given up.
    func wait(_ refuse: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if case .givenUp = state { return true }
            state = .open(refuse)
            return false
        }
        if isLate { refuse() }
    }

    /// Whether the work may begin.
    func begin() -> Bool {
        state.withLock { state in
            guard case .open = state else { return false }
            state = .begun
            return true
        }
    }

    func giveUp() {
        let refuse = state.withLock { state -> (@Sendable () -> Void)? in
            guard case .open(let refuse) = state else { return nil }
            state = .givenUp
            return refuse
        }
        refuse?()
    }
}

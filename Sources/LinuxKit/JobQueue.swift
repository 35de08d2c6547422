// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Work in the order of its arrival, done by one thread that owns a reference to the queue.
final class JobQueue: @unchecked Sendable {
    // Sendable because `jobs`, `stopping` and `thread` are only touched while `mutex` is held, and because the mutex and the
    // condition are heap memory whose address never changes before deinit.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: [() -> Void] = []
    private var stopping = false
    private var thread: pthread_t?
    /// What the thread does at the moment.
    let activity = ThreadActivity()

    private init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        // With default attributes these two cannot fail on Linux (pthread_mutex_init(3), pthread_cond_init(3)).
        precondition(pthread_mutex_init(mutex, nil) == 0 && pthread_cond_init(condition, nil) == 0)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// A queue whose thread runs until ``stop()``.
    ///
    /// - Parameter subject: what the thread works on, for ``WorkerThreads``
    static func start(named name: String, about subject: String? = nil) throws(SystemCallError) -> JobQueue {
        let queue = JobQueue()
        WorkerThreads.add(queue.activity, name, subject)
        var thread = pthread_t()
        let reference = Unmanaged.passRetained(queue)
        let code = pthread_create(&thread, nil, { JobQueue.main($0) }, reference.toOpaque())
        guard code == 0 else {
            reference.release()
            WorkerThreads.remove(queue.activity)
            throw SystemCallError(call: "pthread_create", errno: code)
        }
        queue.locked { queue.thread = thread }
        // Best effort: a thread without a name works as well.
        _ = dementiad_set_thread_name(thread, name)
        // Nobody joins it: the last reference may be dropped on the thread itself.
        pthread_detach(thread)
        return queue
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let queue = Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue()
        queue.activity.attach()
        queue.drain()
        WorkerThreads.remove(queue.activity)
        return nil
    }

    /// Whether the caller is the queue's thread.
    var isCurrent: Bool {
        locked { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    func append(_ job: @escaping () -> Void) {
        locked {
            precondition(!stopping, "work for a thread that was told to stop")
            jobs.append(job)
            pthread_cond_signal(condition)
        }
    }

    /// Lets the thread end after what is enqueued.
    func stop() {
        locked {
            stopping = true
            pthread_cond_signal(condition)
        }
    }

    private func drain() {
        while let batch = nextBatch() {
            for job in batch {
                activity.beginJob()
                job()
                activity.endJob()
            }
        }
    }

    /// Everything that waits, or nil when there is nothing more to come.
    private func nextBatch() -> [() -> Void]? {
        locked {
            while jobs.isEmpty && !stopping { pthread_cond_wait(condition, mutex) }
            defer { jobs = [] }
            return jobs.isEmpty ? nil : jobs
        }
    }

    private func locked<T>(_ body: () -> T) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}

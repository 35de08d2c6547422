// SPDX-License-Identifier: MIT

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import LinuxKit

private actor Owner {
    let executor: ThreadExecutor
    var seen: [Int] = []

    init(_ executor: ThreadExecutor) { self.executor = executor }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func thread() -> pthread_t { pthread_self() }

    func note(_ number: Int) { seen.append(number) }

    func checksItself() { executor.checkIsolated() }
}

@Suite("A thread of one's own")
struct ThreadExecutorTests {
    @Test("An actor that names it runs on that thread, whatever else runs")
    func oneThread() async throws {
        let owner = Owner(try ThreadExecutor(name: "owner"))
        let first = await owner.thread()
        for _ in 0..<200 {
            await Task.yield()
            #expect(pthread_equal(await owner.thread(), first) != 0)
        }
        await owner.checksItself()
        #expect(owner.executor.isIsolatingCurrentContext() == false)
    }

    @Test("Work runs in the order of its arrival")
    func order() async throws {
        let queue = try JobQueue.start(named: "order")
        let seen = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<500 { queue.append { seen.withLock { $0.append(number) } } }
            queue.append { continuation.resume() }
        }
        queue.stop()
        #expect(seen.withLock { $0 } == Array(0..<500))
    }

    @Test("What blocks on it keeps nobody else waiting, and its typed error arrives")
    func blocking() async throws {
        let executor = try ThreadExecutor(name: "blocking")
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        async let byte = executor.run {
            var byte: UInt8 = 0
            return read(reading, &byte, 1) == 1 ? byte : 0
        }
        // The pool goes on while the thread waits for this.
        var message: UInt8 = 7
        #expect(write(writing, &message, 1) == 1)
        #expect(await byte == 7)
        close(reading)
        close(writing)

        let failure = SystemCallError(call: "test", errno: EIO)
        do {
            try await executor.run { () throws(SystemCallError) in throw failure }
            Issue.record("the error got lost")
        } catch {
            #expect(error == failure)
        }
    }

    @Test("The thread carries its name, and ends with the executor")
    func lifetime() async throws {
        func names() throws -> [String] {
            try Directory.entries("/proc/self/task").compactMap {
                (try? OpenFile.content(of: "/proc/self/task/\($0)/comm")).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        do {
            // Released by its own last job: the thread must not wait for itself.
            let owner = Owner(try ThreadExecutor(name: "short-lived-thread"))
            await owner.note(1)
            #expect(try names().contains("short-lived-thr\n"))
        }
        try await eventually("the thread has ended") { try !names().contains("short-lived-thr\n") }
    }
}

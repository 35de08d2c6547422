// SPDX-License-Identifier: MIT

import Glibc
import Testing

@testable import LinuxKit

@Suite("Calls that may never come back")
struct BlockingCallsTests {
    private let calls = BlockingCalls(name: "test") { 7 }

    @Test("What comes back is given back, and what is thrown is thrown")
    func answers() async throws {
        #expect(await calls.ask("here", silentFor: .seconds(60)) { 42 }.value == 42)
        await #expect(throws: SystemCallError.self) {
            _ = try await calls.ask("here", silentFor: .seconds(60)) { () throws(SystemCallError) -> Int in
                throw SystemCallError(call: "stat", errno: ENOENT)
            }
        }
        #expect(calls.silences.isEmpty)
    }

    @Test("A call that hangs is given up, named by its path and call, not repeated, and forgotten when it comes back")
    func silence() async throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        // A plain open of a pipe waits for a writer.
        let hang: @Sendable () -> Int32 = {
            (try? checked("open", pipe) { open(pipe, O_RDONLY) }) ?? -1
        }
        let answer = await calls.ask("a release", silentFor: .milliseconds(100), hang)
        guard case .silence(let silence) = answer else {
            Issue.record("it was answered")
            return
        }
        #expect(silence == BlockingCalls.Silence(place: pipe, call: "open", sinceMilliseconds: 7))
        #expect(calls.silences == [silence])
        #expect(WorkerThreads.busy.contains { $0.call?.path == pipe && $0.name == "test" })
        // Both names of it: no second thread is spent on it.
        for name in ["a release", pipe] {
            let again = await calls.ask(name, silentFor: .seconds(60)) { 1 }
            #expect(again.value == nil)
        }
        #expect(await calls.ask("elsewhere", silentFor: .seconds(60)) { 1 }.value == 1)
        let writer = open(pipe, O_WRONLY)
        defer { close(writer) }
        let end = ContinuousClock.now + .seconds(60)
        while !calls.silences.isEmpty, ContinuousClock.now < end { await Task.yield() }
        #expect(await calls.ask("a release", silentFor: .seconds(60)) { 2 }.value == 2)
    }

    @Test("A pipe is no file to read, and opening it waits for nobody")
    func pipe() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let error = #expect(throws: SystemCallError.self) { try OpenFile.content(of: pipe) }
        #expect(error?.isNotAFile == true && error?.description == "open \(pipe): Not a regular file")
    }

    @Test("Work that cannot begin in time is not begun")
    func deadline() async throws {
        let thread = try ThreadExecutor(name: "busy")
        let folder = try TemporaryFolder()
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let hanging = Task { await thread.run { open(pipe, O_RDONLY) } }
        while thread.activity.busyTime == nil { await Task.yield() }
        let late: Int? = await thread.run(beginningBy: .now + .milliseconds(50)) { 1 }
        #expect(late == nil)
        let writer = open(pipe, O_WRONLY)
        defer { close(writer) }
        close(await hanging.value)
        #expect(await thread.run(beginningBy: .now + .seconds(60)) { 2 } == 2)
    }
}

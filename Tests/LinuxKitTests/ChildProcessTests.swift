// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Testing

/// Programs whose answer is read.
@Suite struct ChildProcessTests {
    private func run(_ script: String, timeout: Duration = .seconds(20)) throws -> (ChildProcess.Ending, String) {
        let (ending, output) = try ChildProcess.output(
            of: ["sh", "-c", script], environment: ["WORD": "hello"], timeout: timeout)
        return (ending, String(decoding: output, as: UTF8.self))
    }

    @Test("the answer and the ending come back, and the environment is exactly the given one")
    func answers() throws {
        #expect(try run("printf %s \"$WORD $HOME\"; exit 3") == (.exited(3), "hello "))
        #expect(try run("true") == (.exited(0), ""))
        #expect(try run("printf abc; kill -9 $$") == (.signalled(SIGKILL), "abc"))
        #expect(try run("head -c 60000 /dev/zero").1.utf8.count == 60000)
    }

    @Test("nobody waits for what the program left behind, nor for one that does not end")
    func unfinished() throws {
        let start = ContinuousClock.now
        // In a group of its own, it outlives the shell with the other end of the pipe in its hands.
        let (ending, answer) = try run("setsid sleep 5 & echo $!")
        #expect(ending == .exited(0) && answer.hasSuffix("\n"))
        #expect(try run("echo before; sleep 20", timeout: .milliseconds(300)) == (.timedOut, "before\n"))
        #expect(ContinuousClock.now - start < .seconds(4))
        if let pid = Int32(answer.dropLast()) { kill(pid, SIGKILL) }
    }

    @Test("a program that is not there is an error, not an ending")
    func missing() {
        let error = #expect(throws: SystemCallError.self) {
            try ChildProcess.output(of: ["/nowhere/program"], environment: [:], timeout: .seconds(1))
        }
        #expect(error?.isNotFound == true)
    }
}

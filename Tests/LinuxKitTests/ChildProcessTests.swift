// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

/// Programs whose answer is read.
@Suite struct ChildProcessTests {
    private func run(_ script: String, timeout: Duration = Patience.limit) throws -> (ChildProcess.Ending, String) {
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
        // In a group of its own, it outlives the shell with the other end of the pipe in its hands.
        let (ending, answer) = try run("setsid sleep 3600 & echo $!")
        #expect(ending == .exited(0) && answer.hasSuffix("\n"))
        let left = try #require(Int32(answer.dropLast()))
        #expect(kill(left, SIGKILL) == 0, "the answer came only after the end of the program that was left behind")
        // The shell says its word within the shortest time, or on a slow machine within a longer one.
        let hanging = try [Duration.milliseconds(300), .seconds(3), .seconds(30)].lazy
            .map { try run("echo before; exec sleep 3600", timeout: $0) }.first { $0.1 == "before\n" }
        #expect(hanging?.0 == .timedOut)
    }

    @Test("a program that is not there is an error, not an ending")
    func missing() {
        let error = #expect(throws: SystemCallError.self) {
            try ChildProcess.output(of: ["/nowhere/program"], environment: [:], timeout: .seconds(1))
        }
        #expect(error?.isNotFound == true)
    }
}

// SPDX-License-Identifier: MIT

import Glibc
import TestSupport
import Testing

@testable import LinuxKit

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

    @Test("it inherits nothing but its standard input, output and error, whatever is open without close-on-exec")
    func descriptors() throws {
        let leaks = (0..<3).map { _ in open("/dev/null", O_RDONLY) } + [dup2(0, 500)]
        defer { for leak in leaks { close(leak) } }
        try #require(leaks.allSatisfy { fcntl($0, F_GETFD) == 0 })
        // The glob itself takes the lowest free number, 3.
        let (ending, names) = try run("echo /proc/$$/fd/*; test ! -e /proc/$$/fd/500")
        #expect(ending == .exited(0))
        let inherited = names.split { " \n".contains($0) }.filter { !$0.hasSuffix("/3") }.map { $0.suffix(2) }
        #expect(inherited == ["/0", "/1", "/2"], "\(names)")
    }

    @Test("one that cannot be waited for is ended all the same")
    func unwatched() throws {
        let pid = try ChildProcess.spawn(["sleep", "60"], EnvironmentBlock(["PATH": "/usr/bin:/bin"]), output: 2)
        let error = #expect(throws: SystemCallError.self) {
            try ChildProcess.wait(for: pid, timeout: .seconds(60)) { _ in
                errno = EMFILE
                return -1
            }
        }
        #expect(error?.errno == EMFILE)
        #expect(kill(pid, 0) == -1 && errno == ESRCH)
    }

    @Test("our environment goes on to the last byte, and additions replace variables of the same name")
    func environment() async throws {
        setenv("DEMENTIAD_TEST_ODD", "\u{301}=", 1)
        setenv("DEMENTIAD_TEST_ODDER", "kept", 1)
        defer {
            unsetenv("DEMENTIAD_TEST_ODD")
            unsetenv("DEMENTIAD_TEST_ODDER")
        }
        func check(_ script: String, _ additions: [String: String]) async throws -> ChildProcess.Ending {
            try await ChildProcess.run(["sh", "-c", script], adding: additions, timeout: .seconds(20))
        }
        let kept = "test \"$DEMENTIAD_TEST_ODD\" = \"$(printf '\\314\\201=')\" && test $DEMENTIAD_TEST_ODDER = kept"
        #expect(try await check(kept, ["A": "b"]) == .exited(0))
        let replaced = "test $DEMENTIAD_TEST_ODD = new && test $DEMENTIAD_TEST_ODDER = kept"
        #expect(try await check(replaced, ["DEMENTIAD_TEST_ODD": "new"]) == .exited(0))
    }

    @Test("a word with a NUL in it starts nothing")
    func nul() {
        let error = #expect(throws: SystemCallError.self) {
            try ChildProcess.output(of: ["true\u{0}x"], environment: [:], timeout: .seconds(1))
        }
        #expect(error?.errno == EINVAL)
    }

    @Test("a program that is not there is an error, not an ending")
    func missing() {
        let error = #expect(throws: SystemCallError.self) {
            try ChildProcess.output(of: ["/nowhere/program"], environment: [:], timeout: .seconds(1))
        }
        #expect(error?.isNotFound == true)
    }

    @Test("The first bytes of what a program prints are kept, and what it left behind is not waited for")
    func kept() async throws {
        let (ending, output) = try await ChildProcess.run(
            ["sh", "-c", "echo one; echo two >&2; exit 3"], adding: [:], timeout: .seconds(20), keeping: 6)
        #expect(ending == .exited(3) && output == Array("one\ntw".utf8))
        // More than a pipe holds, and a child that goes on holding it.
        let (second, rest) = try await ChildProcess.run(
            ["sh", "-c", "head -c 100000 /dev/zero | tr '\\0' ' '; sleep 3 & exit 0"], adding: [:],
            timeout: .seconds(20),
            keeping: 3)
        #expect(second == .exited(0) && rest == Array("   ".utf8))
    }
}

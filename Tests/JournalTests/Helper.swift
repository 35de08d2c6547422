// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit

/// The program `JournalCrashHelper`, running with its output in our hands.
struct Helper: ~Copyable {
    private let process: pid_t
    private let output: Int32

    /// Starts it with `arguments`. It lies beside the test program.
    init(_ arguments: [String]) throws {
        let program = Directory.parent(of: try realPath("/proc/self/exe")) + "/JournalCrashHelper"
        var pipe: [Int32] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else { throw SystemCallError(call: "pipe", errno: errno) }
        // Only the copy that `dup2` makes of the writing end reaches the child, so that its death is the end of the
        // file.
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            close(pipe[1])
        }
        let vector = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for argument in vector { free(argument) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, program, &actions, nil, vector, environ)
        guard code == 0 else {
            close(pipe[0])
            throw SystemCallError(call: "posix_spawn", errno: code, path: program)
        }
        self.process = process
        output = pipe[0]
    }

    deinit { close(output) }

    /// Reads lines until `enough` says so of their number, kills it then, and gives every line that it wrote in full.
    ///
    /// When it ends by itself before, that is as good.
    consuming func killed(after enough: Int) throws -> (lines: [String], signal: Int32) {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var wasKilled = false
        while true {
            let count = read(output, &buffer, buffer.count)
            if count == 0 { break }
            guard count > 0 else { throw SystemCallError(call: "read", errno: errno) }
            text += buffer[..<count]
            if !wasKilled, text.count(where: { $0 == UInt8(ascii: "\n") }) >= enough {
                kill(process, SIGKILL)
                wasKilled = true
            }
        }
        var status: Int32 = 0
        guard waitpid(process, &status, 0) == process else { throw SystemCallError(call: "waitpid", errno: errno) }
        // What stands behind the last newline was not acknowledged.
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast()
        return (lines.map(String.init), status & 0x7f)
    }
}

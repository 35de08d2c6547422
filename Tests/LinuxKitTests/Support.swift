// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit

/// A directory of one test's own, removed with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/dementiad-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError(call: "mkdtemp", errno: errno) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? Directory.removeTree(path) }

    func file(_ name: String, _ text: String) throws -> String {
        let file = try OpenFile.creating("\(path)/\(name)")
        var text = text
        try text.withUTF8 { try file.write(UnsafeRawBufferPointer($0)) }
        try file.close()
        return "\(path)/\(name)"
    }
}

/// A child process that runs a shell command, killed with its owner.
final class Child {
    let pid: pid_t
    private let pipe: Int32

    /// Starts `command` and waits for its first byte of output, which says that it has done what the test waits for.
    init(_ command: String) throws {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw SystemCallError(call: "pipe", errno: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        let texts: [String] = ["sh", "-c", command]
        let words: [UnsafeMutablePointer<CChar>?] = texts.map { text in strdup(text) }
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/sh", &actions, nil, words + [nil], environ)
        close(ends[1])
        pipe = ends[0]
        self.pid = pid
        guard code == 0 else { throw SystemCallError(call: "posix_spawn", errno: code) }
        var byte: UInt8 = 0
        guard read(pipe, &byte, 1) == 1 else { throw SystemCallError(call: "read", errno: EPIPE) }
    }

    /// Kills it as a crash would, and waits until it is gone.
    func kill() {
        guard Glibc.kill(pid, SIGKILL) == 0 else { return }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    deinit {
        kill()
        close(pipe)
    }
}

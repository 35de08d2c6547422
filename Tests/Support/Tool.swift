// SPDX-License-Identifier: MIT

public import Glibc
internal import LinuxKit
internal import Synchronization

/// A program of the system that a test runs as a user would: another process, with locks and a death of its own.
public final class Tool {
    /// How a program ended and what it wrote.
    public struct Result: Sendable {
        /// Its exit status, or minus the number of the signal that ended it.
        public let status: Int32
        /// What it wrote to stdout and stderr.
        public let output: String
    }

    /// Its process id.
    public let pid: pid_t
    private var input: Int32
    private let output: Int32
    private var buffered: [UInt8] = []
    private var status: Int32?

    /// Starts `arguments[0]`, looked up in `PATH`. Its stderr goes where its stdout goes.
    public init(_ arguments: [String]) throws {
        // A child that dies early must not end the tests with it.
        signal(SIGPIPE, SIG_IGN)
        (pid, input, output) = try Self.spawning.withLock { _ in try Self.spawn(arguments) }
    }

    /// One at a time: a pipe is inherited by whatever child starts before its descriptors are marked, and then never ends.
    private static let spawning = Mutex(())

    private static func spawn(_ arguments: [String]) throws -> (pid_t, Int32, Int32) {
        let toChild = try pipe()
        let fromChild = try pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 2)
        // A fresh program's signals: threads of Swift's block them, and what a test sends would wait for ever.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pid = pid_t()
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, &pointers, environ)
        close(toChild[0])
        close(fromChild[1])
        guard code == 0 else {
            close(toChild[1])
            close(fromChild[0])
            throw SystemCallError(call: "posix_spawnp", errno: code, path: arguments[0])
        }
        return (pid, toChild[1], fromChild[0])
    }

    private static func pipe() throws -> [Int32] {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw SystemCallError(call: "pipe", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    deinit {
        kill()
        if input >= 0 { close(input) }
        close(output)
    }

    /// Runs `arguments` to the end with `input`, and gives what became of it.
    @discardableResult
    public static func run(_ arguments: [String], input: String = "") throws -> Result {
        let tool = try Tool(arguments)
        tool.send(input)
        return tool.finish()
    }

    /// Writes `text` to its stdin.
    public func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }

    /// The next line that it writes, or nil when it ended.
    public func line() -> String? {
        while true {
            if let end = buffered.firstIndex(of: 10) {
                defer { buffered.removeFirst(end + 1) }
                return String(decoding: buffered[..<end], as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    /// Closes its stdin and waits for its end.
    public func finish() -> Result {
        close(input)
        input = -1
        while fill() {}
        return Result(status: wait(), output: String(decoding: buffered, as: UTF8.self))
    }

    /// Ends it at once, as a crash would, and waits until it is gone.
    public func kill() {
        guard status == nil else { return }
        Glibc.kill(pid, SIGKILL)
        _ = wait()
    }

    private func fill() -> Bool {
        // A program that says nothing for so long has hung: the test fails, and the suite goes on.
        var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, Int32(Patience.limit.components.seconds) * 1000) > 0 else { return false }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = read(output, &chunk, chunk.count)
        guard count > 0 else { return false }
        buffered += chunk[..<count]
        return true
    }

    private func wait() -> Int32 {
        if let status { return status }
        var word: Int32 = 0
        while waitpid(pid, &word, 0) == -1 && errno == EINTR {}
        // The macros of wait(2) are not imported.
        let ended = word & 0x7f == 0 ? (word >> 8) & 0xff : -(word & 0x7f)
        status = ended
        return ended
    }
}

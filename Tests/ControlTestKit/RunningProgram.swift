// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit
internal import TestSupport

/// A program that a test started, with what it prints in files.
public struct RunningProgram: Sendable {
    /// How it ended.
    public struct End: Sendable {
        /// The exit status, or 128 and the signal.
        public let status: Int32
        public let output: String
        public let errors: String
    }

    /// Its process id.
    public let pid: Int32
    private let outputPath: String
    private let errorPath: String
    private let folder: Folder

    /// The programs that were built beside the tests.
    public static func built(_ name: String) throws -> String {
        let tests = try realPath("/proc/self/exe")
        // The test bundle may be an executable of its own, or a library that the test runner loads.
        for argument in [tests] + CommandLine.arguments {
            let folder = Directory.parent(of: argument)
            if try FileStatus.ifPresent("\(folder)/\(name)") != nil { return "\(folder)/\(name)" }
        }
        throw SystemCallError(call: "find", errno: ENOENT, path: name)
    }

    /// Starts `arguments`, the program itself first, with nothing on standard input.
    public init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let folder = try Folder()
        self.folder = folder
        (outputPath, errorPath) = ("\(folder.path)/out", "\(folder.path)/err")
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT, 0o600)
        // A fresh program's signals: those that this process blocks or ignores are not its business.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let inherited = ["PATH", "HOME", "LD_LIBRARY_PATH"].compactMap { (name: String) -> (String, String)? in
            getenv(name).map { (name, String(cString: $0)) }
        }
        let all = Dictionary(inherited) { $1 }.merging(environment) { $1 }
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, arguments[0], &actions, &attributes, &argv, &envp)
        guard result == 0 else { throw SystemCallError(call: "posix_spawnp", errno: result, path: arguments[0]) }
        self.pid = pid
    }

    /// Runs a program to its end.
    public static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> End {
        try await RunningProgram(arguments, environment: environment).end()
    }

    /// Sends `signal` to it.
    public func send(_ signal: Int32) { kill(pid, signal) }

    /// What it has written to standard error so far.
    public func errorsSoFar() throws -> String { try Self.text(errorPath) }

    /// Returns when it has written `text` to one of the two; throws when it ended before.
    public func says(_ text: String) async throws {
        try await eventually("the output '\(text)'", from: pid) {
            try Self.text(outputPath).contains(text) || errorsSoFar().contains(text)
        }
    }

    /// Waits for its end, on a thread of its own: the server under test needs the others.
    public func end() async throws -> End {
        let pid = pid
        let status = try await ThreadExecutor(name: "waitpid").run { () throws(SystemCallError) in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 {
                guard errno == EINTR else { throw SystemCallError(call: "waitpid", errno: errno) }
            }
            return status
        }
        let signal = status & 0x7f
        return End(
            status: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: try Self.text(outputPath),
            errors: try Self.text(errorPath))
    }

    private static func text(_ path: String) throws -> String {
        guard try FileStatus.ifPresent(path) != nil else { return "" }
        return String(decoding: try OpenFile.content(of: path), as: UTF8.self)
    }
}

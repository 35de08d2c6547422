// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Runs a program to its end, in a process group of its own, with nothing on its standard input.
///
/// Its standard output and error go to our standard error: a service's journal, a person's terminal.
public enum ChildProcess {
    /// How it ended.
    public enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
        /// It was still running after the time it had, and was ended together with everything it had started.
        case timedOut
    }

    /// Runs `arguments[0]`, looked up in PATH, with the environment of this process and `additions`.
    ///
    /// Fails with the system's reason when the program cannot be started.
    public static func run(
        _ arguments: [String], adding additions: [String: String], timeout: Duration
    ) async throws(SystemCallError) -> Ending {
        let executor = try ThreadExecutor(name: "child")
        return try await executor.run { () throws(SystemCallError) in
            var environment = currentEnvironment()
            environment.merge(additions) { $1 }
            let pid = try spawn(arguments, environment, output: 2)
            return try wait(for: pid, timeout: timeout)
        }
    }

    /// Starts `arguments[0]` with exactly `environment`, and with our descriptor `output` as its standard output.
    static func spawn(
        _ arguments: [String], _ environment: [String: String], output: Int32
    ) throws(SystemCallError) -> pid_t {
        guard let program = arguments.first else { throw SystemCallError(call: "posix_spawnp", errno: ENOENT) }
        var files = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        try check(posix_spawn_file_actions_init(&files), "posix_spawn_file_actions_init")
        defer { posix_spawn_file_actions_destroy(&files) }
        try check(posix_spawnattr_init(&attributes), "posix_spawnattr_init")
        defer { posix_spawnattr_destroy(&attributes) }
        try check(
            posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0), "posix_spawn_file_actions_addopen")
        try check(posix_spawn_file_actions_adddup2(&files, output, 1), "posix_spawn_file_actions_adddup2")
        // A group of its own: a timeout ends what it started as well. Signals as a fresh program expects them.
        try check(
            posix_spawnattr_setflags(
                &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)),
            "posix_spawnattr_setflags")
        var none = sigset_t()
        sigemptyset(&none)
        try check(posix_spawnattr_setsigmask(&attributes, &none), "posix_spawnattr_setsigmask")
        // What this process ignores (a server ignores SIGPIPE) would stay ignored through exec.
        var all = sigset_t()
        sigfillset(&all)
        try check(posix_spawnattr_setsigdefault(&attributes, &all), "posix_spawnattr_setsigdefault")
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in argv + envp { free(word) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, program, &files, &attributes, &argv, &envp)
        guard result == 0 else { throw SystemCallError(call: "posix_spawnp", errno: result, path: program) }
        return pid
    }

    /// Waits for the process `pid`, a child of ours and the leader of its group, and ends the group after `timeout`.
    static func wait(for pid: pid_t, timeout: Duration) throws(SystemCallError) -> Ending {
        // A descriptor that becomes readable when the process ends: waiting with a limit and without a signal handler.
        let descriptor = dementiad_pidfd_open(pid)
        guard descriptor >= 0 else { throw SystemCallError(call: "pidfd_open", errno: errno) }
        defer { close(descriptor) }
        let deadline = ContinuousClock.now + timeout
        var hasEnded = false
        while !hasEnded {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { break }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let ready = poll(&poller, 1, Int32(clamping: milliseconds + 1))
            guard ready >= 0 || errno == EINTR else { throw SystemCallError(call: "poll", errno: errno) }
            hasEnded = ready > 0
        }
        // Already gone is as good as killed.
        if !hasEnded { kill(-pid, SIGKILL) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemCallError(call: "waitpid", errno: errno) }
        }
        if !hasEnded { return .timedOut }
        let signal = status & 0x7f
        return signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    }

    private static func currentEnvironment() -> [String: String] {
        var values: [String: String] = [:]
        var next = dementiad_environment()
        while let entry = next?.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                values[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next = next?.advanced(by: 1)
        }
        return values
    }

    private static func check(_ result: Int32, _ call: String) throws(SystemCallError) {
        guard result == 0 else { throw SystemCallError(call: call, errno: result) }
    }
}

// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Runs a program to its end, in a process group of its own, with nothing on its standard input.
///
/// Its standard output and error go to our standard error: a service's journal, a person's terminal. It inherits no other descriptor: not
/// a database's, whose locks it could drop, nor a server's, whose messages it could read.
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
    /// Fails with the system's reason when the program cannot be started, or cannot be waited for; then it was ended.
    public static func run(
        _ arguments: [String], adding additions: [String: String], timeout: Duration
    ) async throws(SystemCallError) -> Ending {
        let executor = try ThreadExecutor(name: "child")
        return try await executor.run { () throws(SystemCallError) in
            let pid = try spawn(arguments, EnvironmentBlock(adding: additions), output: 2)
            return try wait(for: pid, timeout: timeout)
        }
    }

    /// Starts `arguments[0]` with exactly `environment`, and with our descriptor `output` as its standard output.
    static func spawn(
        _ arguments: [String], _ environment: borrowing EnvironmentBlock, output: Int32
    ) throws(SystemCallError) -> pid_t {
        guard let program = arguments.first else { throw SystemCallError(call: "posix_spawnp", errno: ENOENT) }
        // A C string ends at its first NUL: another program would run, or this one be told something else.
        guard arguments.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw SystemCallError(call: "posix_spawnp", errno: EINVAL, path: program)
        }
        var files = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        try check(posix_spawn_file_actions_init(&files), "posix_spawn_file_actions_init")
        defer { posix_spawn_file_actions_destroy(&files) }
        try check(posix_spawnattr_init(&attributes), "posix_spawnattr_init")
        defer { posix_spawnattr_destroy(&attributes) }
        try check(
            posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0), "posix_spawn_file_actions_addopen")
        try check(posix_spawn_file_actions_adddup2(&files, output, 1), "posix_spawn_file_actions_adddup2")
        try check(dementiad_spawn_closes_from(&files, 3), "posix_spawn_file_actions_addclosefrom_np")
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
        defer { for word in argv { free(word) } }
        var pid: pid_t = 0
        let result = environment.withPointers { posix_spawnp(&pid, program, &files, &attributes, &argv, $0) }
        guard result == 0 else { throw SystemCallError(call: "posix_spawnp", errno: result, path: program) }
        return pid
    }

    /// Waits for the process `pid`, a child of ours and the leader of its group, and ends the group after `timeout`.
    ///
    /// When it cannot be waited for, the group is ended at once: what nobody waits for must not work on a memory any longer.
    ///
    /// - Parameter watching: gives a descriptor that becomes readable when the process ends, or -1 with errno
    static func wait(
        for pid: pid_t, timeout: Duration, watching: (pid_t) -> Int32 = dementiad_pidfd_open
    ) throws(SystemCallError) -> Ending {
        // Waiting with a limit and without a signal handler.
        let descriptor = watching(pid)
        guard descriptor >= 0 else {
            let error = SystemCallError(call: "pidfd_open", errno: errno)
            kill(-pid, SIGKILL)
            reap(pid)
            throw error
        }
        defer { close(descriptor) }
        let hasEnded: Bool
        do throws(SystemCallError) {
            hasEnded = try isOver(descriptor, within: timeout)
        } catch {
            kill(-pid, SIGKILL)
            reap(pid)
            throw error
        }
        guard hasEnded else {
            // Already gone is as good as killed.
            kill(-pid, SIGKILL)
            // One that hangs in the kernel, such as on a dead mount, cannot be ended; it is left to the system.
            if try isOver(descriptor, within: .seconds(5)) { reap(pid) }
            return .timedOut
        }
        var status: Int32 = 0
        try checked("waitpid", nil) { waitpid(pid, &status, 0) }
        let signal = status & 0x7f
        return signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    }

    /// Whether the process behind `descriptor` ended within `limit`.
    private static func isOver(_ descriptor: Int32, within limit: Duration) throws(SystemCallError) -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            // None for an interruption by a signal, too.
            if try !LinuxKit.wait(for: [descriptor], atMost: left).isEmpty { return true }
        }
    }

    /// Takes the ending of a process that was killed off the kernel's hands.
    ///
    /// Not longer than a second: a process that hangs in the kernel would keep us for ever.
    private static func reap(_ pid: pid_t) {
        for _ in 0..<100 {
            var status: Int32 = 0
            // Best effort: what is left is an entry in the process table, until this process ends.
            guard waitpid(pid, &status, WNOHANG) == 0 else { return }
            usleep(10_000)
        }
    }

    private static func check(_ result: Int32, _ call: String) throws(SystemCallError) {
        guard result == 0 else { throw SystemCallError(call: call, errno: result) }
    }
}

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

    /// The same, and gives the first `limit` bytes of its standard output and error. All of both goes to our standard error as well.
    /// Only the program itself is waited for: a program that it leaves running loses its reader.
    public static func run(
        _ arguments: [String], adding additions: [String: String], timeout: Duration, keeping limit: Int
    ) async throws(SystemCallError) -> (ending: Ending, output: [UInt8]) {
        let executor = try ThreadExecutor(name: "child")
        return try await executor.run { () throws(SystemCallError) in
            var ends: [Int32] = [-1, -1]
            try checked("pipe2", nil) { dementiad_pipe(&ends) }
            let reader = ends[0]
            defer { close(reader) }
            // Nothing may wait for a writer that says nothing.
            try checked("fcntl", nil) { fcntl(reader, F_SETFL, O_NONBLOCK) }
            let pid: pid_t
            do {
                // Ours is closed in any case, so that the program's end is the last one.
                defer { close(ends[1]) }
                pid = try spawn(arguments, EnvironmentBlock(adding: additions), output: ends[1], errors: ends[1])
            }
            var output: [UInt8] = []
            let ending = try wait(for: pid, timeout: timeout, reading: reader) { piece in
                output += piece.prefix(max(0, limit - output.count))
                // Best effort: a journal that takes nothing more must not end the check.
                _ = piece.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
            }
            return (ending, output)
        }
    }

    /// Starts `arguments[0]` with exactly `environment`, with our descriptor `output` as its standard output, and with `errors` as its
    /// standard error, or ours.
    static func spawn(
        _ arguments: [String], _ environment: borrowing EnvironmentBlock, output: Int32, errors: Int32? = nil
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
        if let errors {
            try check(posix_spawn_file_actions_adddup2(&files, errors, 2), "posix_spawn_file_actions_adddup2")
        }
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
    /// - Parameters:
    ///   - watching: gives a descriptor that becomes readable when the process ends, or -1 with errno
    ///   - reader: a descriptor that does not block, and from which is read meanwhile
    ///   - take: is given the bytes that were read
    static func wait(
        for pid: pid_t, timeout: Duration, watching: (pid_t) -> Int32 = dementiad_pidfd_open,
        reading reader: Int32? = nil, _ take: ([UInt8]) -> Void = { _ in }
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
            hasEnded = try isOver(descriptor, within: timeout, reading: reader, take)
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
            if let reader { _ = drain(reader, take) }
            return .timedOut
        }
        var status: Int32 = 0
        try checked("waitpid", nil) { waitpid(pid, &status, 0) }
        if let reader { _ = drain(reader, take) }
        let signal = status & 0x7f
        return signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    }

    /// Whether the process behind `descriptor` ended within `limit`.
    private static func isOver(
        _ descriptor: Int32, within limit: Duration, reading reader: Int32? = nil, _ take: ([UInt8]) -> Void = { _ in }
    ) throws(SystemCallError) -> Bool {
        let deadline = ContinuousClock.now + limit
        var open = reader
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            // None for an interruption by a signal, too.
            let ready = try LinuxKit.wait(for: [descriptor] + (open.map { [$0] } ?? []), atMost: left)
            if ready.contains(descriptor) { return true }
            if let source = open, ready.contains(source), !drain(source, take) { open = nil }
        }
    }

    /// Reads the bytes that are there now, a megabyte at most: a program that never stops writing is not waited for. Whether more can come.
    private static func drain(_ reader: Int32, _ take: ([UInt8]) -> Void) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16384)
        for _ in 1...64 {
            let count = read(reader, &buffer, buffer.count)
            if count > 0 { take(Array(buffer[..<count])) }
            if count == 0 { return false }
            // Nothing now, or a signal: the next wait tells. Anything else would be told again at once, and is the end.
            if count < 0 { return errno == EAGAIN || errno == EINTR }
        }
        return true
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

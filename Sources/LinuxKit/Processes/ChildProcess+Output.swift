// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

extension ChildProcess {
    /// Runs `arguments[0]`, looked up in PATH, with exactly `environment`, waits for its end and gives what it wrote.
    ///
    /// Blocks the calling thread, for `timeout` at most. For programs that say little: one that writes more than a pipe holds (64 KiB)
    /// waits for a reader, and is ended after `timeout`. Fails with the system's reason when the program cannot be started.
    public static func output(
        of arguments: [String], environment: [String: String], timeout: Duration
    ) throws(SystemCallError) -> (ending: Ending, output: [UInt8]) {
        var ends: [Int32] = [-1, -1]
        try checked("pipe2", nil) { dementiad_pipe(&ends) }
        defer { close(ends[0]) }
        let pid: pid_t
        do {
            // Ours is closed in any case, so that the reader can see an end.
            defer { close(ends[1]) }
            pid = try spawn(arguments, EnvironmentBlock(environment), output: ends[1])
        }
        let ending = try wait(for: pid, timeout: timeout)
        return (ending, try available(ends[0]))
    }

    /// What can be read from `descriptor` without waiting: something that the program left behind may hold the other end open.
    private static func available(_ descriptor: Int32) throws(SystemCallError) -> [UInt8] {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard try checked("poll", nil, { poll(&poller, 1, 0) }) > 0 else { return output }
            let count = try checked("read", nil) { read(descriptor, &buffer, buffer.count) }
            if count == 0 { return output }
            output += buffer[..<count]
        }
    }
}

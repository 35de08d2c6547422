// SPDX-License-Identifier: MIT

internal import Glibc
public import GuardCore
internal import LinuxKit

/// A running Dementia server: a program that a client started, which nobody restarts when its files change.
public struct ServerProcess: Sendable, Equatable {
    /// Its process id.
    public let pid: Int32
    /// The script that it runs, as a path.
    public let script: String
    /// When it was started.
    public let startedAt: Timestamp
    /// The files that it has open, by real path.
    public let openFiles: Set<String>
    /// The folder that it works in.
    public let workingFolder: String?

    /// A process by what is known of it.
    public init(
        pid: Int32, script: String, startedAt: Timestamp, openFiles: Set<String> = [], workingFolder: String? = nil
    ) {
        self.pid = pid
        self.script = script
        self.startedAt = startedAt
        self.openFiles = openFiles
        self.workingFolder = workingFolder
    }

    /// The names that Dementia's servers have had.
    static let names: Set = [
        "claude_mcp_hybrid.py", "claude_mcp_hybrid_sessions.py", "server_hosted.py", "server.py", "mcp_server.py",
    ]

    /// The files of a release whose change makes a running server an old one.
    public static let files = [
        "claude_mcp_hybrid.py", "claude_mcp_hybrid_sessions.py", "server_hosted.py", "server.py", "postgres_adapter.py",
        "claude-intelligence/mcp_server.py",
    ]

    /// Those of this user that run now.
    public static func running() -> [ServerProcess] {
        guard let boot = bootMilliseconds else { return [] }
        let pids = ((try? Directory.entries("/proc")) ?? []).compactMap { Int32($0) }.sorted()
        return pids.compactMap { process($0, boot) }
    }

    private static func process(_ pid: Int32, _ boot: Int64) -> ServerProcess? {
        let folder = "/proc/\(pid)"
        guard (try? FileStatus(of: folder))?.uid == geteuid(), let line = KernelText.of(folder + "/cmdline"),
            let argument = script(of: line), let stat = KernelText.of(folder + "/stat"),
            let ticks = startTicks(stat)
        else { return nil }
        let working = try? realPath(folder + "/cwd")
        let path = argument.hasPrefix("/") ? argument : (working ?? "") + "/" + argument
        let milliseconds = boot + ticks * 1000 / Int64(sysconf(Int32(_SC_CLK_TCK)))
        let names = (try? Directory.entries(folder + "/fd")) ?? []
        return ServerProcess(
            pid: pid, script: (try? realPath(path)) ?? path, startedAt: Timestamp(milliseconds: milliseconds),
            openFiles: Set(names.compactMap { try? realPath("\(folder)/fd/\($0)") }), workingFolder: working)
    }

    /// The script of a command line, whose words end in NUL bytes: `python3 -u /opt/dementia/claude_mcp_hybrid.py`.
    static func script(of commandLine: String) -> String? {
        commandLine.split(separator: "\0").prefix(8).first { word in
            names.contains(String(word.split(separator: "/").last ?? ""))
        }.map(String.init)
    }

    /// The 22nd field of `/proc/PID/stat`, in clock ticks since the machine was started. The second one is a name in brackets, with
    /// anything in it.
    static func startTicks(_ stat: String) -> Int64? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? Int64(fields[19]) : nil
    }

    private static var bootMilliseconds: Int64? {
        KernelText.of("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Int64($0.dropFirst("btime ".count)) }.map { $0 * 1000 }
    }
}

// SPDX-License-Identifier: MIT

/// The `sqlite3` shell on one file: another process that reads, writes and keeps locks, as a running server would.
public final class Shell {
    private let tool: Tool

    /// Its process id.
    public var pid: Int32 { tool.pid }

    /// Opens `path`. It waits for the locks of others.
    public init(_ path: String) throws {
        // Into a pipe the shell would write only when its buffer is full.
        tool = try Tool(["stdbuf", "-oL", "sqlite3", "-batch", path])
        run(".timeout \(Patience.limit.components.seconds * 1000)")
    }

    /// Runs `sql`, which may hold several statements and dot commands, and gives the lines that it wrote, errors included.
    @discardableResult
    public func run(_ sql: String) -> [String] {
        let mark = "-- done --"
        // One semicolon too many does no harm; one too few, and the shell would wait for it.
        tool.send(sql + (sql.hasPrefix(".") ? "" : ";") + "\n.print '\(mark)'\n")
        var lines: [String] = []
        while let line = tool.line(), line != mark { lines.append(line) }
        return lines
    }

    /// Ends it as a crash would: open transactions stay on the disk as they are.
    public func kill() { tool.kill() }

    /// Ends it as a user would: connections are closed.
    public func quit() { _ = tool.finish() }

    /// Opens `path`, runs `sql`, closes it again, and gives the lines that it wrote.
    @discardableResult
    public static func run(_ path: String, _ sql: String) throws -> [String] {
        let shell = try Shell(path)
        let lines = shell.run(sql)
        shell.quit()
        return lines
    }
}

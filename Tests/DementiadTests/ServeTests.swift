// SPDX-License-Identifier: MIT

import FoundationEssentials
import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

/// The daemon as it listens, looked at from outside.
@Suite("The daemon's socket")
struct ServeTests {
    /// A daemon that guards an empty folder, and its socket.
    struct World {
        let project: Project
        let socket: String
        let file: String
        /// More arguments of the daemon.
        var arguments: [String] = []

        init(_ configuration: String = "{}") throws {
            project = try Project(nil)
            #expect(chmod(project.folder.path, 0o711) == 0)
            socket = project.folder.file("control.sock")
            file = project.folder.file("dementiad.yaml")
            try configure(configuration)
        }

        func configure(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: file)) }

        var daemon: Daemon {
            get throws {
                try Daemon(
                    [
                        "serve", "--watch", project.root, "--state-dir", project.state, "--socket", socket, "--config",
                        file,
                    ]
                        + arguments + (geteuid() == 0 ? ["--allow-root"] : []))
            }
        }

        /// What curl gets: the body and the status in a line of its own.
        func ask(_ path: String, _ arguments: [String] = [], as prefix: [String] = []) throws -> Tool.Result {
            try Tool.run(
                prefix + ["curl", "-sS", "--unix-socket", socket, "-w", "%{http_code}\n"] + arguments
                    + ["http://localhost\(path)"])
        }

        /// Waits until the daemon, which is `tool`, answers.
        func answering(_ tool: Tool) throws {
            try waitUntil("an answer at \(socket)", from: tool.pid) {
                try ask("/v1/health").output.hasSuffix("200\n")
            }
        }

        var mode: UInt32 { get throws { try FileStatus(ofLink: socket).mode & 0o777 } }
    }

    /// What the calls of a trace did to the mode of a socket, in order.
    static func modes(_ trace: String) throws -> [String] {
        String(decoding: try OpenFile.content(of: trace), as: UTF8.self).split(separator: "\n").compactMap { line in
            let call = ["fchmod(", "fchmodat(", "chmod(", "bind(", "rename("].first { line.contains(" \($0)") }
            // An abstract name (`@`) is no file and has no mode: it marks the watched folder.
            guard let call, line.contains("= 0"), !line.contains("sun_path=@") else { return nil }
            let isSocket =
                line.contains("control.sock") || line.contains(".ctl-") || line.contains("socket:")
                || line.contains("AF_UNIX") || line.contains("/proc/self/fd")
            guard isSocket else { return nil }
            let mode = line.firstRange(of: ", 0").map { "0" + line[$0.upperBound...].prefix { $0.isNumber } }
            return call + (mode ?? "")
        }
    }

    @Test(
        "R15: at a bare start there is no moment with a bit for group or others, whatever the umask",
        .enabled(if: access("/usr/bin/strace", X_OK) == 0))
    func bareStart() throws {
        let world = try World()
        let trace = world.project.folder.file("trace")
        let line = [
            "strace", "-D", "-f", "-y", "-o", trace, "-e", "trace=bind,chmod,fchmod,fchmodat,?fchmodat2,rename",
            try Place.built("dementiad"), "serve", "--watch", world.project.root, "--state-dir", world.project.state,
            "--socket", world.socket, "--config", world.file,
        ]
        let tool = try Tool(
            ["sh", "-c", "umask 0; exec \"$@\"", "sh"] + line + (geteuid() == 0 ? ["--allow-root"] : []))
        try world.answering(tool)
        #expect(try world.mode == 0o600)
        kill(tool.pid, SIGTERM)
        _ = tool.finish()
        // The mode comes before the name, and nothing changes it afterwards.
        #expect(try Self.modes(trace) == ["fchmod(0600", "bind(", "rename("])
    }

    @Test("R15: a second daemon does not start while the first one answers, and a dead one's socket is replaced")
    func second() throws {
        let world = try World()
        let daemon = try world.daemon
        let first = try daemon.start()
        try world.answering(first)
        let other = try Project(nil)
        let rival = try Daemon([
            "serve", "--watch", other.root, "--state-dir", other.state, "--socket", world.socket,
        ]).run()
        #expect(rival.status == 11, "\(rival.errors)")
        #expect(rival.errors.contains("\(first.pid)"))
        #expect(try world.ask("/v1/health").output.hasSuffix("200\n"))
        first.kill()
        let next = try daemon.start()
        try world.answering(next)
        kill(next.pid, SIGTERM)
        #expect(try daemon.finish(next).status == 0)
        #expect(try FileStatus.ifPresent(world.socket) == nil)
    }

    @Test(
        "With api.readerGroups members read; a reload admits and sends away",
        .enabled(if: geteuid() == 0, "only root may become another user"))
    func readers() throws {
        let world = try World("api: {readerGroups: ['4242']}")
        let daemon = try world.daemon
        let tool = try daemon.start()
        try world.answering(tool)
        #expect(try world.mode == 0o666)
        let member = ["setpriv", "--reuid=65534", "--regid=65534", "--groups=4242"]
        #expect(try world.ask("/v1/status", as: member).output.hasSuffix("200\n"))
        #expect(try world.ask("/v1/config/reload", ["-X", "POST"], as: member).output.hasSuffix("403\n"))
        // A group that does not exist changes nothing.
        try world.configure("api: {readerGroups: [no-such-group-here]}")
        let refused = try world.ask("/v1/config/reload", ["-X", "POST"])
        #expect(refused.output.hasSuffix("422\n") && refused.output.contains("no-such-group-here"), "\(refused.output)")
        #expect(try world.ask("/v1/status", as: member).output.hasSuffix("200\n"))
        try world.configure("{}")
        let done = try world.ask("/v1/config/reload", ["-X", "POST"])
        #expect(
            done.output.hasSuffix("200\n") && done.output.contains("\"changed\":[\"api.readerGroups\"]"),
            "\(done.output)")
        #expect(try world.mode == 0o600)
        #expect(try world.ask("/v1/status", as: member).status == 7)
        kill(tool.pid, SIGTERM)
        #expect(try daemon.finish(tool).status == 0)
    }

    @Test(
        "A file that is no database is told by status, doctor and log as what it is, and not as a memory that is guarded"
    )
    func noDatabase() throws {
        let world = try World()
        try write(Array("no database at all".utf8), to: world.project.memory)
        // And what was not looked into is told beside it.
        let linked = world.project.root + "/linked"
        try Directory.create(linked)
        try #require(symlink(world.project.memory, linked + "/.claude-memory.db") == 0)
        let daemon = try world.daemon
        let tool = try daemon.start()
        try waitUntil("the status tells of the file", from: tool.pid) {
            try world.ask("/v1/status").output.contains("\"notADatabase\"")
        }
        #expect(try world.ask("/v1/status").output.contains("\"verdict\":\"attention\""))
        let doctor = try world.ask("/v1/diagnostics").output
        #expect(doctor.contains("\"linkNotFollowed\"") && doctor.contains(linked), "\(doctor)")
        #expect(try world.ask("/v1/status").output.contains("\"linkNotFollowed\""))
        #expect(doctor.contains(world.project.memory) && doctor.contains("not a SQLite database"), "\(doctor)")
        kill(tool.pid, SIGTERM)
        let end = try daemon.finish(tool)
        #expect(end.status == 0)
        let log = end.errors.split(separator: "\n").filter { $0.contains(world.project.memory) }
        #expect(log.contains { $0.contains("is left alone") }, "\(log)")
        #expect(!log.contains { $0.contains("guard it from now on") }, "\(log)")
    }

    @Test("A group that there is not keeps the daemon from starting, and is named")
    func unknownGroup() throws {
        let world = try World("api: {readerGroups: [no-such-group-here]}")
        let end = try world.daemon.run()
        #expect(end.status == 78)
        #expect(end.errors.contains("no-such-group-here"))
    }
}

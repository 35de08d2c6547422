// SPDX-License-Identifier: MIT

import FoundationEssentials
import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

/// Things in and beside a watched folder that keep a system call forever. A daemon beside them guards everything else.
@Suite("What does not answer", .serialized)
struct HangTests {
    /// A watched folder with memories in several projects, and a daemon over it.
    private struct Scene {
        let world: ServeTests.World
        let neighbours: [String]

        init(_ neighbours: [String] = ["a", "z"], arguments: [String] = []) throws {
            var world = try ServeTests.World("backup: {minFree: 0}")
            world.arguments = arguments
            self.world = world
            let root = world.project.root
            self.neighbours = try neighbours.map { name in
                try Directory.create("\(root)/\(name)")
                return try Fixture.v4_0.copy(to: "\(root)/\(name)/.claude-memory.db")
            }
        }

        var root: String { world.project.root }

        func folder(_ name: String) throws -> String {
            try Directory.createAll("\(root)/\(name)")
            return "\(root)/\(name)"
        }

        func areMigrated() throws -> Bool {
            try neighbours.allSatisfy { path in
                try LogicalDump(path).columns["context_locks"]?.contains("preview") == true
            }
        }

        /// Waits until `condition` holds.
        func eventually(_ what: String, _ condition: () throws -> Bool) throws {
            try waitUntil(what, condition)
        }

        /// Runs the daemon, waits until the neighbours are upgraded, does `body`, and expects SIGTERM to end the process.
        func run(_ body: () throws -> Void, andLog look: ([Substring]) throws -> Void = { _ in }) throws {
            let daemon = try world.daemon
            let tool = try daemon.start()
            try eventually("the daemon does not answer") { try !world.ask("/v1/status").output.isEmpty }
            try eventually("the neighbours are not upgraded") { try areMigrated() }
            try body()
            kill(tool.pid, SIGTERM)
            let end = try daemon.finish(tool)
            #expect(end.status == 0, "\(end.errors)")
            try look(end.errors.split(separator: "\n"))
        }

        /// Expects that status, health and doctor tell of `place` as of one that does not answer, with what to do.
        func isTold(_ place: String, code: String = "notAnswering") throws {
            try eventually("status does not tell of \(place)") {
                let status = try world.ask("/v1/status").output
                return status.contains("\"\(code)\"") && status.contains(place) && status.contains("since ")
            }
            #expect(try !world.ask("/v1/status").output.contains("\"verdict\":\"safe\""))
        }
    }

    @Test("A pipe as HEAD of a checkout: the release is told as unreadable, and memories beside it are upgraded")
    func pipeInCheckout() throws {
        let scene = try Scene()
        let release = try scene.folder("dementia")
        try Directory.create(release + "/.git")
        try write(Array("# postgres".utf8), to: release + "/postgres_adapter.py")
        #expect(mkfifo(release + "/.git/HEAD", 0o600) == 0)
        try scene.run {
            try scene.isTold(release, code: "inputOutput")
        }
    }

    @Test("A pipe in the place of a memory's journal: SQLite is not let near it, and the memory is told of")
    func pipeBesideMemory() throws {
        let scene = try Scene()
        let memory = try Fixture.v4_0.copy(to: scene.folder("m") + "/.claude-memory.db")
        #expect(mkfifo(memory + "-journal", 0o600) == 0)
        try scene.run {
            try scene.isTold(memory + "-journal")
            let stores = try scene.world.ask("/v1/stores").output
            #expect(stores.contains("\"state\":\"notAnswering\""), "\(stores)")
            #expect(try scene.world.ask("/v1/health").output.hasSuffix("503\n"))
            let doctor = try scene.world.ask("/v1/diagnostics").output
            #expect(doctor.contains("notAnswering") && doctor.contains(memory), "\(doctor)")
        }
        // A pass says the same of it, and takes care of the others: nothing was begun, so the data is untouched.
        let pass = try scene.world.project.once(["--json"])
        #expect(pass.status == 8, "\(pass.output)")
        #expect(pass.output.contains("\"notAnswering\"") && pass.output.contains(memory + "-journal"))
        // Nothing was done to the pipe or to the memory.
        #expect(try FileStatus(ofLink: memory + "-journal").kind == .other)
    }

    @Test(
        "A mount whose server is gone is named and not entered, and everything else is guarded",
        .enabled(if: geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0, "needs root and /dev/fuse"))
    func deadMount() throws {
        let scene = try Scene()
        let mount = try DeadMount(at: scene.folder("mounted"))
        defer { mount.end() }
        try scene.run {
            // Nobody knows what lies in it: that is attention, and no safety.
            try scene.isTold(mount.path)
            #expect(try scene.world.ask("/v1/status").output.contains("\"verdict\":\"attention\""))
            let health = try scene.world.ask("/v1/health").output
            #expect(health.contains(mount.path) && health.hasSuffix("503\n"), "\(health)")
            let doctor = try scene.world.ask("/v1/diagnostics").output
            #expect(
                doctor.contains("notAnswering") && doctor.contains(mount.path) && doctor.contains("findmnt"),
                "\(doctor)")
        } andLog: { log in
            #expect(log.contains { $0.contains(mount.path) && $0.contains("does not answer") }, "\(log)")
        }
    }

    @Test(
        "One pass beside a mount whose server is gone ends, upgrades the others, and names the mount",
        .enabled(if: geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0, "needs root and /dev/fuse"))
    func passBesideDeadMount() throws {
        let scene = try Scene()
        let mount = try DeadMount(at: scene.folder("mounted"))
        defer { mount.end() }
        let end = try scene.world.project.once()
        // That it could not be found out what lies in it is no success.
        #expect(end.status == 8, "\(end.errors)")
        #expect(end.output.contains(mount.path) && end.output.contains("does not answer"))
        #expect(try scene.areMigrated())
        let json = try JSON(try scene.world.project.once(["--json"]).output)["data"]
        #expect(json?["problems"]?[0]?["code"] == .string("notAnswering"), "\(String(describing: json))")
        #expect(json?["findings"]?[0]?["code"] == .string("mountNotEntered"), "\(String(describing: json))")
    }

    @Test(
        "A database server's process that is stopped keeps its own memory alone",
        .enabled(if: PostgresServer.isInstalled && geteuid() == 0, "needs PostgreSQL, and root to stop its processes"))
    func stoppedServer() throws {
        let server = try PostgresServer()
        let database = try PostgresProject([PostgresProject.stages[0]], on: server).database
        let scene = try Scene(["a"], arguments: ["--postgres", database.url])
        let daemon = try scene.world.daemon
        let tool = try daemon.start()
        var backend: pid_t?
        try scene.eventually("the daemon does not look at the database") {
            let found = try server.psql(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'dementiad' LIMIT 1", database: "postgres")
            backend = found.first.flatMap { pid_t($0) }
            return backend.map { kill($0, SIGSTOP) == 0 } ?? false
        }
        let pid = try #require(backend)
        defer { kill(pid, SIGCONT) }
        try scene.eventually("the neighbour is not upgraded") { try scene.areMigrated() }
        // One that comes later, too.
        let late = try Fixture.v4_0.copy(to: scene.folder("late") + "/.claude-memory.db")
        try scene.eventually("the new neighbour is not upgraded") {
            try LogicalDump(late).columns["context_locks"]?.contains("preview") == true
        }
        #expect(try !scene.world.ask("/v1/status").output.contains("\"verdict\":\"safe\""))
        kill(tool.pid, SIGTERM)
        let end = try daemon.finish(tool)
        #expect(end.status == 0, "\(end.errors)")
    }

    @Test("Two daemons with state directories of their own over one folder know of each other")
    func rivals() throws {
        let scene = try Scene(["a"])
        let first = try scene.world.daemon
        let tool = try first.start()
        try scene.eventually("the first daemon does not answer") { try !scene.world.ask("/v1/status").output.isEmpty }
        let folder = try TemporaryFolder()
        let socket = folder.file("control.sock")
        let other = try Daemon([
            "serve", "--watch", scene.root, "--state-dir", folder.file("state"), "--socket", socket, "--mode", "off",
        ])
        let second = try other.start()
        for (socket, pid) in [(socket, tool.pid), (scene.world.socket, second.pid)] {
            try scene.eventually("\(socket) does not tell of the other daemon") {
                let status = try Tool.run([
                    "curl", "-sS", "--unix-socket", socket, "http://localhost/v1/status",
                ]).output
                return status.contains("otherDaemon") && status.contains("pid \(pid)")
            }
        }
        kill(second.pid, SIGTERM)
        #expect(try other.finish(second).status == 0)
        try scene.eventually("the other daemon is told of after its end") {
            try !scene.world.ask("/v1/status").output.contains("otherDaemon")
        }
        kill(tool.pid, SIGTERM)
        #expect(try first.finish(tool).status == 0)
    }

    @Test("A daemon that has looked at nothing yet is starting, and not safe")
    func starting() throws {
        let scene = try Scene([])
        let daemon = try scene.world.daemon
        let tool = try daemon.start()
        var verdicts: Set<String> = []
        try scene.eventually("never safe") {
            let status = try scene.world.ask("/v1/status").output
            for verdict in ["starting", "safe", "attention", "pending"]
            where status.contains("\"verdict\":\"\(verdict)\"") {
                verdicts.insert(verdict)
            }
            return verdicts.contains("safe")
        }
        #expect(verdicts.isSubset(of: ["starting", "safe"]))
        kill(tool.pid, SIGTERM)
        #expect(try daemon.finish(tool).status == 0)
    }
}

/// A FUSE mount whose server never answers. Ended by closing the server's end, after which every call to it fails.
private final class DeadMount {
    let path: String
    private let server: Tool

    init(at path: String) throws {
        self.path = path
        let script = """
            import ctypes, os, sys
            libc = ctypes.CDLL(None, use_errno=True)
            fd = os.open("/dev/fuse", os.O_RDWR)
            options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fd
            print(libc.mount(b"gone", sys.argv[1].encode(), b"fuse.sshfs", 0, options), flush=True)
            sys.stdin.read()
            """
        server = try Tool(["python3", "-c", script, path])
        try #require(server.line() == "0", "the mount was refused")
    }

    func end() {
        _ = try? Tool.run(["umount", "-l", path])
        server.kill()
    }
}

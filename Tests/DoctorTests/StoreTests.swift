// SPDX-License-Identifier: MIT

import ControlAPI
import Doctor
import Engine
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@Suite("The doctor on memories")
struct StoreTests {
    /// What the lean server runs for each memory that it is given.
    private static let leanInsert = """
        INSERT INTO context_locks (session_id, label, version, content, content_hash) VALUES ('local_1', 'a', '1.0', 'x', 'y')
        ON CONFLICT(session_id, label, version) DO UPDATE SET content = excluded.content
        """

    @Test("Lean's own broken table: afterwards the lean server can store what it is given")
    func lean() async throws {
        try await Clinic.run([.leanFresh]) { clinic in
            let path = clinic.stores[0].name
            #expect(throws: (any Error).self) { try Connection(path: path, access: .readWrite).run(Self.leanInsert) }
            try await clinic.mends(.leanTable)
            let connection = try Connection(path: path, access: .readWrite)
            try connection.run(Self.leanInsert)
            try connection.run(Self.leanInsert)
            #expect(try connection.integer("SELECT count(*) FROM context_locks") == 1)
        }
    }

    @Test("P6: a memory that is gone comes back from its newest backup")
    func missing() async throws {
        try await Clinic.run { clinic in
            try await clinic.work(.backup)
            let path = clinic.stores[0].name
            let before = try LogicalDump(path)
            for suffix in ["", "-wal", "-shm"] { try? Directory.unlink(path + suffix) }
            try await clinic.mends(.storeMissing)
            #expect(try LogicalDump(path) == before)
        }
    }

    @Test("A memory that was removed with its project, and that no backup holds, is guarded no longer")
    func removed() async throws {
        try await Clinic.run { clinic in
            try Directory.removeTree(Directory.parent(of: clinic.stores[0].name))
            try await clinic.mends(.storeMissing)
            #expect(try await clinic.service.stores().isEmpty)
        }
    }

    @Test("P6: an emptier memory of the same project at another place is told of, and left alone")
    func elsewhere() async throws {
        try await Clinic.run { clinic in
            try await clinic.work(.backup)
            let path = clinic.stores[0].name
            let other = try clinic.folder.folder("elsewhere") + "/project0"
            try Directory.create(other)
            try Shell.run(other + "/.claude-memory.db", "CREATE TABLE sessions (id TEXT PRIMARY KEY, started_at REAL)")
            let twin = StoreLocation(engine: .sqlite, name: other + "/.claude-memory.db")
            try await clinic.add(twin)
            for suffix in ["", "-wal", "-shm"] { try? Directory.unlink(path + suffix) }
            #expect(try await Set(clinic.service.stores().map(\.project)).count == 1)
            try await clinic.mends(.emptyElsewhere)
            #expect(try Connection(path: twin.name, access: .readWrite).integer("SELECT count(*) FROM sessions") == 0)
        }
    }

    @Test("Drift is repaired")
    func drifted() async throws {
        try await Clinic.run([.v4_0]) { clinic in
            try await clinic.work(.migrate)
            try Shell.run(clinic.stores[0].name, "DROP TABLE context_archives")
            try await clinic.mends(.storeDrifted)
        }
    }

    @Test("B11: a log that grows is told with who pins it, and is folded back once they are gone")
    func log() async throws {
        try await Clinic.run { clinic in
            let path = clinic.stores[0].name
            let reader = try Shell(path)
            reader.run("PRAGMA journal_mode = wal")
            reader.run("BEGIN; SELECT count(*) FROM sessions")
            let writer = try Shell(path)
            writer.run("PRAGMA wal_autocheckpoint = 0")
            writer.run("CREATE TABLE workspace_big (a); INSERT INTO workspace_big VALUES (zeroblob(70000000))")
            let found = try #require(try await clinic.patient.finding(.walGrows))
            #expect(found.message.contains("(pid \(reader.pid))"))
            try await clinic.mends(.walGrows)
            #expect(try FileStatus.ifPresent(path + "-wal")?.size ?? 0 == 0)
        }
    }

    @Test(
        "A filesystem that became read-only, and one that is again what it was",
        .enabled(if: SmallFilesystem.isPossible, "only root may mount"))
    func readOnly() async throws {
        let filesystem = try SmallFilesystem(kilobytes: 4096)
        try await Clinic.run(in: filesystem.path) { clinic in
            #expect(try await clinic.patient.finding(.readOnlyFilesystem) == nil)
            try filesystem.makeReadOnly()
            let found = try #require(try await clinic.patient.finding(.readOnlyFilesystem))
            #expect(found.message.contains(filesystem.path))
            try await clinic.mends(.readOnlyFilesystem)
        }
    }

    @Test("The memory in the temporary folder, which no service sees, with all that is in its log")
    func temporary() async throws {
        try await Clinic.run { clinic in
            let path = clinic.patient.temporary + "/" + TemporaryMemory.fileName
            try Fixture.v4_4HotWAL.copy(to: path)
            let before = try Connection(
                path: Fixture.v4_4HotWAL.copy(to: clinic.folder.file("twin.db")), access: .readWrite
            )
            .integer("SELECT count(*) FROM context_locks")
            let server = try Shell(path)
            server.run("SELECT count(*) FROM context_locks")
            let found = try #require(try await clinic.patient.finding(.memoryInTemp))
            #expect(found.message.contains("\(server.pid)") && found.severity == .failure)
            try await clinic.mends(.memoryInTemp)
            let moved = clinic.patient.home + "/claude-memory-fallback/.claude-memory.db"
            let after = try Connection(path: moved, access: .readWrite).integer("SELECT count(*) FROM context_locks")
            #expect(after == before)
            #expect(try Directory.entries(clinic.patient.temporary).isEmpty)
        }
    }

    @Test("An old server still runs against a schema that is newer, until it is ended")
    func oldServer() async throws {
        try await Clinic.run([.v4_0]) { clinic in
            let path = clinic.stores[0].name
            let script = try clinic.folder.folder("old") + "/claude_mcp_hybrid.py"
            let text = """
                import sqlite3, sys
                connection = sqlite3.connect(sys.argv[1])
                connection.execute("SELECT count(*) FROM sessions").fetchall()
                print("open", flush=True)
                sys.stdin.read()
                """
            try write(Array(text.utf8), to: script)
            let server = try Tool(["python3", script, path])
            #expect(server.line() == "open")
            #expect(try await clinic.patient.finding(.oldServer) == nil)
            clinic.clock.move(by: .seconds(60))
            try await clinic.work(.migrate)
            let found = try #require(try await clinic.patient.finding(.oldServer))
            #expect(found.message.contains("Process \(server.pid)") && found.store == clinic.stores[0].id)
            let remedy = found.remedy
            try await clinic.patient.follow(remedy)
            // A zombie still has its number until somebody asks how it ended.
            #expect(server.finish().status == -15)
            #expect(try await clinic.patient.finding(.oldServer) == nil)
        }
    }
}

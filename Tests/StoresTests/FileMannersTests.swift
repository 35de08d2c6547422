// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import Stores
import TestSupport
import Testing

/// P7, P9, R7: how the file and what lies beside it are treated.
@Suite struct FileMannersTests {
    private let catalogue = try! Catalogue()

    private static func mode(_ path: String) throws -> [UInt8] { Array(try content(of: path)[18..<20]) }

    @Test(
        "P7, P9: a file that was closed cleanly is left as clean, with its inode, owner, rights and journal mode",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func clean(_ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_0, journal: journal)
        let (status, mode, bytes) = try (
            FileStatus(of: world.path), Self.mode(world.path), content(of: world.path)
        )
        _ = try await world.plan(catalogue)
        _ = try await world.snapshot()
        _ = try await world.store.describe()
        await world.store.close()
        #expect(world.files == [".claude-memory.db"])
        #expect(try content(of: world.path) == bytes)
        try await world.migrate(catalogue)
        await world.store.close()
        #expect(world.files == [".claude-memory.db"])
        let after = try FileStatus(of: world.path)
        #expect(after.isSameFile(as: status))
        #expect(after.mode == status.mode && after.uid == status.uid && after.gid == status.gid)
        #expect(try Self.mode(world.path) == mode)
    }

    @Test("P7: a -wal and -shm that were there before are still there, and the file under them is not written")
    func hot() async throws {
        let world = try SQLiteWorld(.v4_4HotWAL)
        let wal = try FileStatus(of: world.path + "-wal")
        let bytes = try content(of: world.path)
        _ = try await world.plan(catalogue)
        _ = try await world.snapshot()
        await world.store.close()
        #expect(world.files == [".claude-memory.db", ".claude-memory.db-shm", ".claude-memory.db-wal"])
        #expect(try FileStatus(of: world.path + "-wal").isSameFile(as: wal))
        #expect(try FileStatus(of: world.path + "-wal").size == wal.size)
        #expect(try content(of: world.path) == bytes)
        try await world.migrate(.with(up: "CREATE TABLE fresh (x);"))
        await world.store.close()
        #expect(try FileStatus(of: world.path + "-wal").isSameFile(as: wal))
        #expect(try content(of: world.path) == bytes)
        #expect(try world.ask("SELECT count(*) FROM fresh;") == ["0"])
    }

    @Test(
        "P7: a server that has the file open keeps its -wal, and sees the migration",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func openServer(_ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_0, journal: journal)
        let server = try Shell(world.path)
        #expect(server.run("SELECT count(*) FROM context_locks;") == ["8"])
        let files = world.files
        try await world.migrate(catalogue)
        await world.store.close()
        #expect(world.files == files)
        #expect(server.run("SELECT count(*) FROM context_locks WHERE preview IS NOT NULL;") == ["8"])
        #expect(server.run("PRAGMA journal_mode;") == [journal.rawValue])
        #expect(server.run("PRAGMA integrity_check;") == ["ok"])
    }

    @Test("P8: a row that was committed a moment before is in the snapshot")
    func justCommitted() async throws {
        let world = try SQLiteWorld(.v4_0)
        let server = try Shell(world.path)
        server.run(
            "PRAGMA wal_autocheckpoint = 0; INSERT INTO todos (id, content, status) VALUES ('now', 'x', 'pending');")
        let snapshot = try await world.snapshot()
        #expect(try Shell.run(snapshot.path, "SELECT count(*) FROM todos WHERE id = 'now';") == ["1"])
    }

    @Test(
        "what a crashed writer left is rolled back by whoever comes first, and the snapshot is the last commit",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func crashedWriter(_ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_0, journal: journal)
        let before = try world.dump(withLedger: true)
        let writer = try Shell(world.path)
        // A cache of ten pages spills what is not committed into the file, or into its WAL.
        writer.run(
            """
            PRAGMA cache_size = 10; BEGIN; CREATE TABLE big (x);
            INSERT INTO big SELECT randomblob(4000) FROM generate_series(1, 500);
            """)
        writer.kill()
        let snapshot = try await world.snapshot()
        #expect(try world.dump(ofCopy: snapshot.path).differences(from: before) == [])
        try await world.migrate(catalogue)
    }

    @Test(
        "a copy that would keep writers waiting, or the WAL growing, for too long is given up",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func limits(_ journal: SQLiteWorld.Journal) async throws {
        var limits = SQLiteStore.Limits()
        limits.rollbackRead = .zero
        limits.walRead = .zero
        let world = try SQLiteWorld(
            .v4_0, journal: journal,
            "CREATE TABLE big (x); INSERT INTO big SELECT zeroblob(4000) FROM generate_series(1, 3000);", limits: limits
        )
        let error = await #expect(throws: GuardError.self) { try await world.snapshot() }
        #expect(error?.code == .storeBusy && error?.dataState == .untouched)
        #expect(try Shell.run(world.path, "DELETE FROM fixes;") == [])
    }

    @Test("a full scratch folder is named as what is full")
    func fullScratch() async throws {
        let world = try SQLiteWorld(.v4_0)
        let error = await #expect(throws: GuardError.self) {
            try await world.store.snapshot(into: "/dev/full", progress: nil)
        }
        #expect(error != nil)
        #expect(error?.dataState == .untouched)
    }

    @Test("a description tells place, project, rights, and the WAL's share of the size")
    func description() async throws {
        let world = try SQLiteWorld(.v4_4HotWAL)
        let description = try await world.store.describe()
        #expect(description.project == "project")
        #expect(description.location.name == world.path)
        #expect(description.sizeBytes == 200_704 + 86_552)
        #expect(description.file?.mode == 0o644)
    }
}

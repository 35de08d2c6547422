// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import Stores
import TestSupport
import Testing

/// B4: a restore into a file that others use.
@Suite struct RestoreTests {
    /// A store with its old state in a snapshot, and a newer state in the file.
    private func changed(
        _ journal: SQLiteWorld.Journal, limits: SQLiteStore.Limits = .patient
    ) async throws -> (world: SQLiteWorld, old: Snapshot, dump: LogicalDump) {
        let world = try SQLiteWorld(.v4_0, journal: journal, limits: limits)
        let dump = try world.dump(withLedger: true)
        let old = try await world.snapshot("old.db")
        await world.store.close()
        try world.write(
            """
            DELETE FROM context_locks; DROP TABLE memory_entries; CREATE TABLE fresh (x);
            INSERT INTO fresh SELECT randomblob(3000) FROM generate_series(1, 200);
            """)
        return (world, old, dump)
    }

    private func restore(_ world: SQLiteWorld, _ old: Snapshot) async throws {
        let kept = try await world.snapshot("kept.db")
        try await world.store.restore(from: old.path, expecting: old.content, replacing: kept)
    }

    @Test("B4: every connection, old and new, sees the restored state", arguments: [SQLiteWorld.Journal.wal, .delete])
    func seen(_ journal: SQLiteWorld.Journal) async throws {
        let (world, old, dump) = try await changed(journal)
        let inode = try FileStatus(of: world.path)
        let reader = try Shell(world.path)
        #expect(reader.run("SELECT count(*) FROM fresh;") == ["200"])
        let writer = try Shell(world.path)
        writer.run("INSERT INTO fresh VALUES (1);")
        try await restore(world, old)
        #expect(reader.run("SELECT count(*) FROM context_locks;") == ["8"])
        #expect(reader.run("SELECT count(*) FROM fresh;").first?.contains("no such table") == true)
        #expect(writer.run("UPDATE todos SET priority = priority;") == [])
        #expect(writer.run("PRAGMA journal_mode;") == [journal.rawValue])
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: dump) == [])
        #expect(try FileStatus(of: world.path).isSameFile(as: inode))
        #expect(try Shell.run(world.path, "PRAGMA integrity_check;") == ["ok"])
    }

    @Test("B4: an open cursor keeps its old state in WAL mode and sees the restored one when it ends")
    func openCursorWAL() async throws {
        let (world, old, _) = try await changed(.wal)
        let reader = try Shell(world.path)
        reader.run("BEGIN; SELECT count(*) FROM fresh;")
        try await restore(world, old)
        #expect(reader.run("SELECT count(*) FROM fresh;") == ["200"])
        reader.run("COMMIT;")
        #expect(reader.run("SELECT count(*) FROM context_locks;") == ["8"])
    }

    @Test("B4: an open cursor keeps a rollback-journal file from being restored, and then nothing is changed")
    func openCursorRollback() async throws {
        let (world, old, _) = try await changed(.delete, limits: .impatient)
        let before = try world.dump(withLedger: true)
        let reader = try Shell(world.path)
        reader.run("BEGIN; SELECT count(*) FROM fresh;")
        let error = await #expect(throws: GuardError.self) { try await restore(world, old) }
        #expect(error?.code == .storeBusy && error?.dataState == .untouched)
        #expect(error?.message.contains("pid \(reader.pid)") == true)
        reader.run("COMMIT;")
        #expect(reader.run("UPDATE fresh SET x = x;") == [])
        reader.quit()
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "B4: a writer in a transaction keeps the file from being restored",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func openWriter(_ journal: SQLiteWorld.Journal) async throws {
        let (world, old, _) = try await changed(journal, limits: .impatient)
        let kept = try await world.snapshot("kept.db")
        let writer = try Shell(world.path)
        writer.run("BEGIN IMMEDIATE; INSERT INTO fresh VALUES ('mine');")
        let error = await #expect(throws: GuardError.self) {
            try await world.store.restore(from: old.path, expecting: old.content, replacing: kept)
        }
        #expect(error?.code == .storeBusy && error?.dataState == .untouched)
        writer.run("COMMIT;")
        #expect(writer.run("SELECT count(*) FROM fresh WHERE x = 'mine';") == ["1"])
    }

    @Test(
        "B4: what a crashed writer left does not come back over the restored state",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func crashedWriter(_ journal: SQLiteWorld.Journal) async throws {
        let (world, old, dump) = try await changed(journal)
        let writer = try Shell(world.path)
        writer.run(
            """
            PRAGMA wal_autocheckpoint = 0; INSERT INTO fresh VALUES ('committed');
            PRAGMA cache_size = 10; BEGIN; INSERT INTO fresh SELECT randomblob(3000) FROM generate_series(1, 500);
            """)
        writer.kill()
        try await restore(world, old)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: dump) == [])
    }

    @Test(
        "B4: whoever commits after the state was kept is not overwritten",
        arguments: [SQLiteWorld.Journal.wal, .delete], [true, false])
    func moved(_ journal: SQLiteWorld.Journal, _ isOwnCommit: Bool) async throws {
        let (world, old, _) = try await changed(journal)
        let kept = try await world.snapshot("kept.db")
        if isOwnCommit {
            let plan = try await world.plan(Catalogue())
            try await world.store.recordFailure(GuardError(.checkVetoed, "no"), of: plan, entry: .test())
        } else {
            try world.write("INSERT INTO fresh VALUES ('late');")
        }
        let error = await #expect(throws: GuardError.self) {
            try await world.store.restore(from: old.path, expecting: old.content, replacing: kept)
        }
        #expect(error?.code == .storeMoved && error?.dataState == .untouched)
        #expect(try world.ask("SELECT count(*) FROM fresh WHERE x = 'late';") == [isOwnCommit ? "0" : "1"])
    }

    @Test(
        "a backup from before the journal mode was changed is restored without changing it back",
        arguments: [
            (SQLiteWorld.Journal.wal, SQLiteWorld.Journal.delete), (.delete, .wal),
        ])
    func otherMode(_ then: SQLiteWorld.Journal, _ now: SQLiteWorld.Journal) async throws {
        let (world, old, dump) = try await changed(then)
        try world.write("PRAGMA journal_mode = \(now.rawValue);")
        try await restore(world, old)
        await world.store.close()
        #expect(try Shell.run(world.path, "PRAGMA journal_mode;") == [now.rawValue])
        #expect(try world.dump(withLedger: true).differences(from: dump) == [])
    }

    @Test(
        "pages of another size fit a rollback-journal file, and are refused in words for a WAL file",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func pageSize(_ journal: SQLiteWorld.Journal) async throws {
        let (world, old, dump) = try await changed(.delete)
        try world.write("PRAGMA page_size = 8192; VACUUM; PRAGMA journal_mode = \(journal.rawValue);")
        if journal == .delete {
            try await restore(world, old)
            await world.store.close()
            #expect(try world.dump(withLedger: true).differences(from: dump) == [])
        } else {
            let error = await #expect(throws: GuardError.self) { try await restore(world, old) }
            #expect(error?.code == .restoreFailed && error?.dataState == .untouched)
            #expect(error?.message.contains("pages") == true)
        }
    }

    @Test("a source that is not what was promised changes nothing")
    func wrongSource() async throws {
        let (world, old, _) = try await changed(.wal)
        let before = try world.dump(withLedger: true)
        let kept = try await world.snapshot("kept.db")
        try Shell.run(old.path, "DELETE FROM todos;")
        let error = await #expect(throws: GuardError.self) {
            try await world.store.restore(from: old.path, expecting: old.content, replacing: kept)
        }
        #expect(error?.code == .restoreFailed && error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("a damaged source changes nothing", arguments: ["", "not a database, but long enough to look like one", nil])
    func damagedSource(_ text: String?) async throws {
        let (world, old, _) = try await changed(.wal)
        let before = try world.dump(withLedger: true)
        let kept = try await world.snapshot("kept.db")
        let source = world.scratch("source.db")
        if let text {
            try write(Array(text.utf8), to: source)
        } else {
            try write(Array(content(of: old.path).prefix(50_000)), to: source)
        }
        await #expect(throws: GuardError.self) {
            try await world.store.restore(from: source, expecting: old.content, replacing: kept)
        }
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }
}

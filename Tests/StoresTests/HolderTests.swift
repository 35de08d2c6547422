// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import GuardCore
import LinuxKit
import Stores
import TestSupport
import Testing

/// Others who write, hold, or put another file in its place.
@Suite struct HolderTests {
    private let catalogue = try! Catalogue()

    @Test(
        "P10: whoever keeps the write lock is named with its pid, and nothing is changed",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func busy(_ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_0, journal: journal, limits: .impatient)
        let before = try world.dump(withLedger: true)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let holder = try Shell(world.path)
        holder.run("BEGIN IMMEDIATE; UPDATE todos SET priority = 9;")
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeBusy && error?.dataState == .untouched)
        #expect(error?.message.contains("sqlite3 (pid \(holder.pid))") == true)
        holder.run("ROLLBACK;")
        holder.quit()
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
        try await world.migrate(catalogue)
    }

    @Test("P10: a reader keeps a rollback-journal file from being committed to, and then nothing is changed")
    func reader() async throws {
        let world = try SQLiteWorld(.v4_0, journal: .delete, limits: .impatient)
        let before = try world.dump(withLedger: true)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let holder = try Shell(world.path)
        holder.run("BEGIN; SELECT count(*) FROM todos;")
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeBusy && error?.dataState == .untouched)
        #expect(holder.run("SELECT count(*) FROM context_locks;") == ["8"])
        holder.run("COMMIT;")
        #expect(
            holder.run("INSERT INTO todos (id, content, status) VALUES ('a', 'b', 'pending') RETURNING id;") == ["a"])
        holder.run("DELETE FROM todos WHERE id = 'a';")
        holder.quit()
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("patience is counted for each lock and not from when the file was opened")
    func patience() async throws {
        for patience in [Duration.milliseconds(600), .seconds(6), .seconds(60)] {
            var limits = SQLiteStore.Limits()
            limits.lockPatience = patience
            let world = try SQLiteWorld(.v4_0, journal: .delete, limits: limits)
            _ = try await world.plan(catalogue)
            // As long as the patience passes; the clock is the point of this test.
            try await Task.sleep(for: patience)
            let holder = try Shell(world.path)
            holder.run("BEGIN EXCLUSIVE;")
            async let snapshot = world.store.snapshot(into: world.scratch("copy"), progress: nil)
            try await Task.sleep(for: .milliseconds(100))
            holder.run("COMMIT;")
            do {
                #expect(try await snapshot.integrity == "ok")
                return
            } catch let error as GuardError where error.code == .storeBusy {
                // A machine that was too slow for this patience, or patience that was used up before.
                continue
            }
        }
        Issue.record("no patience was long enough")
    }

    @Test("a file that took the place of the one that was backed up is left alone", arguments: [true, false])
    func replaced(_ isOpen: Bool) async throws {
        let world = try SQLiteWorld(.v4_0, journal: .delete)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        if !isOpen { await world.store.close() }
        let other = try SQLiteWorld(.v4_0, journal: .delete)
        rename(other.path, world.path)
        let before = try content(of: world.path)
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeMoved && error?.dataState == .untouched)
        await world.store.close()
        #expect(try content(of: world.path) == before)
    }

    @Test("a file that is gone is missing, and not moved")
    func gone() async throws {
        let world = try SQLiteWorld(.v4_0)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        unlink(world.path)
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeMissing)
    }

    @Test("a snapshot's state is known again only by the connection that took it")
    func stale() async throws {
        let world = try SQLiteWorld(.v4_0)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        await world.store.close()
        try world.write("DELETE FROM todos;")
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeMoved)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("a plan that was carried out after it was made is not carried out again")
    func twice() async throws {
        let world = try SQLiteWorld(.v4_0)
        let plan = try await world.plan(catalogue)
        try await world.migrate(catalogue)
        let before = try world.dump(withLedger: true)
        let snapshot = try await world.snapshot()
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeMoved)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test("the store's own commits move its state too")
    func ownCommit() async throws {
        let world = try SQLiteWorld(.v4_0)
        let snapshot = try await world.snapshot()
        try await world.migrate(catalogue)
        let plan = try await world.plan(.with(up: "CREATE TABLE fresh (x);"))
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeMoved)
    }

    @Test(
        "under its lock the state holds still, and a migration ends the lock",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func locked(_ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_0, journal: journal)
        try await world.store.lock()
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let writer = try Shell(world.path)
        writer.run(".timeout 0")
        #expect(writer.run("DELETE FROM todos;").first?.contains("locked") == true)
        _ = try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        #expect(writer.run("DELETE FROM fixes;") == [])
        writer.quit()
        #expect(try await world.plan(catalogue).isEmpty)
    }

    @Test("a failure under the lock is written down and ends the lock")
    func lockedFailure() async throws {
        let world = try SQLiteWorld(.v4_0)
        try await world.store.lock()
        let plan = try await world.plan(catalogue)
        _ = try await world.snapshot()
        try await world.store.recordFailure(
            GuardError(.rehearsalFailed, "it failed", migration: 3), of: plan, entry: .test())
        #expect(try world.ask("SELECT version FROM schema_migrations;") == ["3"])
        #expect(try Shell.run(world.path, "DELETE FROM fixes;") == [])
    }

    @Test("after somebody's commit a verification says so")
    func writtenSince() async throws {
        let world = try SQLiteWorld(.v4_0)
        let plan = try await world.plan(catalogue)
        let entry = LedgerEntry.test()
        let snapshot = try await world.snapshot()
        let record = try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        try world.write("DELETE FROM fixes;")
        #expect(
            try await world.store.verify(plan, entry: entry, since: record.token)
                == Verification(problems: [], wasWrittenSince: true))
        try world.write("DROP TABLE tool_usage_log; DELETE FROM schema_migrations WHERE version = 3;")
        let verification = try await world.store.verify(plan, entry: entry, since: record.token)
        #expect(
            verification.problems == [
                "table tool_usage_log is missing", "index idx_tool_usage is missing",
                "the ledger does not record migration 3",
            ])
    }
}

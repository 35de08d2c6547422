// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import GuardCore
import LinuxKit
import SQLiteKit
import Stores
import Synchronization
import TestSupport
import Testing
import Vault

@testable import Engine

/// An application that commits for ever, on a connection and a thread of its own.
final class Writer: Sendable {
    private struct State {
        var shouldStop = false
        var hasEnded = false
        var written = 0
        var errors: [String] = []
    }

    private let state = Mutex(State())

    /// Commits to the memory at `path`, with `pause` microseconds between two commits.
    init(_ path: String, pause: UInt32) {
        let thread = Thread { [self] in
            do {
                let connection = try Connection(path: path, access: .readWrite)
                connection.waitForLocks(atMost: Patience.limit)
                var number = 0
                while !state.withLock(\.shouldStop) {
                    try connection.execute(
                        "INSERT INTO memory_entries (category, content, timestamp) VALUES ('writer', '\(number)', 1)")
                    number += 1
                    state.withLock { [number] state in state.written = number }
                    usleep(pause)
                }
            } catch {
                state.withLock { $0.errors.append("\(error)") }
            }
            state.withLock { $0.hasEnded = true }
        }
        thread.start()
        while state.withLock({ $0.written < 3 && $0.errors.isEmpty }) { usleep(1000) }
    }

    /// How often it has committed.
    var written: Int { state.withLock(\.written) }

    /// Ends it and gives what became of it.
    func stop() -> (written: Int, errors: [String]) {
        state.withLock { $0.shouldStop = true }
        while !state.withLock(\.hasEnded) { usleep(1000) }
        return state.withLock { ($0.written, $0.errors) }
    }
}

/// One POSIX thread that nobody waits for.
struct Thread {
    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private let box: Box

    init(_ body: @escaping @Sendable () -> Void) { box = Box(body) }

    func start() {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        precondition(code == 0)
        pthread_detach(thread)
    }
}

@Suite("Somebody else writes")
struct WriterTests {
    @Test(
        "One who commits during the backup: the plan is made again on the new state, and the row is in the backup and in the result"
    )
    func duringTheBackup() async throws {
        var world = try World()
        let store = world.store
        world.when(.rehearse) { try remember("meanwhile", in: store) }
        let result = try await world.pass()
        let operation = try #require(result.operation)
        #expect(operation.outcome == .succeeded)
        #expect(
            operation.steps.map(\.kind)
                == [.preflight, .backup, .rehearse, .migrate, .preflight, .backup, .rehearse, .migrate, .verify])
        let backups = try world.backups()
        #expect(backups.count == 2)
        #expect(operation.backup == backups[0].id)
        let row = Value.text(Array("meanwhile".utf8))
        #expect(try world.contents(of: backups[0]).values("memory_entries", "content").contains(row))
        #expect(try !world.contents(of: backups[1]).values("memory_entries", "content").contains(row))
        #expect(try world.contents().values("memory_entries", "content").contains(row))
    }

    @Test("One who commits in every round: the last one runs under the lock")
    func underTheLock() async throws {
        var world = try World()
        let store = world.store
        for number in 1...2 { world.when(.rehearse, number: number) { try remember("round \(number)", in: store) } }
        world.policy.lockedBackup = Patience.limit
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.operation?.steps.count(where: { $0.kind == .backup }) == 3)
        #expect(try world.lines("SELECT count(*) FROM memory_entries WHERE content LIKE 'round _'") == ["2"])
        // The whole of it, not the transaction's last part.
        let figures = try #require(result.operation?.result)
        #expect(Double(try #require(figures.lockedMilliseconds)) >= 1000 * (figures.seconds?["check"] ?? 0))
    }

    @Test("A failure under the lock is in the ledger, too")
    func failureUnderTheLock() async throws {
        var world = try World()
        let store = world.store
        try world.dropIn("DELETE FROM memory_entries WHERE content = 'round 2'")
        for number in 1...2 { world.when(.rehearse, number: number) { try remember("round \(number)", in: store) } }
        world.policy.lockedBackup = Patience.limit
        let result = try await world.pass()
        #expect(result.exit == .failedUntouched)
        #expect(result.operation?.steps.count(where: { $0.kind == .backup }) == 3)
        #expect(result.operation?.findings == [])
        #expect(try world.failedVersions().count == 1)
        #expect(try world.lines("SELECT count(*) FROM memory_entries WHERE content LIKE 'round _'") == ["2"])
    }

    @Test("The lock is not taken for a backup that took too long without it: the store is busy, and untouched")
    func tooLongForTheLock() async throws {
        var world = try World()
        let store = world.store
        for number in 1...3 { world.when(.rehearse, number: number) { try remember("round \(number)", in: store) } }
        world.policy.lockedBackup = .zero
        let result = try await world.pass()
        #expect(result.exit == .busy)
        #expect(result.operation?.outcome == .busy)
        #expect(result.operation?.dataState == .untouched)
        #expect(result.operation?.steps.count(where: { $0.kind == .backup }) == 2)
        #expect(result.form?.state == .busy)
        #expect(try world.lines("SELECT count(*) FROM memory_entries WHERE content LIKE 'round _'") == ["2"])
    }

    @Test("Under the lock a slow check command ends in time, and the store is busy")
    func slowCheckUnderTheLock() async throws {
        var world = try World()
        let store = world.store
        for number in 1...2 { world.when(.rehearse, number: number) { try remember("round \(number)", in: store) } }
        // Quick while nobody waits for it, and slow the third time.
        let count = world.folder.file("count")
        world.check("echo x >> '\(count)'; test $(wc -l < '\(count)') -lt 3 || sleep 20")
        world.policy.lockedBackup = .seconds(2)
        let result = try await world.pass()
        #expect(result.exit == .busy)
        #expect(result.operation?.dataState == .untouched)
        #expect(try world.lines("SELECT count(*) FROM memory_entries WHERE content LIKE 'round _'") == ["2"])
    }

    @Test(
        "B3: one who commits for ever loses nothing, and commits during the pass, too: make bench shows his longest wait",
        arguments: ["wal", "delete"])
    func forEver(journalMode: String) async throws {
        let world = try World()
        try world.change("PRAGMA journal_mode = \(journalMode)")
        let writer = Writer(world.store, pause: 4000)
        let before = writer.written
        let result = try await world.pass()
        let during = writer.written - before
        let (written, errors) = writer.stop()
        #expect(errors == [])
        let operation = try #require(result.operation)
        #expect([.succeeded, .busy].contains(operation.outcome))
        #expect(operation.dataState == (operation.outcome == .succeeded ? .migratedVerified : .untouched))
        #expect(during > 0 && written >= before + during)
        #expect(try world.lines("SELECT count(*) FROM memory_entries WHERE category = 'writer'") == [String(written)])
        #expect(try world.lines("PRAGMA integrity_check") == ["ok"])
        print(
            "writer in \(journalMode): \(operation.outcome?.rawValue ?? ""), \(written) commits, \(during) during the pass",
            "locked \(operation.result?.lockedMilliseconds ?? -1) ms", operation.error?.detail ?? "")
    }

    @Test("B3: every backup under a writer is a state that there was: its rows have no gap")
    func backupsUnderAWriter() async throws {
        let world = try World()
        let writer = Writer(world.store, pause: 1000)
        _ = try await world.pass()
        _ = writer.stop()
        for backup in try world.backups() {
            let rows = try world.contents(of: backup).tables["memory_entries"] ?? []
            let texts = rows.filter { $0.contains(.text(Array("writer".utf8))) }
            let numbers = texts.compactMap { row in
                row.compactMap { value in
                    if case .text(let bytes) = value { Int(String(decoding: bytes, as: UTF8.self)) } else { nil }
                }
                .first
            }
            #expect(numbers == Array(0..<numbers.count))
        }
    }

    @Test("A commit between COMMIT and verification is no failure")
    func afterCommit() async throws {
        var world = try World()
        let store = world.store
        world.when(.verify) {
            try run("DELETE FROM memory_entries; UPDATE context_locks SET label = label || '!'", on: store)
        }
        // Whatever the application does to its rows is its own affair.
        let result = try await world.pass()
        #expect(result.exit == .done)
        #expect(result.operation?.dataState == .migratedVerified)
        #expect(result.operation?.findings.map(\.code) == ["writtenSince"])
    }

    @Test("A file that takes the name before the migration is planned anew, and the old one is untouched")
    func replacedBeforeTheMigration() async throws {
        var world = try World()
        let (store, folder) = (world.store, world.folder)
        let old = try world.contents()
        world.when(.migrate) { try replace(store, keepingAs: folder.file("old.db"), by: .v4_0Real) }
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.operation?.steps.count(where: { $0.kind == .backup }) == 2)
        #expect(try LogicalDump(folder.file("old.db")).differences(from: old) == [])
        let new = try LogicalDump(Fixture.v4_0Real.copy(to: folder.file("new.db")))
        #expect(try world.contents().losses(since: new) == [])
    }

    @Test("A file that takes the name within the transaction keeps it from COMMIT")
    func replacedBeforeCommit() async throws {
        var world = try World()
        let (store, folder) = (world.store, world.folder)
        let old = try world.contents()
        let done = Once()
        world.observe = { event in
            // The migration tells its progress out of the transaction.
            guard case .progressed(_, let progress) = event, progress.step == .migrate else { return }
            if done.isFirst() { expectNoThrow { try replace(store, keepingAs: folder.file("old.db"), by: .v4_0Real) } }
        }
        let result = try await world.pass()
        #expect(done.happened)
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.operation?.steps.count(where: { $0.kind == .backup }) == 2)
        #expect(try LogicalDump(folder.file("old.db")).differences(from: old) == [])
        #expect(try world.lines("SELECT count(*) FROM context_locks") == ["3"])
    }

    @Test(
        "P10: a lock that somebody keeps is waited for so long and no longer, and its owner is named",
        arguments: ["wal", "delete"])
    func lockedTooLong(journalMode: String) async throws {
        var world = try World()
        try world.change("PRAGMA journal_mode = \(journalMode)")
        world.limits.lockPatience = .milliseconds(700)
        let before = try world.contents()
        let other = try Shell(world.store)
        other.run("BEGIN EXCLUSIVE; DELETE FROM memory_entries;")
        let result = try await world.pass()
        #expect(result.exit == .busy)
        #expect(result.operation?.outcome == .busy)
        #expect(result.operation?.error?.code == .storeBusy)
        #expect(
            result.operation?.error?.detail.contains("(pid \(other.pid))") == true,
            "\(result.operation?.error?.detail ?? "")")
        #expect(result.operation?.dataState == .untouched)
        #expect(result.form?.state == .busy)
        other.run("ROLLBACK;")
        other.quit()
        #expect(try world.contents().differences(from: before) == [])
        // P11: and when the lock is gone, nobody has to do anything.
        #expect(try await world.pass().operation?.outcome == .succeeded)
    }
}

/// Gives the name `path` to a copy of `fixture` at once, as a restore of somebody else's would.
private func replace(_ path: String, keepingAs old: String, by fixture: Fixture) throws {
    for suffix in ["", "-wal", "-shm"] where try FileStatus.ifPresent(path + suffix) != nil {
        guard rename(path + suffix, old + suffix) == 0 else { throw Unexpected("rename failed") }
    }
    try fixture.copy(to: path + ".new")
    guard rename(path + ".new", path) == 0 else { throw Unexpected("rename failed") }
}

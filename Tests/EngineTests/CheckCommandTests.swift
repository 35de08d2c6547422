// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Journal
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("The check command")
struct CheckCommandTests {
    @Test("It is asked about the rehearsed copy and about the live store, and told which is which")
    func accepts() async throws {
        var world = try World()
        let log = world.folder.file("log")
        world.check(
            """
            test "$1" = "$DEMENTIAD_STORE" && test "$1" = "$CLAUDE_MEMORY_DB" || exit 1
            echo "$DEMENTIAD_PHASE $(sqlite3 "$1" 'SELECT count(preview) FROM context_locks') $1" >> '\(log)'
            """)
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.operation?.findings == [])
        let lines = String(decoding: try content(of: log), as: UTF8.self).split(separator: "\n")
        try #require(lines.count == 2)
        #expect(lines[0].hasPrefix("rehearsal 8 \(world.state)/scratch/"))
        #expect(lines[1] == "live 8 \(world.store)")
    }

    @Test("A veto in the rehearsal leaves the store untouched")
    func vetoInRehearsal() async throws {
        var world = try World()
        world.check("exit 125")
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.exit == .failedUntouched)
        #expect(result.operation?.error?.code == .checkVetoed)
        #expect(result.operation?.error?.detail.contains("125") == true)
        #expect(result.operation?.dataState == .untouched)
        #expect(try world.contents().differences(from: before) == [])
        #expect(try world.failedVersions().count == 1)
        #expect(try world.backups().count == 1)
    }

    @Test(
        "R11: a veto on the live store leads to a restore, a hold, and a kept state that has the rows written in between"
    )
    func vetoOnTheLiveStore() async throws {
        var world = try World()
        // The command writes a row itself, and another process one more while the restore is prepared.
        world.check(
            """
            test $DEMENTIAD_PHASE = live || exit 0
            sqlite3 "$1" "INSERT INTO memory_entries (category, content, timestamp) VALUES ('test', 'by the check', 1)"; exit 1
            """)
        let store = world.store
        world.when(.keep) { try remember("by somebody", in: store) }
        let before = try world.contents()
        let inode = try FileStatus(of: world.store)
        let result = try await world.pass()
        #expect(result.exit == .failedRestored)
        #expect(result.form?.state == .held)
        let operation = try #require(result.operation)
        #expect(operation.outcome == .failedRestored)
        #expect(operation.dataState == .restoredVerified && operation.error?.dataState == .restoredVerified)
        #expect(operation.error?.code == .checkVetoed)
        #expect(operation.steps.map(\.kind) == [.preflight, .backup, .rehearse, .migrate, .verify, .keep, .restore])
        #expect(try world.contents().differences(from: before) == [])
        // B24: the file is the same one, with its owner and mode.
        let now = try FileStatus(of: world.store)
        #expect(now.isSameFile(as: inode) && now.mode == inode.mode && now.uid == inode.uid)
        // What failed, and that it did, survives the restore.
        #expect(try world.failedVersions().count == 1)
        let backups = try world.backups()
        #expect(backups.map(\.manifest.reason) == [.failedState, .migration])
        #expect(operation.result?.keptState == backups[0].id)
        #expect(operation.result?.rowsInKeptState == ["memory_entries": 2])
        #expect(operation.result?.fromVersion == 1 && operation.result?.toVersion == 1)
        let kept = try world.contents(of: backups[0])
        for text in ["by the check", "by somebody"] {
            #expect(kept.values("memory_entries", "content").contains(.text(Array(text.utf8))))
        }
        #expect(kept.columns["context_locks"]?.contains("preview") == true)
        #expect(try world.contents(of: backups[1]).differences(from: before) == [])
        #expect(try world.leftovers() == [])
        // Automation is paused: the next pass only looks, and says so.
        let operations = try await world.operations()
        let next = try await world.pass()
        #expect(next.form?.state == .held)
        #expect(next.operation == nil)
        #expect(try await world.operations() == operations)
    }

    @Test("B25: who writes after the failed state was kept is not overwritten: it is kept again")
    func writesBetweenKeepAndRestore() async throws {
        var world = try World()
        world.check("test $DEMENTIAD_PHASE = rehearsal")
        let store = world.store
        world.when(.restore) { try remember("late", in: store) }
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.operation?.outcome == .failedRestored)
        #expect(result.operation?.steps.map(\.kind).suffix(4) == [.keep, .restore, .keep, .restore])
        #expect(try world.contents().differences(from: before) == [])
        let kept = try #require(try world.backups().first { $0.id == result.operation?.result?.keptState })
        #expect(try world.contents(of: kept).values("memory_entries", "content").contains(.text(Array("late".utf8))))
        #expect(result.operation?.result?.rowsInKeptState == ["memory_entries": 1])
    }

    @Test("B4, P7: with a reader and a crashed writer's WAL beside it, everybody reads the old state after the restore")
    func restoreUnderReaders() async throws {
        var world = try World()
        world.check("test $DEMENTIAD_PHASE = rehearsal")
        let reader = try Shell(world.store)
        #expect(reader.run("SELECT count(*) FROM context_locks;") == ["8"])
        let crashed = try Shell(world.store)
        crashed.run("BEGIN IMMEDIATE; DELETE FROM context_locks; PRAGMA cache_spill = 1;")
        crashed.kill()
        let result = try await world.pass()
        #expect(result.operation?.outcome == .failedRestored)
        #expect(
            reader.run(
                "SELECT count(*) FROM context_locks; SELECT count(*) FROM pragma_table_info('context_locks') WHERE name = 'preview';"
            ) == ["8", "0"])
        #expect(try Shell.run(world.store, "PRAGMA integrity_check;") == ["ok"])
    }

    @Test(
        "One that could not run gives no verdict but a finding",
        arguments: [
            ("exit 126", "not executable"), ("exit 127", "not found"), ("kill -9 $$", "signal 9"), ("exit 200", "200"),
            ("sleep 100", "longer than"),
        ])
    func couldNotRun(command: String, words: String) async throws {
        var world = try World()
        world.check(command, timeout: command.hasPrefix("sleep") ? .milliseconds(300) : Patience.limit)
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.operation?.findings.map(\.code) == ["checkNotRun", "checkNotRun"])
        #expect(result.operation?.findings.allSatisfy { $0.message.contains(words) } == true)
        #expect(result.exit == .done)
    }

    @Test("One that is not there gives a finding, too")
    func notThere() async throws {
        var world = try World()
        world.policy.check = CheckCommand(arguments: ["/no/such/program"], timeout: .seconds(5))
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.operation?.findings.map(\.code) == ["checkNotRun", "checkNotRun"])
    }

    @Test("A time limit ends what the command has started, too")
    func endsGrandchildren() async throws {
        var world = try World()
        let pids = world.folder.file("pids")
        world.check("sleep 1000 & echo $! >> '\(pids)'; wait", timeout: .milliseconds(200))
        _ = try await world.pass()
        let started = String(decoding: try content(of: pids), as: UTF8.self).split(separator: "\n")
        #expect(started.count == 2)
        for pid in started {
            // Gone, or a zombie that whoever adopted it has not fetched yet.
            let state = try Tool.run(["ps", "-o", "stat=", "-p", String(pid)]).output
            #expect(state.isEmpty || state.hasPrefix("Z"), "\(pid) is \(state)")
        }
    }
}

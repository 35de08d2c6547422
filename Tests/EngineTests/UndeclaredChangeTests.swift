// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import Glibc
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

/// A migration that does what it did not declare.
struct Undeclared: Sendable, CustomTestStringConvertible {
    let what: String
    let up: String
    /// What the error has to say.
    let complaint: String

    var testDescription: String { what }

    static let all = [
        Undeclared(what: "deletes rows", up: "DELETE FROM memory_entries WHERE id > 2", complaint: "memory_entries"),
        Undeclared(
            what: "alters a value", up: "UPDATE context_locks SET content = upper(content) WHERE id = 1",
            complaint: "context_locks.content"),
        Undeclared(
            what: "fills a NULL", up: "UPDATE context_locks SET parent_version = '1.0' WHERE parent_version IS NULL",
            complaint: "context_locks.parent_version"),
        Undeclared(
            what: "drops a column", up: "ALTER TABLE memory_entries DROP COLUMN metadata", complaint: "metadata"),
        Undeclared(what: "drops a table", up: "DROP TABLE memory_entries", complaint: "memory_entries"),
        Undeclared(
            what: "renames a table", up: "ALTER TABLE memory_entries RENAME TO entries", complaint: "memory_entries"),
        Undeclared(
            what: "renumbers rows", up: "UPDATE memory_entries SET id = id + 1000", complaint: "memory_entries"),
        Undeclared(
            what: "turns a sequence back", up: "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'memory_entries'",
            complaint: "memory_entries"),
        Undeclared(
            what: "commits by itself", up: "DELETE FROM memory_entries; COMMIT",
            complaint: "inside dementiad's transaction"),
        Undeclared(
            what: "fails in the middle", up: "DELETE FROM memory_entries; INSERT INTO nowhere VALUES (1)",
            complaint: "nowhere"),
        Undeclared(what: "opens another file", up: "ATTACH 'other.db' AS other", complaint: "in one file"),
    ]
}

@Suite("A migration that does what it did not declare")
struct UndeclaredChangeTests {
    @Test(
        "P1: it is stopped: every object and value but the ledger is as before, and the ledger tells of it",
        arguments: Undeclared.all)
    func stopped(_ case: Undeclared) async throws {
        var world = try World()
        try world.dropIn(`case`.up)
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.exit == .failedUntouched)
        #expect(result.form?.state == .failed)
        let operation = try #require(result.operation)
        #expect(operation.outcome == .failedUntouched)
        #expect(operation.dataState == .untouched && operation.error?.dataState == .untouched)
        #expect(operation.error?.code == .rehearsalFailed)
        #expect(operation.error?.detail.contains(`case`.complaint) == true, "\(operation.error?.detail ?? "")")
        #expect(operation.error?.detail.contains(world.store) == true)
        #expect(operation.error?.detail.contains("/scratch/") == false)
        // What the memory has more than before is said.
        #expect(
            operation.error?.hint?.hasPrefix("Nothing was changed but the ledger") == true,
            "\(operation.error?.hint ?? "")")
        #expect(try world.contents().differences(from: before) == [])
        // One row says what failed, with the operation and the backup from which the state can be had again.
        #expect(try world.failedVersions().count == 1)
        #expect(
            try world.lines("SELECT event || ' ' || (message LIKE '%rehearsal failed%') FROM schema_migration_events")
                == ["failed 1"])
        let backup = try #require(try world.backups().first)
        #expect(backup.id == operation.backup)
        #expect(try world.contents(of: backup).differences(from: before) == [])
        #expect(try world.leftovers() == [])
    }

    @Test("P1: a trigger that the migration makes rests while the migration runs, so that every value is as before")
    func restingTrigger() async throws {
        var world = try World()
        try world.dropIn(
            """
            CREATE TRIGGER sneaky AFTER UPDATE ON sessions BEGIN DELETE FROM memory_entries; END;
            UPDATE sessions SET id = id
            """)
        let before = try world.contents()
        #expect(try await world.pass().operation?.outcome == .succeeded)
        #expect(try world.contents().losses(since: before) == [])
        #expect(try world.lines("SELECT count(*) FROM memory_entries") != ["0"])
    }

    @Test("P1: a dedupe over 26 000 rows without a hash is stopped, and 26 000 rows are there")
    func dedupe() async throws {
        var world = try World()
        try world.change(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 26000)
            INSERT INTO memory_entries (category, content, timestamp) SELECT 'claude', 'memory ' || i, i FROM n
            """)
        try world.dropIn(
            "DELETE FROM memory_entries WHERE id NOT IN (SELECT min(id) FROM memory_entries GROUP BY metadata)")
        let result = try await world.pass()
        #expect(result.exit == .failedUntouched)
        #expect(try world.lines("SELECT count(*) FROM memory_entries WHERE category = 'claude'") == ["26000"])
    }

    @Test("One that only the live store meets is stopped before COMMIT there, and the ledger tells of it")
    func stoppedOnTheLiveStore() async throws {
        for patience in [2, 8, 30, 120, 480] {
            var world = try World()
            // Harmless until then: the rehearsal is over before, and the migration waits for it.
            let moment = time(nil) + patience
            try world.dropIn("DELETE FROM memory_entries WHERE CAST(strftime('%s', 'now') AS INTEGER) > \(moment)")
            world.when(.migrate) { while time(nil) <= moment { usleep(10_000) } }
            let before = try world.contents()
            let result = try await world.pass()
            if result.operation?.error?.code == .rehearsalFailed { continue }  // Too slow a machine for this patience.
            #expect(result.exit == .failedUntouched)
            #expect(result.operation?.error?.code == .conservationFailed)
            #expect(result.operation?.dataState == .untouched)
            #expect(result.operation?.steps.map(\.kind) == [.preflight, .backup, .rehearse, .migrate])
            #expect(result.operation?.steps.last?.state == .failed)
            #expect(try world.contents().differences(from: before) == [])
            #expect(try world.failedVersions().count == 1)
            return
        }
        Issue.record("no rehearsal ever ended in time")
    }

    @Test("The ledger names the migration that failed, not the first one of the plan")
    func namesTheFailed() async throws {
        var world = try World()
        try world.dropIn("INSERT INTO nowhere VALUES (1)")
        _ = try await world.pass()
        #expect(try world.failedVersions() == ["5"])
        #expect(try world.ledger() == ["5 drop 0 1 1"])
    }

    @Test("New rows take nothing away, and need no declaration")
    func additions() async throws {
        var world = try World()
        let before = try world.contents().tables["memory_entries"] ?? []
        try world.dropIn("INSERT INTO memory_entries (category, content, timestamp) VALUES ('x', 'y', 1)")
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(try world.contents().tables["memory_entries"]?.dropLast() == before[...])
    }

    @Test("What it declares it may do")
    func declared() async throws {
        var world = try World()
        try world.dropIn(
            "UPDATE context_locks SET parent_version = '1.0' WHERE parent_version IS NULL",
            changes: "fills context_locks.parent_version")
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.form?.schemaVersion == 5)
    }

    @Test("A postcondition that is not met after the statements is a failure with its own words")
    func postcondition() async throws {
        var world = try World()
        try world.dropIn("CREATE TABLE half (a)", verify: "SELECT 'the other half is missing'")
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.exit == .failedUntouched)
        #expect(result.operation?.error?.detail.contains("the other half is missing") == true)
        #expect(try world.contents().differences(from: before) == [])
    }

    @Test("R10: with a vault that cannot be written no migration starts, and the store is untouched to the byte")
    func unwritableVault() async throws {
        let world = try World()
        // A vault of which a folder is a file can be written by nobody, root included.
        try Directory.createAll(world.state + "/vault")
        _ = try await World(.v4_4).pass()
        _ = try world.tools(world.state)
        try Directory.removeTree(world.state + "/vault/stores")
        try write([], to: world.state + "/vault/stores")
        let before = try world.files()
        let error = await #expect(throws: GuardError.self) { _ = try await world.pass() }
        #expect(error.map { ErrorTable.line(for: $0.code).exit } == .noBackup)
        #expect(error?.dataState == .untouched)
        #expect(try world.files() == before)
    }

    @Test(
        "R10: with a vault that cannot be written when the backup is due, the store is untouched to the byte",
        .enabled(if: SmallFilesystem.isPossible, "needs root, to mount a filesystem"))
    func vaultBecomesReadOnly() async throws {
        var world = try World()
        let before = try world.files()
        let vault = world.state + "/vault"
        world.when(.backup) {
            let result = try Tool.run([
                "sh", "-c", "mount --bind \(vault) \(vault) && mount -o remount,bind,ro \(vault)",
            ])
            #expect(result.status == 0, "\(result.output)")
        }
        defer { _ = try? Tool.run(["umount", "-l", vault]) }
        let outcome: (code: ExitCode, state: DataState?)
        do {
            let result = try await world.pass()
            outcome = (result.exit, result.operation?.dataState)
        } catch let error as GuardError {
            outcome = (ErrorTable.line(for: error.code).exit, error.dataState)
        }
        #expect(outcome == (.noBackup, .untouched))
        #expect(try world.files() == before)
    }
}

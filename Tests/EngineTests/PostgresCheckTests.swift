// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite(
    "The check command about a PostgreSQL schema",
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresCheckTests {
    /// As a person would write it: libpq's own variables lead the stock shell to the memory.
    private static let psql =
        "PATH=\"\(PostgresServer.binaries ?? "")\":$PATH; ask() { psql -X -q -At -v ON_ERROR_STOP=1 -c \"$1\"; }; "

    @Test("It is led to the scratch database in the rehearsal and to the live one after it, and sees the new schema")
    func environment() async throws {
        var world = try PostgresWorld()
        let log = world.folder.file("log")
        world.check(
            Self.psql
                + """
                count=$(ask "SELECT count(summary IS NULL) FROM $DEMENTIA_SCHEMA.sessions") || exit 1
                database=$(ask 'SELECT current_database()')
                echo "$DEMENTIAD_PHASE|$PGDATABASE|$database|$DEMENTIA_SCHEMA|$count|$1|$DEMENTIAD_STORE" >> '\(log)'
                """)
        let result = try await world.pass()
        let operation = try #require(result.operation)
        #expect(operation.outcome == .succeeded)
        #expect(operation.findings == [])
        let lines = String(decoding: try content(of: log), as: UTF8.self).split(separator: "\n")
        let (id, name) = try (world.location.id, world.location.name)
        let scratch = "dementiad_\(id)_\(operation.id.value.lowercased())"
        let live = world.database.name
        #expect(
            lines == [
                "rehearsal|\(scratch)|\(scratch)|innkeeper|3|\(name)|\(name)",
                "live|\(live)|\(live)|innkeeper|3|\(name)|\(name)",
            ])
        #expect(try world.leftovers() == [])
    }

    @Test("A veto in the rehearsal leaves the schema untouched, and the ledger tells of it")
    func vetoInRehearsal() async throws {
        var world = try PostgresWorld()
        world.check("test $DEMENTIAD_PHASE = live")
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.exit == .failedUntouched)
        #expect(result.operation?.error?.code == .checkVetoed)
        #expect(result.operation?.dataState == .untouched)
        #expect(try world.contents() == before)
        #expect(try world.events().count == 1)
        #expect(try world.backups().count == 1)
        #expect(try world.leftovers() == [])
    }

    @Test(
        "R11, B25: a veto on the live schema: the failed state is kept with what was written since, and the old one is back"
    )
    func vetoOnTheLiveStore() async throws {
        var world = try PostgresWorld()
        // The command writes a row itself, and another program one more while the restore is prepared.
        world.check(
            Self.psql
                + """
                test $DEMENTIAD_PHASE = live || exit 0
                ask "INSERT INTO $DEMENTIA_SCHEMA.file_change_history (file_path, change_type) VALUES ('by the check', 'x')" || exit 0
                exit 7
                """)
        let database = world.database
        world.when(.keep) {
            try database.psql(
                "INSERT INTO innkeeper.file_change_history (file_path, change_type) VALUES ('by somebody', 'x')")
        }
        let before = try world.contents()
        let identity = "SELECT oid <> 0 AND nspowner = 10 FROM pg_namespace WHERE nspname = 'innkeeper'"
        #expect(try database.psql(identity) == ["t"])
        let result = try await world.pass()
        #expect(result.exit == .failedRestored)
        #expect(result.form?.state == .held)
        let operation = try #require(result.operation)
        #expect(operation.outcome == .failedRestored)
        #expect(operation.dataState == .restoredVerified && operation.error?.dataState == .restoredVerified)
        #expect(operation.error?.code == .checkVetoed)
        #expect(operation.error?.detail.contains("exit status 7") == true)
        #expect(operation.steps.map(\.kind) == [.preflight, .backup, .rehearse, .migrate, .verify, .keep, .restore])
        #expect(try world.contents() == before)
        #expect(try database.psql(identity) == ["t"])
        // What failed, and that it did, survives the restore.
        #expect(try world.events().count == 1 && world.events()[0].hasPrefix("failed "))
        let backups = try world.backups()
        #expect(backups.map(\.manifest.reason) == [.failedState, .migration])
        #expect(operation.result?.keptState == backups.first?.id)
        #expect(operation.result?.rowsInKeptState?["file_change_history"] == 2)
        let kept = try world.contents(of: backups[0])
        #expect(kept.contains("by the check") && kept.contains("by somebody"))
        #expect(kept.contains("project_name"))
        #expect(try world.contents(of: backups[1]) == before)
        #expect(try world.leftovers() == [])
        // Automation is paused: the next pass only looks, and says so.
        let next = try await world.pass()
        #expect(next.form?.state == .held)
        #expect(next.operation == nil)
    }

    @Test("B25: who writes after the failed state was kept is not overwritten: it is kept again")
    func writesBetweenKeepAndRestore() async throws {
        var world = try PostgresWorld()
        world.check("test $DEMENTIAD_PHASE = rehearsal")
        let database = world.database
        world.when(.restore) {
            try database.psql("INSERT INTO innkeeper.file_change_history (file_path, change_type) VALUES ('late', 'x')")
        }
        let before = try world.contents()
        let result = try await world.pass()
        #expect(result.operation?.outcome == .failedRestored)
        #expect(result.operation?.steps.map(\.kind).suffix(4) == [.keep, .restore, .keep, .restore])
        #expect(try world.contents() == before)
        let kept = try #require(try world.backups().first { $0.id == result.operation?.result?.keptState })
        #expect(try world.contents(of: kept).contains("late"))
    }
}

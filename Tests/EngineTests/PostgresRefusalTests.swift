// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import TestSupport
import Testing
import Vault

@testable import Engine

/// A migration of a schema that does what it did not declare.
struct UndeclaredInSchema: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let up: String
    /// What the error has to say.
    let complaint: String

    static let all = [
        UndeclaredInSchema(
            testDescription: "deletes rows", up: "DELETE FROM :\"schema\".memory_entries WHERE id > 2",
            complaint: "memory_entries"),
        UndeclaredInSchema(
            testDescription: "alters a value", up: "UPDATE :\"schema\".context_locks SET content = upper(content)",
            complaint: "context_locks"),
        UndeclaredInSchema(
            testDescription: "drops a column", up: "ALTER TABLE :\"schema\".memory_entries DROP COLUMN category",
            complaint: "memory_entries"),
        UndeclaredInSchema(
            testDescription: "drops a table", up: "DROP TABLE :\"schema\".workspace_notes", complaint: "workspace_notes"
        ),
        UndeclaredInSchema(
            testDescription: "fails in the middle",
            up: "DELETE FROM :\"schema\".memory_entries; INSERT INTO :\"schema\".nowhere VALUES (1)",
            complaint: "nowhere"),
    ]
}

@Suite(
    "What is not done to a PostgreSQL schema",
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresRefusalTests {
    @Test(
        "P1: a migration that does what it did not declare is stopped before COMMIT, and the ledger tells of it",
        arguments: UndeclaredInSchema.all)
    func undeclared(_ case: UndeclaredInSchema) async throws {
        var world = try PostgresWorld()
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
        #expect(operation.error?.detail.contains("dementiad_") == false)
        #expect(try world.contents() == before)
        #expect(
            try world.change(
                """
                SELECT success || ' ' || (error_message LIKE '%\(`case`.complaint)%') || ' ' || (operation_id = '\(operation.id)')
                    || ' ' || (backup_id IS NOT NULL) FROM schema_migrations
                """) == ["false true true true"])
        #expect(try world.events().count == 1)
        let backup = try #require(try world.backups().first)
        #expect(backup.id == operation.backup)
        #expect(try world.contents(of: backup) == before)
        #expect(try world.leftovers() == [])
    }

    @Test(
        "R1: the same failure on the same content is tried three times, and then it is said why it is not tried again")
    func repetition() async throws {
        var world = try PostgresWorld()
        try world.dropIn("DELETE FROM :\"schema\".memory_entries")
        let before = try world.contents()
        for _ in 1...3 { #expect(try await world.pass().exit == .failedUntouched) }
        let backups = try world.backups().count
        for _ in 1...2 {
            let result = try await world.pass()
            #expect(result.form?.state == .held)
            #expect(result.operation?.error?.code == .held)
            #expect(result.operation?.error?.detail.contains("3 times") == true)
            #expect(result.operation?.error?.hint?.contains("dementiactl history") == true)
            #expect(result.exit == .busy)
        }
        #expect(try world.backups().count == backups)
        #expect(try world.events().count == 3)
        #expect(try world.contents() == before)
        // Content that changed is a reason to try again.
        try world.change("INSERT INTO file_change_history (file_path, change_type) VALUES ('new', 'x')")
        #expect(try await world.pass().operation?.error?.code == .rehearsalFailed)
        #expect(try world.events().count == 4)
    }

    @Test("P1: duplicates stop migration 5, the ledger names their keys, and a repair on request keeps every row")
    func duplicates() async throws {
        let world = try PostgresWorld(
            sql: """
                INSERT INTO file_semantic_model (session_id, file_path, purpose, last_scanned)
                VALUES ('inn_0001', 'src/app.py', 'older', 1757000001), ('inn_0001', 'src/app.py', 'newer', 1757000099);
                """)
        let before = try world.contents()
        let rows = try world.change("SELECT count(*) FROM file_semantic_model")
        let result = try await world.pass()
        #expect(result.exit == .failedUntouched)
        #expect(result.form?.state == .failed)
        #expect(try world.contents() == before)
        let ledger = try world.change("SELECT version, success, error_message FROM schema_migrations")
        try #require(ledger.count >= 1)
        #expect(ledger[0].hasPrefix("5|f|"))
        #expect(ledger[0].contains("(session_id, file_path)=(inn_0001, src/app.py)"))
        // What is in the rows is for the ledger, which is the user's own, and for nothing that is logged.
        #expect(result.operation?.error.debugDescription.contains("inn_0001") == false)

        let repair = try await world.ask(.repair)
        #expect(repair.outcome == .succeeded, "\(repair)")
        #expect(repair.dataState == .migratedVerified)
        #expect(
            try world.change(
                "SELECT purpose FROM file_semantic_model WHERE session_id = 'inn_0001' AND file_path = 'src/app.py'")
                == ["newer"])
        #expect(try world.change("SELECT purpose FROM dementia_kept_file_semantic_model ORDER BY id") == ["", "older"])
        #expect(
            try world.change(
                """
                SELECT (SELECT count(*) FROM file_semantic_model) + (SELECT count(*) FROM dementia_kept_file_semantic_model)
                """) == rows)
        let next = try await world.pass()
        #expect(next.exit == .done, "\(next)")
        #expect(next.form?.state == .current)
        #expect(try world.change("SELECT count(*) FROM schema_migrations WHERE NOT success") == ["0"])
        #expect(try world.leftovers() == [])
    }

    @Test("With mode ask nothing is changed, and nothing is backed up: the plan waits")
    func ask() async throws {
        var world = try PostgresWorld()
        world.mode = .ask
        let before = try world.database.dump()
        let result = try await world.pass()
        #expect(result.form?.state == .pending)
        #expect(result.operation == nil)
        #expect(result.exit == .done)
        #expect(try world.database.dump() == before)
        #expect(try world.backups() == [])
    }
}

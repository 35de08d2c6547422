// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import SQLiteKit
import Stores
import TestSupport
import Testing

/// A memory in which the user has something of his own under one of Dementia's names.
@Suite("Names that are taken") struct TakenNameTests {
    private let catalogue = try! Catalogue()

    /// The columns of `context_relationships` as Dementia makes them, with one replaced.
    private static func relationships(_ replaced: String = "", with column: String = "", more: String = "") -> String {
        let columns = [
            "id INTEGER PRIMARY KEY AUTOINCREMENT", "session_id TEXT NOT NULL", "from_label TEXT NOT NULL",
            "to_label TEXT NOT NULL",
            "relationship_type TEXT", "strength REAL DEFAULT 0.5", "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
        ].map { $0.hasPrefix(replaced + " ") ? column : $0 }.filter { !$0.isEmpty }
        let unique = replaced == "UNIQUE" ? column : "UNIQUE (session_id, from_label, to_label)"
        return
            "CREATE TABLE context_relationships (\((columns + [unique, more]).filter { !$0.isEmpty }.joined(separator: ", ")))"
    }

    static let taken = [
        "CREATE TABLE context_relationships (session_id, from_label, note)",
        "CREATE VIEW context_relationships AS SELECT 1 AS session_id, 2 AS from_label, 3 AS to_label",
        "CREATE VIRTUAL TABLE tool_usage_log USING fts5(tool_name)",
        "CREATE TABLE context_relationships (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, from_label TEXT NOT NULL, relationship_type TEXT, strength REAL, created_at TIMESTAMP)",
        relationships("to_label", with: "to_label INTEGER NOT NULL"),
        relationships("to_label", with: "to_label TEXT AS ('x')"),
        relationships("relationship_type", with: "relationship_type TEXT NOT NULL"),
        relationships("id", with: "id TEXT PRIMARY KEY"),
        relationships("id", with: "id INT PRIMARY KEY"),
        relationships("id", with: "id INTEGER"),
        relationships("UNIQUE"),
        relationships("UNIQUE", with: "UNIQUE (session_id, from_label, to_label), UNIQUE (from_label)"),
        relationships(more: "CHECK (strength > 1)"),
        relationships("created_at", with: "created_at TIMESTAMP, mine TEXT NOT NULL"),
        "CREATE TABLE file_semantic_model (path TEXT)",
        "CREATE TABLE query_results_cache (query_id INTEGER PRIMARY KEY, query_type TEXT)",
        "CREATE INDEX idx_context_preview ON todos (content)",
        "CREATE INDEX idx_context_access ON context_locks (label)",
        "CREATE INDEX idx_fsm_hash ON sessions (id)",
        "CREATE INDEX context_archives ON todos (content)",
        "CREATE UNIQUE INDEX Tool_Usage_Log ON todos (id)",
        "CREATE TABLE idx_context_preview (x)",
        "CREATE VIEW idx_fsm_hash AS SELECT 1 AS x",
        "CREATE TABLE context_archives (\u{201C}id\u{201D} INTEGER PRIMARY KEY)",
        "ALTER TABLE context_locks ADD COLUMN preview TEXT NOT NULL DEFAULT ''",
    ]

    @Test(
        "A migration that meets another thing under its name is refused with that reason, and changes nothing",
        arguments: taken)
    func refused(_ sql: String) async throws {
        let world = try SQLiteWorld(.v4_0, sql + ";")
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) { try await world.migrate(catalogue) }
        #expect(
            error?.code == .nameTaken && error?.dataState == .untouched && error?.hint != nil,
            "\(String(describing: error))")
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
        // The rehearsal says it, too: no lock is taken for what cannot work.
        let snapshot = try await world.snapshot()
        let plan = try await world.plan(catalogue)
        let rehearsal = await #expect(throws: GuardError.self) {
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: .test(), progress: nil)
        }
        #expect(rehearsal?.code == .nameTaken && rehearsal?.message.contains(snapshot.path) == false)
    }

    /// Rules of the user's own that refuse the values of a migration, and what tells which one it is.
    static let rules = [
        ("ALTER TABLE context_locks ADD COLUMN preview TEXT CHECK (length(preview) < 3)", "length(preview) < 3"),
        ("ALTER TABLE context_locks ADD COLUMN preview TEXT CONSTRAINT short CHECK (length(preview) < 3)", "short"),
        (
            "ALTER TABLE context_locks ADD COLUMN preview TEXT; CREATE UNIQUE INDEX mine ON context_locks (length(preview) > 0)",
            "mine"
        ),
        (
            "ALTER TABLE context_locks ADD COLUMN key_concepts TEXT; CREATE UNIQUE INDEX own ON context_locks (key_concepts IS NULL) WHERE key_concepts IS NOT NULL",
            "own"
        ),
    ]

    @Test(
        "A constraint of the user's own that refuses the values of a migration is named, with the next step",
        arguments: rules)
    func refusedValue(_ sql: String, _ name: String) async throws {
        let world = try SQLiteWorld(.v4_0, sql + ";")
        let before = try world.dump(withLedger: true)
        let snapshot = try await world.snapshot()
        let plan = try await world.plan(catalogue)
        let live = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(live?.code == .migrationFailed && live?.message.contains(name) == true, "\(String(describing: live))")
        let rehearsal = await #expect(throws: GuardError.self) {
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: .test(), progress: nil)
        }
        #expect(rehearsal?.code == .rehearsalFailed && rehearsal?.message.contains(name) == true)
        for error in [live, rehearsal] {
            #expect(error?.hint?.hasSuffix("dementiactl migrate \(world.id)") == true, "\(String(describing: error))")
        }
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    static let harmless = [
        relationships(),
        relationships("created_at", with: "created_at TIMESTAMP, mine TEXT, yours INTEGER NOT NULL DEFAULT 1"),
        relationships(more: "mine TEXT CHECK (mine <> '')").replacing(
            ", UNIQUE (session_id, from_label, to_label), mine TEXT CHECK (mine <> '')",
            with: ", mine TEXT CHECK (mine <> ''), UNIQUE (session_id, from_label, to_label)"),
        relationships().replacing("session_id TEXT", with: "[Session_ID] varchar(40)"),
        "CREATE TABLE mine (x); CREATE UNIQUE INDEX own ON todos (content, status)",
        "create index \"idx_context_access\" on context_locks (session_id, locked_at desc); DROP INDEX idx_context_access",
        "CREATE TRIGGER context_relationships AFTER INSERT ON todos BEGIN SELECT 1; END",
    ]

    @Test("What only has other clothes, or other columns that need no value, is Dementia's", arguments: harmless)
    func accepted(_ sql: String) async throws {
        let world = try SQLiteWorld(.v4_0, sql + ";")
        try await world.migrate(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
        try world.write(
            "INSERT INTO context_relationships (session_id, from_label, to_label, relationship_type) VALUES ('a', 'b', 'c', 'related');"
        )
    }

    @Test("In a memory that the ledger calls migrated, such a thing is drift")
    func drift() async throws {
        let world = try SQLiteWorld(.v4_0)
        try await world.migrate(catalogue)
        await world.store.close()
        try world.write(
            "DROP TABLE tool_usage_log; CREATE TABLE tool_usage_log (note); CREATE INDEX idx_tool_usage ON tool_usage_log (note);"
        )
        let error = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(error?.code == .drift)
    }

    @Test(
        "Every fixture's own tables are Dementia's",
        arguments: [
            Fixture.v0_2, .v0_3, .v0_4, .v4_0First, .v4_0, .v4_0Real, .v4_1Script, .v4_1ScriptReal, .v4_1Server,
            .v4_4Server, .v4_1Crud, .v4_4,
        ])
    func fixtures(_ fixture: Fixture) async throws {
        let world = try SQLiteWorld(fixture)
        try await world.migrate(catalogue)
        let survey = try await world.store.survey(catalogue)
        #expect(survey.problems.isEmpty, "\(survey.problems)")
    }
}

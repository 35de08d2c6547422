// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import SQLiteKit
import Stores
import TestSupport
import Testing

/// The shipped migrations on memories of every era.
@Suite struct HeadTests {
    private let catalogue = try! Catalogue()

    /// What the shipped migrations may fill.
    private static let filled = ["preview", "key_concepts", "last_accessed"]

    @Test(
        "P2, P4: every memory reaches the head of its line, keeps every value, and then nothing is left to do",
        arguments: Fixture.sqlite4, SQLiteWorld.Journal.allCases)
    func head(_ fixture: Fixture, _ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(fixture, journal: journal)
        let before = try world.dump(withLedger: false)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let entry = LedgerEntry.test()
        let record = try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        #expect(record.findings == [])
        #expect(
            try await world.store.verify(plan, entry: entry, since: record.token)
                == Verification(problems: [], wasWrittenSince: false))
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()

        let after = try world.dump(withLedger: false)
        for (table, rows) in before.tables where table != "sqlite_sequence" {
            // The sessions of 0.2 go on under another name.
            let name =
                table == "sessions" && before.columns[table]?.contains("files_indexed") == true
                ? "sessions_v0_2" : table
            #expect(after.tables[name]?.count == rows.count, "rows of \(table)")
            for column in before.columns[table] ?? [] {
                let old = before.values(table, column)
                let new = after.values(name, column)
                if table == "context_locks" && Self.filled.contains(column) {
                    #expect(zip(old, new).allSatisfy { $0 == .null || $0 == $1 }, "\(table).\(column)")
                } else {
                    #expect(old == new, "\(table).\(column)")
                }
            }
        }
        for row in before.tables["sqlite_sequence"] ?? [] {
            let name = row[1] == .text("sessions") ? Value.text("sessions_v0_2") : row[1]
            #expect(after.tables["sqlite_sequence"]?.contains { $0[1] == name && $0[2] == row[2] } == true)
        }
        #expect(after.values("context_locks", "preview").allSatisfy { $0 != .null })
        #expect(
            try Structure(world.path).tables.filter { Structure.head.contains($0.key) }.count == Structure.head.count)
    }

    @Test(
        "what upstream's own script makes of a 4.0 memory, version 2 makes of it too",
        arguments: [(Fixture.v4_0, Fixture.v4_1Script), (.v4_0Real, .v4_1ScriptReal)])
    func upstream(_ before: Fixture, _ after: Fixture) async throws {
        let world = try SQLiteWorld(before)
        try await world.migrate(catalogue, to: 2)
        await world.store.close()
        let wanted = try SQLiteWorld(after)
        #expect(try Structure(world.path) == Structure(wanted.path))
        let (ours, theirs) = try (world.dump(withLedger: false), wanted.dump(withLedger: false))
        for table in theirs.tables.keys {
            for column in theirs.columns[table] ?? [] {
                let (mine, other) = (ours.values(table, column), theirs.values(table, column))
                switch (table, column) {
                case ("context_locks", "last_accessed"):
                    #expect(mine.map(Self.storage) == other.map(Self.storage))
                case ("context_locks", "key_concepts"):
                    for (mine, other) in zip(mine, other) { try Self.expectSameConcepts(mine, other) }
                default:
                    #expect(mine == other, "\(table).\(column)")
                }
            }
        }
    }

    /// Upstream chooses ten of more by a hash that is random in each process.
    private static func expectSameConcepts(_ mine: Value, _ other: Value) throws {
        let connection = try Connection(path: ":memory:", access: .create)
        func members(_ json: Value) throws -> Set<String> {
            Set(try connection.rows("SELECT value FROM json_each(?)", [json]) { $0.string(0) ?? "" })
        }
        let (mine, other) = (try members(mine), try members(other))
        #expect(mine.count == other.count)
        if other.count < 10 { #expect(mine == other) }
    }

    private static func storage(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case .text: "text"
        case .blob: "blob"
        }
    }

    @Test("a 0.2 memory that a 4.x server had opened converges, and the new tables refer to the new sessions")
    func brokenBySevenLines() async throws {
        // Facts b.5: the server adds its columns to the wrong sessions table, makes its other tables, and dies at the first query.
        let world = try SQLiteWorld(
            .v0_2,
            """
            ALTER TABLE sessions ADD COLUMN project_fingerprint TEXT;
            ALTER TABLE sessions ADD COLUMN project_path TEXT;
            ALTER TABLE sessions ADD COLUMN project_name TEXT;
            CREATE TABLE memory_entries (id INTEGER PRIMARY KEY AUTOINCREMENT, category TEXT NOT NULL, content TEXT NOT NULL,
                metadata TEXT, timestamp REAL NOT NULL, session_id TEXT, FOREIGN KEY (session_id) REFERENCES sessions(id));
            """)
        try await world.migrate(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
        #expect(try world.ask("SELECT \"table\" FROM pragma_foreign_key_list('memory_entries');") == ["sessions"])
        #expect(try world.ask("SELECT count(*), min(files_indexed) FROM sessions_v0_2;") == ["1|55"])
        #expect(try world.ask("SELECT count(last_active) FROM sessions;") == ["0"])
    }

    @Test("P4: whatever half of the columns, tables and indices of 4.1 is there, the rest follows", arguments: 0..<16)
    func halfWay(_ half: Int) async throws {
        let pieces = [
            "ALTER TABLE context_locks ADD COLUMN preview TEXT; UPDATE context_locks SET preview = 'kept' WHERE id = 1;",
            "ALTER TABLE context_locks ADD COLUMN last_accessed TIMESTAMP; UPDATE context_locks SET last_accessed = 1.5 WHERE id = 1;",
            "CREATE TABLE tool_usage_log (id INTEGER PRIMARY KEY, tool_name TEXT, params TEXT, timestamp DATETIME, session_id TEXT);",
            "DROP TABLE fixes; ALTER TABLE context_locks ADD COLUMN access_count INTEGER DEFAULT 0;",
        ]
        let world = try SQLiteWorld(.v4_0, pieces.indices.filter { half >> $0 & 1 == 1 }.map { pieces[$0] }.joined())
        try await world.migrate(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
        if half & 1 == 1 {
            #expect(try world.ask("SELECT preview FROM context_locks WHERE id = 1;") == ["kept"])
        }
        if half & 2 == 2 {
            #expect(try world.ask("SELECT last_accessed FROM context_locks WHERE id = 1;") == ["1.5"])
        }
    }

    @Test("P8: rows that are only in the WAL are in the snapshot and after the migration")
    func hotWAL() async throws {
        let world = try SQLiteWorld(.v4_4HotWAL)
        let snapshot = try await world.snapshot()
        #expect(snapshot.content.tables.first { $0.name == "token_usage" }?.rows == 1)
        #expect(snapshot.engineFacts["journalMode"] == "wal")
        try await world.migrate(catalogue)
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM token_usage;") == ["1"])
    }
}

extension Structure {
    /// The tables that the head of `sqlite-4` has.
    static let head: Set<String> = [
        "sessions", "memory_entries", "context_locks", "file_tags", "todos", "project_variables", "session_updates",
        "memory",
        "fixes", "decisions", "context_relationships", "context_access_log", "tool_usage_log", "context_archives",
        "file_semantic_model", "file_change_history", "query_results_cache",
    ]
}

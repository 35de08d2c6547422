// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import SQLiteKit
import Stores
import TestSupport
import Testing

/// Ways up and down again, step by step, and with whatever values a memory may hold.
@Suite struct ThereAndBackTests {
    private let catalogue = try! Catalogue()

    @Test(
        "each migration alone, from every memory: up, again nothing to do, down to where it was, up once more",
        arguments: Fixture.sqlite4)
    func everyPrefix(_ fixture: Fixture) async throws {
        let world = try SQLiteWorld(fixture)
        var states: [Int: LogicalDump] = [:]
        let start = try await world.plan(catalogue).from
        for version in 1...4 {
            try await world.migrate(catalogue, to: version)
            #expect(try await world.plan(catalogue, to: version).isEmpty, "version \(version) twice")
            states[version] = try world.dump(withLedger: false)
        }
        // Down from the ledger alone, step by step. What stood above the version before the first step is gone then, as the plan
        // shows; so only memories that began at 1 come back to exactly where they were.
        for version in [3, 2, 1] {
            try await world.downgrade(catalogue, to: version)
            if start ?? 0 <= 1, fixture != .v4_4HotWAL, try Structure(world.path).beganPlain(fixture) {
                #expect(try world.dump(withLedger: false).differences(from: #require(states[version])) == [])
            }
            #expect(try await world.plan(catalogue, to: version).isEmpty)
        }
        try await world.migrate(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
    }

    @Test("below version 1 there is no way back")
    func noWayBack() async throws {
        let world = try SQLiteWorld(.v4_0)
        try await world.migrate(catalogue)
        let survey = try await world.store.survey(catalogue)
        #expect {
            try Planner(catalogue: catalogue).downgrade(for: world.id, at: world.path, survey, to: 0)
        } throws: {
            ($0 as? GuardError)?.code == .noWayBack
        }
    }

    @Test("P24: the way back works when no file of the migration is left")
    func withoutTheCatalogue() async throws {
        let world = try SQLiteWorld(.v4_0)
        let newer = try Catalogue(dropIns: [
            (
                "sqlite4_0005_notes.sql",
                """
                -- changes: none
                -- up
                CREATE TABLE notes (a);
                -- down
                DROP TABLE notes;
                -- verify
                SELECT 'notes' WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'notes');

                """
            )
        ])
        try await world.migrate(newer)
        await #expect { try await world.plan(catalogue) } throws: { ($0 as? GuardError)?.code == .newerVersion }
        try await world.downgrade(catalogue, to: 4)
        #expect(try await world.plan(catalogue).isEmpty)
        #expect(try world.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'notes'") == ["0"])
    }

    @Test(
        "random memories with values of every storage class survive migrate, downgrade, migrate and restore",
        arguments: 1...12)
    func anyValue(seed: Int) async throws {
        let world = try SQLiteWorld(.v4_0, journal: seed.isMultiple(of: 2) ? .wal : .delete)
        try RandomRows(seed: UInt64(seed)).insert(into: world.path)
        let before = try world.dump(withLedger: false)
        let first = try await world.snapshot("first.db")

        try await world.migrate(catalogue)
        let migrated = try world.dump(withLedger: false)
        for (table, rows) in before.tables {
            let columns = before.columns[table] ?? []
            #expect(migrated.keeping(columns, of: table).tables[table] == rows, "\(table), seed \(seed)")
        }
        try await world.downgrade(catalogue, to: 1)
        #expect(try world.dump(withLedger: false).differences(from: before) == [], "downgrade, seed \(seed)")
        try await world.migrate(catalogue)
        // The time of the run aside, it is the same again.
        for column in ["preview", "key_concepts"] {
            #expect(
                try world.dump(withLedger: false).values("context_locks", column)
                    == migrated.values("context_locks", column))
        }
        let kept = try await world.snapshot("kept.db")
        try await world.store.restore(from: first.path, expecting: first.content, replacing: kept)
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [], "restore, seed \(seed)")
    }
}

extension SQLiteWorld {
    /// Survey, plan of the way back, snapshot, the way back.
    func downgrade(_ catalogue: Catalogue, to version: Int) async throws {
        let survey = try await store.survey(catalogue)
        let plan = try Planner(catalogue: catalogue).downgrade(for: id, at: path, survey, to: version)
        let entry = LedgerEntry.test()
        let record = try await store.migrate(plan, from: snapshot("down-\(version).db"), entry: entry, progress: nil)
        let verification = try await store.verify(plan, entry: entry, since: record.token)
        #expect(verification.problems == [])
    }
}

extension Structure {
    /// Whether nothing of versions 2 to 4 was in `fixture` to begin with.
    func beganPlain(_ fixture: Fixture) throws -> Bool {
        [Fixture.v0_2, .v0_3, .v0_4, .v4_0First, .v4_0, .v4_0Real].contains(fixture)
    }
}

/// Rows that no application would write and SQLite keeps all the same.
private struct RandomRows {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        // SplitMix64: the same rows for the same seed, everywhere.
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    func insert(into path: String) throws {
        var generator = Generator(state: seed)
        let connection = try Connection(path: path, access: .readWrite)
        try connection.execute("BEGIN")
        for row in 0..<Int.random(in: 20...60, using: &generator) {
            try connection.run(
                """
                INSERT INTO context_locks (session_id, label, version, content, content_hash, locked_at, lock_source, metadata)
                VALUES (?, ?, '1.0', ?, ?, ?, ?, ?)
                """,
                [
                    .text("s\(row)"), .text("random \(row)"), notNull(&generator), notNull(&generator), any(&generator),
                    any(&generator), any(&generator),
                ])
            try connection.run(
                "INSERT INTO memory_entries (category, content, metadata, timestamp, session_id) VALUES (?, ?, ?, ?, ?)",
                [notNull(&generator), notNull(&generator), any(&generator), notNull(&generator), any(&generator)])
            try connection.run(
                "INSERT OR IGNORE INTO todos (id, content, status, created_at, priority) VALUES (?, ?, ?, ?, ?)",
                [any(&generator), notNull(&generator), notNull(&generator), any(&generator), any(&generator)])
        }
        try connection.execute("COMMIT")
    }

    private func notNull(_ generator: inout Generator) -> Value {
        while true {
            let value = any(&generator)
            if value != .null { return value }
        }
    }

    private func any(_ generator: inout Generator) -> Value {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: .null
        case 1: .integer(Int64.random(in: .min ... .max, using: &generator))
        case 2: .real(Double(bitPattern: generator.next()).finite)
        case 3:
            .real([0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude][Int.random(in: 0..<5, using: &generator)])
        case 4: .blob(bytes(&generator))
        case 5: .text(bytes(&generator))
        case 6: .text([0] + Array("after a NUL".utf8) + [0])
        case 7: .text(#"{"tags": ["a", 1, null, 2.5], "priority": "x"}"#)
        case 8: .text("")
        default: .text("# Überschrift 🧠\r\nYou MUST keep user_service and OrderPipeline: always\n")
        }
    }

    private func bytes(_ generator: inout Generator) -> [UInt8] {
        (0..<Int.random(in: 0..<3000, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}

extension Double {
    /// SQLite turns NaN into NULL, which is no value that could be kept.
    fileprivate var finite: Double { isNaN ? 0.5 : self }
}

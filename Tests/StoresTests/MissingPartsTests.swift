// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import SQLiteKit
import Stores
import TestSupport
import Testing

/// Memories with collations, functions and kinds of tables that only the program knows which made them.
@Suite("What only another program has") struct MissingPartsTests {
    private let catalogue = try! Catalogue()

    /// A world in whose file `sql` was run by a program with a collation WORDS and a function fold.
    ///
    /// Here the schema is written as that program would, and then the names of built-in parts are changed to those, as no other program's
    /// rows lie: the order is the one of NOCASE, which is not the order of bytes.
    private func world(_ sql: String, journal: SQLiteWorld.Journal = .asIs) throws -> SQLiteWorld {
        try SQLiteWorld(
            .v4_0, journal: journal,
            """
            \(sql)
            PRAGMA writable_schema = 1;
            UPDATE sqlite_schema SET sql = replace(replace(sql, 'NOCASE', 'WORDS'), 'upper(', 'fold(');
            PRAGMA writable_schema = 0;
            """)
    }

    static let parts: [(sql: String, names: [String])] = [
        (
            "CREATE TABLE n (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO n (t) VALUES ('b'), ('A'), ('c'); CREATE INDEX ni ON n (t COLLATE NOCASE);",
            ["ni"]
        ),
        (
            "CREATE TABLE n (t TEXT COLLATE NOCASE UNIQUE); INSERT INTO n VALUES ('b'), ('A'), ('c');",
            ["sqlite_autoindex_n_1"]
        ),
        (
            "CREATE TABLE n (t TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO n VALUES ('b', 1), ('A', 2), ('c', 3);",
            ["n"]
        ),
        ("CREATE TABLE n (t TEXT); INSERT INTO n VALUES ('b'), ('A'), ('c'); CREATE INDEX ni ON n (upper(t));", ["ni"]),
        (
            "CREATE TABLE n (t TEXT); INSERT INTO n VALUES ('b'), ('A'), ('c'); CREATE INDEX ni ON n (t) WHERE upper(t) > 'B';",
            ["ni"]
        ),
        ("CREATE TABLE n (t TEXT CHECK (upper(t) <> 'X')); INSERT INTO n VALUES ('b'), ('A');", []),
        (
            "CREATE TABLE n (t TEXT, u AS (upper(t))); INSERT INTO n VALUES ('b'), ('A'); CREATE INDEX ni ON n (u);",
            ["ni"]
        ),
        (
            "CREATE TABLE n (t TEXT COLLATE NOCASE, u TEXT); INSERT INTO n VALUES ('b', 'c'), ('A', 'd'); CREATE INDEX ni ON n (upper(u), t);",
            ["ni"]
        ),
        (
            "CREATE TABLE n (t TEXT COLLATE NOCASE); INSERT INTO n VALUES ('b'), ('A'); CREATE VIEW v AS SELECT upper(t) FROM n ORDER BY t;",
            []
        ),
    ]

    @Test(
        "A backup, a migration and a restore work all the same, and a finding names what could not be checked",
        arguments: parts, [SQLiteWorld.Journal.wal, .delete])
    func guarded(_ part: (sql: String, names: [String]), journal: SQLiteWorld.Journal) async throws {
        let world = try world(part.sql, journal: journal)
        let before = try await world.snapshot("before.db")
        #expect(before.integrity == "ok")
        #expect(before.findings.map(\.code) == part.names.map { _ in "indexUnchecked" }, "\(before.findings)")
        for (finding, name) in zip(before.findings, part.names) { #expect(finding.message.hasPrefix("\(name) ")) }
        #expect((before.content[table: "n"]?.rows ?? 0) > 1)
        #expect(
            try await world.store.drill(
                before.path, holds: before.content, for: .init("op_01ARZ3NDEKTSV4RRFFQ69G5FAV")!) == .restored)
        let plan = try await world.plan(catalogue)
        _ = try await world.store.migrate(plan, from: before, entry: .test(), progress: nil)
        #expect(try await world.store.verify(plan, entry: .test(), since: nil).problems == [])
        let kept = try await world.snapshot("kept.db")
        try await world.store.restore(from: before.path, expecting: before.content, replacing: kept)
        #expect(try await world.snapshot("again.db").content == before.content)
    }

    @Test("Damage beside an index that cannot be checked is still found")
    func damaged() async throws {
        let world = try world(
            Self.parts[0].sql + "CREATE TABLE o (x); INSERT INTO o VALUES (1), (2); CREATE INDEX oi ON o (x);")
        // The index now is one of another table's rows.
        try world.write(
            """
            PRAGMA writable_schema = 1;
            UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_file_tags_1') WHERE name = 'oi';
            """)
        let error = await #expect(throws: GuardError.self) { try await world.snapshot() }
        #expect(error?.code == .damaged && error?.message.contains("oi") == true)
    }

    @Test("A kind of table that only the application has is named")
    func module() async throws {
        let world = try SQLiteWorld(
            .v4_0,
            """
            PRAGMA writable_schema = 1;
            INSERT INTO sqlite_schema VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(embedding float[4])');
            PRAGMA writable_schema = 0; CREATE TABLE vectors_rowids (id INTEGER PRIMARY KEY); INSERT INTO vectors_rowids VALUES (1);
            """)
        let snapshot = try await world.snapshot()
        #expect(snapshot.findings.map(\.code) == ["moduleMissing"] && snapshot.findings.first?.table == "vectors")
        #expect(snapshot.findings.first?.message.contains("vec0") == true)
    }
}

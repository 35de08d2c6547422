// SPDX-License-Identifier: MIT

import GuardCore
import SQLiteKit
import Stores
import TestSupport
import Testing

/// What becomes of rows between two copies of a memory.
@Suite struct ComparisonTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let old: String
        let new: String
        let expected: [TableChange]

        init(_ name: String, _ old: String, _ new: String, _ expected: [TableChange]) {
            testDescription = name
            self.old = old
            self.new = new
            self.expected = expected
        }
    }

    static let cases = [
        Case(
            "rows by their key",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (2, 2), (3, 'x'), (4, 4), (5, 5)",
            [TableChange(name: "t", gained: 2, lost: 1, changed: 1)]),
        Case(
            "an added column changes nothing, and another order of columns neither",
            "CREATE TABLE t (id TEXT PRIMARY KEY, a); INSERT INTO t VALUES ('k', 1)",
            "CREATE TABLE T (b DEFAULT 7, A, id TEXT PRIMARY KEY); INSERT INTO T (A, id) VALUES (1, 'k')", []),
        Case(
            "a column that is gone", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES (1, 1, 1)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 1)",
            [TableChange(name: "t", goneColumns: ["b"])]),
        Case(
            "tables that come and go", "CREATE TABLE a (x); INSERT INTO a VALUES (1), (2)",
            "CREATE TABLE b (x); INSERT INTO b VALUES (1)",
            [TableChange(name: "a", lost: 2, isGone: true), TableChange(name: "b", gained: 1, isNew: true)]),
        Case(
            "another class of the same value is another value",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 1), (2, 'x'), (3, NULL), (4, 2)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, '1'), (2, X'78'), (3, ''), (4, 2.0)",
            [TableChange(name: "t", changed: 4)]),
        Case(
            "a type that takes a number for its text, and equal numbers of two classes",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b); INSERT INTO t VALUES (1, '1', 7), (2, 'x', 2)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b); INSERT INTO t VALUES (1, 1, 7), (2, 'x', 2.0)",
            [TableChange(name: "t", changed: 2)]),
        Case(
            "a collation makes no two values one",
            "CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, a TEXT COLLATE NOCASE); INSERT INTO t VALUES ('k', 'x'), ('l', 'y')",
            "CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, a TEXT COLLATE NOCASE); INSERT INTO t VALUES ('k', 'X'), ('L', 'y')",
            [TableChange(name: "t", gained: 1, lost: 1, changed: 1)]),
        Case(
            "keys of two columns, one of them NULL",
            "CREATE TABLE t (a, b, c, PRIMARY KEY (a, b)); INSERT INTO t VALUES (1, NULL, 1), (1, 2, 1)",
            "CREATE TABLE t (a, b, c, PRIMARY KEY (a, b)); INSERT INTO t VALUES (1, NULL, 1), (1, 2, 2)",
            [TableChange(name: "t", changed: 1)]),
        Case(
            "a table without a rowid",
            "CREATE TABLE t (a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1), ('y', 1)",
            "CREATE TABLE t (a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES ('y', 1)",
            [TableChange(name: "t", lost: 1)]),
        Case(
            "without a key equal rows cancel out, whatever their rowids are",
            "CREATE TABLE t (a, b); INSERT INTO t (rowid, a, b) VALUES (5, 'x', 1), (6, 'x', 1), (9, 'y', NULL), (12, 'z', X'00')",
            "CREATE TABLE t (a, b, c); INSERT INTO t (a, b) VALUES ('z', X'00'), ('x', 1), ('y', 0), ('Y', NULL)",
            [TableChange(name: "t", gained: 2, lost: 2)]),
        Case(
            "the ledger and SQLite's own tables are no content",
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (9); DELETE FROM t; ANALYZE;"
                + "CREATE TABLE schema_migrations (version); INSERT INTO schema_migrations VALUES (1)",
            []),
        Case(
            "names that need quotes",
            #"CREATE TABLE "a ""b" ("k ""y" TEXT PRIMARY KEY, "sel ect" TEXT); INSERT INTO "a ""b" VALUES ('1', '2')"#,
            #"CREATE TABLE "a ""b" ("k ""y" TEXT PRIMARY KEY, "sel ect" TEXT); INSERT INTO "a ""b" VALUES ('1', '3')"#,
            [TableChange(name: #"a "b"#, changed: 1)]),
    ]

    private func made(_ sql: String, _ path: String) throws -> String {
        try Connection(path: path, access: .create).execute(sql)
        return path
    }

    @Test("Rows gained, lost and changed are told, and nothing else", arguments: cases)
    func rows(_ expected: Case) async throws {
        let folder = try TemporaryFolder()
        let (old, new) = (
            try made(expected.old, folder.file("old ?#%.db")), try made(expected.new, folder.file("new.db"))
        )
        let store = try SQLiteStore(path: folder.file("live.db"))
        #expect(try await store.changes(from: old, to: new) == expected.expected)
    }

    @Test("Many rows are compared by their keys' index: the processor time grows with their number")
    func manyRows() async throws {
        let folder = try TemporaryFolder()
        /// The processor time of a comparison of so many thousand rows.
        func compare(_ thousands: Int) async throws -> Double {
            let sql = """
                CREATE TABLE t (id TEXT PRIMARY KEY, a);
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(thousands)000)
                INSERT INTO t SELECT 'key ' || i, i FROM n;
                """
            let name = "\(thousands) \(UInt32.random(in: 0 ... .max))"
            let old = try made(sql, folder.file("old \(name).db"))
            let new = try made(sql + "UPDATE t SET a = -1 WHERE a % 1000 = 0", folder.file("new \(name).db"))
            let store = try SQLiteStore(path: folder.file("live.db"))
            let start = ProcessorTime.ofThisProcess
            let changes = try await store.changes(from: old, to: new)
            let seconds = ProcessorTime.ofThisProcess - start
            #expect(changes == [TableChange(name: "t", changed: Int64(thousands))])
            return seconds
        }
        _ = try await compare(60)
        // Four times as many rows take four times as long, and row against row sixteen times.
        var ratios: [Double] = []
        for _ in 1...3 { ratios.append(try await compare(16) / compare(4)) }
        #expect(ratios.contains { $0 <= 8 }, "\(ratios)")
    }

    @Test("R9: a drill fails a copy that is damaged, that holds something else, or that is no database")
    func drill() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore.open(
            StoreLocation(engine: .sqlite, name: try Fixture.v4_0Real.copy(to: folder.file("live.db"))))
        let copy = folder.file("copy.db")
        let content = try await store.snapshot(into: copy, progress: nil).content
        var generator = SystemRandomNumberGenerator()
        let id = OperationID(milliseconds: 0, using: &generator)
        #expect(try await store.drill(copy, holds: content, for: id) == .restored)
        func verdict() async -> GuardError.Code? {
            do {
                _ = try await store.drill(copy, holds: content, for: id)
                return nil
            } catch {
                return error.code
            }
        }
        let good = try TestSupport.content(of: copy)
        try run("UPDATE memory_entries SET content = 'other' WHERE id = (SELECT min(id) FROM memory_entries)", on: copy)
        #expect(await verdict() == .verificationFailed)
        try write(Array(good.dropLast(good.count / 2)), to: copy)
        #expect(await verdict() == .verificationFailed)
        try write(Array("nothing".utf8) + [UInt8](repeating: 7, count: 5000), to: copy)
        #expect(await verdict() == .verificationFailed)
        await store.close()
    }

    private func run(_ sql: String, on path: String) throws {
        try Connection(path: path, access: .readWrite).execute(sql)
    }
}

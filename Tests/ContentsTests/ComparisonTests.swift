// SPDX-License-Identifier: MIT

import SQLiteKit
import TestSupport
import Testing

@testable import Contents

/// Numbers from a seed: a failure names the seed, and the same seed fails again.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("Two states compared")
struct ComparisonTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func make(_ name: String, _ sql: String) throws -> ContentFile {
        let path = folder.file(name)
        let connection = try Connection(path: path, access: .create)
        try connection.execute("PRAGMA synchronous = OFF")
        try connection.execute(sql)
        return ContentFile(path: path, isTranscript: false)
    }

    private func differences(_ old: ContentFile, _ new: ContentFile) throws -> [String: TableDifference] {
        let tables = try StateComparison(from: old, to: new).tables()
        return Dictionary(tables.map { ($0.name, $0) }) { first, _ in first }
    }

    private static let contexts =
        "CREATE TABLE context_locks (id INTEGER PRIMARY KEY, session_id TEXT, label TEXT, version TEXT, content TEXT);"

    @Test("A context is the same by session, label and version, also where its id is another one")
    func contexts() throws {
        let old = try make(
            "old", Self.contexts + "INSERT INTO context_locks VALUES (1,'s','a','1.0','x'),(2,'s','b','1.0','y')")
        let new = try make(
            "new",
            Self.contexts
                + "INSERT INTO context_locks VALUES (7,'s','a','1.0','x'),(8,'s','b','1.0','z'),(9,'s','b','1.1','y')")
        let table = try #require(try differences(old, new)["context_locks"])
        #expect(table.identity == ["session_id", "label", "version"])
        #expect(table.added == 1 && table.removed == 0 && table.changed == 2)
        var rows: [RowDifference] = []
        try StateComparison(from: old, to: new).forEachRow(in: "context_locks") { row in
            rows.append(row)
            return true
        }
        #expect(rows.map(\.kind) == [.changed, .changed, .added])
        #expect(rows[1].old.map(\.column) == ["id", "content"] && rows[1].new.last?.value == .text("z"))
    }

    @Test("Two contexts of one name in a state are told apart by their primary key")
    func doubles() throws {
        let rows = "INSERT INTO context_locks VALUES (1,'s','a','1.0','x'),(2,'s','a','1.0','y')"
        let old = try make("old", Self.contexts + rows)
        let new = try make("new", Self.contexts + rows + ";UPDATE context_locks SET content = 'z' WHERE id = 2")
        let table = try #require(try differences(old, new)["context_locks"])
        #expect(table.identity == ["id"] && table.changed == 1 && table.added == 0 && table.removed == 0)
    }

    @Test("Rows without an identity are the same by their content, as often as they are there")
    func contentOnly() throws {
        let old = try make("old", "CREATE TABLE t (a, b); INSERT INTO t VALUES (1,'x'),(1,'x'),(2,NULL)")
        let new = try make("new", "CREATE TABLE t (a, b); INSERT INTO t VALUES (1,'x'),(2,NULL),(2,NULL),('1','x')")
        let table = try #require(try differences(old, new)["t"])
        #expect(table.identity == [] && table.removed == 1 && table.added == 2 && table.changed == 0)
    }

    @Test("Tables and columns that came and went are named, and the ledger is left out")
    func shapes() throws {
        let old = try make(
            "old", "CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE TABLE gone (x); INSERT INTO t VALUES (1, 2)")
        let new = try make(
            "new",
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY, b); CREATE TABLE new (x); INSERT INTO t VALUES (1, 3);
            CREATE TABLE schema_migrations (version)
            """)
        let all = try differences(old, new)
        #expect(Set(all.keys) == ["t", "gone", "new"])
        #expect(all["t"]?.columnsAdded == ["b"] && all["t"]?.columnsDropped == ["a"] && all["t"]?.changed == 0)
        #expect(all["gone"]?.rowsAfter == nil && all["new"]?.rowsBefore == nil)
    }

    @Test(
        "Storage classes and bytes decide, and neither collation nor affinity",
        arguments: [
            ("1", "1.0"), ("'a'", "'A'"), ("'1'", "1"), ("x'61'", "'a'"), ("NULL", "''"),
            ("9007199254740993", "9007199254740992.0"),
        ])
    func values(_ one: String, _ other: String) throws {
        let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a COLLATE NOCASE);"
        let old = try make("old", table + "INSERT INTO t VALUES (1, \(one))")
        let new = try make("new", table + "INSERT INTO t VALUES (1, \(other))")
        #expect(try differences(old, new)["t"]?.changed == 1)
        #expect(try differences(old, old)["t"]?.isNothing == true)
    }

    @Test("Random histories: every row added, removed or changed is found, and nothing else", arguments: 0..<40)
    func histories(_ seed: UInt64) throws {
        var numbers = SeededNumbers(seed)
        struct Row: Hashable { var key: [Value], a: Value, b: Value }
        func value() -> Value {
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: .null
            case 1: .integer(Int64.random(in: -3...3, using: &numbers))
            case 2: .real(Double.random(in: -2...2, using: &numbers).rounded() / 2)
            case 3: .blob([UInt8](repeating: 7, count: Int.random(in: 0..<3, using: &numbers)))
            default: .text(["", "a", "A", "é", "e\u{301}", "\u{1B}[31m", "日本"].randomElement(using: &numbers) ?? "")
            }
        }
        let hasTextKey = Bool.random(using: &numbers)
        func key(_ number: Int) -> [Value] { [hasTextKey ? .text("k\(number)") : .integer(Int64(number))] }
        var before: [Row] = (0..<Int.random(in: 0..<30, using: &numbers)).map {
            Row(key: key($0), a: value(), b: value())
        }
        var after = before
        var (added, removed, changed) = (Set<[Value]>(), Set<[Value]>(), Set<[Value]>())
        for _ in 0..<Int.random(in: 0..<20, using: &numbers) {
            switch Int.random(in: 0..<3, using: &numbers) {
            case 0:
                let row = Row(key: key(100 + added.count), a: value(), b: value())
                after.append(row)
                added.insert(row.key)
            case 1 where !after.isEmpty:
                let row = after.remove(at: Int.random(in: 0..<after.count, using: &numbers))
                if before.contains(where: { $0.key == row.key }) { removed.insert(row.key) }
            default:
                guard let place = after.indices.randomElement(using: &numbers) else { continue }
                after[place].b = value()
            }
        }
        added = Set(after.map(\.key)).subtracting(before.map(\.key))
        for row in after where before.contains(where: { $0.key == row.key && $0 != row }) { changed.insert(row.key) }
        before.shuffle(using: &numbers)
        after.shuffle(using: &numbers)
        func write(_ name: String, _ rows: [Row]) throws -> ContentFile {
            let file = try make(name, "CREATE TABLE t (k \(hasTextKey ? "TEXT" : "INTEGER") PRIMARY KEY, a, b)")
            let connection = try Connection(path: file.path, access: .readWrite)
            try connection.execute("PRAGMA synchronous = OFF")
            for row in rows { try connection.run("INSERT INTO t VALUES (?, ?, ?)", row.key + [row.a, row.b]) }
            return file
        }
        let (old, new) = (try write("old", before), try write("new", after))
        let table = try #require(try differences(old, new)["t"])
        #expect(table.added == Int64(added.count) && table.removed == Int64(removed.count))
        #expect(table.changed == Int64(changed.count) && table.identity == ["k"])
        #expect(table.rowsBefore == Int64(before.count) && table.rowsAfter == Int64(after.count))
        var found: [RowDifference.Kind: Set<[Value]>] = [:]
        try StateComparison(from: old, to: new).forEachRow(in: "t") { row in
            found[row.kind, default: []].insert(row.identity.map(\.value))
            return true
        }
        #expect(found[.added] ?? [] == added && found[.removed] ?? [] == removed && found[.changed] ?? [] == changed)
    }
}

// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import HashKit
import SQLiteKit
import Stores
import TestSupport
import Testing

/// Names and texts of every class of characters, with and without bytes that are not UTF-8, on every way that a memory goes.
@Suite("Names and texts of any bytes") struct ForeignNameTests {
    private let catalogue = try! Catalogue()

    /// The first character of each general category, and some that make one `Character` with their neighbours.
    private static let scalars: [Unicode.Scalar] = {
        var first: [Unicode.GeneralCategory: Unicode.Scalar] = [:]
        for value in UInt32(1)...0x1FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let category = scalar.properties.generalCategory
            if first[category] == nil { first[category] = scalar }
        }
        let joining: [Unicode.Scalar] = [
            "\u{301}", "\u{600}", "\u{200D}", "\u{FE0F}", "\u{1161}", "\u{1F1E9}", "\u{E0020}", "\u{202E}", "\u{212A}",
        ]
        return first.values.sorted() + joining
    }()

    /// Names with quotes around each character: where two make one `Character`, a quote must still be one.
    static let names: [[UInt8]] =
        scalars.map { Array("a\"\($0)\"\"\($0)';--".utf8) } + scalars.map { Array("\($0)\"".utf8) }
        + [
            [0xe9], [0xff, 0x22], [0x22, 0xcc], [0xcc, 0x22], [0x61, 0xf0, 0x9f, 0x22], [0xed, 0xa0, 0x80],
            [0xc0, 0xa2],
        ]
        + [Array("\u{e9}".utf8), Array("e\u{301}".utf8), Array("E\u{301}".utf8), Array("\\xE9".utf8)]

    private func connection(_ world: SQLiteWorld) throws -> Connection {
        let connection = try Connection(path: world.path, access: .readWrite)
        // The world's own process wrote what is there; it must stay in the file when this connection ends.
        connection.waitForLocks(atMost: .seconds(5))
        return connection
    }

    /// Adds a table for each name, with a column and a text of the same bytes.
    private func fill(_ world: SQLiteWorld) throws {
        let connection = try connection(world)
        for (number, bytes) in Self.names.enumerated() {
            // A prefix keeps apart what SQLite takes for the same without case.
            let (table, column) = (SQLiteName(Array("t\(number)".utf8) + bytes), SQLiteName(bytes))
            try connection.execute("CREATE TABLE \(table) (id INTEGER PRIMARY KEY AUTOINCREMENT, \(column), z)" as SQL)
            let index = SQLiteName(Array("i\(number)".utf8) + bytes)
            try connection.execute("CREATE INDEX \(index) ON \(table) (\(column))" as SQL)
            try connection.run(
                "INSERT INTO \(table) (\(column), z) VALUES (?, ?)" as SQL, [.text(bytes), .blob(bytes)])
        }
    }

    private func expectWhole(_ world: SQLiteWorld, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let connection = try connection(world)
        for (number, bytes) in Self.names.enumerated() {
            let (table, column) = (SQLiteName(Array("t\(number)".utf8) + bytes), SQLiteName(bytes))
            let row = try connection.rows("SELECT \(column), z FROM \(table)" as SQL) { [$0.value(0), $0.value(1)] }
            #expect(row == [[.text(bytes), .blob(bytes)]], "\(table.text)", sourceLocation: sourceLocation)
        }
    }

    @Test("Every table and column is digested, migrated around and restored")
    func everywhere() async throws {
        let world = try SQLiteWorld(.v4_0)
        try fill(world)
        let before = try await world.snapshot("before.db")
        let tables = before.content.tables.filter { $0.name.hasPrefix("t") && $0.columns.last?.name == "z" }
        #expect(tables.count == Self.names.count)
        // The text in a column and the blob beside it are the same bytes: whoever read a name as a text would have read another one.
        for table in tables { #expect(table.rows == 1 && table.columns.map(\.values) == [1, 1, 1], "\(table.name)") }
        let texts = Set(tables.map { $0.columns[1].sha256.hex })
        #expect(texts.count == Self.names.count)

        let plan = try await world.plan(catalogue)
        _ = try await world.store.migrate(plan, from: before, entry: .test(), progress: nil)
        await world.store.close()
        try expectWhole(world)

        do {
            let connection = try connection(world)
            for (number, bytes) in Self.names.enumerated() {
                try connection.run(
                    "UPDATE \(SQLiteName(Array("t\(number)".utf8) + bytes)) SET \(SQLiteName(bytes)) = NULL" as SQL)
            }
        }
        let kept = try await world.snapshot("kept.db")
        #expect(kept.content != before.content)
        try await world.store.restore(from: before.path, expecting: before.content, replacing: kept)
        #expect(try await world.snapshot("again.db").content == before.content)
        await world.store.close()
        try expectWhole(world)
    }

    @Test("A value that changes in a column whose name is not UTF-8 is noticed")
    func noticed() async throws {
        let world = try SQLiteWorld(.v4_0)
        try fill(world)
        let before = try await world.snapshot("before.db").content
        await world.store.close()
        do {
            let connection = try connection(world)
            let number = try #require(Self.names.firstIndex(of: [0xe9]))
            try connection.run(
                "UPDATE \(SQLiteName(Array("t\(number)".utf8) + [0xe9])) SET \(SQLiteName([0xe9])) = 1" as SQL)
        }
        let after = try await world.snapshot("after.db").content
        #expect(before != after)
        let changes = try #require(
            try await world.store.changes(from: world.scratch("before.db"), to: world.scratch("after.db")))
        #expect(changes.map(\.name) == ["t\(Self.names.firstIndex(of: [0xe9]) ?? -1)\\xE9"])
        #expect(changes.first?.changed == 1)
    }

    @Test("Tables whose names differ in their normal form alone are two tables")
    func normalForms() async throws {
        let world = try SQLiteWorld(
            .v4_0,
            """
            CREATE TABLE "\u{e9}" (id INTEGER PRIMARY KEY AUTOINCREMENT, x); INSERT INTO "\u{e9}" (x) VALUES (1), (2);
            CREATE TABLE "e\u{301}" (id INTEGER PRIMARY KEY AUTOINCREMENT, x); INSERT INTO "e\u{301}" (x) VALUES (3);
            """)
        let content = try await world.snapshot().content
        #expect(content[table: "\u{e9}"]?.rows == 2 && content[table: "e\u{301}"]?.rows == 1)
        // A migration that loses one of them must not be taken for one that kept it.
        let catalogue = try Catalogue.with(up: "DELETE FROM \"e\u{301}\";")
        let error = await #expect(throws: GuardError.self) { try await world.migrate(catalogue) }
        #expect(error?.code == .conservationFailed && error?.message.contains("has 0 rows where it had 1") == true)
    }
}

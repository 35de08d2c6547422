// SPDX-License-Identifier: MIT

import Testing

@testable import Dementia

@Suite struct MigrationFileTests {
    private static let name = "sqlite4_0005_notes.sql"

    private static let whole = """
        -- A migration of the tests.
        -- Notes: what a person may want to know.
        -- changes: fills notes.body, rewrites notes.title
        -- changes: renames old to new, drops column t.c, drops table gone, drops object idx

        -- up
        CREATE TABLE notes (x TEXT DEFAULT ';'); -- not the end; of it
        -- unless: SELECT 1 FROM pragma_table_info('notes') WHERE name = 'y'
        ALTER TABLE notes ADD COLUMN y;
        -- code: contextSummaries
        -- down
        -- Back again.
        -- unless: SELECT 1
        DROP TABLE notes;
        -- verify
        SELECT 'missing' WHERE 0;
        SELECT 'missing too' WHERE 0;
        """

    private func failure(_ text: String, _ file: String = name) -> MigrationFileError? {
        do {
            _ = try MigrationFile.parse(text, file: file)
            return nil
        } catch {
            return error
        }
    }

    @Test("a file is read into its name, declarations, statements and sentences")
    func whole() throws {
        let migration = try MigrationFile.parse(Self.whole, file: Self.name)
        #expect(migration.line == .sqlite4 && migration.version == 5 && migration.name == "notes")
        #expect(
            migration.changes == [
                .fills(table: "notes", column: "body"), .rewrites(table: "notes", column: "title"),
                .renames(table: "old", to: "new"), .dropsColumn(table: "t", column: "c"), .dropsTable("gone"),
                .dropsObject("idx"),
            ])
        #expect(
            migration.up == [
                MigrationStatement(body: .sql("CREATE TABLE notes (x TEXT DEFAULT ';')")),
                MigrationStatement(
                    unless: "SELECT 1 FROM pragma_table_info('notes') WHERE name = 'y'",
                    body: .sql("ALTER TABLE notes ADD COLUMN y")),
                MigrationStatement(body: .code(.contextSummaries)),
            ])
        #expect(migration.down == [MigrationStatement(unless: "SELECT 1", body: .sql("DROP TABLE notes"))])
        #expect(migration.verify == ["SELECT 'missing' WHERE 0", "SELECT 'missing too' WHERE 0"])
    }

    @Test("the down section that a ledger keeps gives the same statements again")
    func down() throws {
        let migration = try MigrationFile.parse(Self.whole, file: Self.name)
        #expect(
            try MigrationFile.parseDown(#require(migration.downText), name: "ledger", of: .sqlite4) == migration.down)
        for shipped in try Catalogue().migrations(of: .sqlite4) where shipped.down != nil {
            #expect(
                try MigrationFile.parseDown(#require(shipped.downText), name: "ledger", of: .sqlite4) == shipped.down)
        }
    }

    @Test("line ends and a byte order mark change neither meaning nor checksum")
    func lineEnds() throws {
        let plain = try MigrationFile.parse(Self.whole, file: Self.name)
        for text in [
            Self.whole.replacing("\n", with: "\r\n"), Self.whole.replacing("\n", with: "\r"), "\u{FEFF}" + Self.whole,
        ] {
            #expect(try MigrationFile.parse(text, file: Self.name) == plain)
        }
        #expect(try MigrationFile.parse(Self.whole + " ", file: Self.name).checksum != plain.checksum)
    }

    @Test("a block comment between statements hides no directive")
    func blockComment() throws {
        let text = Self.whole.replacing("-- down\n", with: "/* the way\n   back; */\n-- down\n")
            .replacing("-- unless: SELECT 1 FROM", with: "/* guard */ -- unless: no\n-- unless: SELECT 1 FROM")
        let plain = try MigrationFile.parse(Self.whole, file: Self.name)
        let migration = try MigrationFile.parse(text, file: Self.name)
        #expect(migration.up == plain.up && migration.down == plain.down && migration.verify == plain.verify)
    }

    @Test(
        "what could be misunderstood is refused, with its line",
        arguments: [
            ("-- changes: fills notes.body", "-- changes: fills notes", 3),
            ("-- changes: fills notes.body", "-- changes: fils notes.body", 3),
            ("-- changes: fills notes.body", "-- changes: fills a.b.c", 3),
            ("-- changes: renames old to new", "-- changes: renames old new", 4),
            ("-- code: contextSummaries", "-- code: contextSummary", 10),
            ("-- down\n-- Back", "-- down: never\n-- Back", 11),
            ("-- down\n-- Back", "-- down: none\n-- Back", 13),
            ("-- code: contextSummaries", "-- unless: SELECT 1", 11),
            ("-- unless: SELECT 1 FROM", "-- unless: SELECT 2\n-- unless: SELECT 1 FROM", 9),
            ("-- code: contextSummaries", "-- changes: none", 10),
            ("-- verify\n", "-- verify\n-- unless: SELECT 1\n", 16),
            ("-- verify\n", "-- verify\n-- code: contextSummaries\n", 16),
            ("-- up\n", "SELECT 1;\n-- up\n", 6),
            ("-- unless: SELECT 1 FROM", "-- unless:\n-- unless: SELECT 1 FROM", 8),
            ("-- verify\n", "-- down\n", 15),
            ("-- verify\n", "-- verify: all\n", 15),
            ("DROP TABLE notes;\n", "DROP TABLE notes;\n-- unless: SELECT 1\n", 16),
            ("-- up\n", "", 6),
            ("SELECT 'missing too' WHERE 0;", "SELECT 'missing too' WHERE 0", nil),
            ("SELECT 'missing too' WHERE 0;", "SELECT 'missing too WHERE 0;", nil),
            (
                "-- changes: fills notes.body, rewrites notes.title\n-- changes: renames old to new, drops column t.c, drops table gone, "
                    + "drops object idx\n", "", nil
            ),
            ("-- verify\nSELECT 'missing' WHERE 0;\nSELECT 'missing too' WHERE 0;", "", nil),
        ] as [(String, String, Int?)])
    func refused(_ old: String, _ new: String, _ line: Int?) {
        #expect(Self.whole.contains(old))
        let error = failure(Self.whole.replacing(old, with: new, maxReplacements: 1))
        #expect(error != nil)
        #expect(error?.line == line, "\(error?.description ?? "")")
        #expect(error?.file == Self.name)
    }

    @Test("a comment for people may say anything else")
    func comments() {
        for comment in [
            "-- up the hill", "-- verify that: it works", "--", "-- unless you know better", "-- note: x",
            "-- down the drain",
        ] {
            #expect(failure(Self.whole.replacing("-- code:", with: comment + "\n-- code:")) == nil, "\(comment)")
        }
    }

    @Test(
        "a file's name gives its line, version and name, or is refused",
        arguments: [
            "notes.sql", "sqlite4_notes.sql", "sqlite4_x_notes.sql", "sqlite5_0001_notes.sql", "sqlite4_0005_notes.SQL",
            "sqlite4_0005_.sql", "sqlite4_-5_notes.sql", "sqlite4_+5_notes.sql", "sqlite4_0005_notes", "", ".sql",
        ])
    func names(_ name: String) {
        #expect(failure(Self.whole, name)?.file == name)
    }
}

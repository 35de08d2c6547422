// SPDX-License-Identifier: MIT

import Testing

@testable import Dementia

@Suite struct PostgresMigrationFileTests {
    private static let name = "postgres4_0012_notes.sql"

    private static let whole = """
        -- changes: moves notes to dementia_kept_notes
        -- changes: rewrites notes.body
        -- recurring
        -- up
        -- unless: SELECT 1 FROM pg_catalog.pg_class
        --     WHERE relname = 'notes'
        --     AND relkind = 'r'
        ALTER TABLE :"schema".notes ADD COLUMN a TEXT DEFAULT E'\\';';
        -- repair
        -- unless: SELECT 1
        DELETE FROM :"schema".notes;
        -- down
        -- unless: SELECT 1
        --     WHERE false
        ALTER TABLE :"schema".notes DROP COLUMN a; -- it
        -- goes
        -- verify
        SELECT 'missing' WHERE false;
        """

    private func failure(_ text: String) -> MigrationFileError? {
        do {
            _ = try MigrationFile.parse(text, file: Self.name)
            return nil
        } catch {
            return error
        }
    }

    @Test("a repair, a recurring step and a guard of several lines are read")
    func whole() throws {
        let migration = try MigrationFile.parse(Self.whole, file: Self.name)
        #expect(migration.line == .postgres4 && migration.version == 12 && migration.isRecurring)
        #expect(
            migration.changes == [
                .moves(table: "notes", to: "dementia_kept_notes"), .rewrites(table: "notes", column: "body"),
            ])
        #expect(
            migration.up == [
                MigrationStatement(
                    unless: "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'notes' AND relkind = 'r'",
                    body: .sql("ALTER TABLE :\"schema\".notes ADD COLUMN a TEXT DEFAULT E'\\';'"))
            ])
        #expect(
            migration.repair == [MigrationStatement(unless: "SELECT 1", body: .sql("DELETE FROM :\"schema\".notes"))])
        let down = [
            MigrationStatement(
                unless: "SELECT 1 WHERE false", body: .sql("ALTER TABLE :\"schema\".notes DROP COLUMN a"))
        ]
        #expect(migration.down == down)
        #expect(try MigrationFile.parseDown(#require(migration.downText), name: "ledger", of: .postgres4) == down)
        #expect(migration.downText?.hasSuffix("-- goes") == true)
    }

    @Test(
        "what could be misunderstood is refused, with its line",
        arguments: [
            ("-- recurring", "-- recurring: yes", 3), ("-- up\n", "-- up\n-- recurring\n", 5),
            ("moves notes to", "moves notes", 1), ("-- repair\n", "-- repair: all\n", 9),
            ("-- repair\n-- unless: SELECT 1\nDELETE FROM :\"schema\".notes;\n", "", nil),
            ("-- unless: SELECT 1\nDELETE FROM :\"schema\".notes;\n", "", nil),
            ("DELETE FROM :\"schema\".notes;\n", "", 11), ("-- verify\n", "-- repair\n", 17),
        ] as [(String, String, Int?)])
    func refused(_ old: String, _ new: String, _ line: Int?) {
        #expect(Self.whole.contains(old))
        let error = failure(Self.whole.replacing(old, with: new, maxReplacements: 1))
        #expect(error != nil)
        #expect(error?.line == line, "\(error?.description ?? "")")
    }

    @Test("a comment below a guard is a comment, unless it is indented as the guard's own")
    func comments() throws {
        let text = Self.whole.replacing("--     AND relkind = 'r'", with: "-- AND relkind = 'r'\n--     and more")
        let migration = try MigrationFile.parse(text, file: Self.name)
        #expect(migration.up.first?.unless == "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'notes'")
        #expect(
            failure("-- changes: none\n--     goes on\n-- up\nSELECT 1;\n-- down: none\n-- verify\nSELECT 1;") == nil)
    }

    @Test("the way back from a recurring repair is to leave the data, and a ledger keeps it so")
    func recurring() throws {
        let text = "-- changes: none\n-- recurring\n-- up\nSELECT 1;\n-- down: none\n-- verify\nSELECT 1;"
        let migration = try MigrationFile.parse(text, file: Self.name)
        #expect(migration.down == nil && migration.downText == "")
        #expect(try Migration(keptBy: .postgres4, version: 12, name: "notes", down: "").down == [])
        let once = try MigrationFile.parse(text.replacing("-- recurring\n", with: ""), file: Self.name)
        #expect(once.down == nil && once.downText == nil && !once.isRecurring)
    }
}

@Suite struct PostgresCatalogueTests {
    private let migrations: [Migration]

    init() throws {
        migrations = try Catalogue().migrations(of: .postgres4)
    }

    @Test("the PostgreSQL line begins at 0 and has eleven migrations after it")
    func versions() throws {
        #expect(migrations.map(\.version) == Array(0...11))
        #expect(try Catalogue().head(of: .postgres4) == 11)
        #expect(Line.postgres4.origin == nil && Line.sqlite4.origin == 0)
    }

    @Test("only the last recurs and rewrites, only the fifth moves, and only base and last have no way back")
    func declarations() throws {
        #expect(migrations.filter(\.isRecurring).map(\.version) == [11])
        #expect(migrations.filter { $0.down == nil }.map(\.version) == [0, 11])
        #expect(migrations[11].changes == [.rewrites(table: "mcp_sessions", column: "project_name")])
        #expect(
            migrations[5].changes
                == [.moves(table: "file_semantic_model", to: "dementia_kept_file_semantic_model")])
        #expect(migrations.filter { !$0.repair.isEmpty }.map(\.version) == [5])
        #expect(migrations.filter { !$0.changes.isEmpty }.map(\.version) == [5, 11])
    }

    @Test("every repair statement is guarded, so that nothing is made where there is nothing to mend")
    func guarded() {
        #expect(migrations.flatMap(\.repair).allSatisfy { $0.unless != nil })
    }

    @Test("what a ledger keeps of each way back gives the same statements again")
    func kept() throws {
        for migration in migrations where migration.down != nil {
            let kept = try MigrationFile.parseDown(#require(migration.downText), name: "ledger", of: .postgres4)
            #expect(kept == migration.down)
        }
    }
}

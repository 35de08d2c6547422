// SPDX-License-Identifier: MIT

import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Transfer

/// Every memory of the past moves, and every row of it is accounted for.
@Suite(.enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct FixtureTransferTests {
    @Test(
        "every known memory moves with every row accounted for, as the plan said",
        arguments: Fixture.sqlite4 + [.leanFresh])
    func moves(_ fixture: Fixture) throws {
        let world = try TransferWorld(fixture)
        let before = try LogicalDump(world.memory)
        let report = try world.transfer()
        #expect(report.isComplete, "\(report.findings)")
        let rows = before.tables.filter { !$0.key.hasPrefix("sqlite_") && !$0.key.hasPrefix("file_fts_") }
        for (table, rows) in rows { #expect(report[table: table]?.read == Int64(rows.count), "\(table)") }
        // Where the report says that they are, they are.
        for line in report.tables {
            guard let target = line.target else { continue }
            let count = try world.ask("SELECT count(*) FROM \"\(target)\"")
            let placeholders = target == "sessions" ? report.placeholders : 0
            #expect(count == ["\(line.loaded + line.kept + placeholders)"], "\(line)")
        }
        #expect(try LogicalDump(world.memory) == before)
        #expect(try world.job().run().isRepeated)
    }

    @Test("every memory in the folder of fixtures moves")
    func everyFile() throws {
        let folder = "\(Place.fixtures)/sqlite"
        let names = try Directory.entries(folder).filter { $0.hasSuffix(".db") }
        #expect(names.count >= 15)
        for name in names {
            let world = try TransferWorld(copying: "\(folder)/\(name)")
            let report = try world.transfer()
            #expect(report.isComplete, "\(name): \(report.findings)")
        }
    }

    @Test("R6: the values of a memory are the same on both sides, read by other programs")
    func values() throws {
        let world = try TransferWorld(.v4_0Real)
        try world.transfer()
        let dump = try LogicalDump(world.memory)
        func texts(_ table: String, _ column: String) -> [String] {
            dump.values(table, column).map { value in
                switch value {
                case .text(let bytes), .blob(let bytes): hex(bytes)
                case .integer(let integer): hex(Array("\(integer)".utf8))
                case .real, .null: ""
                }
            }
        }
        func hex(_ bytes: [UInt8]) -> String { bytes.map { String(Int($0) + 256, radix: 16).dropFirst() }.joined() }
        for (table, column) in [
            ("context_locks", "content"), ("context_locks", "metadata"), ("memory_entries", "content"),
            ("file_tags", "comment"), ("decisions", "rationale"),
        ] {
            let found = try world.ask(
                "SELECT coalesce(encode(convert_to(\(column), 'UTF8'), 'hex'), '') FROM \(table) ORDER BY id")
            #expect(found == texts(table, column), "\(table).\(column)")
        }
        #expect(
            try world.ask(
                "SELECT encode(convert_to(message, 'UTF8'), 'hex') FROM dementia_kept_session_updates ORDER BY id")
                == texts("session_updates", "message"))
        #expect(try world.ask("SELECT count(*) FROM dementia_kept_file_fts") == ["88"])
        #expect(try world.ask("SELECT last_value, is_called FROM context_locks_id_seq") == ["21|t"])
        #expect(try world.ask("SELECT count(*) FROM sessions WHERE summary LIKE 'Placeholder%'") != ["0"])
    }

    @Test(
        "the application accepts it: a schema that was made equals the one that the newest server makes, constraint by constraint"
    )
    func schema() throws {
        let world = try TransferWorld(.v4_4)
        try world.transfer()
        let other = try PostgresServer.shared.database()
        try other.load(PostgresFixture.latest.afterUpstream.path)
        let query = """
            SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                replace(coalesce(pg_get_expr(d.adbin, d.adrelid), ''), n.nspname || '.', '')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE n.nspname = 'SCHEMA' AND c.relkind = 'r' AND c.relname !~ '^(dementia_kept_|schema_migration|workspace_)'
            UNION ALL
            SELECT t.relname, '', replace(pg_get_constraintdef(x.oid), n.nspname || '.', ''), x.convalidated, x.contype::text
            FROM pg_constraint x JOIN pg_class t ON t.oid = x.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE n.nspname = 'SCHEMA' AND t.relname !~ '^(dementia_kept_|schema_migration|workspace_)'
            UNION ALL
            SELECT t.relname, i.relname, regexp_replace(pg_get_indexdef(i.oid), '^.* ON [^ ]* ', ''), x.indisvalid, ''
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE n.nspname = 'SCHEMA' AND t.relname !~ '^(dementia_kept_|schema_migration|workspace_)' ORDER BY 1, 2, 3, 5
            """
        let made = try world.database.psql(query.replacing("SCHEMA", with: "shop"))
        let known = try other.psql(query.replacing("SCHEMA", with: "claude_dementia"))
        #expect(Set(made).subtracting(known) == [])
        #expect(Set(known).subtracting(made) == [])
        #expect(made.count > 100)
    }
}

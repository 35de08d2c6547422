// SPDX-License-Identifier: MIT

import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Contents

@Suite("The rows of a PostgreSQL script, read without a server")
struct TranscriptTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A script of these sections, as the dump writes them.
    private func script(_ sections: [(kind: String, sql: String, rows: [String])], isWhole: Bool = true) throws
        -> String
    {
        var text = "-- A schema as SQL.\n\\set ON_ERROR_STOP on\n\n"
        let begin = [(kind: "BEGIN", sql: "BEGIN;", rows: [String]())]
        for (number, section) in (begin + sections).enumerated() {
            text += "-- @\(number + 1) \(section.kind) \(section.sql.utf8.count)\n\(section.sql)\n"
            if section.kind == "copy" {
                text += section.rows.map { $0 + "\n" }.joined() + "\\.\n\n"
            } else {
                text += "\n"
            }
        }
        if isWhole { text += "-- dementiad: complete\n\n-- @\(sections.count + 2) COMMIT 7\nCOMMIT;\n\n" }
        let path = folder.file("dump.sql")
        try write(Array(text.utf8), to: path)
        return path
    }

    private func transcript(_ sections: [(kind: String, sql: String, rows: [String])]) throws -> ContentState {
        let target = folder.file("rows.db")
        try ScriptTranscript.write(try script(sections), to: target)
        return try ContentState(ContentFile(path: target, isTranscript: true))
    }

    private func values(_ state: ContentState, _ name: String) throws -> [[Value]] {
        let table = try #require(try state.table(named: name))
        var rows: [[Value]] = []
        try state.forEachRow(of: table) { row in
            rows.append((0..<row.columnCount).map { row.value($0) })
            return true
        }
        return rows
    }

    @Test("Values, types and the primary key are as the script has them")
    func whole() throws {
        let state = try transcript([
            (
                "TABLE",
                #"""
                CREATE TABLE "s"."t" (
                    "id" integer DEFAULT nextval('"s".x'::regclass) NOT NULL,
                    "a ""b""" text DEFAULT '
                    "id" boolean',
                    "r" double precision,
                    "y" bytea,
                    "ok" boolean
                );
                """#, []
            ),
            (
                "copy", "COPY \"s\".\"t\" (\"id\", \"a \"\"b\"\"\", \"r\", \"y\", \"ok\") FROM stdin;",
                [
                    "1\tone\\ttab\\nline \\\\N \\r\t1.5\t\\\\x00ff\tt", "2\t\\N\tNaN\t\\N\tf", "3\t\t-0.25\t\\\\x\t\\N",
                ]
            ),
            ("CONSTRAINT", "ALTER TABLE ONLY \"s\".\"t\" ADD CONSTRAINT \"p\" PRIMARY KEY (id, \"a \"\"b\"\"\");", []),
        ])
        let table = try #require(try state.tables().first)
        #expect(try state.tables().count == 1)
        #expect(table.name == "t" && table.primaryKey == ["id", "a \"b\""])
        #expect(table.columns.map(\.type) == ["integer", "text", "double precision", "bytea", "boolean"])
        #expect(table.definition?.hasPrefix("CREATE TABLE \"s\".\"t\"") == true)
        #expect(
            try values(state, "t") == [
                [.integer(3), .text(""), .real(-0.25), .blob([]), .null],
                [.integer(2), .null, .text("NaN"), .null, .text("f")],
                [.integer(1), .text("one\ttab\nline \\N \r"), .real(1.5), .blob([0, 255]), .text("t")],
            ])
    }

    @Test("Names that SQLite takes for the same, or keeps for itself, each have a table")
    func names() throws {
        let state = try transcript(
            ["T", "t", "sqlite_x"].map { name in
                ("copy", "COPY \"s\".\"\(name)\" (\"A\", \"a\") FROM stdin;", ["1\t2"])
            })
        #expect(Set(try state.tables().map(\.name.text)) == ["T", "t (2)", "pg.sqlite_x"])
        #expect(try values(state, "T") == [[.text("1"), .text("2")]])
    }

    @Test(
        "Text stays text, whatever the type of its column is called",
        arguments: [
            "numeric(10,2)", "jsonb", "point", "timestamp without time zone", "interval",
        ])
    func affinity(_ type: String) throws {
        let state = try transcript([
            ("TABLE", "CREATE TABLE \"s\".\"t\" (\n    \"a\" \(type)\n);", []),
            ("copy", "COPY \"s\".\"t\" (\"a\") FROM stdin;", ["1.50"]),
        ])
        #expect(try values(state, "t") == [[.text("1.50")]])
        #expect(try state.tables().first?.columns.first?.type == type)
    }

    @Test("A script that was cut off gives no transcript")
    func damaged() throws {
        let path = try script([("copy", "COPY \"s\".\"t\" (\"a\") FROM stdin;", ["1"])], isWhole: false)
        #expect {
            try ScriptTranscript.write(path, to: folder.file("rows.db"))
        } throws: { error in
            if case .damaged? = error as? ScriptTranscript.Failure { true } else { false }
        }
    }

    @Test("A row with another number of fields than its table has columns is damage", arguments: ["1", "1\t2\t3"])
    func fields(_ row: String) throws {
        #expect(throws: ScriptTranscript.Failure.self) {
            try transcript([("copy", "COPY \"s\".\"t\" (\"a\", \"b\") FROM stdin;", [row])])
        }
    }
}

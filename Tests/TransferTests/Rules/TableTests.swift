// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Tables find their places")
struct TableTests {
    private func plan(_ sources: [SourceTable], reserved: Set<String> = []) -> [TablePlan] {
        TransferRules.plan(for: sources, into: Head.tables, reserved: reserved)
    }

    @Test("The application's tables come first, sessions before all; then workspaces, then what is kept")
    func order() {
        let others = [
            Shapes.table("fixes", "id* INTEGER, problem TEXT"),
            Shapes.table("workspace_notes", "id* INTEGER, body TEXT"),
        ]
        let plans = plan(others + Shapes.known)
        #expect(
            plans.map(\.source.name) == [
                "sessions", "context_locks", "memory_entries", "file_semantic_model", "file_change_history",
                "decisions", "todos",
                "context_archives", "file_tags", "query_results_cache", "token_usage", "workspace_notes", "fixes",
            ])
        #expect(plans.prefix(10).allSatisfy { $0.placement == .application && $0.newTable == nil })
        #expect(plans[10].placement == .own)
        #expect(plans[10].newTable?.statements(in: "p").count == 3)
        #expect(plans[11].placement == .own)
        #expect(plans[12].placement == .kept)
    }

    @Test("Every SQLite column that has a place in PostgreSQL goes there, and no other stays behind")
    func columns() throws {
        let unmapped = try Dictionary(
            uniqueKeysWithValues: plan(Shapes.known).map { plan in
                let rule = try #require(plan.rule)
                return (plan.source.name, rule.unmapped.map { plan.source.columns[$0].name })
            })
        #expect(unmapped["sessions"] == ["ended_at"])
        #expect(unmapped["context_locks"] == ["lock_source", "is_persistent", "parent_version", "related_contexts"])
        #expect(unmapped["query_results_cache"] == ["total_results", "session_id"])
        for table in [
            "memory_entries", "decisions", "todos", "context_archives", "file_tags", "token_usage",
            "file_change_history",
        ] {
            #expect(unmapped[table] == [], "\(table)")
        }
        // The head has a table for these only where the application has one.
        let old = Shapes.table(
            "context_locks", "id* INTEGER, session_id TEXT, label TEXT, version TEXT, content TEXT, locked_by TEXT")
        let rule = try #require(plan([old])[0].rule)
        #expect(rule.unmapped.map { old.columns[$0].name } == ["locked_by"])
    }

    @Test(
        "What the application has no place for is kept under a name that says so",
        arguments: [
            "session_updates", "session_context", "fixes", "project_variables", "memory", "topics",
            "project_intelligence",
            "file_index", "files", "metadata", "context_relationships", "context_access_log", "tool_usage_log",
            "sessions_v0_2",
            "schema_migrations",
        ])
    func kept(name: String) throws {
        let plan = plan([Shapes.table(name, "id* INTEGER, value TEXT")])[0]
        #expect(plan.placement == .kept)
        #expect(plan.reason?.code == .noPlace)
        #expect(plan.newTable?.name == "dementia_kept_" + name)
        #expect(plan.newTable?.primaryKey == [])
        #expect(plan.losers == nil)
    }

    @Test("Sessions of 0.2 are something else; so is any table that has no more than a name of the application's")
    func otherTables() {
        for table in [
            Shapes.table("sessions", "id* INTEGER, timestamp REAL, files_indexed INTEGER, tech_stack TEXT"),
            Shapes.table("todos", "id* INTEGER, file TEXT, size_bytes INTEGER, modified TEXT, scanned_at REAL"),
            Shapes.table("token_usage", "id* INTEGER, amount INTEGER"),
            // A decision must have a time, and this one never would.
            Shapes.table("decisions", "id* INTEGER, question TEXT"),
        ] {
            #expect(plan([table])[0].newTable?.name == "dementia_kept_" + table.name)
        }
    }

    @Test("A scan is a person's under any name, but not under one of the application's")
    func scans() {
        let columns =
            "id* INTEGER, file TEXT, size_bytes INTEGER, modified TEXT, lines INTEGER, words INTEGER, scanned_at REAL"
        #expect(plan([Shapes.table("my scan", columns)])[0].newTable?.name == "my scan")
        #expect(plan([Shapes.table("audit_trail", columns)])[0].placement == .kept)
        #expect(
            plan([Shapes.table("schema_migrations", columns)], reserved: ["schema_migrations"])[0].newTable?.name
                != "schema_migrations")
    }

    @Test("Case 56: a virtual table is kept as what it shows, its shadow tables are listed and hold nothing")
    func virtualTables() throws {
        let plans = plan([
            Shapes.table("file_fts", "path , content ", kind: .virtual),
            Shapes.table("file_fts_data", "id* INTEGER, block BLOB", kind: .shadow),
        ])
        #expect(plans[0].placement == .kept)
        let table = try #require(plans[0].newTable)
        #expect(table.name == "dementia_kept_file_fts")
        #expect(table.columns.map(\.name) == ["path", "content", "dementia_rowid"])
        #expect(table.columns.map(\.type) == [.text, .text, .bigint])
        #expect(plans[1].placement == .skipped && plans[1].reason?.code == .shadowTable)
    }

    @Test(
        "Case 57: SQLite's own tables and views are no data",
        arguments: ["sqlite_sequence", "sqlite_stat1", "sqlite_stat4"])
    func sqliteTables(name: String) {
        #expect(plan([Shapes.table(name, "name , seq ")])[0].reason?.code == .sqliteTable)
        #expect(plan([Shapes.table("v", "a ", kind: .view)])[0].reason?.code == .viewNotCarried)
    }

    @Test("Case 57: indices of a person's table are told, not copied")
    func indices() {
        let key = SourceTable.Key(name: "by_body", columns: ["body"], collations: ["BINARY"], isUnique: false)
        let table = Shapes.table("workspace_n", "id* INTEGER, body TEXT", keys: [key])
        #expect(plan([table])[0].notices == [TableNotice(.indexNotCarried, "by_body")])
    }

    @Test("Case 47: a unique index that ignored case or spaces is told; both rows are there")
    func caseInsensitive() throws {
        let key = SourceTable.Key(name: "u", columns: ["body"], collations: ["NOCASE"], isUnique: true)
        let plan = plan([Shapes.table("workspace_n", "id* INTEGER, body TEXT", keys: [key])])[0]
        #expect(plan.notices.contains(TableNotice(.caseInsensitiveKey, "u")))
        #expect(plan.rule?.keys.map(\.columns) == [[0]])
        let tags = SourceTable.Key(
            name: "t", columns: ["path", "tag"], collations: ["RTRIM", "BINARY"], isUnique: true)
        let table = SourceTable(name: "file_tags", columns: Shapes.tags.columns, keys: [tags])
        #expect(self.plan([table])[0].notices == [TableNotice(.caseInsensitiveKey, "t")])
    }

    @Test("Case 42: a type that made numbers of text is told")
    func leadingZeros() {
        let table = Shapes.table(
            "workspace_zip", "zip STRING, amount NUMERIC(10,2), flag BOOLEAN, at DATETIME, name TEXT",
            rows: [[.integer(123), .integer(1), .integer(1), .integer(1), "a"]])
        #expect(
            plan([table])[0].notices == [
                TableNotice(.leadingZerosLost, "zip"), TableNotice(.leadingZerosLost, "amount"),
            ])
    }

    @Test("Case 58: reserved words, spaces, quotes and capitals keep their spelling")
    func quoted() throws {
        let plan = plan([Shapes.table("workspace_My \"Order\"", "user TEXT, Group TEXT, a\"b INTEGER, ctid TEXT")])[0]
        let statement = try #require(plan.newTable?.statements(in: "my schema").first)
        #expect(statement.hasPrefix("CREATE TABLE \"my schema\".\"workspace_My \"\"Order\"\"\" ("))
        #expect(statement.contains("\"user\" text"))
        #expect(statement.contains("\"Group\" text"))
        #expect(statement.contains("\"a\"\"b\" bigint"))
        // Every table of PostgreSQL has a column of this name.
        #expect(!statement.contains("\"ctid\" text"))
    }

    @Test("Case 59: names that do not fit get a suffix of their own, the same each time")
    func longNames() {
        let base = "workspace_" + String(repeating: "ä", count: 40)
        let plans = plan([Shapes.table(base + "1", "a TEXT"), Shapes.table(base + "2", "a TEXT")])
        let names = plans.compactMap(\.newTable?.name)
        #expect(Set(names).count == 2)
        #expect(names.allSatisfy { $0.utf8.count <= 63 && $0.hasPrefix("workspace_ä") })
        #expect(plan([Shapes.table(base + "2", "a TEXT")])[0].newTable?.name == names[1])
        #expect(plans.allSatisfy { $0.placement == .own })
        let column = String(repeating: "c", count: 80)
        let wide = plan([Shapes.table("workspace_w", "\(column)1 TEXT, \(column)2 TEXT")])[0]
        #expect(Set(wide.newTable?.columns.map(\.name) ?? []).count == 2)
        #expect(Identifier.fitted("a", taken: ["a"]) != "a")
        #expect(Identifier.fitted("") != "")
    }

    @Test("Case 60: more columns than a table may have refuse the table, and nothing else")
    func wide() {
        func table(_ count: Int) -> SourceTable {
            Shapes.table("workspace_\(count)", (0..<count).map { "c\($0) TEXT" }.joined(separator: ", "))
        }
        let plans = plan([table(1600), table(1601), Shapes.sessions])
        #expect(plans.map(\.placement) == [.application, .own, .refused])
        #expect(plans[2].reason?.code == .tooManyColumns)
        let row = SourceRow(identity: 1, ordinal: 1, cells: [.integer(1), .null])
        let outcome = RowOutcome(
            rejecting: row, of: plans[2].source, because: .init(Reason(.tooManyColumns)))
        #expect(outcome.kept == [KeptCell(column: "c0", cell: .integer(1), reason: Reason(.tooManyColumns))])
    }

    @Test("Case 61: projects that come to one name, and one that comes to none, have to name their schema")
    func schemas() {
        #expect(SchemaChoice.choose(project: "My App", others: ["shop"]) == .schema("my_app"))
        #expect(
            SchemaChoice.choose(project: "My App", others: ["my-app", "My App", "shop"])
                == .ambiguous(schema: "my_app", with: ["my-app"]))
        #expect(SchemaChoice.choose(project: "日本語", others: []) == .empty)
    }

    @Test(
        "The type of a column that is made is the declared one, or what it holds",
        arguments: [
            ("INTEGER", [Cell.text("x")], .bigint), ("REAL", [.integer(1)], .doublePrecision),
            ("FLOAT", [], .doublePrecision),
            ("VARCHAR(20)", [.integer(1)], .text), ("BLOB", ["x"], .bytea), ("BOOLEAN", [.integer(1), .null], .bigint),
            ("TIMESTAMP", [.real(1), .integer(2)], .doublePrecision), ("DATETIME", ["2025-01-01"], .text),
            ("NUMERIC", [.integer(1), "x"], .text), ("NUMERIC", [.real(1), .integer(9_007_199_254_740_993)], .text),
            ("NUMERIC", [], .text),
            ("", [.integer(1)], .bigint), ("", [.integer(3), "3"], .text), ("", [.blob([1])], .bytea),
            ("", [.blob([1]), .integer(1)], .text),
            ("", [.null], .text),
        ] as [(String, [Cell], TargetType)])
    func types(declared: String, cells: [Cell], type: TargetType) {
        let table = Shapes.table("workspace_t", "c \(declared)", rows: cells.map { [$0] })
        #expect(GenericTable.type(of: table.columns[0]) == type)
    }

    @Test("Case 53: an INTEGER PRIMARY KEY has a sequence, and keeps its numbers")
    func sequences() throws {
        let plan = plan([Shapes.table("workspace_n", "id* INTEGER, body TEXT")])[0]
        let table = try #require(plan.newTable)
        #expect(table.serial == "id" && table.primaryKey == ["id"])
        #expect(table.statements(in: "s")[0].contains("\"id\" bigserial"))
        #expect(plan.rule?.serialColumn == 0)
        #expect(plan.losers?.name == "dementia_kept_workspace_n")
    }

    @Test("Cases 49 and 50: a key of text is a key, NULL in it or not; one of numbers with NULL is none")
    func keys() throws {
        let text = plan([Shapes.table("workspace_t", "k* TEXT, v TEXT", rows: [[.null, "a"], [.null, "b"]])])[0]
        #expect(text.newTable?.primaryKey == ["k"])
        let rule = try #require(text.rule)
        let row = rule.convert(
            SourceRow(identity: 2, ordinal: 2, cells: [.null, "b"]), in: RowContext(session: [], time: 0))
        #expect(row.values == [.text("dementia_rowid_2"), .text("b")])
        #expect(row.kept.map(\.reason.code) == [.nullKey])
        let numbers = plan([Shapes.table("workspace_i", "k* INT, v TEXT", rows: [[.null, "a"]])])[0]
        #expect(numbers.newTable?.primaryKey == [])
        let without = plan([
            Shapes.table("workspace_w", "b* TEXT, a* TEXT", isWithoutRowid: true, rows: [["x", "y"]])
        ])[0]
        #expect(without.newTable?.primaryKey == ["b", "a"])
        #expect(RowSum.identity(of: ["x", "y"]) != RowSum.identity(of: ["xy", ""]))
        #expect(RowSum.identity(of: ["x", "y"]) >= 0)
    }
}

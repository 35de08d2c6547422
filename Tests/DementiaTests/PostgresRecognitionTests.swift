// SPDX-License-Identifier: MIT

import Dementia
import Testing

@Suite struct PostgresRecognitionTests {
    private func shape(_ tables: [String: [String]]) -> Shape {
        Shape(
            tables: tables.mapValues { columns in
                columns.map { Shape.Column(name: $0, type: "text", isNotNull: false, defaultValue: nil) }
            }, indices: [])
    }

    private func recognise(
        _ tables: [String: [String]], schema: String = "shop", isEmpty: Bool = false, publicHoldsRows: Bool = false
    ) -> Recognition {
        .postgres(
            shape(tables),
            in: SchemaSurroundings(schema: schema, isEmpty: isEmpty, publicHoldsRows: publicHoldsRows))
    }

    private func reason(_ recognition: Recognition) -> String {
        if case .unknown(let reason) = recognition { reason } else { "" }
    }

    /// What the oldest schema has that a fixture shows: the columns of migrations 1 to 9 are not among them.
    private static let oldest = [
        "sessions": ["id", "started_at", "last_active", "project_fingerprint", "project_path", "project_name"],
        "context_locks": [
            "id", "session_id", "label", "version", "content", "content_hash", "metadata", "tags", "locked_at",
            "last_accessed", "access_count", "embedding", "embedding_model",
        ],
        "memory_entries": ["id", "content", "metadata"],
    ]
    private static let asyncSessions = [
        "id", "project_name", "created_at", "last_accessed_at", "status", "client_info",
    ]

    @Test("sessions and context_locks are a memory, whatever else is there and whatever a migration still adds")
    func memories() {
        #expect(recognise(Self.oldest) == .memory(.postgres4))
        #expect(recognise(Self.oldest.merging(["users": ["x"]]) { first, _ in first }) == .memory(.postgres4))
        #expect(recognise(Self.oldest, isEmpty: true) == .memory(.postgres4))
        #expect(recognise(Self.oldest, publicHoldsRows: true) == .memory(.postgres4))
    }

    @Test("nothing, nothing of ours, half of ours and something of ours that nobody made are four answers")
    func others() {
        #expect(recognise([:]) == .empty)
        #expect(recognise(["users": ["id"]]) == .foreign)
        #expect(recognise(["sessions": ["id", "token"]]) == .foreign)
        #expect(recognise(["context_locks": ["a"], "users": ["id"]]) == .foreign)
        #expect(reason(recognise(["sessions": Self.oldest["sessions"] ?? []])).contains("no table context_locks"))
        #expect(reason(recognise(["context_locks": Self.oldest["context_locks"] ?? []])).contains("no table sessions"))
    }

    @Test("a table of ours without a column that no migration adds is named, whichever of the tables it is")
    func strangers() {
        for (table, column) in [
            ("sessions", "started_at"), ("context_locks", "locked_at"), ("memory_entries", "content"),
        ] {
            var tables = Self.oldest
            tables[table]?.removeAll { $0 == column }
            #expect(
                recognise(tables)
                    == .unknown("its table \(table) has no column \(column), which every known Dementia gives it"))
        }
        var tables = Self.oldest
        tables["decisions"] = ["id", "title"]
        #expect(reason(recognise(tables)).hasPrefix("its table decisions has no column session_id"))
    }

    @Test("the async adapter's sessions are named, also after the other adapter put its tables beside them")
    func asyncAdapter() {
        for extra in [[:], ["context_locks": Self.oldest["context_locks"] ?? [], "todos": ["id"]]] {
            let tables = extra.merging(["sessions": Self.asyncSessions]) { first, _ in first }
            #expect(reason(recognise(tables)).contains("async adapter"))
            #expect(reason(recognise(tables)).contains("started_at"))
        }
    }

    @Test("rows that a role's search_path put into public are told, from public and from the schema that lacks them")
    func misplaced() {
        for recognition in [
            recognise(Self.oldest, schema: "public", publicHoldsRows: true),
            recognise(Self.oldest, schema: "public", isEmpty: true),
            recognise(Self.oldest, isEmpty: true, publicHoldsRows: true),
        ] {
            #expect(reason(recognition).contains("ALTER ROLE"))
            #expect(reason(recognition).contains("RESET search_path"))
        }
        #expect(recognise(["users": ["id"]], schema: "public") == .foreign)
    }
}

@Suite struct ProjectSchemaTests {
    @Test(
        "a project's schema is called as upstream's adapter calls it",
        arguments: [
            ("claude-dementia", "claude_dementia"), ("My App", "my_app"), ("my_app", "my_app"), ("--a--b--", "a_b"),
            ("Über größe", "ber_gr_e"), ("日本", ""), ("", ""), ("2fast", "2fast"), ("\u{212A}elvin", "kelvin"),
            ("\u{130}x", "i_x"), ("e\u{301}a", "e_a"), ("ABC", "abc"),
            (String(repeating: "a", count: 31) + "-tail", String(repeating: "a", count: 31) + "_"),
            ("-" + String(repeating: "b", count: 40), String(repeating: "b", count: 32)),
        ])
    func sync(_ project: String, _ schema: String) {
        #expect(ProjectSchema.name(of: project) == schema)
    }

    @Test(
        "the async adapter keeps underscores, more characters, and has a name for nothing",
        arguments: [
            ("", "default"), ("my_app", "my_app"), ("_a__b_", "_a__b_"), ("My App", "my_app"),
            (String(repeating: "a", count: 70), String(repeating: "a", count: 63)),
        ])
    func async(_ project: String, _ schema: String) {
        #expect(ProjectSchema.name(of: project, by: .async) == schema)
    }
}

// SPDX-License-Identifier: MIT

/// The tables and columns that a release may make without being a stranger: the catalogue's, and what every known Dementia makes beside.
struct KnownSchema: Sendable {
    private var tables: [String: Set<String>] = [:]
    private var constraints: Set<String> = []

    /// What `migrations` make, and `others` beside it.
    init(_ migrations: [Migration], others: [String: [String]]) {
        for migration in migrations {
            let made = SchemaMentions(of: migration)
            tables.merge(made.tables) { $0.union($1) }
            for column in made.added { tables[column.table ?? "", default: []].insert(column.name) }
            constraints.formUnion(made.alterations.filter { $0.hasPrefix("constraint ") })
        }
        tables.merge(others.mapValues(Set.init)) { $0.union($1) }
    }

    /// Both together.
    func union(_ other: KnownSchema) -> KnownSchema {
        var both = self
        both.tables.merge(other.tables) { $0.union($1) }
        both.constraints.formUnion(other.constraints)
        return both
    }

    /// What `mentions` holds that is not known, in words, sorted: `table x`, `column x.y`.
    func strangers(in mentions: SchemaMentions) -> [String] {
        var strangers = mentions.alterations.subtracting(constraints)
        for (table, columns) in mentions.tables where !Self.isUsers(table) {
            guard let known = tables[table] else {
                strangers.insert("table \(table)")
                continue
            }
            strangers.formUnion(columns.subtracting(known).map { "column \(table).\($0)" })
        }
        for column in mentions.added {
            guard let table = column.table, !table.contains("{") else {
                // Not said of which table: a name that any of them has will do.
                let isKnown = tables.values.contains { $0.contains(column.name) }
                if !isKnown { strangers.insert("column \(column.name)") }
                continue
            }
            if tables[table]?.contains(column.name) != true { strangers.insert("column \(table).\(column.name)") }
        }
        return strangers.sorted()
    }

    /// Tables that a person names in a tool's call: their names and columns are the person's.
    private static func isUsers(_ table: String) -> Bool {
        table.hasPrefix("workspace_") || table == "{full_table_name}" || table == "{store_in_table}"
    }
}

extension KnownSchema {
    /// Beside the catalogue on the SQLite line: what servers make when it is first used, and what stands in code that never ran.
    static let sqliteOthers: [String: [String]] = [
        "sessions": ["active_project"],
        "token_usage": tokenUsage,
    ]

    /// Beside the catalogue on the PostgreSQL line.
    static let postgresOthers: [String: [String]] = ["token_usage": tokenUsage]

    private static let tokenUsage = [
        "id", "timestamp", "operation_type", "model", "provider", "input_tokens", "output_tokens", "input_chars",
        "output_chars", "duration_ms", "context_id", "metadata",
    ]

    /// All that the lean server makes.
    static let lean: [String: [String]] = [
        "sessions": ["id", "started_at", "ended_at", "last_active", "summary", "project_path", "project_name"],
        "context_locks": [
            "id", "session_id", "label", "content", "content_hash", "locked_at", "is_persistent", "metadata",
            "embedding", "embedding_model",
        ],
    ]

    /// All that the servers of August 2025 make, 0.2 to 0.4.
    static let legacy: [String: [String]] = [
        "files": ["path", "hash", "indexed_at", "size_bytes", "metadata"],
        "file_fts": [],
        "metadata": ["key", "value", "updated_at"],
        "sessions": ["id", "timestamp", "files_indexed", "tech_stack"],
        "session_updates": ["id", "timestamp", "message", "category", "metadata"],
        "session_context": ["key", "value", "updated_at"],
        "todos": ["id", "content", "status", "created_at", "completed_at", "priority"],
        "fixes": ["id", "timestamp", "problem", "cause", "solution", "prevention", "file_path"],
        "decisions": ["id", "timestamp", "question", "context", "options", "decision", "rationale", "status"],
        "context_locks": [
            "id", "session_id", "label", "version", "content", "content_hash", "locked_at", "locked_by",
            "is_persistent", "parent_version", "metadata",
        ],
    ]
}

// SPDX-License-Identifier: MIT

@testable import Transfer

/// Tables of SQLite as upstream declares them: `name type, …`, a star after the name for the primary key.
enum Shapes {
    static func table(
        _ name: String, _ columns: String, kind: SourceTable.Kind = .table, keys: [SourceTable.Key] = [],
        isWithoutRowid: Bool = false, rows: [[Cell]] = []
    ) -> SourceTable {
        var position = 0
        var described =
            columns.isEmpty
            ? []
            : columns.split(separator: ", ").map { text -> SourceColumn in
                let words = text.split(separator: " ", maxSplits: 1)
                let isKey = words[0].hasSuffix("*")
                if isKey { position += 1 }
                return SourceColumn(
                    name: String(isKey ? words[0].dropLast() : words[0]),
                    declaredType: words.count > 1 ? String(words[1]) : "",
                    keyPosition: isKey ? position : 0)
            }
        for row in rows {
            for (index, cell) in row.enumerated() { described[index].census.note(cell) }
        }
        return SourceTable(
            name: name, kind: kind, columns: described, isWithoutRowid: isWithoutRowid, keys: keys,
            rows: Int64(rows.count))
    }

    static let sessions = table(
        "sessions",
        "id* TEXT, started_at REAL, ended_at REAL, last_active REAL, summary TEXT, project_fingerprint TEXT, project_path TEXT, project_name TEXT"
    )
    static let contexts = table(
        "context_locks",
        "id* INTEGER, session_id TEXT, label TEXT, version TEXT, content TEXT, content_hash TEXT, locked_at TIMESTAMP, lock_source TEXT, "
            + "is_persistent BOOLEAN, parent_version TEXT, metadata TEXT, preview TEXT, key_concepts TEXT, related_contexts TEXT, "
            + "last_accessed TIMESTAMP, access_count INTEGER, embedding BLOB, embedding_model TEXT")
    static let todos = table(
        "todos", "id* TEXT, content TEXT, status TEXT, created_at REAL, completed_at REAL, priority INTEGER")
    static let decisions = table(
        "decisions",
        "id* INTEGER, timestamp REAL, question TEXT, context TEXT, options TEXT, decision TEXT, rationale TEXT, status TEXT"
    )
    static let files = table(
        "file_semantic_model",
        "id* INTEGER, session_id TEXT, file_path TEXT, file_size INTEGER, content_hash TEXT, modified_time REAL, hash_method TEXT, "
            + "is_standard BOOLEAN, last_scanned REAL, scan_duration_ms INTEGER")
    static let cache = table(
        "query_results_cache",
        "query_id* TEXT, query_type TEXT, query_params TEXT, total_results INTEGER, result_data TEXT, created_at REAL, expires_at REAL, "
            + "session_id TEXT")
    static let tokens = table(
        "token_usage",
        "id* INTEGER, timestamp REAL, operation_type TEXT, model TEXT, provider TEXT, input_tokens INTEGER, output_tokens INTEGER, "
            + "input_chars INTEGER, output_chars INTEGER, duration_ms INTEGER, context_id INTEGER, metadata TEXT")
    static let tags = table(
        "file_tags", "id* INTEGER, path TEXT, tag TEXT, comment TEXT, created_at REAL, created_by TEXT, metadata TEXT")
    static let archives = table(
        "context_archives",
        "id* INTEGER, original_id INTEGER, session_id TEXT, label TEXT, version TEXT, content TEXT, preview TEXT, key_concepts TEXT, "
            + "metadata TEXT, deleted_at TIMESTAMP, delete_reason TEXT")
    static let memories = table(
        "memory_entries", "id* INTEGER, category TEXT, content TEXT, metadata TEXT, timestamp REAL, session_id TEXT")
    static let changes = table(
        "file_change_history",
        "id* INTEGER, session_id TEXT, file_path TEXT, change_type TEXT, timestamp REAL, old_hash TEXT, new_hash TEXT, size_delta INTEGER"
    )

    static let known = [
        tokens, cache, tags, archives, todos, decisions, changes, files, memories, contexts, sessions,
    ]
}

/// Converts rows of one table, by the rule that it gets.
struct RowConverter {
    let plan: TablePlan
    let context: RowContext

    init(_ source: SourceTable, policy: TransferPolicy = .standard) throws {
        plan = TransferRules.plan(for: [source], into: Head.tables)[0]
        context = RowContext(policy: policy, session: Array("latest".utf8), time: 1000)
    }

    /// The outcome of the row whose cells are `cells` by name; those that are not named are NULL.
    func convert(_ cells: [String: Cell], rowid: Int64 = 7, ordinal: Int64 = 1) throws -> Converted {
        let row = SourceRow(
            identity: rowid, ordinal: ordinal, cells: plan.source.columns.map { cells[$0.name] ?? .null })
        guard let rule = plan.rule else { throw Missing() }
        return Converted(rule: rule, outcome: rule.convert(row, in: context))
    }

    struct Missing: Error {}

    struct Converted {
        let rule: RowRule
        let outcome: RowOutcome

        /// The value of the target column `name`; nil when it is not sent, or the row was rejected.
        subscript(_ name: String) -> TargetValue? {
            rule.place(of: name).flatMap { outcome.values.indices.contains($0) ? outcome.values[$0] : nil }
        }

        /// What is kept, as `column reason`.
        var kept: [String] { outcome.kept.map { "\($0.column) \($0.reason.code.rawValue)" } }
    }
}

// SPDX-License-Identifier: MIT

/// A table that Dementia has in PostgreSQL, and what of it is not the same in SQLite.
struct ApplicationTable: Sendable, Equatable {
    let name: String
    /// The columns without which a source table of this name is another table.
    let essential: [String]
    /// Source columns by the target column they go to, where the names differ.
    var renamed: [String: String] = [:]
    /// Of two rows with one key, the column whose greater value stays.
    var newest: String?
    /// The source columns by which rows are read, where their order matters.
    var order: [String] = []

    /// All of them, in the order in which they are to be loaded: what is referred to first.
    static let all: [ApplicationTable] = [
        // A table of this name in 0.2 has none of the second, and is something else.
        ApplicationTable(name: "sessions", essential: ["id", "started_at"]),
        ApplicationTable(name: "context_locks", essential: ["session_id", "label", "content"]),
        ApplicationTable(name: "memory_entries", essential: ["content"]),
        // What the application would have written over the others (and what a repair of its unique key keeps).
        ApplicationTable(name: "file_semantic_model", essential: ["file_path"], newest: "last_scanned"),
        ApplicationTable(name: "file_change_history", essential: ["file_path"]),
        ApplicationTable(name: "decisions", essential: ["question"]),
        // In SQLite their ids are text, so they get numbers, in the order in which they came about.
        ApplicationTable(name: "todos", essential: ["content", "status"], order: ["created_at"]),
        ApplicationTable(name: "context_archives", essential: ["original_id", "content"]),
        ApplicationTable(name: "file_tags", essential: ["path", "tag"]),
        ApplicationTable(
            name: "query_results_cache", essential: ["query_id"],
            renamed: ["params": "query_params", "results": "result_data"]),
        tokenUsage,
        // These have no source in SQLite as upstream writes it; a table of this name and shape is taken for what it says.
        ApplicationTable(name: "audit_trail", essential: ["action"]),
        ApplicationTable(name: "mcp_sessions", essential: ["session_id", "created_at"]),
        ApplicationTable(name: "breadcrumbs", essential: ["session_id", "marker"]),
        ApplicationTable(name: "oauth_authorization_codes", essential: ["code", "client_id"]),
        ApplicationTable(name: "oauth_access_tokens", essential: ["access_token", "client_id"]),
    ]

    static let tokenUsage = ApplicationTable(
        name: "token_usage", essential: ["operation_type", "model", "input_tokens"])

    /// The one called `name`, as SQLite compares names.
    static func named(_ name: String) -> ApplicationTable? { all.first { $0.name == name.lowercasedASCII } }

    /// Its place in ``all``.
    static func place(of name: String) -> Int? { all.firstIndex { $0.name == name.lowercasedASCII } }

    /// Whether `source` has its name and what makes it it.
    func fits(_ source: SourceTable) -> Bool {
        source.name.lowercasedASCII == name && essential.allSatisfy { source.index(of: $0) != nil }
    }

    /// The place of the source column that goes to the target column `name`.
    func index(of column: String, in source: SourceTable) -> Int? {
        source.index(of: column) ?? renamed[column].flatMap { source.index(of: $0) }
    }

    /// The columns of doubles and of timestamps that say when something happened.
    private static let moments: Set<String> = [
        "started_at", "last_active", "locked_at", "last_accessed", "timestamp", "modified_time", "last_scanned",
        "created_at", "updated_at", "completed_at", "deleted_at", "expires_at",
    ]

    /// How the values that go to `column` are to be understood.
    static func rule(for column: TargetColumn) -> ColumnRule {
        switch column.type {
        case .timestamptz: .timestamp
        case .doublePrecision: moments.contains(column.name) ? .timestamp : .copy
        case .boolean: .boolean
        case .integer, .bigint: column.name == "is_standard" ? .boolean : .copy
        case .bytea: column.name == "embedding" ? .embedding : .copy
        default: .copy
        }
    }
}

// SPDX-License-Identifier: MIT

@testable import Transfer

/// The tables of a schema at the head of `postgres-4`, as its catalogue tells them.
enum Head {
    static let tables: [TargetTable] = [
        table(
            "sessions", key: "id",
            [
                column("id", .text, required: true, isKey: true),
                column("started_at", .doublePrecision),
                column("last_active", .doublePrecision),
                column("project_fingerprint", .text),
                column("project_path", .text),
                column("project_name", .text),
                column("summary", .text),
            ]),
        table(
            "context_locks", key: "id", references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("session_id", .text, required: true, isKey: true),
                column("label", .text, required: true),
                column("version", .text),
                column("content", .text),
                column("content_hash", .text),
                column("metadata", .text),
                column("tags", .text),
                column("locked_at", .doublePrecision),
                column("last_accessed", .doublePrecision),
                column("access_count", .integer, hasDefault: true),
                column("preview", .text),
                column("key_concepts", .text),
                column("embedding", .bytea),
                column("embedding_model", .text),
            ]),
        table(
            "audit_trail", key: "id", references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("timestamp", .doublePrecision),
                column("session_id", .text, isKey: true),
                column("action", .text),
                column("target_type", .text),
                column("target_id", .text),
                column("details", .text),
                column("user_id", .text),
            ]),
        table(
            "memory_entries", key: "id", references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("session_id", .text, isKey: true),
                column("timestamp", .doublePrecision),
                column("category", .text),
                column("content", .text),
                column("metadata", .text),
            ]),
        table(
            "file_semantic_model", key: "id", unique: [["session_id", "file_path"]],
            references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("session_id", .text, isKey: true),
                column("file_path", .text, isKey: true),
                column("file_size", .integer),
                column("content_hash", .text),
                column("modified_time", .doublePrecision),
                column("hash_method", .text),
                column("file_type", .text),
                column("language", .text),
                column("purpose", .text),
                column("imports", .text),
                column("exports", .text),
                column("dependencies", .text),
                column("used_by", .text),
                column("contains", .text),
                column("is_standard", .integer),
                column("standard_type", .text),
                column("warnings", .text),
                column("cluster_name", .text),
                column("related_files", .text),
                column("last_scanned", .doublePrecision),
                column("scan_duration_ms", .integer),
            ]),
        table(
            "file_change_history", key: "id", references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("session_id", .text, isKey: true),
                column("file_path", .text),
                column("change_type", .text),
                column("timestamp", .doublePrecision),
                column("old_hash", .text),
                column("new_hash", .text),
                column("size_delta", .integer),
            ]),
        table(
            "query_results_cache", key: "query_id",
            [
                column("query_id", .text, required: true, isKey: true),
                column("query_type", .text),
                column("params", .text),
                column("results", .text),
                column("created_at", .doublePrecision),
                column("expires_at", .doublePrecision),
            ]),
        table(
            "todos", key: "id", references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("session_id", .text, required: true, isKey: true),
                column("content", .text, required: true),
                column("active_form", .text, required: true),
                column("status", .text, required: true),
                column("created_at", .doublePrecision, required: true),
                column("updated_at", .doublePrecision, required: true),
                column("completed_at", .doublePrecision),
                column("priority", .text),
                column("tags", .text),
                column("metadata", .text),
            ]),
        table(
            "decisions", key: "id", references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("session_id", .text, required: true, isKey: true),
                column("timestamp", .doublePrecision, required: true),
                column("question", .text, required: true),
                column("context", .text),
                column("options", .text),
                column("decision", .text),
                column("rationale", .text),
                column("status", .text, hasDefault: true),
            ]),
        table(
            "context_archives", key: "id", references: ["session_id": "sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("original_id", .integer, required: true),
                column("session_id", .text, required: true, isKey: true),
                column("label", .text, required: true),
                column("version", .text, required: true),
                column("content", .text, required: true),
                column("preview", .text),
                column("key_concepts", .text),
                column("metadata", .text),
                column("deleted_at", .doublePrecision, hasDefault: true),
                column("delete_reason", .text),
            ]),
        table(
            "file_tags", key: "id", unique: [["path", "tag"]],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("path", .text, required: true, isKey: true),
                column("tag", .text, required: true, isKey: true),
                column("comment", .text),
                column("created_at", .doublePrecision),
                column("created_by", .text),
                column("metadata", .text),
            ]),
        table(
            "mcp_sessions", key: "session_id",
            [
                column("session_id", .text, required: true, isKey: true),
                column("created_at", .timestamptz, hasDefault: true),
                column("last_active", .timestamptz, hasDefault: true),
                column("capabilities", .jsonb, hasDefault: true),
                column("expires_at", .timestamptz),
                column("client_info", .jsonb, hasDefault: true),
                column("project_name", .text, hasDefault: true),
                column("session_summary", .jsonb, hasDefault: true),
            ]),
        table(
            "breadcrumbs", key: "id", references: ["session_id": "mcp_sessions"],
            [
                column("id", .integer, required: true, hasDefault: true, isKey: true),
                column("session_id", .text, required: true, isKey: true),
                column("timestamp", .doublePrecision, required: true),
                column("marker", .text, required: true),
                column("tool", .text),
                column("message", .text),
                column("metadata", .text),
            ]),
        table(
            "oauth_authorization_codes", key: "code",
            [
                column("code", .text, required: true, isKey: true),
                column("client_id", .text, required: true),
                column("redirect_uri", .text, required: true),
                column("code_challenge", .text, required: true),
                column("code_challenge_method", .text, required: true),
                column("user_id", .text, required: true),
                column("scope", .text, required: true),
                column("created_at", .timestamptz, hasDefault: true),
                column("expires_at", .timestamptz, required: true),
                column("used_at", .timestamptz),
            ]),
        table(
            "oauth_access_tokens", key: "access_token",
            [
                column("access_token", .text, required: true, isKey: true),
                column("client_id", .text, required: true),
                column("user_id", .text, required: true),
                column("scope", .text, required: true),
                column("created_at", .timestamptz, hasDefault: true),
                column("expires_at", .timestamptz, required: true),
                column("last_used_at", .timestamptz),
            ]),
    ]

    /// The one called `name`.
    static func named(_ name: String) -> TargetTable {
        tables.first { $0.name == name } ?? TargetTable(name: name, columns: [])
    }

    private static func table(
        _ name: String, key: String, unique: [[String]] = [], references: [String: String] = [:],
        _ columns: [TargetColumn]
    ) -> TargetTable {
        TargetTable(
            name: name, columns: columns, primaryKey: [key], uniqueKeys: unique,
            references: references.map { .init(column: $0, table: $1, key: $1 == "sessions" ? "id" : "session_id") },
            indices: [[key]] + unique + (columns.contains { $0.name == "label" } ? [["label"]] : []))
    }

    private static func column(
        _ name: String, _ type: TargetType, required: Bool = false, hasDefault: Bool = false, isKey: Bool = false
    ) -> TargetColumn {
        TargetColumn(name: name, type: type, isNullable: !required, hasDefault: hasDefault, isKey: isKey)
    }
}

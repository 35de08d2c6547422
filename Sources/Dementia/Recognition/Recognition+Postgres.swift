// SPDX-License-Identifier: MIT

/// Which schema it is, and what its database holds beside it.
public struct SchemaSurroundings: Sendable, Equatable {
    /// The schema's name.
    public let schema: String
    /// Whether its own sessions and context_locks hold no row, or are not there.
    public let isEmpty: Bool
    /// Whether schema public of the same database has Dementia's sessions and context_locks, with rows in one of them.
    public let publicHoldsRows: Bool

    public init(schema: String, isEmpty: Bool, publicHoldsRows: Bool) {
        self.schema = schema
        self.isEmpty = isEmpty
        self.publicHoldsRows = publicHoldsRows
    }
}

extension Recognition {
    /// What a PostgreSQL schema of `shape` is.
    ///
    /// One with sessions and context_locks is a memory, as upstream takes it. Where one of Dementia's tables lacks a column that no
    /// migration adds, somebody else made it, and the schema is left alone.
    public static func postgres(_ shape: Shape, in surroundings: SchemaSurroundings) -> Recognition {
        if shape.tables.isEmpty {
            // Its server may have made its tables elsewhere.
            return surroundings.schema == "public" ? .empty : misplaced(in: surroundings) ?? .empty
        }
        if isAsync(shape) {
            return .unknown(
                "its table sessions has no column started_at: it was made by the async adapter (postgres_adapter_async.py), whose tables "
                    + "have the names of the others and not their columns, and no way leads from one to the other")
        }
        guard shape.tables["context_locks"] != nil, shape.tables["sessions"] != nil else { return part(of: shape) }
        for table in postgresTables {
            guard let columns = shape.tables[table.name] else { continue }
            let present = Set(columns.map(\.name))
            if let missing = table.essential.first(where: { !present.contains($0) }) {
                return .unknown("its table \(table.name) has no column \(missing), which every known Dementia gives it")
            }
        }
        return misplaced(in: surroundings) ?? .memory(.postgres4)
    }

    /// A schema without both of the tables that tell a memory.
    private static func part(of shape: Shape) -> Recognition {
        for (name, other) in [("sessions", "context_locks"), ("context_locks", "sessions")] {
            guard let essential = postgresTables.first(where: { $0.name == name })?.essential else { continue }
            // Many applications have a table of sessions; only one with Dementia's columns is half a memory.
            if essential.allSatisfy({ shape.has(name, $0) }) {
                return .unknown(
                    "it has Dementia's table \(name) and no table \(other), which no Dementia leaves behind")
            }
        }
        return .foreign
    }

    /// The async adapter's sessions: without the one column that no migration gives, and with one that the other adapter never had.
    private static func isAsync(_ shape: Shape) -> Bool {
        shape.has("sessions", "last_accessed_at") && !shape.has("sessions", "started_at")
    }

    /// From 3 to 9 November 2025 the adapter said `ALTER ROLE … SET search_path`, which acts on later connections only: tables came to lie
    /// in the schema of the project before, and every project's rows in public.
    private static func misplaced(in surroundings: SchemaSurroundings) -> Recognition? {
        let cause =
            "a server of November 2025 set the role's search_path with ALTER ROLE, so that the rows of every project went there"
        let next =
            "look with SELECT project_name, count(*) FROM public.sessions GROUP BY 1, end the setting with ALTER ROLE … RESET "
            + "search_path, and move each project's rows into its own schema"
        if surroundings.schema == "public" {
            return .unknown("Dementia's tables in schema public belong to no project: \(cause); \(next)")
        }
        guard surroundings.isEmpty, surroundings.publicHoldsRows else { return nil }
        return .unknown("it holds no row, while schema public of its database holds Dementia's: \(cause); \(next)")
    }

    /// Every table that the adapter makes, with the columns that no migration adds.
    private static let postgresTables: [(name: String, essential: [String])] = [
        ("sessions", ["id", "started_at", "last_active", "project_fingerprint", "project_path", "project_name"]),
        (
            "context_locks",
            ["id", "session_id", "label", "version", "content", "content_hash", "metadata", "tags", "locked_at"]
        ),
        ("audit_trail", ["id", "timestamp", "session_id", "action"]),
        ("memory_entries", ["id", "content", "metadata"]),
        ("file_semantic_model", ["id", "session_id", "file_path", "content_hash", "last_scanned"]),
        ("file_change_history", ["id", "session_id", "file_path", "change_type", "timestamp"]),
        ("query_results_cache", ["query_id", "query_type", "expires_at"]),
        ("todos", ["id", "session_id", "content", "active_form", "status", "updated_at"]),
        ("decisions", ["id", "session_id", "timestamp", "question"]),
        ("context_archives", ["id", "original_id", "session_id", "label", "content", "deleted_at"]),
        ("file_tags", ["id", "path", "tag", "created_at"]),
        ("mcp_sessions", ["session_id", "created_at", "last_active", "expires_at"]),
        ("breadcrumbs", ["id", "session_id", "timestamp", "marker"]),
        ("oauth_authorization_codes", ["code", "expires_at"]),
        ("oauth_access_tokens", ["access_token", "expires_at"]),
    ]
}

// SPDX-License-Identifier: MIT

import Dementia

/// Small trees with what the known Dementias are told by (`docs/design/dementia.md`): the names of their files, their titles, and the
/// statements that make their tables.
enum Upstream: String, CaseIterable, Sendable {
    case pages2, pages3, legacy2, legacy3, legacy4
    case sqlite4, sqliteCandidate, sqliteScript, sqliteRLM, sqliteArchives, sqliteFiles, sqliteCache, sqliteEmbeddings
    case postgres0, postgres3, postgres5, postgres7, postgres10, postgres11
    case lean

    /// What it has to be taken for.
    var expected: (line: Line?, version: Int?, label: String) {
        switch self {
        case .pages2: (nil, nil, "2.0")
        case .pages3: (nil, nil, "3.0.0")
        case .legacy2: (.sqlite4, 0, "claude-intelligence 0.2")
        case .legacy3: (.sqlite4, 0, "claude-intelligence 0.3")
        case .legacy4: (.sqlite4, 0, "claude-intelligence 0.4")
        case .sqlite4: (.sqlite4, 1, "4.0.0")
        case .sqliteCandidate: (.sqlite4, 1, "4.0.0-rc1")
        case .sqliteScript, .sqliteRLM: (.sqlite4, 2, "4.0.0-rc1")
        case .sqliteArchives, .sqliteFiles: (.sqlite4, 3, "4.1.0")
        case .sqliteCache: (.sqlite4, 3, "4.2.0")
        case .sqliteEmbeddings: (.sqlite4, 4, "4.2.0")
        case .postgres0: (.postgres4, 0, "4.2.0")
        case .postgres3: (.postgres4, 3, "4.2.0")
        case .postgres5: (.postgres4, 5, "4.2.0")
        case .postgres7: (.postgres4, 7, "4.2.0")
        case .postgres10: (.postgres4, 10, "4.2.0")
        case .postgres11: (.postgres4, 11, "4.2.0")
        case .lean: (.lean3, 0, "3.1.0")
        }
    }

    /// The tree: each file's text by its name in the folder.
    var files: [String: String] {
        var files = pages
        switch self {
        case .pages2, .pages3: break
        case .legacy2: files["claude-intelligence/mcp_server.py"] = Self.fileIndex
        case .legacy3:
            files["claude-intelligence/mcp_server.py"] = Self.fileIndex
            files["claude-intelligence/claude_session_memory.py"] = Self.sessionMemory
        case .legacy4:
            files["claude-intelligence/mcp_server.py"] = Self.fileIndex
            files["claude-intelligence/claude_session_memory.py"] = Self.sessionMemory
            files["claude-intelligence/context_locking.py"] = Self.contextLocks
        case .lean: files["server.py"] = Self.leanServer
        default:
            files["claude_mcp_hybrid.py"] = server
            if expected.line == .postgres4 {
                files["postgres_adapter.py"] = Self.adapter(migrations: expected.version ?? 0)
            }
        }
        return files
    }

    /// README, CHANGELOG and CLAUDE.md, which disagree with one another as upstream's do.
    private var pages: [String: String] {
        let old = "# Dementia v3.1\n\n**Version**: 3.0.0\n"
        let candidate = "# Changelog\n\n## [4.0.0-rc1] - 2025-09-07\n\n## [4.0.0] - 2024-08-14\n"
        return switch self {
        case .pages2: ["README.md": "# Claude Code Memory System v2.0\n\n**Version**: 2.0.0\n"]
        case .pages3:
            ["README.md": "# Claude Code Memory System v3.0\n", "CLAUDE.md": "# v3.0\n\n**Version**: 3.0.0  \n"]
        case .legacy2, .legacy3, .legacy4: ["README.md": "# Claude Code Memory System v3.0\n", "CLAUDE.md": old]
        case .sqlite4:
            [
                "README.md": "# Claude Dementia\n", "CHANGELOG.md": "# Changelog\n\n## [4.0.0] - 2024-08-14\n",
                "CLAUDE.md": old,
            ]
        case .lean:
            [
                "README.md": "# Claude Dementia: Lean Local MCP Server\n",
                "CLAUDE.md": "# v3.1.0\n**Version**: 3.1.0  \n",
            ]
        default:
            [
                "README.md": "# Claude Dementia \u{1F9E0} v\(expected.label)\n", "CHANGELOG.md": candidate,
                "CLAUDE.md": old,
            ]
        }
    }

    private static func table(_ name: String, _ columns: String) -> String {
        "    conn.execute('''\n        CREATE TABLE IF NOT EXISTS \(name) (\n            \(columns)\n        )\n    ''')\n"
    }

    private static func adding(_ column: String, to table: String) -> String {
        "        cursor.execute('ALTER TABLE \(table) ADD COLUMN \(column)')\n"
    }
}

// What the servers say.
extension Upstream {
    private static let fileIndex =
        table("files", "path TEXT PRIMARY KEY, hash TEXT NOT NULL, indexed_at REAL, size_bytes INTEGER, metadata TEXT")
        + "    CREATE VIRTUAL TABLE IF NOT EXISTS file_fts USING fts5(path, content, tokenize='porter unicode61')\n"
        + table(
            "sessions", "id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp REAL, files_indexed INTEGER, tech_stack TEXT")
    private static let sessionMemory = table(
        "session_updates", "id INTEGER PRIMARY KEY, timestamp REAL, message TEXT, category TEXT, metadata TEXT")
    private static let contextLocks = table(
        "context_locks",
        """
        id INTEGER PRIMARY KEY, session_id TEXT, label TEXT, version TEXT, content TEXT, content_hash TEXT, locked_by TEXT,

                    -- No duplicates, neither by label, nor by version
                    UNIQUE(session_id, label, version), CHECK(length(content) <= 51200)
        """)

    private static let leanServer =
        "mcp = FastMCP(\"claude-dementia-local\")\n"
        + table("sessions", "id TEXT PRIMARY KEY, started_at REAL NOT NULL, ended_at REAL, last_active REAL")
        + table(
            "context_locks",
            "id INTEGER PRIMARY KEY, session_id TEXT, label TEXT, embedding BLOB, UNIQUE(session_id, label)")

    /// `claude_mcp_hybrid.py`. The PostgreSQL line still has all of it, in code that never runs.
    private var server: String {
        var text =
            "def is_version(part):\n    return part in ['alpha', 'beta', 'preview']\n"
            + Self.table("sessions", "id TEXT PRIMARY KEY, started_at REAL NOT NULL, last_active REAL, summary TEXT")
            + Self.adding("project_name TEXT", to: "sessions")
            + Self.table(
                "context_locks",
                "id INTEGER PRIMARY KEY, version TEXT DEFAULT '1.0', CHECK(version GLOB '[0-9]*.[0-9]*'), metadata TEXT"
            )
        if self == .sqliteScript {
            text += "    INSERT INTO context_locks (label, preview, key_concepts) VALUES (?, ?, ?)\n"
        }
        let place = Self.allCases.firstIndex(of: self) ?? 0
        func isFrom(_ other: Upstream) -> Bool { place >= Self.allCases.firstIndex(of: other) ?? 0 }
        if isFrom(.sqliteRLM) {
            text +=
                Self.adding("preview TEXT", to: "context_locks") + Self.adding("key_concepts TEXT", to: "context_locks")
        }
        if isFrom(.sqliteArchives) {
            text += Self.table("context_archives", "id INTEGER PRIMARY KEY, original_id INTEGER")
        }
        if isFrom(.sqliteFiles) { text += Self.table("file_semantic_model", "id INTEGER PRIMARY KEY, file_path TEXT") }
        if isFrom(.sqliteCache) {
            text += Self.table("query_results_cache", "query_id TEXT PRIMARY KEY, result_data TEXT")
            // Tables of a person's own, and prose about tables.
            text += "    create_sql = f\"CREATE TABLE {full_table_name} ({schema})\"\n"
            text += "    # Create table if doesn't exist (PostgreSQL-compatible)\n"
            text += Self.table("{store_in_table}", "id SERIAL PRIMARY KEY, whatever TEXT")
        }
        if isFrom(.sqliteEmbeddings) { text += Self.adding("embedding BLOB", to: "context_locks") }
        return text
    }

    /// `postgres_adapter.py` with the first `count` of the eleven.
    static func adapter(migrations count: Int) -> String {
        let made = [
            "memory_entries ADD COLUMN session_id TEXT", "memory_entries ADD COLUMN timestamp DOUBLE PRECISION",
            "memory_entries ADD COLUMN category TEXT", "sessions ADD COLUMN summary TEXT",
            "file_semantic_model ADD CONSTRAINT file_semantic_model_unique UNIQUE(session_id, file_path)",
            "context_locks ADD COLUMN preview TEXT", "context_locks ADD COLUMN key_concepts TEXT",
            "mcp_sessions\n                    ADD COLUMN project_name TEXT DEFAULT '__PENDING__'",
            "mcp_sessions\n                    ADD COLUMN session_summary JSONB DEFAULT '{\"work_done\": []}'",
        ]
        var text =
            "class PostgreSQLAdapter:\n" + table("sessions", "id TEXT PRIMARY KEY, started_at DOUBLE PRECISION")
            + table("audit_trail", "id SERIAL PRIMARY KEY, FOREIGN KEY (session_id) REFERENCES sessions(id)")
        for number in 0..<count {
            text += "\n        # Migration \(number + 1): what it does, in words\n"
            if number < made.count { text += "        cur.execute(\"\"\"ALTER TABLE \(made[number])\"\"\")\n" }
        }
        return text
    }
}

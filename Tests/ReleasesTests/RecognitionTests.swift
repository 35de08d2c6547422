// SPDX-License-Identifier: MIT

import Dementia
import Testing

/// What a release is, from the texts of its files alone.
@Suite struct RecognitionTests {
    private let recogniser: ReleaseRecogniser
    private let catalogue: Catalogue

    init() throws {
        catalogue = try Catalogue()
        recogniser = ReleaseRecogniser(catalogue: catalogue)
    }

    private func recognise(_ files: [String: String]) -> RecognisedRelease? {
        recogniser.recognise(ReleaseEvidence(files: files.mapValues { ReleaseEvidence.File(Array($0.utf8)) }))
    }

    @Test("every known Dementia is told by what its files make", arguments: Upstream.allCases)
    func known(_ upstream: Upstream) throws {
        let release = try #require(recognise(upstream.files))
        let expected = upstream.expected
        #expect(release.line == expected.line && release.version == expected.version)
        #expect(release.label == expected.label)
        #expect(release.strangers.isEmpty && release.isKnown)
    }

    @Test("line ends of another system change nothing", arguments: Upstream.allCases)
    func carriageReturns(_ upstream: Upstream) throws {
        var files = upstream.files
        for (name, text) in files {
            files[name] = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        }
        #expect(recognise(files) == recognise(upstream.files))
    }

    /// What could be added to a known server by the next one.
    enum Novelty: String, CaseIterable, Sendable {
        case migration, table, column, columnInTable, looseColumn, virtualTable, quotedTable, schemaTable,
            namedAtRunTime
        case rename, drop, constraint

        var text: String {
            switch self {
            case .migration: "\n        # Migration 12: something new\n"
            case .table: "CREATE TABLE IF NOT EXISTS session_graph (id SERIAL PRIMARY KEY)"
            case .column: "ALTER TABLE sessions ADD COLUMN mood TEXT"
            case .columnInTable: "create table if not exists sessions (id TEXT PRIMARY KEY, mood TEXT)"
            case .looseColumn: "\"ALTER TABLE \" + table + \" ADD COLUMN IF NOT EXISTS mood TEXT\""
            case .virtualTable: "CREATE VIRTUAL TABLE IF NOT EXISTS context_search USING fts5(content)"
            case .quotedTable: "CREATE TABLE \\\"session_graph\\\" (id INTEGER)"
            case .schemaTable: "CREATE UNLOGGED TABLE {schema}.session_graph (\n  id INTEGER\n)"
            case .namedAtRunTime: "f\"CREATE TABLE {prefix}_graph (id INTEGER)\""
            case .rename: "ALTER TABLE sessions RENAME TO sessions_old"
            case .drop: "ALTER TABLE context_locks DROP COLUMN preview"
            case .constraint: "ALTER TABLE todos ADD CONSTRAINT todos_once UNIQUE (content)"
            }
        }

        var stranger: String {
            switch self {
            case .migration: "migration 12"
            case .table, .quotedTable, .schemaTable: "table session_graph"
            case .column, .columnInTable: "column sessions.mood"
            case .looseColumn: "column mood"
            case .virtualTable: "table context_search"
            case .namedAtRunTime: "table {prefix}_graph"
            case .rename: "rename of sessions"
            case .drop: "drop of context_locks"
            case .constraint: "constraint todos_once"
            }
        }
    }

    @Test("a release that makes anything unheard of is not known", arguments: Novelty.allCases)
    func unknown(_ novelty: Novelty) throws {
        var files = Upstream.postgres11.files
        files["postgres_adapter.py", default: ""] += novelty.text + "\n"
        let release = try #require(recognise(files))
        #expect(release.line == .postgres4 && !release.isKnown)
        #expect(release.strangers == [novelty.stranger])
        #expect(release.version == (novelty == .migration ? 12 : 11))
    }

    @Test("what the servers of another line make is unheard of in this one")
    func otherLine() throws {
        // The SQLite servers' column, which PostgreSQL's catalogue has not.
        var files = Upstream.postgres11.files
        files["postgres_adapter.py", default: ""] += "ALTER TABLE sessions ADD COLUMN ended_at DOUBLE PRECISION"
        #expect(recognise(files)?.strangers == ["column sessions.ended_at"])
        files = Upstream.lean.files
        files["server.py", default: ""] += "CREATE TABLE IF NOT EXISTS memory_entries (id INTEGER)"
        #expect(recognise(files)?.strangers == ["table memory_entries"])
    }

    @Test("numbers with a gap are not numbered as ours are")
    func gap() throws {
        var files = Upstream.postgres11.files
        files["postgres_adapter.py"] = files["postgres_adapter.py"]?.replacing("# Migration 4:", with: "# Step 4:")
        let release = try #require(recognise(files))
        #expect(release.version == 11 && release.strangers == ["no migration 4"])
    }

    @Test("a temporary table and a sentence about tables are no news")
    func noNews() throws {
        for text in [
            "CREATE TEMP TABLE scratch (id INTEGER)", "# create table foo as needed",
            "CREATE TABLE statements are run here",
            "# We alter table names and add column headers (all of them)", "\"CREATE TABLE\" in sql.upper()",
        ] {
            var files = Upstream.postgres11.files
            files["postgres_adapter.py", default: ""] += text + "\n"
            #expect(recognise(files)?.strangers == [], "\(text)")
        }
    }

    @Test("migrations of a configured folder make the release known that needs them")
    func dropIns() throws {
        let postgres = (
            "postgres4_0012_mood.sql",
            """
            -- changes: none
            -- up
            ALTER TABLE :"schema".sessions ADD COLUMN IF NOT EXISTS mood TEXT;
            -- down
            ALTER TABLE :"schema".sessions DROP COLUMN mood;
            -- verify
            SELECT 'no mood' WHERE false;
            """
        )
        let sqlite = (
            "sqlite4_0005_graph.sql",
            """
            -- changes: none
            -- up
            CREATE TABLE IF NOT EXISTS session_graph (id INTEGER);
            -- down
            DROP TABLE session_graph;
            -- verify
            SELECT 'no graph' WHERE 0;
            """
        )
        let recogniser = ReleaseRecogniser(catalogue: try Catalogue(dropIns: [postgres, sqlite]))
        func recognise(_ files: [String: String]) -> RecognisedRelease? {
            recogniser.recognise(ReleaseEvidence(files: files.mapValues { ReleaseEvidence.File(Array($0.utf8)) }))
        }
        var files = Upstream.postgres11.files
        files["postgres_adapter.py", default: ""] +=
            "# Migration 12: mood\ncur.execute(\"ALTER TABLE sessions ADD COLUMN mood TEXT\")\n"
        #expect(recognise(files)?.version == 12 && recognise(files)?.isKnown == true)
        files = Upstream.sqliteEmbeddings.files
        #expect(recognise(files)?.version == 4 && recognise(files)?.isKnown == true)
        files["claude_mcp_hybrid.py", default: ""] += "CREATE TABLE IF NOT EXISTS session_graph (id INTEGER)"
        #expect(recognise(files)?.version == 5 && recognise(files)?.isKnown == true)
    }

    @Test("a newer Dementia without a known server is not taken for an old one without any")
    func serverElsewhere() throws {
        let release = try #require(
            recognise(["README.md": "# Claude Dementia v5.0.0\n", "server.py": "import fastmcp\n"]))
        #expect(release.line == nil && release.label == "5.0.0" && !release.isKnown)
    }

    @Test("other people's projects are no Dementia")
    func others() {
        #expect(recognise([:]) == nil)
        #expect(recognise(["server.py": "app = Flask(__name__)\n", "CLAUDE.md": "**Version**: 3.1.0\n"]) == nil)
        #expect(recognise(["README.md": "# Care for people with dementia\n"]) == nil)
    }

    @Test("labels are read as people wrote them, and never decide")
    func labels() throws {
        func label(readme: String?, changelog: String? = nil) -> String? {
            var files = Upstream.postgres11.files
            files["README.md"] = readme
            files["CHANGELOG.md"] = changelog
            return recognise(files)?.label
        }
        #expect(label(readme: "\u{FEFF}# Claude Dementia v4.0.0-rc1\r\n") == "4.0.0-rc1")
        #expect(
            label(readme: "# Claude Dementia\n\nSince v4.2.0 …\n", changelog: "## [Unreleased]\n## [4.1.7]\n")
                == "4.1.7")
        #expect(label(readme: nil) == "postgres-4")
        #expect(label(readme: "# Claude Dementia v99.0.0") == "99.0.0")
    }

    @Test("bytes that are no text, and a server that is too long, end in an answer")
    func roughFiles() throws {
        var evidence = ReleaseEvidence(
            files: Upstream.postgres11.files.mapValues { ReleaseEvidence.File(Array($0.utf8)) })
        let known = try #require(recogniser.recognise(evidence))
        for name in evidence.files.keys {
            let bytes = [0xFF, 0xC0, 0x00, 0x0A] + (evidence.files[name]?.bytes ?? []) + [0x0A, 0xFE, 0x80]
            evidence.files[name] = ReleaseEvidence.File(name == "README.md" ? Array(bytes.dropFirst(4)) : bytes)
        }
        #expect(recogniser.recognise(evidence) == known)
        let server = evidence.files["claude_mcp_hybrid.py"]?.bytes ?? []
        evidence.files["claude_mcp_hybrid.py"] = ReleaseEvidence.File(server, isWhole: false)
        #expect(recogniser.recognise(evidence)?.strangers == ["the end of claude_mcp_hybrid.py, which is too long"])
        // Statements that end in the middle.
        for end in [
            "CREATE TABLE", "CREATE TABLE a(", "CREATE TABLE sessions (id TEXT, '", "ALTER TABLE x ADD", "create",
        ] {
            evidence.files["claude_mcp_hybrid.py"] = ReleaseEvidence.File(Array(end.utf8))
            #expect(recogniser.recognise(evidence)?.line == .postgres4)
        }
    }
}

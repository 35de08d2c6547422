// SPDX-License-Identifier: MIT

/// What a release is, by its capability: lines differ in which files there are and which statements they carry. Its number says nothing.
public struct RecognisedRelease: Sendable, Equatable {
    /// The line its stores are of; nil for a Dementia of before there were any.
    public let line: Line?
    /// The version that it needs its stores at; nil for one without stores.
    public let version: Int?
    /// For people, such as `4.2.0`.
    public let label: String
    /// What it makes that nobody here knows, in words such as `table audit_log`; empty for a release that is known.
    public let strangers: [String]

    /// Whether everything that it would make is in the catalogue.
    public var isKnown: Bool { strangers.isEmpty }
}

/// Tells what a release is from the texts of its files. Pure.
public struct ReleaseRecogniser: Sendable {
    private let heads: [Line: Int]
    private let sqlite: KnownSchema
    private let postgres: KnownSchema
    private let lean: KnownSchema
    private let legacy: KnownSchema
    /// The migrations of the SQLite line after those that the servers' marks tell apart, with the columns that only they make.
    private let later: [(version: Int, made: Set<SchemaMentions.Column>)]

    /// - Parameter catalogue: what is known; migrations that a configured folder adds make the releases known that need them
    public init(catalogue: Catalogue) {
        var heads: [Line: Int] = [:]
        for line in Line.allCases { heads[line] = catalogue.head(of: line) }
        self.heads = heads
        sqlite = KnownSchema(catalogue.migrations(of: .sqlite4), others: KnownSchema.sqliteOthers)
        postgres = KnownSchema(catalogue.migrations(of: .postgres4), others: KnownSchema.postgresOthers)
        lean = KnownSchema(catalogue.migrations(of: .lean3), others: KnownSchema.lean)
        legacy = KnownSchema([], others: KnownSchema.legacy)
        let migrations = catalogue.migrations(of: .sqlite4)
        let marked = migrations.filter { $0.version <= 4 }.reduce(into: Set()) {
            $0.formUnion(SchemaMentions(of: $1).columns)
        }
        later = migrations.filter { $0.version > 4 }.map {
            ($0.version, SchemaMentions(of: $0).columns.subtracting(marked))
        }
    }

    /// What the release with `evidence` is, or nil when it is no Dementia.
    public func recognise(_ evidence: ReleaseEvidence) -> RecognisedRelease? {
        // The order matters: files of the PostgreSQL line still hold the text of the SQLite servers, in code that never runs.
        if evidence.file("server.py", contains: "claude-dementia-local") { return leanServer(evidence) }
        if evidence.has("postgres_adapter.py") { return postgresServer(evidence) }
        if evidence.has("claude_mcp_hybrid.py") { return sqliteServer(evidence) }
        if evidence.files.keys.contains(where: { $0.hasPrefix(ReleaseEvidence.legacyFolder) }) {
            return legacyServer(evidence)
        }
        return template(evidence)
    }

    private func leanServer(_ evidence: ReleaseEvidence) -> RecognisedRelease {
        RecognisedRelease(
            line: .lean3, version: heads[.lean3] ?? Line.lean3.origin,
            label: evidence.claudeNumber ?? Line.lean3.rawValue,
            strangers: strangers(in: ["server.py"], of: evidence, known: lean))
    }

    /// The adapter numbers its migrations in comments, `# Migration 7: …`, and runs all of them.
    private func postgresServer(_ evidence: ReleaseEvidence) -> RecognisedRelease {
        let numbers = evidence.migrationNumbers
        let version = numbers.max() ?? 0
        let head = heads[.postgres4] ?? 0
        var strangers = numbers.filter { $0 > head }.sorted().map { "migration \($0)" }
        // Numbers of ours with one left out are not numbered as ours are.
        strangers += (0...min(version, head)).dropFirst().filter { !numbers.contains($0) }.map { "no migration \($0)" }
        strangers += self.strangers(in: ["postgres_adapter.py"], of: evidence, known: postgres)
        strangers += self.strangers(in: ["claude_mcp_hybrid.py"], of: evidence, known: sqlite.union(postgres))
        return RecognisedRelease(
            line: .postgres4, version: version, label: evidence.serverLabel ?? Line.postgres4.rawValue,
            strangers: strangers)
    }

    private func sqliteServer(_ evidence: ReleaseEvidence) -> RecognisedRelease {
        let server = "claude_mcp_hybrid.py"
        let version =
            if evidence.file(server, contains: "ADD COLUMN embedding") {
                4
            } else if evidence.file(server, contains: "CREATE TABLE IF NOT EXISTS context_archives")
                || evidence.file(server, contains: "file_semantic_model (")
                || evidence.file(server, contains: "query_results_cache")
            {
                3
            } else if evidence.file(server, contains: "ADD COLUMN preview")
                // Servers of 20 October 2025 write the columns that only a script of theirs adds.
                || evidence.file(server, contains: "key_concepts")
            {
                2
            } else {
                1
            }
        // Migrations that a configured folder adds to the line are for servers that nobody knew when these marks were written.
        let added = later.last { !$0.made.isDisjoint(with: evidence.mentions(in: server).columns) }
        return RecognisedRelease(
            line: .sqlite4, version: added?.version ?? version, label: evidence.serverLabel ?? Line.sqlite4.rawValue,
            strangers: strangers(in: [server], of: evidence, known: sqlite))
    }

    /// The servers of August 2025 want their files as they are: what migration 1 renames they would not find again.
    private func legacyServer(_ evidence: ReleaseEvidence) -> RecognisedRelease {
        let files = evidence.files.keys.filter { $0.hasPrefix(ReleaseEvidence.legacyFolder) }.sorted()
        let number =
            switch files.map({ $0.split(separator: "/").last ?? "" }) {
            case let names where names.contains("context_locking.py"): "0.4"
            case let names where names.contains("claude_session_memory.py"): "0.3"
            default: "0.2"
            }
        return RecognisedRelease(
            line: .sqlite4, version: Line.sqlite4.origin, label: "\(ReleaseEvidence.legacyFolder) \(number)",
            strangers: strangers(in: files, of: evidence, known: legacy))
    }

    /// Dementia up to 3.0 is a folder of pages and keeps no store. A newer one without a server is not known.
    private func template(_ evidence: ReleaseEvidence) -> RecognisedRelease? {
        guard evidence.hasTitle else { return nil }
        let label = evidence.pageLabel
        let isOld = label.map { $0.hasPrefix("1.") || $0.hasPrefix("2.") || $0.hasPrefix("3.0") } ?? true
        return RecognisedRelease(
            line: nil, version: nil, label: label ?? "without a number",
            strangers: isOld ? [] : ["no server under a name that is known"])
    }

    /// What the files `names` make that is not in `known`; what was not read of them counts, too.
    private func strangers(in names: [String], of evidence: ReleaseEvidence, known: KnownSchema) -> [String] {
        names.flatMap { name in
            let unread = evidence.files[name]?.isWhole == false ? ["the end of \(name), which is too long"] : []
            return known.strangers(in: evidence.mentions(in: name)) + unread
        }
    }
}

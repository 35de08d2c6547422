// SPDX-License-Identifier: MIT

/// Every migration that is known, by line and version.
public struct Catalogue: Sendable {
    private let migrations: [Line: [Migration]]

    /// The shipped migrations and those of `dropIns`: the name and text of each file in the configured folders.
    public init(dropIns: [(name: String, text: String)] = []) throws(MigrationFileError) {
        var migrations: [Line: [Migration]] = [:]
        for (name, bytes) in Self.shipped {
            let migration = try MigrationFile.parse(
                String(decoding: bytes, as: UTF8.self), file: name, isShipped: true)
            migrations[migration.line, default: []].append(migration)
        }
        for line in Array(migrations.keys) {
            guard let all = migrations[line] else { continue }
            migrations[line] = all.map { migration in
                all.filter { $0.version > migration.version }.reduce(migration) { $0.withoutWhat($1.makes) }
            }
        }
        for (name, text) in dropIns {
            let migration = try MigrationFile.parse(text, file: name)
            if let other = migrations[migration.line]?.first(where: { $0.version == migration.version }) {
                throw MigrationFileError(
                    file: name, line: nil,
                    message: "version \(migration.version) of \(migration.line.rawValue) is '\(other.name)' already")
            }
            migrations[migration.line, default: []].append(migration)
        }
        self.migrations = migrations.mapValues { $0.sorted { $0.version < $1.version } }
    }

    /// The files that are embedded at build time. A test holds this list against the folder.
    static let shipped: [(name: String, bytes: [UInt8])] = [
        ("sqlite4_0001_base.sql", PackageResources.sqlite4_0001_base_sql),
        ("sqlite4_0002_rlm.sql", PackageResources.sqlite4_0002_rlm_sql),
        ("sqlite4_0003_files.sql", PackageResources.sqlite4_0003_files_sql),
        ("sqlite4_0004_embeddings.sql", PackageResources.sqlite4_0004_embeddings_sql),
        ("postgres4_0000_base.sql", PackageResources.postgres4_0000_base_sql),
        ("postgres4_0001_memory_session.sql", PackageResources.postgres4_0001_memory_session_sql),
        ("postgres4_0002_memory_timestamp.sql", PackageResources.postgres4_0002_memory_timestamp_sql),
        ("postgres4_0003_memory_category.sql", PackageResources.postgres4_0003_memory_category_sql),
        ("postgres4_0004_session_summary.sql", PackageResources.postgres4_0004_session_summary_sql),
        ("postgres4_0005_file_model_unique.sql", PackageResources.postgres4_0005_file_model_unique_sql),
        ("postgres4_0006_context_preview.sql", PackageResources.postgres4_0006_context_preview_sql),
        ("postgres4_0007_context_key_concepts.sql", PackageResources.postgres4_0007_context_key_concepts_sql),
        ("postgres4_0008_mcp_project_name.sql", PackageResources.postgres4_0008_mcp_project_name_sql),
        ("postgres4_0009_mcp_session_summary.sql", PackageResources.postgres4_0009_mcp_session_summary_sql),
        ("postgres4_0010_mcp_project_index.sql", PackageResources.postgres4_0010_mcp_project_index_sql),
        ("postgres4_0011_pending_projects.sql", PackageResources.postgres4_0011_pending_projects_sql),
    ]

    /// The migrations of `line` in the order of their versions.
    public func migrations(of line: Line) -> [Migration] {
        migrations[line] ?? []
    }

    /// The newest version of `line`, or nil for a line without migrations.
    public func head(of line: Line) -> Int? {
        migrations(of: line).last?.version
    }
}

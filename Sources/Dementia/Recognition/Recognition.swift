// SPDX-License-Identifier: MIT

/// What a shape is taken for.
public enum Recognition: Sendable, Equatable {
    /// A memory of this line, with a path to its head.
    case memory(Line)
    /// There is nothing in it: no memory yet.
    case empty
    /// Not one of Dementia's tables is in it.
    case foreign
    /// Some of Dementia's tables are in it, but one of them is not what any known Dementia made. The sentence says which.
    case unknown(String)

    /// What a SQLite file of `shape` is.
    ///
    /// Keyed on tables and columns and never on a recognised whole: real files hold tables that no commit ever made.
    public static func sqlite(_ shape: Shape) -> Recognition {
        if shape.tables.isEmpty { return .empty }
        if isLean(shape) { return .memory(.lean3) }
        guard sqliteTables.contains(where: { shape.tables[$0.name] != nil }) || isFileIndex(shape) else {
            return .foreign
        }
        for table in sqliteTables {
            guard let columns = shape.tables[table.name] else { continue }
            // The file index of 0.2 had a sessions table of its own, which migration 1 carries over under another name.
            if table.name == "sessions", shape.has("sessions", "files_indexed") { continue }
            let present = Set(columns.map(\.name))
            if let missing = table.essential.first(where: { !present.contains($0) }) {
                return .unknown("its table \(table.name) has no column \(missing), which every known Dementia gives it")
            }
        }
        return .memory(.sqlite4)
    }

    /// The lean server makes its own context_locks without `version`, into which it can never write.
    private static func isLean(_ shape: Shape) -> Bool {
        shape.has("context_locks", "embedding_model") && !shape.has("context_locks", "version")
            && shape.tables["memory_entries"] == nil
    }

    /// Version 0.2 of August 2025: an index of files, with a sessions table of its own.
    private static func isFileIndex(_ shape: Shape) -> Bool {
        shape.has("files", "indexed_at") && shape.has("sessions", "files_indexed")
    }

    /// The tables that tell a memory, with the columns that no migration could add.
    private static let sqliteTables: [(name: String, essential: [String])] = [
        ("sessions", ["id", "started_at"]),
        ("context_locks", ["id", "session_id", "label", "version", "content", "content_hash", "locked_at"]),
        ("memory_entries", ["id", "category", "content", "metadata", "timestamp", "session_id"]),
        ("session_updates", ["id", "timestamp", "message"]),
        ("session_context", ["key", "value"]),
        ("file_tags", ["path", "tag"]),
        ("project_variables", ["key", "value"]),
    ]
}

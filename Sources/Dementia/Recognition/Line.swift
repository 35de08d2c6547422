// SPDX-License-Identifier: MIT

/// A family of schemas that upgrade into one another.
///
/// Versions do not compare across lines: 3.1.0 of the lean line is younger than 4.2.0, and no upgrade leads from one to the other.
public enum Line: String, Codable, Sendable, CaseIterable {
    /// `.claude-memory.db` of Dementia 4.0 to 4.4, with a path from the files of August 2025.
    case sqlite4 = "sqlite-4"
    /// Project schemas of the PostgreSQL adapter.
    case postgres4 = "postgres-4"
    /// The lean server 3.1.0: recognised and backed up, never rewritten.
    case lean3 = "lean-3"

    /// How people and scripts read that a store of this line has no version at all: 0, unless the line has a version 0 of its own.
    public var origin: Int? {
        switch self {
        case .sqlite4, .lean3: 0
        case .postgres4: nil
        }
    }

    /// The version of Dementia that brought the migration `version`, as people call it; nil where there is no such name.
    /// Migration 3 also makes what 4.3 brought. `docs/design/dementia.md` lists the versions.
    public func release(bringing version: Int) -> String? {
        switch self {
        case .sqlite4: releases(of: version).first
        case .postgres4, .lean3: nil
        }
    }

    /// The versions of Dementia whose memories have the schema `version`, oldest first; empty where none is known.
    public func releases(of version: Int) -> [String] {
        switch self {
        case .sqlite4: [1: ["4.0"], 2: ["4.1"], 3: ["4.2", "4.3"], 4: ["4.4"]][version] ?? []
        case .postgres4: versions.contains(version) ? ["4.2"] : []
        case .lean3: versions.contains(version) ? ["3.1"] : []
        }
    }

    /// The schemas that the built-in catalogue makes, lowest first.
    public var versions: ClosedRange<Int> {
        switch self {
        case .sqlite4: 1...4
        case .postgres4: 0...11
        case .lean3: 0...0
        }
    }

    /// How the line's migration files begin, as in `sqlite4_0002_rlm.sql`.
    public var filePrefix: String {
        switch self {
        case .sqlite4: "sqlite4"
        case .postgres4: "postgres4"
        case .lean3: "lean3"
        }
    }
}

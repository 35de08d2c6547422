// SPDX-License-Identifier: MIT

internal import Dementia

/// Versions as people know them: those of Dementia, in place of the numbers of schemas.
public enum VersionText {
    /// The version of Dementia whose memories have the schema `version` of `line`.
    ///
    /// `4.1`, or `4.2 (8 of 11 migrations)` for a schema of PostgreSQL, where every schema belongs to the same version. A schema without a
    /// known version is `schema 7`, and an unknown schema is `?`.
    public static func name(_ version: Int?, line: String?) -> String {
        guard let version else { return "?" }
        guard let line = known(line) else { return "schema \(version)" }
        guard let release = line.releases(of: version).first else {
            return version < line.versions.lowerBound ? "older than \(oldest(line))" : "schema \(version)"
        }
        return line == .postgres4 ? "\(release) (\(version) of \(line.versions.upperBound) migrations)" : release
    }

    /// A change of the schema, such as `4.0 → 4.4` or `4.2 (8 → 11 of 11 migrations)`.
    public static func change(from: Int?, to: Int?, line: String?) -> String {
        guard known(line) == .postgres4, let from, let to, [from, to].allSatisfy(Line.postgres4.versions.contains),
            let release = Line.postgres4.releases(of: to).first
        else { return "\(from.map { name($0, line: line) } ?? "new") → \(name(to, line: line))" }
        return "\(release) (\(from) → \(to) of \(Line.postgres4.versions.upperBound) migrations)"
    }

    /// The version of a memory, and the version that it should have where that is a later one.
    public static func standing(_ version: Int?, wanted: Int?, line: String?) -> String {
        guard let version, let wanted, version < wanted else { return name(version, line: line) }
        return change(from: version, to: wanted, line: line)
    }

    /// The schema that `text` names: its number, or the version of Dementia that makes it (`4.1`, `v4.1.0`); nil when there is none.
    public static func schema(of text: String, line: String?) -> Int? {
        if let number = Int(text) { return number }
        guard let line = known(line) else { return nil }
        let name = text.hasPrefix("v") ? String(text.dropFirst()) : text
        return line.versions.last { schema in
            line.releases(of: schema).contains { name == $0 || name.hasPrefix($0 + ".") || name.hasPrefix($0 + "-") }
        }
    }

    /// One schema of a line, with the versions of Dementia that make it.
    public struct Row: Sendable, Equatable {
        /// The line, such as `sqlite-4`.
        public let line: String
        /// The number of the schema.
        public let schema: Int
        /// The versions of Dementia, oldest first.
        public let releases: [String]
    }

    /// Every schema that belongs to a version of Dementia, of `line` or of every line, oldest first.
    public static func rows(line: String? = nil) -> [Row] {
        Line.allCases.filter { line == nil || $0.rawValue == line }.flatMap { line in
            line.versions.compactMap { schema in
                let releases = line.releases(of: schema)
                return releases.isEmpty ? nil : Row(line: line.rawValue, schema: schema, releases: releases)
            }
        }
    }

    /// The versions that a memory of `line` can have, for a message: `4.0 (schema 1), 4.1 (schema 2)`.
    public static func list(line: String?) -> String {
        let lines = known(line).map { [$0] } ?? [.sqlite4, .postgres4]
        return lines.map { line in
            if line == .postgres4 {
                return "for PostgreSQL 4.2 (schema \(line.versions.lowerBound) to \(line.versions.upperBound))"
            }
            return rows(line: line.rawValue).map { "\($0.releases.joined(separator: " and ")) (schema \($0.schema))" }
                .joined(separator: ", ")
        }.joined(separator: "; ")
    }

    private static func known(_ line: String?) -> Line? { line.flatMap { Line(rawValue: $0) } }

    private static func oldest(_ line: Line) -> String {
        line.releases(of: line.versions.lowerBound).first ?? "any version"
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore

/// Names and values in the SQL of a remedy: they come from other people's disks and catalogues.
public enum RemedySQL {
    /// `name` as an identifier, for PostgreSQL and SQLite alike.
    public static func identifier(_ name: String) -> String {
        QuotedText.quoted(name, mark: "\"")
    }

    /// `text` as a literal for SQLite.
    static func literal(_ text: String) -> String {
        QuotedText.quoted(text, mark: "'")
    }
}

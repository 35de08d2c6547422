// SPDX-License-Identifier: MIT

/// Names and values in the SQL of a remedy: they come from other people's disks and catalogues.
public enum RemedySQL {
    /// `name` as an identifier, for PostgreSQL and SQLite alike.
    public static func identifier(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    /// `text` as a literal for SQLite.
    static func literal(_ text: String) -> String {
        "'" + text.replacing("'", with: "''") + "'"
    }
}

// SPDX-License-Identifier: MIT

/// Names and values as they stand in SQL, whatever characters they hold.
public enum SQLText {
    /// `name` as a quoted identifier. Always quoted, so that no list of keywords is needed.
    public static func identifier(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    /// `schema.name`, both quoted.
    public static func identifier(_ schema: String, _ name: String) -> String {
        identifier(schema) + "." + identifier(name)
    }

    /// `value` as a string literal that reads the same whatever `standard_conforming_strings` says.
    public static func literal(_ value: String) -> String {
        let quoted = "'" + value.replacing("'", with: "''") + "'"
        guard value.contains("\\") else { return quoted }
        return " E" + quoted.replacing("\\", with: "\\\\")
    }
}

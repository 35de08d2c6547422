// SPDX-License-Identifier: MIT

/// Commands as a person pastes them: names come from other people's disks and catalogues.
public enum ShellText {
    /// `text` as one word of a POSIX shell.
    public static func word(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.unicodeScalars.allSatisfy(plain.contains)
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// `name` as an SQL identifier, for PostgreSQL and SQLite alike.
    public static func identifier(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    /// `text` as an SQL literal for SQLite.
    static func literal(_ text: String) -> String {
        "'" + text.replacing("'", with: "''") + "'"
    }

    /// `count` of something, in words.
    static func count(_ count: Int, _ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many)"
    }

    private static let plain = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-".unicodeScalars)
}

// SPDX-License-Identifier: MIT

/// Commands as a person pastes them: names come from other people's disks and catalogues.
public enum ShellText {
    /// `text` as one word of a POSIX shell.
    public static func word(_ text: String) -> String {
        // What is special at the beginning of a word only: a comment, and zsh's name of a program's path.
        let isPlain =
            text.unicodeScalars.first.map { $0 != "#" && $0 != "=" } ?? false
            && text.unicodeScalars.allSatisfy(plain.contains)
        return isPlain ? text : "'" + QuotedText.escaped(text, ["'": "'\\''"]) + "'"
    }

    private static let plain = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-#".unicodeScalars)
}

// SPDX-License-Identifier: MIT

import GuardConfiguration

/// Writes the configuration file that is installed: every setting, commented out, with its default and what it is for.
enum CommentedFile {
    /// The whole text of `etc/dementiad.yaml`. It is accepted as it is, and says nothing; without the `#` before its
    /// settings it says the defaults.
    static var text: String {
        var lines = preamble
        var open: [String] = []
        for setting in Setting.all {
            let words = setting.key.words
            let sections = Array(words.dropLast())
            // Sections are nested and in order: whatever is not open yet begins here.
            let isFirst = !open.starts(with: sections)
            for depth in sections.indices where !open.starts(with: sections[...depth]) {
                lines += ["", indent(depth) + "\(sections[depth]):"]
            }
            if !isFirst { lines.append("") }
            open = sections
            let margin = indent(sections.count)
            let sentences = [setting.documentation, "Takes \(setting.expectation)."]
            lines += sentences.flatMap { wrapped($0, width: 100 - margin.count) }.map { "\(margin)# \($0)" }
            lines.append("\(margin)#\(words[words.count - 1]): \(setting.defaultText)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let preamble = [
        "# The configuration of dementiad. Every setting is shown with its default; to change one, remove its '#'.",
        "#",
        "# Read in this order, later ones win, lists are replaced as a whole: /etc/dementiad/dementiad.yaml,",
        "# /etc/dementiad/dementiad.d/*.yaml, the same two in $XDG_CONFIG_HOME/dementiad, the environment",
        "# (discover.maxDepth is DEMENTIAD_DISCOVER_MAX_DEPTH; lists are separated by colons, connections by",
        "# line feeds), flags.",
        "#",
        "# Relative paths begin at the folder of the file, '~' is the home of the user whose data is guarded.",
        "# Durations have a unit (ms, s, m, h, d, w), sizes may have one (kB, MB, GB, TB, KiB, MiB, GiB, TiB).",
        "# Unknown keys and bad values are refused, all of them at once, with file, line and column.",
    ]

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let line = lines[lines.count - 1]
            if line.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if line.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

// SPDX-License-Identifier: MIT

/// Writes values as YAML on one line.
enum YAMLText {
    /// `[a, "b c"]`.
    static func list(_ items: [String]) -> String {
        "[" + items.map(scalar).joined(separator: ", ") + "]"
    }

    /// `text`, quoted unless it is a word that no YAML reader takes for something else.
    static func scalar(_ text: String) -> String {
        let typed = ["y", "n", "yes", "no", "true", "false", "on", "off", "null", ".inf", ".nan"]
        if text.wholeMatch(of: /[A-Za-z_\/.][A-Za-z0-9_\/.+\-]*/) != nil, text.contains(where: \.isLetter),
            !typed.contains(text.lowercased())
        {
            return text
        }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

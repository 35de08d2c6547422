// SPDX-License-Identifier: MIT

/// Text as a terminal may be shown it: names, values and messages of others with nothing in them that moves a cursor, changes a terminal's
/// state or turns the order of what stands beside it.
///
/// Every program and log of this package escapes here and nowhere else. Escaped are the controls C0 and C1 with DEL, the format characters
/// (bidirectional overrides, zero-width signs, tags) and the separators of lines and paragraphs.
public enum PrintableText {
    /// `text` on one line: a line feed is `\u{a}`, an escape `\u{1b}`.
    public static func line(_ text: String) -> String {
        escaped(text, keepingLines: false)
    }

    /// `text` on the lines that it has.
    public static func lines(_ text: String) -> String {
        escaped(text, keepingLines: true)
    }

    /// The same JSON document as `json`, with every such scalar as JSON's own escape. JSON has none of them outside of strings, except line
    /// feeds and tabs between values, which stay.
    public static func json(_ json: [UInt8]) -> [UInt8] {
        guard !json.allSatisfy(isPlain) else { return json }
        var result = String.UnicodeScalarView()
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            guard scalar.value >= 0x7F, isControl(scalar) else {
                result.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
            }
        }
        return Array(String(result).utf8)
    }

    /// Whether a terminal may act on `scalar`, or show its neighbours in another order.
    public static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func escaped(_ text: String, keepingLines: Bool) -> String {
        func stays(_ scalar: Unicode.Scalar) -> Bool { keepingLines && scalar == "\n" }
        guard !text.utf8.allSatisfy(isPlain) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if !isControl(scalar) || stays(scalar) {
                result.append(scalar)
            } else {
                result += "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
            }
        }
        return String(result)
    }

    /// Whether `byte` alone is a printable sign of ASCII, as most text is nothing else.
    private static func isPlain(_ byte: UInt8) -> Bool { (0x20..<0x7F).contains(byte) }
}

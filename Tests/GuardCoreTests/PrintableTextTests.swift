// SPDX-License-Identifier: MIT

import FoundationEssentials
import GuardCore
import Testing

/// Names of others on a terminal.
@Suite("Printable text")
struct PrintableTextTests {
    /// One of each kind that a terminal acts upon: C0, DEL, C1, a bidirectional override, a zero-width sign, separators, a tag.
    static let signs: [Unicode.Scalar] = [
        "\u{0}", "\u{7}", "\u{8}", "\t", "\r", "\u{1B}", "\u{7F}", "\u{80}", "\u{9B}", "\u{9D}", "\u{AD}", "\u{200B}",
        "\u{200F}", "\u{202E}", "\u{2066}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{E0041}",
    ]

    @Test("Each of them is written out, also where it stands behind or before a combining mark", arguments: signs)
    func escapes(_ sign: Unicode.Scalar) {
        let code = "\\u{\(String(sign.value, radix: 16))}"
        for (before, after) in [("a", "b"), ("", ""), ("e\u{301}", "\u{301}x"), ("\u{600}", "\u{5D0}")] {
            let text = before + String(sign) + after
            let line = PrintableText.line(text)
            #expect(line.unicodeScalars.allSatisfy { !PrintableText.isControl($0) })
            #expect(Array(line.utf8).contains(Array(code.utf8)))
            #expect(PrintableText.lines(text) == line)
        }
    }

    @Test("Everything else stays as it is, and a line feed where lines are meant")
    func plain() {
        for text in ["", "zoë 日本 e\u{301} 🧠", "C:\\x \\u{1b}"] {
            #expect(PrintableText.line(text) == text)
            #expect(PrintableText.lines(text) == text)
        }
        #expect(PrintableText.line("a\nb\r\nc") == "a\\u{a}b\\u{d}\\u{a}c")
        #expect(PrintableText.lines("a\nb\r\nc\n") == "a\nb\\u{d}\nc\n")
    }

    @Test("A document means the same afterwards, and holds none of them raw", arguments: signs)
    func documents(_ sign: Unicode.Scalar) throws {
        let value = ["k\(sign)": "a\(sign)\u{301}é\"\\"]
        let json = PrintableText.json([UInt8](try JSONEncoder().encode(value)))
        #expect(String(decoding: json, as: UTF8.self).unicodeScalars.allSatisfy { !PrintableText.isControl($0) })
        #expect(try JSONDecoder().decode([String: String].self, from: Data(json)) == value)
    }
}

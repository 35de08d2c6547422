// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@Suite("Quoting of foreign text")
struct QuotedTextTests {
    @Test(
        "A mark is doubled whatever stands beside it",
        arguments: ["\u{301}", "\u{600}", "\u{200D}", "\u{FE0F}", "\u{1F3FD}", "\r", "x", ""])
    func neighbours(_ beside: String) {
        for mark: Unicode.Scalar in ["'", "\""] {
            for text in ["a\(mark)\(beside)", "\(beside)\(mark)b", "\(beside)\(mark)\(beside)"] {
                let quoted = Array(QuotedText.quoted(text, mark: mark).utf8)
                let marks = quoted.filter { $0 == UInt8(ascii: mark) }.count
                #expect(marks == 4 && quoted.first == UInt8(ascii: mark) && quoted.last == UInt8(ascii: mark))
            }
        }
        // For a shell: what stands within ends the quotation, is escaped, and begins it again.
        #expect(Array(ShellText.word("it'\(beside)").utf8) == Array("'it'\\''\(beside)'".utf8))
    }
}

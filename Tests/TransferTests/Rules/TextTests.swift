// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Text and bytes")
struct TextTests {
    @Test("Case 27: a NUL is taken out, and the original is kept by its length and not up to it")
    func nul() {
        let cell = Cell.text([0x61, 0, 0x62])
        #expect(convert(cell, to: .text) == Converted(.text("ab"), .normalized(Reason(.nulRemoved))))
        #expect(cell.keptBytes == [0x61, 0, 0x62])
        #expect(convert(.text([0]), to: .text).value == .text(""))
    }

    @Test(
        "Cases 28 and 29: what is not UTF-8 becomes U+FFFD: strays, surrogates, overlong forms, beyond the last",
        arguments: [
            ([0xFF, 0x41], "\u{FFFD}A"), ([0x41, 0xC3], "A\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"), ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xFF, 0x00, 0x41], "\u{FFFD}A"),
        ] as [([UInt8], String)])
    func invalid(bytes: [UInt8], text: String) {
        #expect(convert(.text(bytes), to: .text) == Converted(.text(text), .normalized(Reason(.invalidUTF8))))
        #expect(Cell.text(bytes).keptBytes == bytes)
    }

    @Test(
        "Cases 30, 31, 32 and 38: every other text arrives byte by byte",
        arguments: [
            "\u{FFFE}\u{FFFF}\u{10FFFF}", "👩‍👩‍👧‍👦", "e\u{301} é", "tab\t line\n return\r back\\slash \\N \\. \u{1}", "", " ",
            "{\"broken\": ", "NaN", #"{"half": "\ud800"}"#, #"{"nul": "\u0000"}"#,
        ])
    func exact(text: String) {
        #expect(convert(.text(text), to: .text) == Converted(.text(Array(text.utf8)), .ok))
    }

    @Test("Case 32: NULL is not the empty text")
    func null() {
        #expect(convert(.null, to: .text) == Converted(.null, .ok))
        #expect(convert(.text(""), to: .text) == Converted(.text([UInt8]()), .ok))
    }

    @Test("Case 10: NULL where a value must be rejects the row, and never becomes the empty text")
    func missing() {
        for type in Columns.every {
            #expect(
                Conversion.convert(.null, by: .copy, to: Columns.required(type))
                    == Converted(.null, .rejected(Reason(.missingValue))))
        }
    }

    @Test("Case 33: empty bytes are not NULL, and a megabyte of zeros arrives")
    func blobs() {
        #expect(convert(.blob([]), to: .bytea) == Converted(.bytea([]), .ok))
        #expect(convert(.null, to: .bytea) == Converted(.null, .ok))
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        #expect(convert(.blob(zeros), to: .bytea) == Converted(.bytea(zeros), .ok))
    }

    @Test("Case 34: a BLOB in a column of text is text where it can be")
    func blobAsText() {
        #expect(convert(.blob(Array("héllo".utf8)), to: .text) == Converted(.text("héllo"), .coerced(nil)))
        #expect(refusal(of: .blob([0xFF]), by: .text) == .binaryInText)
        #expect(refusal(of: .blob([0x61, 0]), by: .text) == .binaryInText)
    }

    @Test("Case 35: text in a column of bytes is its bytes")
    func textAsBytes() {
        #expect(convert(.text("ab\0"), to: .bytea) == Converted(.bytea([0x61, 0x62, 0]), .coerced(nil)))
    }

    @Test("Case 43: text of more than 51200 characters arrives; nothing counts its bytes")
    func long() {
        let text = Array(String(repeating: "é", count: 51_201).utf8)
        #expect(convert(.text(text), to: .text) == Converted(.text(text), .ok))
    }

    @Test("Case 44: what no field can hold does not go to the server")
    func tooLarge() {
        let small = TransferPolicy(rowLimit: 100)
        #expect(refusal(of: .text(String(repeating: "a", count: 97)), by: .text, policy: small) == .fieldTooLarge)
        #expect(refusal(of: .blob(Array(repeating: 0, count: 97)), by: .bytea, policy: small) == .fieldTooLarge)
        #expect(convert(.text(String(repeating: "a", count: 96)), to: .text, policy: small).outcome == .ok)
        #expect(TransferPolicy.standard.rowLimit < 1 << 30)
    }

    @Test("Case 72: the text 3 and the number 3 in one column are both there, with what they were")
    func recorded() {
        let recorded = CellOutcome.coerced(Reason(.storageClassRecorded))
        #expect(convert(.text("3"), to: .text, by: .recorded) == Converted(.text("3"), .ok))
        #expect(convert(.integer(3), to: .text, by: .recorded) == Converted(.text("3"), recorded))
        #expect(convert(.blob([0x33]), to: .text, by: .recorded) == Converted(.text("3"), recorded))
        #expect(convert(.text("3"), to: .bytea, by: .recorded) == Converted(.bytea([0x33]), recorded))
        #expect(convert(.integer(3), to: .doublePrecision, by: .recorded) == Converted(.double(3), recorded))
        #expect(Cell.integer(3).keptBytes == [0x33])
    }

    @Test("Numbers are kept as text that reads back the same", arguments: [0.1, -0.0, 1e300, .leastNonzeroMagnitude])
    func keptNumbers(real: Double) throws {
        let bytes = try #require(Cell.real(real).keptBytes)
        #expect(Double(String(decoding: bytes, as: UTF8.self))?.bitPattern == real.bitPattern)
        #expect(Cell.null.keptBytes == nil)
    }
}

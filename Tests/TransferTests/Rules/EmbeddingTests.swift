// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Embeddings")
struct EmbeddingTests {
    private func embedding(_ cell: Cell) -> Converted { convert(cell, to: .bytea, by: .embedding) }

    @Test("Case 36: float32 arrives byte by byte")
    func floats() {
        let bytes: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]
        #expect(embedding(.blob(bytes)) == Converted(.bytea(bytes), .ok))
        #expect(embedding(.blob([])) == Converted(.bytea([]), .ok))
        #expect(embedding(.null) == Converted(.null, .ok))
    }

    @Test("Case 36: JSON becomes little-endian float32, its original kept; what float32 rounds is told")
    func json() {
        let exact = embedding(.text("[1.0, -2, 0.5e1]"))
        #expect(exact.value == .bytea([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0xA0, 0x40]))
        #expect(exact.outcome == .coerced(Reason(.embeddingReencoded)))
        let rounded = embedding(.text(" [0.1]\n"))
        #expect(rounded.value == .bytea([0xCD, 0xCC, 0xCC, 0x3D]))
        #expect(rounded.outcome == .normalized(Reason(.embeddingReencoded)))
    }

    @Test(
        "Case 36: text that is no array of numbers is its bytes, and told",
        arguments: [
            "[]", "[1, \"2\"]", "[1,]", "[NaN]", "[1e39]", "[[1]]", "a vector", "{\"a\": 1}", "[1 2]", "[",
        ])
    func otherText(text: String) {
        let converted = embedding(.text(text))
        #expect(converted == Converted(.bytea(Array(text.utf8)), .coerced(nil), notice: Reason(.notAnEmbedding)))
    }

    @Test("Case 36: a pickle is copied, told and never read, a malicious one like any other")
    func pickles() {
        // os.system('touch /tmp/pwned') on loading, protocols 2 and 4.
        let call = Array(
            "cposix\nsystem\nX\u{10}\0\0\0touch /tmp/pwned\u{85}R.".unicodeScalars.map { UInt8($0.value & 0xFF) })
        for head in [[0x80, 2], [0x80, 4, 0x95, 0x20, 0, 0, 0, 0, 0, 0, 0]] as [[UInt8]] {
            let converted = embedding(.blob(head + call))
            #expect(converted == Converted(.bytea(head + call), .ok, notice: Reason(.embeddingPickled)))
        }
    }

    @Test("Case 37: a length that is no multiple of 4 is kept and told")
    func odd() {
        #expect(embedding(.blob([1, 2, 3])) == Converted(.bytea([1, 2, 3]), .ok, notice: Reason(.embeddingOddLength)))
    }

    @Test("A number is no embedding")
    func numbers() {
        #expect(refusal(of: .integer(3), by: .bytea, rule: .embedding) == .notAnEmbedding)
    }

    @Test("Case 36: how many numbers a model gives is known by its name alone, however it is written")
    func models() {
        #expect(Embedding.dimensions(of: Array("nomic-embed-text:latest".utf8)) == 768)
        #expect(Embedding.dimensions(of: Array("openai/text-embedding-3-small".utf8)) == 1536)
        #expect(Embedding.dimensions(of: Array("something-new".utf8)) == nil)
        #expect(Embedding.dimensions(of: [0xFF]) == nil)
        #expect(Embedding.dimensions(of: []) == nil)
    }
}

// SPDX-License-Identifier: MIT

import Dementia
import FoundationEssentials
import Testing

@Suite("Previews and key concepts")
struct ContextSummaryTests {
    @Test("Python's own str, re and json give the same", arguments: try SummaryCase.all())
    func agreesWithPython(on expected: SummaryCase) {
        do {
            let summary = try summarise(expected.content, metadata: expected.metadata)
            #expect(expected.problem == nil)
            #expect(summary.preview == Array((expected.preview ?? "").utf8), "\(summary.texts.preview)")
            #expect(summary.keyConcepts == Array((expected.concepts ?? "").utf8), "\(summary.texts.concepts)")
        } catch {
            #expect(expected.problem == error.rawValue)
        }
    }

    @Test(
        "The rows that upstream's script migrated get what upstream wrote",
        arguments: try SummaryCase.all().filter(\.isUpstream))
    func agreesWithUpstream(on expected: SummaryCase) throws {
        let written = try JSONDecoder().decode([String].self, from: Data(try #require(expected.upstream).utf8))
        let summary = try summarise(expected.content, metadata: expected.metadata)
        let concepts = try JSONDecoder().decode([String].self, from: Data(summary.keyConcepts))
        let candidates = try #require(expected.candidates).map {
            try JSONDecoder().decode(String.self, from: Data($0.utf8))
        }
        #expect(concepts.count == min(10, candidates.count))
        #expect(Set(concepts).isSubset(of: candidates))
        #expect(Set(concepts) == Set(written) || candidates.count > 10, "with ten or less there is no choice")
    }

    @Test("The fixture still holds upstream's rows, and rows of every problem that metadata can have")
    func fixtureIsWhole() throws {
        let cases = try SummaryCase.all()
        #expect(cases.filter(\.isUpstream).count == 11)
        let problems: Set<ContextSummary.Problem> = [
            .metadataNotAnObject, .metadataTooDeep, .metadataNumberTooLong, .tagsNotIterable, .tagsUnhashable,
        ]
        #expect(Set(cases.compactMap(\.problem)) == Set(problems.map(\.rawValue)))
    }

    @Test(
        "Text that is not UTF-8 costs its row the summary",
        arguments: [
            [0x80], [0xC3], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
        ] as [[UInt8]])
    func refusesInvalidUTF8(_ invalid: [UInt8]) throws {
        let text = Array("# A title\nAPI ".utf8) + invalid
        #expect(throws: ContextSummary.Problem.invalidUTF8Content) { try summarise(bytes: text) }
        let metadata = Array(#"{"tags": ["#.utf8) + invalid
        #expect(throws: ContextSummary.Problem.invalidUTF8Metadata) { try summarise(bytes: [], metadata: metadata) }
    }

    @Test("Words are found wherever they stand", arguments: 0..<200)
    func findsWordsAnywhere(behind count: Int) throws {
        let dots = String(repeating: ".", count: count)
        for tail in ["", " ", "é", " é", String(repeating: " ", count: 200)] {
            #expect(try summarise("\(dots)API\(tail)").texts.concepts == (tail == "é" ? "[]" : #"["API"]"#))
            #expect(try summarise("\(dots)CI/CD \(tail)").texts.concepts == #"["CI/CD"]"#)
            #expect(try summarise("é \(dots)RowCount-a_b\(tail) ").texts.concepts.hasPrefix(#"["RowCount""#))
        }
    }

    @Test("Words may be longer than the 64 bytes that are looked at together", arguments: 0..<200)
    func findsLongWords(of count: Int) throws {
        let letters = String(repeating: "x", count: count)
        let filler = String(repeating: " ", count: 150)
        for word in ["a\(letters)_b", "A\(letters)xBb"] {
            for text in [word, "\(filler)\(word)", "\(word)\(filler)", "é\(filler)\(word)\(filler)"] {
                #expect(try summarise(text).texts.concepts == #"["\#(word)"]"#)
            }
            #expect(try summarise("\(word)é\(filler)").texts.concepts == "[]")
            #expect(try summarise("\(word)2\(filler)").texts.concepts == "[]")
        }
    }

    @Test("Metadata nests as deep as Python's recursion limit lets the script go")
    func depthLimit() throws {
        func metadata(depth: Int) -> String {
            #"{"tags": ["x"], "a": "#
                + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(try summarise("", metadata: metadata(depth: 993)).texts.concepts == #"["x"]"#)
        #expect(throws: ContextSummary.Problem.metadataTooDeep) {
            try summarise("", metadata: metadata(depth: 994))
        }
    }

    @Test("Each problem has a sentence of its own")
    func sentences() {
        let sentences = ContextSummary.Problem.allCases.map(\.description)
        #expect(Set(sentences).count == sentences.count)
        #expect(sentences.allSatisfy { $0.hasSuffix(".") })
    }
}

extension SummaryCase {
    var isUpstream: Bool { upstream != nil }
}

// SPDX-License-Identifier: MIT

import Dementia
import FoundationEssentials
import Testing

/// A line of `Tests/Fixtures/previews/cases.jsonl`, which `Tests/Tools/make_preview_cases.py` made and explains.
struct SummaryCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let content: String
    let metadata: String?
    let preview: String?
    let concepts: String?
    let problem: String?
    let upstream: String?
    let candidates: [String]?

    var testDescription: String { name }

    static func all() throws -> [SummaryCase] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/previews/cases.jsonl")
        return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(SummaryCase.self, from: $0)
        }
    }
}

/// Summarises text as the migration does with the bytes that SQLite hands out.
func summarise(_ content: String, metadata: String? = nil) throws(ContextSummary.Problem) -> ContextSummary {
    try summarise(bytes: Array(content.utf8), metadata: metadata.map { Array($0.utf8) })
}

func summarise(bytes: [UInt8], metadata: [UInt8]? = nil) throws(ContextSummary.Problem) -> ContextSummary {
    guard let metadata else { return try ContextSummary(content: bytes.span, metadata: nil) }
    return try ContextSummary(content: bytes.span, metadata: metadata.span)
}

extension ContextSummary {
    /// For the messages of failed expectations; bytes are compared, because Swift takes "é" and "e\u{301}" for equal.
    var texts: (preview: String, concepts: String) {
        (String(decoding: preview, as: UTF8.self), String(decoding: keyConcepts, as: UTF8.self))
    }
}

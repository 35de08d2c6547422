// SPDX-License-Identifier: MIT

import Testing

/// The list of error codes is a promise, and a code that nothing can lead to would be an empty one.
@Suite("Error codes")
struct ErrorCodeTests {
    /// What no test can bring about, with the reason.
    private static let untestable = [
        "remoteFilesystem": "no network filesystem can be mounted in a container"
    ]

    @Test("Every code is made somewhere in the sources, and expected by a test that brings it about")
    func reached() throws {
        let sources = try SourceTree.files(in: ["Sources"])
        let table = try #require(sources.first { $0.path.hasSuffix("GuardCore/GuardError.swift") })
        let codes = try self.codes(in: table)
        #expect(codes.count > 40)
        // The table, what is made from it and the kit that makes errors up reach nothing.
        let makers = sources.filter { !$0.path.contains("GuardCore/ErrorTable") && !$0.path.contains("Route+Refusals") }
        let tests = try SourceTree.files(in: ["Tests"]).filter {
            !$0.path.contains("ControlTestKit") && !$0.path.contains("LintTests") && !$0.path.contains("OpenAPITests")
        }
        let made = words(in: makers, after: ".")
        let expected = words(in: tests, after: ".\":")
        for code in codes {
            #expect(made.contains(code), "nothing makes \(code)")
            #expect(expected.contains(code) != (Self.untestable[code] != nil), "\(code)")
        }
    }

    /// The words in the code of `files` that stand behind one of the characters `marks`.
    private func words(in files: [SourceFile], after marks: String) -> Set<String> {
        let marks = Set(marks.utf8)
        var words: Set<String> = []
        for line in files.flatMap(\.code) {
            let bytes = Array(line.text.utf8)
            for (index, byte) in bytes.enumerated() where marks.contains(byte) {
                let word = bytes[(index + 1)...].prefix {
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                }
                if !word.isEmpty { words.insert(String(decoding: word, as: UTF8.self)) }
            }
        }
        return words
    }

    /// The cases of the enumeration `Code`.
    private func codes(in table: SourceFile) throws -> [String] {
        var codes: [String] = []
        var isInside = false
        for line in table.code {
            if line.text.contains("enum Code") {
                isInside = true
            } else if line.text.hasPrefix("    }") {
                isInside = false
            } else if isInside {
                let words = line.text.replacing("case ", with: "").split(separator: ",").map {
                    String(String($0).trimmed)
                }
                codes += words.filter { !$0.isEmpty }
            }
        }
        return codes
    }
}

// SPDX-License-Identifier: MIT

import Testing

/// Every public type and function says what it is for.
///
/// Exempt is what would only repeat itself: stored properties of a documented type, which speak where name and type do not say it
/// all; initialisers that fill them; functions that a documented protocol of ours, or one of Swift's, asks for.
@Suite("Documentation")
struct DocumentationTests {
    @Test("Public types and functions are documented")
    func documented() throws {
        let sources = try SourceTree.files(in: ["Sources"])
        let required = Set(try sources.flatMap(requirements)).union(["==", "<", "hash", "encode", "next", "enqueue"])
        for file in sources {
            for (number, name) in try declarations(in: file) where !required.contains(name) {
                let above = file.lines[..<(number - 1)].last { !$0.trimmed.hasPrefix("@") } ?? ""
                #expect(above.trimmed.hasPrefix("///"), "\(file.path):\(number) \(name)")
            }
        }
    }

    /// Public types and functions of `file`.
    private func declarations(in file: SourceFile) throws -> [(number: Int, name: String)] {
        let kinds = /\bpublic\b.*?\b(?:func|struct|enum|actor|class|protocol|typealias)\s+([^\s(<:{=]+)/
        return try file.code.compactMap { line in
            try kinds.firstMatch(in: line.text).map { (line.number, String($0.1)) }
        }
    }

    /// The functions that the protocols in `file` ask for.
    private func requirements(in file: SourceFile) throws -> [String] {
        var names: [String] = []
        var isInProtocol = false
        for line in file.code {
            if line.text.contains("public protocol ") { isInProtocol = true }
            if line.text == "}" { isInProtocol = false }
            if isInProtocol, let match = try /\bfunc\s+([^\s(<]+)/.firstMatch(in: line.text) {
                names.append(String(match.1))
            }
        }
        return names
    }
}

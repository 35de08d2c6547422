// SPDX-License-Identifier: MIT

import FoundationEssentials
import Testing

/// What comments and pages send their readers to is in the repository.
@Suite("Pointers")
struct PointerTests {
    /// Everything that speaks to a reader. Golden files and fixtures hold what programs wrote.
    private static func pages() throws -> [SourceFile] {
        let names = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root).filter { $0.hasSuffix(".md") }
        let pages = try names.map(SourceTree.file)
        return try pages + SourceTree.files(in: ["Sources", "Tests", "docs"], extensions: ["md"])
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(SourceTree.root)/\(path)")
    }

    @Test("A link of a page leads to a file of the repository")
    func links() throws {
        let pages = try Self.pages()
        #expect(pages.count > 20)
        for page in pages {
            let folder = page.path.split(separator: "/").dropLast().map(String.init)
            for (index, line) in page.lines.enumerated() {
                for link in line.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
                    let target = String(link.1)
                    if target.contains("://") { continue }
                    var parts = folder
                    for part in target.split(separator: "/") {
                        if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
                    }
                    #expect(Self.exists(parts.joined(separator: "/")), "\(page.path):\(index + 1) \(target)")
                }
            }
        }
    }

    @Test("A document that a comment, a message or a page names is in the repository")
    func documents() throws {
        for file in try SourceTree.files() + Self.pages() {
            for (index, line) in file.lines.enumerated() {
                for name in line.matches(of: /docs\/[A-Za-z0-9\/-]+\.(?:md|svg|txt)/) {
                    #expect(Self.exists(String(name.output)), "\(file.path):\(index + 1) \(name.output)")
                }
            }
        }
    }

    @Test("A source file that a page names is there")
    func sources() throws {
        for page in try Self.pages() {
            for (index, line) in page.lines.enumerated() {
                for name in line.matches(of: /`((?:[A-Za-z]+\/)+[A-Za-z+]+\.swift)`/) {
                    let path = String(name.1)
                    let isThere = ["", "Sources/"].contains { Self.exists($0 + path) }
                    #expect(isThere, "\(page.path):\(index + 1) \(path)")
                }
            }
        }
    }

    @Test("A suite that the page of invariants names is there")
    func suites() throws {
        let names = Set(
            try SourceTree.files(in: ["Tests"]).map { file in
                String((file.path.split(separator: "/").last ?? "").dropLast(6))
            })
        let found = try SourceTree.file("docs/design/invariants.md").lines.flatMap { line in
            line.matches(of: /`([A-Z][A-Za-z]+Tests)`/).map { String($0.1) }
        }
        #expect(found.count > 20)
        for name in found { #expect(names.contains(name), "\(name)") }
    }

    @Test("No text sends its reader to notes that are not in the repository")
    func foreignNotes() throws {
        let notes = ["design " + "§", "facts " + "b.", "research" + "/", "contract " + "§"]
        for file in try SourceTree.files() + Self.pages() where !file.path.hasPrefix("Tests/LintTests/") {
            for (index, line) in file.lines.enumerated() {
                for note in notes where line.contains(note) {
                    Issue.record("\(file.path):\(index + 1) says \(note)")
                }
            }
        }
    }
}

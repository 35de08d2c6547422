// SPDX-License-Identifier: MIT

import FoundationEssentials
import Glibc
import Testing

/// What comments and pages send their readers to is in the repository.
@Suite("Pointers")
struct PointerTests {
    /// Paths of the files below `folders` that end in one of `extensions`.
    private static func paths(in folders: [String], _ extensions: [String]) throws -> [String] {
        try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: "\(SourceTree.root)/\(folder)")
                .filter { path in extensions.contains { path.hasSuffix($0) } }.map { "\(folder)/\($0)" }
        }
    }

    /// Paths of everything in Markdown.
    private static func pages() throws -> [String] {
        let top = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root).filter { $0.hasSuffix(".md") }
        return try top + paths(in: ["Sources", "Tests", "docs"], [".md"])
    }

    /// The lines of the file at `path` that hold one of `words`, with their numbers. A file without them is not taken apart.
    private static func lines(of path: String, with words: [String]) throws -> [(number: Int, text: String)] {
        func holds(_ text: String) -> Bool {
            text.withCString { text in words.contains { strstr(text, $0) != nil } }
        }
        let text = try String(contentsOfFile: "\(SourceTree.root)/\(path)", encoding: .utf8)
        guard holds(text) else { return [] }
        let lines = try SourceTree.file(path).lines
        return lines.enumerated().filter { holds($0.element) }.map { ($0.offset + 1, $0.element) }
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(SourceTree.root)/\(path)")
    }

    @Test("A link of a page leads to a file of the repository")
    func links() throws {
        let pages = try Self.pages()
        #expect(pages.count > 20)
        for page in pages {
            let folder = page.split(separator: "/").dropLast().map(String.init)
            for line in try Self.lines(of: page, with: ["]("]) {
                for link in line.text.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
                    let target = String(link.1)
                    if target.contains("://") { continue }
                    var parts = folder
                    for part in target.split(separator: "/") {
                        if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
                    }
                    #expect(Self.exists(parts.joined(separator: "/")), "\(page):\(line.number) \(target)")
                }
            }
        }
    }

    @Test("A source file that a page names is there")
    func sources() throws {
        for page in try Self.pages() {
            for line in try Self.lines(of: page, with: [".swift`"]) {
                for name in line.text.matches(of: /`((?:[A-Za-z]+\/)+[A-Za-z+]+\.swift)`/) {
                    let path = String(name.1)
                    let isThere = ["", "Sources/"].contains { Self.exists($0 + path) }
                    #expect(isThere, "\(page):\(line.number) \(path)")
                }
            }
        }
    }

    @Test("A suite that the page of invariants names is there")
    func suites() throws {
        let names = try Self.paths(in: ["Tests"], [".swift"]).map { String($0.split(separator: "/").last ?? "") }
        let found = try Self.lines(of: "docs/design/invariants.md", with: ["Tests`"]).flatMap { line in
            line.text.matches(of: /`([A-Z][A-Za-z]+Tests)`/).map { String($0.1) }
        }
        #expect(found.count > 20)
        for name in found { #expect(names.contains("\(name).swift"), "\(name)") }
    }

    @Test("A comment or a page names no document that is not in the repository, and no notes that never were")
    func documents() throws {
        let notes = ["design " + "§", "facts " + "b.", "research" + "/", "contract " + "§"]
        for path in try Self.pages() + Self.paths(in: ["Sources", "Tests", "Benchmarks"], [".swift", ".py"]) {
            for line in try Self.lines(of: path, with: ["docs/"]) {
                for name in line.text.matches(of: /docs\/[A-Za-z0-9\/-]+\.(?:md|svg|txt)/) {
                    #expect(Self.exists(String(name.output)), "\(path):\(line.number) \(name.output)")
                }
            }
            for line in try Self.lines(of: path, with: notes) { Issue.record("\(path):\(line.number) \(line.text)") }
        }
    }
}

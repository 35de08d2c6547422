// SPDX-License-Identifier: MIT

import FoundationEssentials

/// One file of this repository, as text.
struct SourceFile: Sendable {
    /// Relative to the repository, as in `Sources/Vault/Vault.swift`.
    let path: String
    let lines: [String]

    /// The target that it belongs to: the second part of its path.
    var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
    /// Where it lies.
    var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// The lines that hold code, with their numbers: no comments, no text in quotation marks.
    var code: [(number: Int, text: String)] {
        var isInText = false
        var result: [(number: Int, text: String)] = []
        for (index, line) in lines.enumerated() {
            defer {
                if line.split(separator: "\"\"\"", omittingEmptySubsequences: false).count == 2 { isInText.toggle() }
            }
            guard !isInText else { continue }
            result.append((index + 1, Self.withoutTextAndComment(line)))
        }
        return result
    }

    private static func withoutTextAndComment(_ line: String) -> String {
        var result = ""
        var isInText = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" { isInText.toggle() }
            if !isInText {
                if character == "/", previous == "/" { return String(result.dropLast()) }
                result.append(character)
            }
            previous = character
        }
        return result
    }
}

/// Every file that people of this house write.
enum SourceTree {
    static let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// The files under `folders` with one of `extensions`.
    static func files(
        in folders: [String] = ["Sources", "Tests", "Benchmarks"], extensions: [String] = ["swift"]
    ) throws -> [SourceFile] {
        try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")
                .filter { path in extensions.contains { path.hasSuffix("." + $0) } }
                .map { try file("\(folder)/\($0)") }
        }
    }

    static func file(_ path: String) throws -> SourceFile {
        let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
        return SourceFile(
            path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }
}

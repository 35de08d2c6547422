// SPDX-License-Identifier: MIT

internal import FoundationEssentials
internal import LinuxKit

/// What a test expects to the letter, in a file of its own below the folder `Golden` beside the test.
///
/// `UPDATE_GENERATED=1 make test SUITE=…` writes the files as things are now, and fails: what is new is reviewed like code.
public enum Golden {
    /// nil when `text` is what the file `name` says; what is different otherwise.
    public static func difference(_ text: String, _ name: String, beside test: String = #filePath) throws -> String? {
        let path = "\(Directory.parent(of: test))/Golden/\(name)"
        let text = text.hasSuffix("\n") ? text : text + "\n"
        let isThere = try FileStatus.ifPresent(path) != nil
        let expected = isThere ? String(decoding: try OpenFile.content(of: path), as: UTF8.self) : ""
        guard text != expected else { return nil }
        if ProcessInfo.processInfo.environment["UPDATE_GENERATED"] == "1" {
            try FileManager.default.createDirectory(
                atPath: Directory.parent(of: path), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
            return "\(name) was written; look at it, and run the tests again"
        }
        return "\(name) is another:\n" + changes(from: expected, to: text)
    }

    /// A document on lines, so that a difference is in one of them.
    public static func lines(ofJSON json: String) -> String {
        var result = ""
        var depth = 0
        var isInText = false
        var previous: Character = " "
        func line(_ change: Int) {
            depth += change
            result += "\n" + String(repeating: "  ", count: depth)
        }
        for character in json {
            if character == "\"", previous != "\\" { isInText.toggle() }
            let isMark = !isInText
            if isMark, character == "}" || character == "]" { line(-1) }
            result.append(character)
            if isMark, character == "{" || character == "[" { line(1) }
            if isMark, character == "," { line(0) }
            previous = previous == "\\" && character == "\\" ? " " : character
        }
        return result
    }

    private static func changes(from old: String, to new: String) -> String {
        let old = old.split(separator: "\n", omittingEmptySubsequences: false)
        let new = new.split(separator: "\n", omittingEmptySubsequences: false)
        return new.difference(from: old).map { change in
            switch change {
            case .remove(let line, let text, _): "  -\(line + 1): \(text)"
            case .insert(let line, let text, _): "  +\(line + 1): \(text)"
            }
        }.joined(separator: "\n")
    }
}

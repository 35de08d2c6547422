// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit

/// What a test expects to the letter, in a file of its own below the folder `Golden` beside the test.
///
/// `DEMENTIAD_GOLDEN=update swift test …` writes the files as things are now, and fails: what is new is reviewed like code.
public enum Golden {
    /// nil when `text` is what the file `name` says; what is different otherwise.
    public static func difference(_ text: String, _ name: String, beside test: String = #filePath) throws -> String? {
        let path = "\(Directory.parent(of: test))/Golden/\(name)"
        let text = text.hasSuffix("\n") ? text : text + "\n"
        let isThere = try FileStatus.ifPresent(path) != nil
        let expected = isThere ? String(decoding: try OpenFile.content(of: path), as: UTF8.self) : ""
        guard text != expected else { return nil }
        guard getenv("DEMENTIAD_GOLDEN").map({ String(cString: $0) }) != "update" else {
            try write(text, to: path)
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

    private static func write(_ text: String, to path: String) throws {
        var folder = Directory.parent(of: path)
        var missing: [String] = []
        while try FileStatus.ifPresent(folder) == nil {
            missing.append(folder)
            folder = Directory.parent(of: folder)
        }
        for folder in missing.reversed() { mkdir(folder, 0o755) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw SystemCallError(call: "open", errno: errno, path: path) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SystemCallError(call: "write", errno: errno, path: path)
        }
    }
}

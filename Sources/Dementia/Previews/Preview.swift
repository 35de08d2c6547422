// SPDX-License-Identifier: MIT

/// Composes the preview of a content: its title, its first lines of substance, and its rules.
enum Preview {
    /// The preview's bytes.
    ///
    /// - Parameters:
    ///   - content: valid UTF-8.
    ///   - rules: the first lines that speak of a duty, as ``WordScanner/ruleLines`` finds them.
    static func text(of content: Span<UInt8>, rules: [Range<Int>]) -> [UInt8] {
        var lines = StrippedLines()
        guard let first = lines.next(in: content) else { return [] }

        var preview = CutText()
        preview.append(content, header(of: content) ?? first)

        // Upstream goes on at the second line even when the header was found further down; the first one is lost then.
        var taken = 0
        while taken < 3, let line = lines.next(in: content) {
            guard content[line.lowerBound] != UInt8(ascii: "#"), isSubstantial(content, line) else { continue }
            preview.append("\n")
            preview.append(content, line)
            taken += 1
        }

        for (index, line) in rules.enumerated() {
            preview.append(index == 0 ? "\nRules: " : "; ")
            preview.append(content, line)
        }

        if preview.isEmpty {
            preview.append(content, 0..<content.count)
            return preview.prefix
        }
        return preview.withEllipsis
    }

    /// The title among the first five lines: a line that starts with `#`, without its leading ones. It may be empty.
    private static func header(of content: Span<UInt8>) -> Range<Int>? {
        var lines = StrippedLines()
        for _ in 0..<5 {
            guard let line = lines.next(in: content) else { return nil }
            var start = line.lowerBound
            while start < line.upperBound, content[start] == UInt8(ascii: "#") { start += 1 }
            if start > line.lowerBound { return PythonText.strip(content, start..<line.upperBound) }
        }
        return nil
    }

    /// Whether a line is worth showing: longer than 30 code points, or longer than 5 with a colon ("Host: localhost").
    private static func isSubstantial(_ content: Span<UInt8>, _ line: Range<Int>) -> Bool {
        var length = 0
        var hasColon = false
        for index in line {
            let byte = content[index]
            if PythonText.startsCodePoint(byte) { length += 1 }
            if length > 30 { return true }
            if byte == UInt8(ascii: ":") { hasColon = true }
        }
        return hasColon && length > 5
    }
}

/// Text that grows up to 500 code points and then only remembers that there was more.
private struct CutText {
    private var bytes: [UInt8] = []
    /// In code points.
    private var length = 0
    /// Where 497 code points end, which is what an ellipsis leaves.
    private var end497 = 0
    private var isCut = false

    init() {
        bytes.reserveCapacity(512)
    }

    var isEmpty: Bool { length == 0 }

    /// The first 500 code points.
    var prefix: [UInt8] { bytes }

    /// The text, or its first 497 code points and "..." when it was longer than 500.
    var withEllipsis: [UInt8] { isCut ? bytes[..<end497] + Array("...".utf8) : bytes }

    mutating func append(_ text: StaticString) {
        for byte in text.description.utf8 { append(byte) }
    }

    mutating func append(_ content: Span<UInt8>, _ range: Range<Int>) {
        for index in range {
            if isCut { return }
            append(content[index])
        }
    }

    private mutating func append(_ byte: UInt8) {
        if isCut { return }
        if PythonText.startsCodePoint(byte) {
            if length == 497 { end497 = bytes.count }
            guard length < 500 else {
                isCut = true
                return
            }
            length += 1
        }
        bytes.append(byte)
    }
}

/// Walks the lines of a text as Python's `split('\n')`, `strip()` and a filter for empty ones would give them.
///
/// Only U+000A ends a line; a carriage return inside one stays.
private struct StrippedLines {
    private var position = 0

    mutating func next(in text: Span<UInt8>) -> Range<Int>? {
        while position < text.count {
            let end = PythonText.endOfLine(text, from: position)
            let line = PythonText.strip(text, position..<end)
            position = end + 1
            if !line.isEmpty { return line }
        }
        return nil
    }
}

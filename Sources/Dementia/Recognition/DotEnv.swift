// SPDX-License-Identifier: MIT

/// The `.env` file that Dementia reads its settings from, as python-dotenv reads it: `KEY=value` lines, `export` allowed, values in
/// single or double quotes or up to a comment.
public struct DotEnv: Sendable {
    private let values: [String: String]

    /// Reads `text`. Lines that are no assignment are passed over; of two assignments the later counts.
    public init(_ text: String) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            var line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("export ") { line = line.dropFirst(7).drop { $0 == " " } }
            guard let equals = line.firstIndex(of: "="), !line.hasPrefix("#") else { continue }
            let key = Self.trimmed(line[..<equals])
            guard !key.isEmpty else { continue }
            values[key] = Self.value(line[line.index(after: equals)...])
        }
        self.values = values
    }

    /// The value of `key`, or nil. It may be a secret.
    public subscript(key: String) -> String? { values[key] }

    private static func value(_ text: Substring) -> String {
        let text = text.drop { $0 == " " || $0 == "\t" }
        if let quote = text.first, quote == "'" || quote == "\"" {
            let inner = text.dropFirst()
            if let end = inner.lastIndex(of: quote) { return String(inner[..<end]) }
        }
        // A comment begins after a space; a `#` inside a value belongs to it.
        return trimmed(text.firstRange(of: " #").map { text[..<$0.lowerBound] } ?? text)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }
}

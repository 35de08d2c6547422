// SPDX-License-Identifier: MIT

/// A place in a program's text, from which words, names of SQL and lists of columns are read.
struct WordCursor {
    private let text: [UInt8]
    private var index = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// The next word, or nil at the end: a run of ASCII letters, digits and underscores.
    mutating func next() -> String? {
        while index < text.count, !Self.isLetter(text[index]) { index += 1 }
        return index < text.count ? letters() : nil
    }

    /// Goes over `word`, which is in lower case, when it comes next, in any case. Otherwise stays.
    mutating func take(_ word: StaticString) -> Bool {
        var end = afterBlanks(index)
        let matches = word.withUTF8Buffer { wanted in
            for byte in wanted {
                guard end < text.count, Self.lower(text[end]) == byte else { return false }
                end += 1
            }
            return true
        }
        guard matches, end == text.count || !Self.isLetter(text[end]) else { return false }
        index = end
        return true
    }

    /// Goes over `byte` when it comes next. Otherwise stays.
    mutating func take(byte: UInt8) -> Bool {
        let next = afterBlanks(index)
        guard next < text.count, text[next] == byte else { return false }
        index = next + 1
        return true
    }

    /// The name that comes next, in lower case and without its schema; nil when none does.
    ///
    /// It may be quoted, and it may hold what the program fills in: `workspace_{name}`.
    mutating func name() -> String? {
        index = afterBlanks(index)
        var name: String?
        repeat {
            guard let part = part() else { return name }
            name = part.lowercased()
        } while takeDot()
        return name
    }

    /// The columns in a list whose opening parenthesis has been read. Goes behind the closing one, or to where the text can no longer be
    /// such a list.
    mutating func columns() -> Set<String> {
        var columns: Set<String> = []
        while true {
            skipComments()
            guard index < text.count else { return columns }
            if take(byte: UInt8(ascii: ")")) { return columns }
            let isConstraint = Self.constraints.contains { take($0) }
            if !isConstraint, let name = name() { columns.insert(name) }
            guard skipItem() else { return columns }
        }
    }

    private static let constraints: [StaticString] = [
        "primary", "foreign", "unique", "check", "constraint", "exclude", "like",
    ]

    /// Goes behind the comma that ends an item, or to the parenthesis that ends the list; false when there is neither.
    private mutating func skipItem() -> Bool {
        var depth = 0
        while index < text.count {
            skipComments()
            guard index < text.count else { return false }
            switch text[index] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                if depth == 0 { return true }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                index += 1
                return true
            case UInt8(ascii: "'"):
                // A text in SQL, or the end of the program's own, which three of them are.
                guard let end = endOfQuoted() else { return false }
                index = end
            case UInt8(ascii: "\"") where isTripled(at: index): return false
            default: break
            }
            index += 1
        }
        return false
    }

    private mutating func skipComments() {
        index = afterBlanks(index)
        while index + 1 < text.count, text[index] == UInt8(ascii: "-"), text[index + 1] == UInt8(ascii: "-") {
            while index < text.count, text[index] != UInt8(ascii: "\n") { index += 1 }
            index = afterBlanks(index)
        }
    }

    /// Where the quoted text that begins here ends, which is on the same line.
    private func endOfQuoted() -> Int? {
        if isTripled(at: index) { return nil }
        return text[(index + 1)...].firstIndex { $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "\n") }
    }

    private func isTripled(at place: Int) -> Bool {
        place + 2 < text.count && text[place + 1] == text[place] && text[place + 2] == text[place]
    }

    private mutating func takeDot() -> Bool {
        guard index < text.count, text[index] == UInt8(ascii: ".") else { return false }
        index += 1
        return true
    }

    /// One part of a name: between quotes, or a run of letters and of what braces enclose.
    private mutating func part() -> String? {
        // As our own migrations name a schema.
        if index < text.count, text[index] == UInt8(ascii: ":") { index += 1 }
        guard index < text.count else { return nil }
        if let closing = Self.quotes[text[index]] {
            let inner = text[(index + 1)...].prefix(128)
            guard let end = inner.firstIndex(of: closing), end > index + 1 else { return nil }
            // Inside the program's own quotes, these stand behind backslashes.
            let isEscaped = inner[..<end].last == UInt8(ascii: "\\")
            let name = inner[..<end].dropLast(isEscaped ? 1 : 0)
            guard name.allSatisfy({ Self.isLetter($0) || $0 >= 0x80 || Self.inQuotes.contains($0) }) else { return nil }
            index = end + 1
            return String(decoding: name, as: UTF8.self)
        }
        var part = ""
        while index < text.count {
            if Self.isLetter(text[index]) {
                part += letters()
            } else if text[index] == UInt8(ascii: "{"),
                let end = text[index...].prefix(128).firstIndex(of: UInt8(ascii: "}"))
            {
                part += String(decoding: text[index...end], as: UTF8.self)
                index = end + 1
            } else {
                break
            }
        }
        return part.isEmpty ? nil : part
    }

    private static let quotes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "`"): UInt8(ascii: "`"),
        UInt8(ascii: "["): UInt8(ascii: "]"),
    ]
    private static let inQuotes = Set("-$ {}".utf8)

    private mutating func letters() -> String {
        let start = index
        while index < text.count, Self.isLetter(text[index]) { index += 1 }
        return String(decoding: text[start..<index], as: UTF8.self)
    }

    /// The first place from `place` on that is no blank. A backslash is one: it joins lines, and stands before a quote inside a text.
    private func afterBlanks(_ place: Int) -> Int {
        var place = place
        while place < text.count, text[place] <= UInt8(ascii: " ") || text[place] == UInt8(ascii: "\\") { place += 1 }
        return place
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

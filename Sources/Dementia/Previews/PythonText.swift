// SPDX-License-Identifier: MIT

/// Python's notions of text, over valid UTF-8 that stays where it is.
enum PythonText {
    /// Whether Python decodes `text`: no overlong forms, no surrogates, nothing above U+10FFFF.
    static func isValid(_ text: Span<UInt8>) -> Bool {
        do {
            _ = try UTF8Span(validating: text)
            return true
        } catch {
            return false
        }
    }

    /// Whether `byte` is the first of a code point.
    static func startsCodePoint(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

    /// The code point at `index`, which starts one, and its number of bytes.
    static func codePoint(_ text: Span<UInt8>, at index: Int) -> (value: UInt32, width: Int) {
        func tail(_ offset: Int) -> UInt32 { UInt32(text[index + offset] & 0x3F) }
        let lead = UInt32(text[index])
        switch lead {
        case ..<0x80: return (lead, 1)
        case ..<0xE0: return ((lead & 0x1F) << 6 | tail(1), 2)
        case ..<0xF0: return ((lead & 0x0F) << 12 | tail(1) << 6 | tail(2), 3)
        default: return ((lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
        }
    }

    /// All code points of `range`.
    static func codePoints(of text: Span<UInt8>, in range: Range<Int>) -> [UInt32] {
        var values: [UInt32] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let (value, width) = codePoint(text, at: index)
            values.append(value)
            index += width
        }
        return values
    }

    /// Where the line around `index` ends: at the next U+000A or at the end of the text.
    static func endOfLine(_ text: Span<UInt8>, from index: Int) -> Int {
        var end = index
        while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
        return end
    }

    /// Where the line around `index` starts.
    static func startOfLine(_ text: Span<UInt8>, before index: Int) -> Int {
        var start = index
        while start > 0, text[start - 1] != UInt8(ascii: "\n") { start -= 1 }
        return start
    }

    /// `range` without white space at both ends, as `str.strip()`.
    static func strip(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end {
            let (value, width) = codePoint(text, at: start)
            guard isSpace(value) else { break }
            start += width
        }
        while start < end {
            var last = end - 1
            while !startsCodePoint(text[last]) { last -= 1 }
            guard isSpace(codePoint(text, at: last).value) else { break }
            end = last
        }
        return start..<end
    }

    /// `str.isspace()` of one code point. U+001C to U+001F belong to it, U+200B does not.
    static func isSpace(_ value: UInt32) -> Bool {
        switch value {
        case 0x20, 0x09...0x0D, 0x1C...0x1F: true
        case ..<0x80: false
        case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Whether `\w` matches a code point beyond ASCII: `str.isalnum()`, so letters, and whatever has a numeric value.
    ///
    /// Combining marks have neither. The tables are those of Swift's Unicode version; Python 3.11 has 14.0, and code
    /// points that were assigned later are no word characters there.
    static func isWordBeyondASCII(_ value: UInt32) -> Bool {
        value < 0x10000 ? wordsOfBMP[Int(value >> 6)] >> (value & 63) & 1 == 1 : lookUpWord(value)
    }

    /// One bit for each code point of the Basic Multilingual Plane, because a look-up in Swift's tables takes about
    /// 40 ns, and text in Cyrillic or Chinese is made of nothing else. These 8 KiB cost 65 536 look-ups once.
    private static let wordsOfBMP: [UInt64] = (0..<1024).map { word in
        (0..<64).reduce(0) { $0 | (lookUpWord(word << 6 | $1) ? 1 << UInt64($1) : 0) }
    }

    private static func lookUpWord(_ value: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return properties.numericType != nil
        }
    }
}

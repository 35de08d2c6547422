// SPDX-License-Identifier: MIT

/// The width of text on a terminal: most characters have one column, characters of East Asia and pictures have two.
public enum TextWidth {
    /// The columns of `text`.
    public static func columns(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + columns($1) }
    }

    /// The columns of one character.
    public static func columns(_ character: Character) -> Int {
        // What is put on top of the first scalar takes no room of its own.
        guard let scalar = character.unicodeScalars.first else { return 0 }
        return scalar.value >= 0x1100 && wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// The beginning of `text` that fits into `width` columns.
    public static func prefix(_ text: String, _ width: Int) -> Substring {
        var room = width
        return text.prefix { character in
            room -= columns(character)
            return room >= 0
        }
    }

    /// The end of `text` that fits into `width` columns.
    public static func suffix(_ text: String, _ width: Int) -> Substring {
        var room = width
        var start = text.endIndex
        while start > text.startIndex {
            let before = text.index(before: start)
            room -= columns(text[before])
            guard room >= 0 else { break }
            start = before
        }
        return text[start...]
    }

    /// Unicode's East Asian Width, the wide and full-width blocks (UAX #11).
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
        0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}

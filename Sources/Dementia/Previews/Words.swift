// SPDX-License-Identifier: MIT

/// A longest run of characters that Python's `\w` matches.
struct Word {
    /// Where it stands, in bytes.
    let range: Range<Int>
    /// What stands in it besides lower-case ASCII letters and digits.
    let traits: Traits

    /// Kinds of characters in a word.
    struct Traits: OptionSet {
        let rawValue: UInt8

        static let underscore = Traits(rawValue: 1)
        /// Two or more of A to Z.
        static let uppers = Traits(rawValue: 2)
        /// One of the four letters beyond ASCII that `re.IGNORECASE` takes for an ASCII one.
        static let folding = Traits(rawValue: 4)
        /// Any other letter or digit beyond ASCII.
        static let foreign = Traits(rawValue: 8)
    }
}

/// Walks the words of a text: 64 bytes at a time through ASCII, character by character through the rest.
struct Words {
    /// What stands from `base` on, and which words of it were not given away yet.
    private var masks = CharacterMasks()
    private var base = 0
    private var left: UInt64 = 0
    /// Where to go on when nothing is left.
    private var position = 0

    /// The next word of `text`, valid UTF-8 and the same one at each call; nil at its end.
    ///
    /// Inlined so that masks and positions stay in registers from word to word.
    @inline(__always)
    mutating func next(in text: Span<UInt8>) -> Word? {
        while true {
            if left != 0 {
                let start = left.trailingZeroBitCount
                let end = start &+ (~(left >> UInt64(start))).trailingZeroBitCount
                if end < masks.count { return takeASCII(start, end) }
                // The word may go on behind the masks: look again from its start, or slowly when that did not help.
                position = base &+ start
                left = 0
                if start == 0 { return nextSlowly(in: text) }
            }
            guard text.count &- position >= 64, text[position] < 0x80 else { return nextSlowly(in: text) }
            base = position
            masks = CharacterMasks(text, at: base)
            left = masks.word
            position = base &+ masks.count
        }
    }

    private mutating func takeASCII(_ start: Int, _ end: Int) -> Word {
        // Adding its lowest bit carries through the run and clears it.
        let rest = left & (left &+ left & (0 &- left))
        let run = left & ~rest
        left = rest
        var traits: Word.Traits = []
        let upper = masks.upper & run
        if upper & (upper &- 1) != 0 { traits.insert(.uppers) }
        if masks.underscore & run != 0 { traits.insert(.underscore) }
        return Word(range: (base &+ start)..<(base &+ end), traits: traits)
    }

    private mutating func nextSlowly(in text: Span<UInt8>) -> Word? {
        var start = position
        var traits: Word.Traits = []
        var uppers = 0
        characters: while position < text.count {
            let (value, width) = PythonText.codePoint(text, at: position)
            switch value {
            case 0x61...0x7A, 0x30...0x39: break
            case 0x41...0x5A: uppers += 1
            case 0x5F: traits.insert(.underscore)
            case 0x130, 0x131, 0x17F, 0x212A: traits.insert(.folding)
            case 0x80... where PythonText.isWordBeyondASCII(value): traits.insert(.foreign)
            default:
                if position > start { break characters }
                start += width
            }
            position += width
        }
        if uppers > 1 { traits.insert(.uppers) }
        return position > start ? Word(range: start..<position, traits: traits) : nil
    }
}

// SPDX-License-Identifier: MIT

/// Finds in one pass what upstream looks for with eight regular expressions.
///
/// Seven of them are `\b(…)\b` around word characters alone, so a match is always a whole word: a longest run of what
/// `\w` matches. (That is why `OAuth|OAuth2` finds `OAuth2` too: after `OAuth` there is no boundary, and Python goes
/// back for the other.) Only `CI/CD` spans two words. So this scanner takes the text word by word and asks of each what
/// it is.
struct WordScanner {
    /// Words such as `ContextLock`: `[A-Z][a-z]+(?:[A-Z][a-z]+)+`.
    private var camelCase: [Range<Int>] = []
    /// Words such as `context_locks`: `[a-z]+_[a-z_]+`.
    private var snakeCase: [Range<Int>] = []
    /// Terms of the five groups, by ``Vocabulary/Subject``.
    private var terms = InlineArray<5, [Range<Int>]>(repeating: [])
    /// The first two lines with a word of duty, stripped.
    private(set) var ruleLines: [Range<Int>] = []

    /// How many of each are wanted. Upstream counts before it removes duplicates.
    private static let caseLimit = 5
    private static let termLimit = 3
    private static let ruleLimit = 2
    private var wanted = 2 * caseLimit + 5 * termLimit + ruleLimit

    /// Where the last rule line ends: further words in it count for nothing.
    private var ruleLineEnd = 0
    /// The `CI` in front of a slash, until the next word tells whether it is `CI/CD`.
    private var integration: Range<Int>?

    /// The key concepts in the order that we fix: camel case, snake case, then group by group, each in text order.
    var findings: [Range<Int>] {
        var all = camelCase + snakeCase
        for index in terms.indices { all += terms[index] }
        return all
    }

    /// Reads `text`, valid UTF-8, until everything wanted is found or the text ends.
    mutating func scan(_ text: Span<UInt8>) {
        let vocabulary = Vocabulary.shared
        var words = Words()
        while wanted > 0, let word = words.next(in: text) {
            // No expression asks for other letters than ASCII, or for a digit but the one of OAuth2.
            if word.traits.contains(.foreign) { continue }
            if word.traits.contains(.underscore) {
                takeSnakeCase(text, word.range)
            } else {
                if word.traits == .uppers { takeCamelCase(text, word.range) }
                let subject =
                    word.traits.contains(.folding)
                    ? foldedSubject(of: word, in: text, vocabulary) : vocabulary.subject(of: text, in: word.range)
                if let subject { take(subject, text, word.range) }
            }
        }
    }

    private func foldedSubject(of word: Word, in text: Span<UInt8>, _ vocabulary: Vocabulary) -> Vocabulary.Subject? {
        let folded = PythonText.codePoints(of: text, in: word.range).map { UInt8(truncatingIfNeeded: Self.folded($0)) }
        return vocabulary.subject(of: folded.span, in: folded.indices)
    }

    /// The ASCII letter that `re.IGNORECASE` takes one of four other letters for; everything else as it is.
    private static func folded(_ value: UInt32) -> UInt32 {
        switch value {
        case 0x130, 0x131: 0x69  // İ ı: i
        case 0x17F: 0x73  // ſ: s
        case 0x212A: 0x6B  // the Kelvin sign: k
        default: value
        }
    }

    private mutating func takeSnakeCase(_ text: Span<UInt8>, _ word: Range<Int>) {
        guard snakeCase.count < Self.caseLimit, text[word.lowerBound] != UInt8(ascii: "_") else { return }
        // The first underscore must not be the last character; a later one may be.
        var hasInner = false
        for index in word {
            switch text[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): continue
            case UInt8(ascii: "_"): hasInner = hasInner || index < word.upperBound - 1
            default: return
            }
        }
        guard hasInner else { return }
        snakeCase.append(word)
        wanted -= 1
    }

    private mutating func takeCamelCase(_ text: Span<UInt8>, _ word: Range<Int>) {
        guard camelCase.count < Self.caseLimit else { return }
        var wasUpper = false
        for index in word {
            switch text[index] {
            case UInt8(ascii: "A")...UInt8(ascii: "Z") where !wasUpper: wasUpper = true
            case UInt8(ascii: "a")...UInt8(ascii: "z") where index > word.lowerBound: wasUpper = false
            default: return
            }
        }
        guard !wasUpper else { return }
        camelCase.append(word)
        wanted -= 1
    }

    private mutating func take(_ subject: Vocabulary.Subject, _ text: Span<UInt8>, _ word: Range<Int>) {
        switch subject {
        case .interfaces, .storage, .security, .operations, .languages:
            takeTerm(subject, word)
        case .duty:
            guard ruleLines.count < Self.ruleLimit, word.lowerBound >= ruleLineEnd else { return }
            ruleLineEnd = PythonText.endOfLine(text, from: word.upperBound)
            let start = PythonText.startOfLine(text, before: word.lowerBound)
            ruleLines.append(PythonText.strip(text, start..<ruleLineEnd))
            wanted -= 1
        case .integration:
            integration = word
        case .delivery:
            guard let integration, integration.upperBound + 1 == word.lowerBound else { return }
            guard text[integration.upperBound] == UInt8(ascii: "/") else { return }
            takeTerm(.operations, integration.lowerBound..<word.upperBound)
        }
    }

    private mutating func takeTerm(_ subject: Vocabulary.Subject, _ term: Range<Int>) {
        let group = Int(subject.rawValue)
        guard terms[group].count < Self.termLimit else { return }
        terms[group].append(term)
        wanted -= 1
    }
}

// SPDX-License-Identifier: MIT

/// The words that previews and key concepts look for, found by their spelling in any case.
struct Vocabulary: Sendable {
    /// What a word counts as.
    enum Subject: UInt8 {
        // The five groups of key concepts, in upstream's order.
        case interfaces, storage, security, operations, languages
        /// Marks a line as a rule for the preview.
        case duty
        /// The two halves of `CI/CD`, the one term of `operations` that is two words.
        case integration, delivery
    }

    /// Built once, at first use.
    static let shared = Vocabulary()

    private static let spellings: [(Subject, [String])] = [
        (.interfaces, ["api", "rest", "graphql", "jwt", "oauth", "oauth2", "saml"]),
        (.storage, ["database", "sql", "nosql", "mongodb", "postgresql", "redis"]),
        (.security, ["authentication", "authorization", "security", "encryption"]),
        (.operations, ["deployment", "docker", "kubernetes", "container"]),
        (.languages, ["react", "vue", "angular", "typescript", "javascript", "python", "go", "rust"]),
        (.duty, ["must", "always", "never", "required", "critical", "warning", "important"]),
        (.integration, ["ci"]),
        (.delivery, ["cd"]),
    ]

    private struct Entry {
        /// Where the spelling stands in `letters`.
        let start: Int
        let count: Int
        let subject: Subject
        /// One more than the index of the next entry with the same first and last letter; 0 for none.
        let next: UInt8
    }

    private var letters: [UInt8] = []
    private var entries: [Entry] = []
    /// One more than the index of an entry with these first and last letters; 0 for none, as for most words of prose.
    private var chains = [UInt8](repeating: 0, count: 1024)

    private init() {
        for (subject, group) in Self.spellings {
            for spelling in group {
                let start = letters.count
                letters += spelling.utf8
                let chain = Self.chain(letters[start], letters[letters.count - 1])
                let count = letters.count - start
                entries.append(Entry(start: start, count: count, subject: subject, next: chains[chain]))
                chains[chain] = UInt8(entries.count)
            }
        }
    }

    /// The subject of the word at `range`, which holds ASCII letters and digits only; nil when it is none of ours.
    ///
    /// Most words of prose end at the first look, so that look belongs into the caller's loop and the search does not.
    @inline(__always)
    func subject(of text: Span<UInt8>, in range: Range<Int>) -> Subject? {
        let first = chains[Self.chain(text[range.lowerBound], text[range.upperBound - 1])]
        return first == 0 ? nil : search(from: first, text, range)
    }

    @inline(never)
    private func search(from first: UInt8, _ text: Span<UInt8>, _ range: Range<Int>) -> Subject? {
        var index = first
        while index != 0 {
            let entry = entries[Int(index) - 1]
            if matches(text, range, entry) { return entry.subject }
            index = entry.next
        }
        return nil
    }

    private func matches(_ text: Span<UInt8>, _ range: Range<Int>, _ entry: Entry) -> Bool {
        guard range.count == entry.count else { return false }
        for offset in 0..<entry.count
        where Self.folded(text[range.lowerBound + offset]) != letters[entry.start + offset] {
            return false
        }
        return true
    }

    /// The lower case of an ASCII letter; a digit stays itself.
    private static func folded(_ byte: UInt8) -> UInt8 { byte | 0x20 }

    /// Five bits of each end. They are the same for both cases of a letter.
    private static func chain(_ first: UInt8, _ last: UInt8) -> Int { Int(first & 31) << 5 | Int(last & 31) }
}

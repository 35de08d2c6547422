// SPDX-License-Identifier: MIT

/// SQL as words and signs, without blanks and comments, names without their quotes, everything else in lower case.
struct SQLTokens {
    private var tokens: ArraySlice<Token>

    private struct Token {
        let text: String
        /// Whether it is a word that may be one of SQL's own.
        let isWord: Bool
        /// Whether it may be a name.
        let isName: Bool
    }

    init(_ sql: String, _ dialect: SQLDialect) {
        var tokens: [Token] = []
        for piece in SQLScanner.pieces(of: sql, dialect) {
            switch piece {
            case .word(let word): tokens.append(Token(text: word.lowercased(), isWord: true, isName: true))
            case .quoted(let text):
                let isText = text.utf8.first == UInt8(ascii: "'")
                tokens.append(
                    Token(text: isText ? text : String(text.dropFirst().dropLast()), isWord: false, isName: !isText))
            case .symbol(let sign):
                if [" ", "\n", "\t", "\r", "\u{0C}"].contains(sign) { continue }
                // `:"schema"` is a name that is filled in later.
                if sign != ":" { tokens.append(Token(text: String(sign), isWord: false, isName: false)) }
            case .comment: continue
            }
        }
        self.tokens = tokens[...]
    }

    private init(_ tokens: ArraySlice<Token>) {
        self.tokens = tokens
    }

    /// All tokens with a blank between them.
    var text: String { tokens.map(\.text).joined(separator: " ") }

    /// Whether `word` comes next.
    func isAt(_ word: String) -> Bool { self.word() == word }

    /// The word that comes next.
    func word() -> String? { tokens.first.flatMap { $0.isWord ? $0.text : nil } }

    mutating func advance() { tokens = tokens.dropFirst() }

    /// Goes over `words` when they come next. Otherwise stays.
    mutating func take(_ words: String...) -> Bool {
        guard tokens.prefix(words.count).map({ $0.isWord ? $0.text : "" }) == words else { return false }
        tokens = tokens.dropFirst(words.count)
        return true
    }

    /// Goes over as many of `words` as come next.
    mutating func skip(_ words: String...) {
        for word in words where isAt(word) { advance() }
    }

    /// Whether `words` stand in it, one after the other.
    func contains(_ words: String...) -> Bool {
        let texts = tokens.map { $0.isWord ? $0.text : "" }
        return texts.indices.contains { texts[$0...].prefix(words.count).elementsEqual(words) }
    }

    /// How often `word` stands in it.
    func count(of word: String) -> Int { tokens.count { $0.isWord && $0.text == word } }

    /// Goes over the name that comes next.
    mutating func name() -> String? {
        guard let first = tokens.first, first.isName else { return nil }
        advance()
        return first.text
    }

    /// Goes over the name that comes next with its schema, and gives the name.
    mutating func qualifiedName() -> String? {
        guard var name = name() else { return nil }
        while tokens.first?.text == "." {
            advance()
            guard let next = self.name() else { return nil }
            name = next
        }
        return name
    }

    /// Goes over the list in parentheses that comes next, and gives its items.
    mutating func list() -> [SQLTokens]? {
        guard tokens.first?.text == "(" else { return nil }
        advance()
        let all = tokens
        var items: [SQLTokens] = []
        var depth = 0
        var start = all.startIndex
        for place in all.indices {
            switch all[place].text {
            case "(": depth += 1
            case ")" where depth == 0:
                items.append(SQLTokens(all[start..<place]))
                tokens = all[(place + 1)...]
                return items
            case ")": depth -= 1
            case "," where depth == 0:
                items.append(SQLTokens(all[start..<place]))
                start = place + 1
            default: break
            }
        }
        return nil
    }
}

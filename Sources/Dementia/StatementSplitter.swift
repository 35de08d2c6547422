// SPDX-License-Identifier: MIT

/// Cuts SQL into statements, line by line.
///
/// Knows quotes, comments, dollar quotes and trigger bodies, for both engines. What it cuts wrongly would not compile, and the
/// rehearsal would say so: it cannot make a statement do something else.
struct StatementSplitter {
    private enum Mode: Equatable {
        case plain, single, double, backtick, bracket, blockComment
        case dollar(String)
    }

    private var mode = Mode.plain
    private var statement = ""
    /// Words of the statement so far, upper case, as many as tell a trigger.
    private var words: [String] = []
    private var word = ""
    /// Whether the word follows a dot: `new.end` is a column and no END.
    private var isMember = false
    /// Whether the block comment that is open stands between two statements and belongs to none.
    private var isLooseComment = false
    /// BEGIN and CASE that wait for their END, in a trigger.
    private var depth = 0

    /// Whether a comment line here stands between two statements.
    var isBetweenStatements: Bool {
        mode == .plain && statement.allSatisfy(\.isWhitespace)
    }

    private var isTrigger: Bool {
        guard words.first == "CREATE" else { return false }
        let kind = words.dropFirst().drop { ["OR", "REPLACE", "TEMP", "TEMPORARY", "CONSTRAINT"].contains($0) }
        return kind.first == "TRIGGER"
    }

    /// Takes in one line without its line end, and gives the statements that end in it, without their semicolons.
    mutating func take(_ line: Substring) -> [String] {
        var ended: [String] = []
        var rest = line[...]
        while let character = rest.first {
            if mode == .plain, rest.hasPrefix("--") { break }
            rest = rest.dropFirst()
            if mode == .plain, character == ";", closesStatement() {
                ended.append(Self.trimmed(statement))
                reset()
                continue
            }
            statement.append(character)
            advance(over: character, &rest)
        }
        endWord()
        if !statement.isEmpty { statement.append("\n") }
        return ended.filter { !$0.isEmpty }
    }

    private mutating func closesStatement() -> Bool {
        endWord()
        // SQLite's triggers have their BEGIN before any semicolon, PostgreSQL's have no body at all.
        return !isTrigger || depth == 0
    }

    private mutating func advance(over character: Character, _ rest: inout Substring) {
        switch mode {
        case .plain: enter(character, &rest)
        case .single where character == "'": mode = .plain
        case .double where character == "\"": mode = .plain
        case .backtick where character == "`": mode = .plain
        case .bracket where character == "]": mode = .plain
        case .blockComment where character == "*" && rest.first == "/":
            statement.append(rest.removeFirst())
            // Left where it is, it would make the next line look like the middle of a statement, where a directive is only a comment.
            if isLooseComment { statement = "" }
            mode = .plain
        case .dollar(let tag) where character == "$" && rest.hasPrefix(tag.dropFirst()):
            statement += tag.dropFirst()
            rest = rest.dropFirst(tag.count - 1)
            mode = .plain
        default: break
        }
    }

    private mutating func enter(_ character: Character, _ rest: inout Substring) {
        if character.isLetter || character.isNumber || character == "_" {
            if word.isEmpty { isMember = statement.dropLast().last == "." }
            word.append(character)
            return
        }
        let afterWord = !word.isEmpty
        endWord()
        switch character {
        case "'": mode = .single
        case "\"": mode = .double
        case "`": mode = .backtick
        case "[": mode = .bracket
        case "/" where rest.first == "*":
            isLooseComment = statement.dropLast().allSatisfy(\.isWhitespace)
            mode = .blockComment
        case "$" where !afterWord:
            let label = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            guard rest.dropFirst(label.count).first == "$" else { return }
            statement += label + "$"
            rest = rest.dropFirst(label.count + 1)
            mode = .dollar("$" + label + "$")
        default: break
        }
    }

    private mutating func endWord() {
        guard !word.isEmpty else { return }
        let upper = word.uppercased()
        word = ""
        if words.count < 8 { words.append(upper) }
        guard isTrigger, !isMember else { return }
        switch upper {
        case "BEGIN", "CASE": depth += 1
        case "END": depth -= 1
        default: break
        }
    }

    private mutating func reset() {
        statement = ""
        words = []
        depth = 0
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}

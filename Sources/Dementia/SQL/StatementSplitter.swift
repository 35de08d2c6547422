// SPDX-License-Identifier: MIT

/// Cuts SQL into statements, line by line.
///
/// Knows what can hide a semicolon: quotes, comments, dollar quotes, parentheses and bodies. What it cuts wrongly would not compile, and
/// the rehearsal would say so: it cannot make a statement do something else.
struct StatementSplitter {
    private let dialect: SQLDialect
    private var scanner: SQLScanner
    private var statement = String.UnicodeScalarView()
    /// Whether the statement so far is white space.
    private var isBlank = true
    /// Words of the statement so far, upper case, as many as tell what it makes.
    private var words: [String] = []
    /// Whether the word that comes follows a dot: `new.end` is a column and no END.
    private var isMember = false
    /// Whether the block comment that is open stands between two statements and belongs to none.
    private var isLooseComment = false
    /// BEGIN and CASE that wait for their END, in a body.
    private var depth = 0
    private var parentheses = 0

    init(_ dialect: SQLDialect) {
        self.dialect = dialect
        scanner = SQLScanner(dialect)
    }

    /// Whether a comment line here stands between two statements.
    var isBetweenStatements: Bool { scanner.isInCode && isBlank }

    /// Takes in one line without its line end, and gives the statements that end in it, without their semicolons.
    mutating func take(_ line: Substring) -> [String] {
        var ended: [String] = []
        let whole = String(line) + "\n"
        var rest = whole.unicodeScalars[...]
        var goesOn = !scanner.isInCode
        while let piece = scanner.next(&rest) {
            defer { goesOn = false }
            switch piece {
            case .comment(_, isLine: true): continue
            case .comment(let text, isLine: false):
                if !goesOn { isLooseComment = isBlank }
                // Kept, it would make the next line look like the middle of a statement, where a directive is only a comment.
                if !isLooseComment { append(text) }
            case .quoted(let text): append(text)
            case .word(let word):
                append(word)
                note(word.uppercased())
            case .symbol(";") where closesStatement:
                if !isBlank { ended.append(Self.trimmed(statement)) }
                reset()
                continue
            case .symbol(let scalar):
                note(scalar)
                continue
            }
            isMember = false
        }
        return ended
    }

    private var closesStatement: Bool {
        switch dialect {
        // SQLite's triggers have their BEGIN before any semicolon.
        case .sqlite: !hasBody || depth == 0
        case .postgres: parentheses == 0 && (!hasBody || depth == 0)
        }
    }

    /// Whether it makes something whose statements stand between BEGIN and END.
    private var hasBody: Bool {
        guard words.first == "CREATE" else { return false }
        let kind = words.dropFirst().drop { ["OR", "REPLACE", "TEMP", "TEMPORARY"].contains($0) }.first
        switch dialect {
        case .sqlite: return kind == "TRIGGER"
        // Its triggers call a function; the body of a function in SQL may stand there unquoted, after BEGIN ATOMIC.
        case .postgres: return kind == "FUNCTION" || kind == "PROCEDURE"
        }
    }

    private mutating func append(_ text: String) {
        statement.append(contentsOf: text.unicodeScalars)
        isBlank = false
    }

    private mutating func note(_ scalar: Unicode.Scalar) {
        let isSpace = [" ", "\t", "\n", "\r", "\u{0C}"].contains(scalar)
        // Blank lines between statements belong to none.
        if !isSpace || !isBlank { statement.append(scalar) }
        if !isSpace { isBlank = false }
        isMember = scalar == "."
        if scalar == "(" { parentheses += 1 }
        if scalar == ")", parentheses > 0 { parentheses -= 1 }
    }

    private mutating func note(_ word: String) {
        if words.count < 8 { words.append(word) }
        guard hasBody, !isMember, parentheses == 0 || dialect == .sqlite else { return }
        switch word {
        case "BEGIN": depth += 1
        // The CASE of a trigger's WHEN stands before its BEGIN, and ends there too.
        case "CASE": depth += 1
        case "END": depth = max(0, depth - 1)
        default: break
        }
    }

    private mutating func reset() {
        statement = String.UnicodeScalarView()
        isBlank = true
        words = []
        isMember = false
        depth = 0
        parentheses = 0
    }

    private static func trimmed(_ text: String.UnicodeScalarView) -> String {
        var text = text[...]
        while let last = text.last, last.properties.isWhitespace { text.removeLast() }
        return String(text)
    }
}

// SPDX-License-Identifier: MIT

/// Whose SQL it is, as far as that decides where a quote or a comment ends.
enum SQLDialect: Sendable {
    case sqlite, postgres

    init(of line: Line) {
        self = line == .postgres4 ? .postgres : .sqlite
    }
}

/// Tells code from what only looks like code: quotes, comments and dollar quotes, as the engine itself reads them.
///
/// Works on Unicode scalars, because a quote before a combining mark is one `Character` and still a quote. PostgreSQL is read with
/// `standard_conforming_strings` on, its default since 2010: a backslash means something in `E'…'` only.
struct SQLScanner {
    /// A piece of SQL, never longer than the text that it was looked for in.
    enum Piece: Equatable {
        /// A word, number or unquoted name.
        case word(String)
        /// One scalar of code that belongs to no word: a space, a semicolon, an operator's sign.
        case symbol(Unicode.Scalar)
        /// What is quoted, its quotes included, up to its end or the text's.
        case quoted(String)
        /// A comment up to its end or the text's, without the line end after it.
        case comment(String, isLine: Bool)
    }

    private enum Mode: Equatable {
        case code
        case quote(Unicode.Scalar, escapes: Bool)
        case comment(depth: Int)
        case dollar(String)
    }

    private let dialect: SQLDialect
    private var mode = Mode.code
    /// Whether the quote that follows directly opens a string in which a backslash escapes.
    private var escapesNext = false
    /// A string constant that ended: PostgreSQL goes on with it when only white space with a line end comes before the next quote.
    private var ended: (escapes: Bool, sawLineEnd: Bool)?

    init(_ dialect: SQLDialect) {
        self.dialect = dialect
    }

    /// Whether nothing is open: neither a quote nor a block comment.
    var isInCode: Bool { mode == .code }

    /// Every piece of `text`.
    static func pieces(of text: String, _ dialect: SQLDialect) -> [Piece] {
        var scanner = SQLScanner(dialect)
        var rest = text.unicodeScalars[...]
        var pieces: [Piece] = []
        while let piece = scanner.next(&rest) { pieces.append(piece) }
        return pieces
    }

    /// Takes the next piece off `rest`, or gives nil at its end.
    mutating func next(_ rest: inout Substring.UnicodeScalarView) -> Piece? {
        guard let first = rest.first else { return nil }
        let start = rest
        switch mode {
        case .code: break
        case .quote(let mark, let escapes): return .quoted(quoted(by: mark, escapes, &rest))
        case .comment(let depth): return .comment(comment(depth, &rest), isLine: false)
        case .dollar(let tag): return .quoted(dollarQuoted(tag, &rest))
        }
        let escapes = escapesNext
        escapesNext = false
        if Self.startsWord(first, dialect) { return .word(word(&rest)) }
        rest.removeFirst()
        switch (first, rest.first) {
        case (" ", _), ("\t", _), ("\r", _), ("\u{0C}", _), ("\n", _):
            if first == "\n" { ended?.sawLineEnd = true }
            return .symbol(first)
        case ("-", "-"):
            rest = rest.drop { $0 != "\n" }
            return .comment(Self.text(from: start, to: rest), isLine: true)
        case ("/", "*"):
            ended = nil
            rest.removeFirst()
            return .comment("/*" + comment(1, &rest), isLine: false)
        case ("'", _):
            let goesOn = ended.map { $0.sawLineEnd && $0.escapes } ?? false
            return .quoted("'" + quoted(by: "'", escapes || goesOn, &rest))
        case ("\"", _): return .quoted("\"" + quoted(by: "\"", false, &rest))
        case ("`", _) where dialect == .sqlite: return .quoted("`" + quoted(by: "`", false, &rest))
        case ("[", _) where dialect == .sqlite: return .quoted("[" + quoted(by: "]", false, &rest))
        case ("$", _):
            let tag = Self.tag(rest)
            guard let tag else { break }
            ended = nil
            rest.removeFirst(tag.unicodeScalars.count - 1)
            return .quoted(tag + dollarQuoted(tag, &rest))
        default: break
        }
        ended = nil
        return .symbol(first)
    }

    // MARK: Parts

    private mutating func word(_ rest: inout Substring.UnicodeScalarView) -> String {
        ended = nil
        // A dollar sign belongs to a name and not to a number: 1$$x$$ is a number and a string.
        let isNumber = rest.first.map { ("0"..."9").contains($0) } ?? false
        let start = rest
        rest = rest.drop { Self.isWord($0) || ($0 == "$" && !isNumber) }
        let word = Self.text(from: start, to: rest)
        escapesNext = dialect == .postgres && (word == "E" || word == "e") && rest.first == "'"
        return word
    }

    private mutating func quoted(
        by mark: Unicode.Scalar, _ escapes: Bool, _ rest: inout Substring.UnicodeScalarView
    ) -> String {
        let start = rest
        mode = .quote(mark, escapes: escapes)
        ended = nil
        while let scalar = rest.popFirst() {
            if scalar == "\\", escapes {
                rest = rest.dropFirst()
            } else if scalar == mark {
                // A bracket is not doubled.
                if rest.first == mark, mark != "]" {
                    rest.removeFirst()
                } else {
                    mode = .code
                    if mark == "'" { ended = (escapes, sawLineEnd: false) }
                    break
                }
            }
        }
        return Self.text(from: start, to: rest)
    }

    private mutating func comment(_ depth: Int, _ rest: inout Substring.UnicodeScalarView) -> String {
        let start = rest
        var depth = depth
        mode = .comment(depth: depth)
        while depth > 0, let scalar = rest.popFirst() {
            switch (scalar, rest.first) {
            case ("*", "/"): depth -= 1
            // Only PostgreSQL's comments nest.
            case ("/", "*") where dialect == .postgres: depth += 1
            default: continue
            }
            rest.removeFirst()
        }
        mode = depth == 0 ? .code : .comment(depth: depth)
        return Self.text(from: start, to: rest)
    }

    private mutating func dollarQuoted(_ tag: String, _ rest: inout Substring.UnicodeScalarView) -> String {
        let start = rest
        mode = .dollar(tag)
        while !rest.isEmpty {
            if rest.starts(with: tag.unicodeScalars) {
                rest.removeFirst(tag.unicodeScalars.count)
                mode = .code
                break
            }
            rest.removeFirst()
        }
        return Self.text(from: start, to: rest)
    }

    /// The tag of the dollar quote whose first dollar sign stands before `rest`, both dollar signs included.
    private static func tag(_ rest: Substring.UnicodeScalarView) -> String? {
        let label = rest.prefix(while: isWord)
        let startsWithDigit = label.first.map { ("0"..."9").contains($0) } ?? false
        guard !startsWithDigit, rest.dropFirst(label.count).first == "$" else { return nil }
        return "$" + String(label) + "$"
    }

    private static func startsWord(_ scalar: Unicode.Scalar, _ dialect: SQLDialect) -> Bool {
        // SQLite's variables begin with a dollar sign, and it knows no dollar quotes.
        isWord(scalar) || (scalar == "$" && dialect == .sqlite)
    }

    /// Both engines take every scalar beyond ASCII for a letter.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: scalar.value >= 0x80
        }
    }

    private static func text(
        from start: Substring.UnicodeScalarView, to end: Substring.UnicodeScalarView
    ) -> String {
        String(start[..<end.startIndex])
    }
}

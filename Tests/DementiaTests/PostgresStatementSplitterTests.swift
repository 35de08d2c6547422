// SPDX-License-Identifier: MIT

import Testing

@testable import Dementia

@Suite struct PostgresStatementSplitterTests {
    private func split(_ text: String, _ dialect: SQLDialect = .postgres) -> [String] {
        var splitter = StatementSplitter(dialect)
        let ended = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { splitter.take($0) }
        return splitter.isBetweenStatements ? ended : ended + ["…"]
    }

    @Test(
        "a semicolon ends a PostgreSQL statement where the server's own reader says so",
        arguments: [
            ("SELECT $$;$$, $tag$ $$; $tag$;", ["SELECT $$;$$, $tag$ $$; $tag$"]),
            ("SELECT $1; SELECT a$1$; b$1$;", ["SELECT $1", "SELECT a$1$", "b$1$"]),
            ("SELECT 1$$;$$;", ["SELECT 1$$;$$"]),
            ("SELECT $1$;", ["SELECT $1$"]),
            ("SELECT E'\\';', e'\\\\'; SELECT 2;", ["SELECT E'\\';', e'\\\\'", "SELECT 2"]),
            ("SELECT '\\'; SELECT 2;", ["SELECT '\\'", "SELECT 2"]),
            ("SELECT fooe'\\'; SELECT 2;", ["SELECT fooe'\\'", "SELECT 2"]),
            ("SELECT E'a''\\';'; SELECT 2;", ["SELECT E'a''\\';'", "SELECT 2"]),
            ("SELECT E'a'\n '\\';'; SELECT 2;", ["SELECT E'a'\n '\\';'", "SELECT 2"]),
            ("SELECT E'a' -- and\n '\\';';", ["SELECT E'a' \n '\\';'"]),
            ("SELECT U&'\\', U&\"\\;\"; SELECT 2;", ["SELECT U&'\\', U&\"\\;\"", "SELECT 2"]),
            ("SELECT B'1', X'F;';", ["SELECT B'1', X'F;'"]),
            ("SELECT 1 /* a /* b */ ; */; SELECT 2;", ["SELECT 1 /* a /* b */ ; */", "SELECT 2"]),
            ("/* a /* b */\n; */ SELECT 2;", ["SELECT 2"]),
            ("SELECT ARRAY['a'][1]; SELECT 2;", ["SELECT ARRAY['a'][1]", "SELECT 2"]),
            ("SELECT a[1]; SELECT `; SELECT 2;", ["SELECT a[1]", "SELECT `", "SELECT 2"]),
            (
                "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3;",
                [
                    "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3",
                ]
            ),
            (
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3;",
                [
                    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                    "SELECT 3",
                ]
            ),
            (
                "CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f(); SELECT 3;",
                [
                    "CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f()", "SELECT 3",
                ]
            ),
            ("SELECT '\u{301};'; SELECT 2;", ["SELECT '\u{301};'", "SELECT 2"]),
            ("SELECT \u{E9}$$a;b$$; SELECT 2;", ["SELECT \u{E9}$$a", "b$$", "SELECT 2"]),
        ])
    func statements(_ text: String, _ wanted: [String]) {
        #expect(split(text) == wanted)
    }

    @Test("what only one engine takes for a quote hides a semicolon from that engine only")
    func dialects() {
        #expect(split("SELECT E'\\';'; SELECT 2;", .sqlite).count == 2)
        #expect(split("SELECT /* /* ; */ 1; SELECT 2;", .sqlite).count == 2)
        #expect(split("SELECT /* /* ; */ 1; SELECT 2;", .postgres) == ["…"])
        #expect(split("SELECT [;]; SELECT 2;", .sqlite).count == 2)
        #expect(split("SELECT [;]; SELECT 2;", .postgres).count == 3)
        #expect(split("SELECT $a$;$a$;", .sqlite).count == 2)
        #expect(split("SELECT $a$;$a$;", .postgres).count == 1)
    }

    @Test("any statements, joined by semicolons, are cut into themselves again", arguments: 0..<40)
    func property(_ seed: Int) {
        var numbers = Numbers(seed: UInt64(seed))
        for dialect in [SQLDialect.sqlite, .postgres] {
            let parts = Self.parts + (dialect == .postgres ? Self.postgresParts : Self.sqliteParts)
            let statements = (0..<20).map { _ in
                "SELECT "
                    + (0..<Int.random(in: 1...6, using: &numbers)).map { _ in
                        parts.randomElement(using: &numbers) ?? ""
                    }.joined(separator: " , ")
            }
            let between = [";", ";\n", " ;;\n\n", "; -- ; no\n", "; /* ; */ ", ";\n/* ;\n'\n*/\n"]
            let text = statements.map { $0 + (between.randomElement(using: &numbers) ?? ";") }.joined()
            #expect(split(text, dialect) == statements)
            // The pieces are the text, whatever they are taken for.
            #expect(SQLScanner.pieces(of: text, dialect).map(\.text).joined() == text)
        }
    }

    private static let parts = [
        "1", "a.b", "'x'", "'it''s; fine'", "'a\n-- ;\nb'", "\"q\"\";\"", "/* ; ' \" */ 2", "'/*'", "'--;'", "(1)",
        "'é\u{301};'",
        "\"\u{301};\"", "''", "';'",
    ]
    private static let postgresParts = [
        "$$;$$", "$t$ $$;'\" $t$", "E'\\';'", "e'\\\\'", "U&'\\0041;'", "/* /* ; */ ; */ 3", "(SELECT 1; SELECT 2)",
        "a$1", "x::text",
        "ARRAY['];']", "$é$;$é$", "1$$;$$",
    ]
    private static let sqliteParts = ["`;`", "[;'\"]", "'\\'", "$a", "/* /* ; */ 4"]
}

/// The same numbers for the same seed.
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

extension SQLScanner.Piece {
    fileprivate var text: String {
        switch self {
        case .word(let text), .quoted(let text), .comment(let text, _): text
        case .symbol(let scalar): String(scalar)
        }
    }
}

// SPDX-License-Identifier: MIT

import Testing

@testable import Dementia

@Suite struct StatementSplitterTests {
    private func split(_ text: String, _ dialect: SQLDialect = .sqlite) -> [String] {
        var splitter = StatementSplitter(dialect)
        let ended = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { splitter.take($0) }
        return splitter.isBetweenStatements ? ended : ended + ["…"]
    }

    @Test(
        "statements end at semicolons outside quotes, comments and bodies",
        arguments: [
            ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
            (";; SELECT 1;;", ["SELECT 1"]),
            ("SELECT ';', \";\", `;`, [;];", ["SELECT ';', \";\", `;`, [;]"]),
            ("SELECT 'it''s; fine', \"a\"\";b\";", ["SELECT 'it''s; fine', \"a\"\";b\""]),
            ("SELECT 1 -- ; no\n, 2;", ["SELECT 1 \n, 2"]),
            ("SELECT 1 /* ; no\n; */ , 2;", ["SELECT 1 /* ; no\n; */ , 2"]),
            ("/* alone; */ SELECT 1;", ["SELECT 1"]),
            ("SELECT 'a\n\n-- b;\n';", ["SELECT 'a\n\n-- b;\n'"]),
            ("SELECT '--'; SELECT '/*';", ["SELECT '--'", "SELECT '/*'"]),
            ("SELECT $$;$$;", ["SELECT $$", "$$"]),
            ("SELECT $1; SELECT a$1;", ["SELECT $1", "SELECT a$1"]),
            ("SELECT 1", ["…"]),
            ("SELECT 'x;", ["…"]),
        ])
    func statements(_ text: String, _ wanted: [String]) {
        #expect(split(text) == wanted)
    }

    @Test(
        "a trigger ends at its last END, and what only looks like one ends at its semicolon",
        arguments: [
            ("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END; SELECT 3;", 2),
            (
                "create temp trigger if not exists t after insert on a begin select case 1 when 1 then 2 end; end; SELECT 3;",
                2
            ),
            ("CREATE TRIGGER t AFTER UPDATE ON a WHEN CASE new.x WHEN 1 THEN 1 END BEGIN SELECT 1; END; SELECT 3;", 2),
            ("CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f(); SELECT 3;", 2),
            ("CREATE OR REPLACE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f(); SELECT 3;", 2),
            ("CREATE TABLE trigger (x); SELECT 3;", 2),
            ("CREATE TABLE t (begin, x); SELECT 3;", 2),
            ("CREATE INDEX trigger ON t (x); SELECT 3;", 2),
            ("CREATE TABLE \"trigger\" (x); SELECT 3;", 2),
            ("CREATE /* TRIGGER */ TABLE t (x); SELECT 3;", 2),
            (
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.end, new.\"begin\"); END; SELECT 3;",
                2
            ),
            ("BEGIN; SELECT 1; END;", 3),
        ])
    func triggers(_ text: String, _ count: Int) {
        #expect(split(text).count == count, "\(split(text))")
        #expect(split(text.replacing(" ", with: "\n")).count == count)
    }
}

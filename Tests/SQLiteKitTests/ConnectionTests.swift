// SPDX-License-Identifier: MIT

import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@Suite struct ConnectionTests {
    private let folder = try! TemporaryFolder()

    private func memory() throws -> Connection { try Connection(path: ":memory:", access: .create) }

    @Test(
        "every storage class comes back as it went in, byte for byte",
        arguments: [
            Value.null, .integer(0), .integer(.min), .integer(.max), .real(1.5), .real(-0.0),
            .real(.leastNonzeroMagnitude), .real(.infinity),
            .text(""), .text("naïve 日本 🧠"), .text([0x61, 0, 0x62]), .text([0xc3, 0x28, 0xff]), .blob([]),
            .blob([0, 1, 255]),
            .text(Array(repeating: 0x78, count: 100_000)),
        ])
    func values(_ value: Value) throws {
        let connection = try memory()
        #expect(try connection.value("SELECT ?", [value]) == value)
        try connection.execute("CREATE TABLE t (x BLOB)")
        try connection.run("INSERT INTO t VALUES (?)", [value])
        #expect(try connection.value("SELECT x FROM t") == value)
        #expect(connection.changes == 1)
    }

    @Test("text of a UTF-16 database comes as UTF-8")
    func utf16() throws {
        let connection = try memory()
        try connection.execute("PRAGMA encoding = 'UTF-16be'; CREATE TABLE \"größe\" (x TEXT)")
        try connection.run("INSERT INTO \"größe\" VALUES (?)", [.text("naïve 🧠")])
        #expect(try connection.value("SELECT x FROM \"größe\"") == .text("naïve 🧠"))
        #expect(try connection.string("SELECT name FROM sqlite_schema") == "größe")
    }

    @Test(
        "a second statement is an error and not passed over, and so is none",
        arguments: [
            "SELECT 1; SELECT 2", "DELETE FROM t;;; DROP TABLE t", "SELECT 1 /* a */; /* b */ SELECT 2 -- c", "", "  ",
            "-- only words",
            "/* only words */;",
        ])
    func oneStatement(_ sql: String) throws {
        let connection = try memory()
        try connection.execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        let error = #expect(throws: SQLiteError.self) { try connection.run(sql) }
        #expect(error?.code == .error)
        #expect(try connection.integer("SELECT count(*) FROM t") == 1)
    }

    @Test(
        "white space, semicolons and comments after a statement are nothing",
        arguments: [
            "SELECT 1;", "SELECT 1 ; ;\n\t", "SELECT 1; -- one", "SELECT 1; /* one */ ; -- two\n;",
            "SELECT 1; /* not closed",
        ])
    func nothingAfter(_ sql: String) throws {
        #expect(try memory().integer(sql) == 1)
    }

    @Test(
        "any name can be quoted",
        arguments: ["a", "a b", "\"", "a\"b\"\"c", "\"\u{301}", "it's", "größe", "select", "[x]", "`"])
    func quoted(_ name: String) throws {
        let connection = try memory()
        try connection.execute("CREATE TABLE \(Connection.quoted(name)) (\(Connection.quoted(name)) TEXT)")
        #expect(try connection.string("SELECT name FROM sqlite_schema") == name)
        #expect(try connection.string("SELECT name FROM pragma_table_info(?)", [.text(name)]) == name)
    }

    @Test("a file that can only be read is refused, and its connection closed once")
    func readOnly() throws {
        // The running program cannot be written, not even by root (ETXTBSY).
        let program = try realPath("/proc/self/exe")
        for _ in 0..<10 {
            let error = #expect(throws: SQLiteError.self) { try Connection(path: program, access: .readWrite) }
            #expect(error?.code == .readOnly)
        }
    }

    @Test("a missing file is not made, a link is not followed")
    func open() throws {
        #expect(throws: SQLiteError.self) { try Connection(path: folder.file("none.db"), access: .readWrite) }
        #expect(throws: SQLiteError.self) { try Connection(path: folder.file("no/where.db"), access: .create) }
        let path = folder.file("a.db")
        try Connection(path: path, access: .create).execute("CREATE TABLE t (x)")
        try Tool.run(["ln", "-s", path, folder.file("link.db")])
        #expect(throws: SQLiteError.self) { try Connection(path: folder.file("link.db"), access: .readWrite) }
        #expect(try folder.entries() == ["a.db", "link.db"])
    }

    @Test(
        "an immutable open leaves nothing beside the file, whatever its name",
        arguments: ["a.db", "ä b?c#d%20.db", "x&mode=rwc"])
    func immutable(_ name: String) throws {
        let path = try Fixture.v4_4.copy(to: folder.file(name))
        let connection = try Connection(path: path, access: .immutable)
        #expect(try connection.integer("SELECT count(*) FROM context_locks") == 7)
        #expect(throws: SQLiteError.self) { try connection.execute("DELETE FROM context_locks") }
        #expect(try folder.entries() == [name])
    }

    @Test("an error says what, where, and never the values")
    func errors() throws {
        let connection = try memory()
        try connection.execute("CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES ('secret')")
        let error = try #require(
            #expect(throws: SQLiteError.self) { try connection.run("INSERT INTO t VALUES (?)", [.text("secret")]) })
        #expect(error.code ~= .constraint && error.code != .constraint)
        #expect(error.description == "SQLite 2067: UNIQUE constraint failed: t.x, in: INSERT INTO t VALUES (?)")
    }

    @Test(
        "other people's commits move data_version, one's own do not; the pager's version knows both",
        arguments: ["wal", "delete"])
    func versions(_ mode: String) throws {
        let path = folder.file("v.db")
        let one = try Connection(path: path, access: .create)
        try one.execute("PRAGMA journal_mode = \(mode); CREATE TABLE t (x)")
        let other = try Connection(path: path, access: .readWrite)
        let (version, pager) = try (one.dataVersion(), one.pagerDataVersion())
        try one.execute("INSERT INTO t VALUES (1)")
        #expect(try one.dataVersion() == version)
        let own = try one.pagerDataVersion()
        #expect(own != pager)
        _ = try one.integer("SELECT count(*) FROM t")
        #expect(try one.pagerDataVersion() == own)
        try other.execute("INSERT INTO t VALUES (2)")
        #expect(try one.pagerDataVersion() == own)
        #expect(try one.dataVersion() != version)
        #expect(try one.pagerDataVersion() != own)
    }

    @Test("an authorizer sees every table that a statement writes, through triggers too, and can refuse")
    func authorizer() throws {
        let connection = try memory()
        try connection.execute(
            """
            CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x);
            CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.x); DELETE FROM c; END;
            """)
        var touched: Set<String> = []
        try connection.authorizing { action in
            switch action.code {
            case .insert, .delete, .update: touched.insert(action.first?.text ?? "")
            default: break
            }
            return true
        } _: { () throws(SQLiteError) in
            try connection.run("INSERT INTO a VALUES (1)")
        }
        #expect(touched == ["a", "b", "c"])
        let error = #expect(throws: SQLiteError.self) {
            try connection.authorizing({ _ in false }, { () throws(SQLiteError) in try connection.run("SELECT 1") })
        }
        #expect(error?.code == .authorization)
        #expect(try connection.integer("SELECT count(*) FROM b") == 1)
    }

    @Test("Triggers rest once they are disabled, and are compiled where that is asked for")
    func withoutTriggers() throws {
        let connection = try memory()
        try connection.execute(
            """
            CREATE TABLE a (x); CREATE TABLE b (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (1); END;
            CREATE TRIGGER broken AFTER DELETE ON a BEGIN INSERT INTO nowhere VALUES (1); END
            """)
        try connection.disableTriggers()
        try connection.run("INSERT INTO a VALUES (1)")
        try connection.run("DELETE FROM a")
        #expect(try connection.integer("SELECT count(*) FROM b") == 0)
        #expect(throws: SQLiteError.self) {
            try connection.withTriggers { () throws(SQLiteError) in _ = try connection.prepare("EXPLAIN DELETE FROM a")
            }
        }
        try connection.run("INSERT INTO a VALUES (2)")
        #expect(try connection.integer("SELECT count(*) FROM b") == 0)
    }

    @Test("A name in double quotes that no column has is an error, and no text")
    func doubleQuotes() throws {
        let connection = try memory()
        try connection.execute("CREATE TABLE a (x DEFAULT 'y')")
        #expect(throws: SQLiteError.self) { try connection.value("SELECT \"z\" FROM a") }
        #expect(throws: SQLiteError.self) { try connection.execute("CREATE INDEX i ON a (x) WHERE x = \"z\"") }
    }

    @Test(
        "A name of any bytes finds the table and the column that have it, and nothing else",
        arguments: [
            "plain", "two words", "", "\"", "\"\"", "a\"b", "'", "]", "`", "\u{600}\"; DROP TABLE kept; --",
            "\"\u{301}", "\u{301}\"\u{301}", "e\u{301}", "\u{e9}", "\u{1F468}\u{200D}\u{1F469}\"", "\u{202E}\"x",
            "\r\n\"\r\n",
            "\u{1100}\"\u{1161}", "\u{FE0F}\"\u{FE0F}", "\u{1F1E9}\"\u{1F1EA}",
        ].map { Array($0.utf8) } + [
            [0xe9], [0x22, 0xcc], [0xcc, 0x22], [0xff, 0x22, 0xfe], [0xf0, 0x9f, 0x22], [0xed, 0xa0, 0x80, 0x22],
        ])
    func names(bytes: [UInt8]) throws {
        let name = SQLiteName(bytes)
        let connection = try memory()
        try connection.execute("CREATE TABLE kept (x)")
        try connection.execute("CREATE TABLE \(name) (id INTEGER PRIMARY KEY, \(name), other)" as SQL)
        try connection.run("INSERT INTO \(name) (\(name), other) VALUES (1, 2)" as SQL)
        #expect(try connection.integer("SELECT \(name) FROM \(name)" as SQL) == 1)
        let found = try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid") {
            $0.name(0)
        }
        #expect(found == ["kept", name])
        let columns = try connection.rows("SELECT name FROM pragma_table_xinfo(?)", [.text(bytes)]) { $0.name(0) }
        #expect(columns == ["id", name, "other"])
    }

    @Test("Names are compared by bytes, without case of ASCII letters where SQLite does so")
    func comparedNames() {
        #expect(SQLiteName("\u{e9}") != SQLiteName("e\u{301}"))
        #expect(SQLiteName("TODOS").folded == "todos")
        // KELVIN SIGN, which Swift takes for a K.
        #expect(SQLiteName("\u{212A}").folded != "k" && SQLiteName("\u{c9}").folded != SQLiteName("\u{e9}").folded)
        #expect(SQLiteName([0x63, 0xe9]).text == "c\\xE9")
    }

    @Test("whoever waits for a lock gets it when it is free, and gives up when it is not")
    func waiting() throws {
        let path = folder.file("w.db")
        let connection = try Connection(path: path, access: .create)
        try connection.execute("CREATE TABLE t (x)")
        let holder = try Shell(path)
        holder.run("BEGIN EXCLUSIVE;")
        var calls: [Int32] = []
        connection.onBusy { count in
            calls.append(count)
            if count == 2 { holder.run("COMMIT;") }
            return true
        }
        try connection.execute("INSERT INTO t VALUES (1)")
        #expect(calls == [0, 1, 2])
        holder.run("BEGIN EXCLUSIVE;")
        connection.waitForLocks(atMost: .milliseconds(50))
        let clock = ContinuousClock()
        let start = clock.now
        let error = #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(error?.code ~= .busy)
        #expect(clock.now - start >= .milliseconds(50))
        connection.onBusy(nil)
        #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t VALUES (1)") }
    }
}

extension ConnectionTests {
    @Test("a copy is whole, reports how far it is, and counts only when it is finished")
    func pageCopy() throws {
        let source = try Connection(path: Fixture.v4_4.copy(to: folder.file("s.db")), access: .readWrite)
        let target = try Connection(path: folder.file("t.db"), access: .create)
        do {
            let pages = try PageCopy(from: source, into: target)
            #expect(try !pages.step(10))
            #expect(pages.pageCount == 53 && pages.remaining == 43)
        }
        #expect(try target.integer("SELECT count(*) FROM sqlite_schema") == 0)
        let pages = try PageCopy(from: source, into: target)
        while try !pages.step(10) {}
        #expect(pages.remaining == 0)
        try pages.finish()
        #expect(try target.integer("SELECT count(*) FROM context_locks") == 7)
    }

    @Test("an error of a copy's source is told as such")
    func pageCopyError() throws {
        let path = folder.file("s.db")
        try write(
            Array("not a database at all, but of some length ".utf8) + Array(repeating: 0x20, count: 1000), to: path)
        let source = try Connection(path: path, access: .readWrite)
        let target = try Connection(path: folder.file("t.db"), access: .create)
        let error = #expect(throws: SQLiteError.self) {
            let pages = try PageCopy(from: source, into: target)
            _ = try pages.step(-1)
        }
        #expect(error?.code == .notADatabase)
        #expect(error?.message == "file is not a database")
    }
}

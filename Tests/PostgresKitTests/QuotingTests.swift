// SPDX-License-Identifier: MIT

import LinuxKit
import PostgresKit
import TestSupport
import Testing

/// Names and values in SQL, and what is equal to what.
@Suite("Quoting", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct QuotingTests {
    private let database: PostgresDatabase
    private let connection: Connection

    init() throws {
        database = try PostgresServer.shared.database()
        connection = try Connection(database)
    }

    @Test("Texts of every Unicode category, beside every mark, are read back as they are", arguments: ["on", "off"])
    func literals(_ conforming: String) throws {
        try connection.run("SET standard_conforming_strings = \(conforming)")
        try connection.execute("SET escape_string_warning = off")
        for text in OddText.all {
            let read = try #require(try connection.value("SELECT \(SQLText.literal(text))"))
            #expect(read.hasSameBytes(as: text), "\(text.unicodeScalars.map { String($0.value, radix: 16) })")
        }
    }

    @Test("Names of every Unicode category, beside every mark, are the names of tables and columns")
    func identifiers() throws {
        for (number, name) in OddText.all.enumerated() {
            let quoted = SQLText.identifier(name)
            try connection.run("CREATE TABLE \(quoted) (\(quoted) integer)")
            let there = try connection.value(
                "SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relname = $1 AND attnum = 1",
                [name])
            #expect(
                there?.hasSameBytes(as: name) ?? false, "\(name.unicodeScalars.map { String($0.value, radix: 16) })")
            #expect(
                try connection.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "\(number + 1)")
        }
    }

    @Test("Texts that look the same are two names, and a mark beside a combining one is found")
    func bytes() {
        #expect("\u{E9}" == "e\u{301}" && ExactText("\u{E9}") != ExactText("e\u{301}"))
        #expect(Set([ExactText("\u{E9}"), ExactText("e\u{301}"), ExactText("\u{E9}")]).count == 2)
        #expect(
            [ExactText("e\u{301}"), ExactText("b"), ExactText("\u{E9}")].sorted().map(\.text) == [
                "b", "e\u{301}", "\u{E9}",
            ])
        #expect("a$do$\u{301}".containsBytes(of: "$do$") && !"a$do".containsBytes(of: "$do$"))
        #expect("s.t\u{301} s.t".replacingBytes(of: "s.t", with: "s.u") == "s.u\u{301} s.u")
        #expect("".replacingBytes(of: "", with: "x") == "")
    }
}

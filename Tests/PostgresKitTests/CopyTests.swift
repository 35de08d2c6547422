// SPDX-License-Identifier: MIT

import LinuxKit
import PostgresKit
import TestSupport
import Testing

/// Rows in bulk, both ways.
@Suite("COPY", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct CopyTests {
    private struct GaveUp: Error {}

    private let database: PostgresDatabase
    private let connection: Connection
    private let rows = 100_000

    init() throws {
        database = try PostgresServer.shared.database()
        connection = try Connection(database)
        try connection.execute("CREATE TABLE t (a int, b text); CREATE TABLE u (LIKE t)")
    }

    private func fill() throws {
        try connection.run("INSERT INTO t SELECT i, repeat(md5(i::text), 32) FROM generate_series(1, \(rows)) i")
    }

    /// Every byte of COPY `sql` TO STDOUT.
    private func bytes(_ sql: String) throws -> [UInt8] {
        var all: [UInt8] = []
        try connection.copyOut("COPY \(sql) TO STDOUT") { all += $0 }
        return all
    }

    /// Feeds `bytes` in pieces of `size`.
    @discardableResult
    private func load(_ bytes: [UInt8], _ sql: String, size: Int) throws -> Int {
        var next = 0
        return try bytes.withUnsafeBytes { all in
            try connection.copyIn(sql) { () -> UnsafeRawBufferPointer? in
                guard next < all.count else { return nil }
                defer { next += size }
                return UnsafeRawBufferPointer(rebasing: all[next..<min(next + size, all.count)])
            }
        }
    }

    @Test("A hundred thousand rows go out and in, cut anywhere")
    func roundTrip() throws {
        try connection.run(
            "INSERT INTO t SELECT i, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'\\t\\n\\\\.' ELSE 'é🧠' || i END"
                + " FROM generate_series(1, \(rows)) i")
        let sum = "SELECT md5(string_agg(a || coalesce('=' || b, '-'), ',' ORDER BY a)) FROM "
        let whole = try bytes("t")
        for size in [whole.count, 1009, 65_536] {
            try connection.execute("TRUNCATE u")
            #expect(try load(whole, "COPY u FROM STDIN", size: size) == rows)
            #expect(try connection.value(sum + "u") == connection.value(sum + "t"))
        }
        try connection.execute("TRUNCATE u")
        let few = Array(whole.prefix(2000).prefix(through: whole.prefix(2000).lastIndex(of: 10) ?? 0))
        #expect(try load(few, "COPY u FROM STDIN", size: 1) == few.count { $0 == 10 })
    }

    @Test("Binary goes through as it is")
    func binary() throws {
        try connection.execute("CREATE TABLE b (x bytea); CREATE TABLE c (x bytea)")
        try connection.execute(
            "INSERT INTO b SELECT decode(repeat(lpad(to_hex(i), 2, '0'), 300), 'hex') FROM generate_series(0, 255) i")
        var all: [UInt8] = []
        try connection.copyOut("COPY b TO STDOUT (FORMAT binary)") { all += $0 }
        #expect(all.starts(with: Array("PGCOPY\n".utf8) + [0xff]))
        #expect(try load(all, "COPY c FROM STDIN (FORMAT binary)", size: 777) == 256)
        #expect(try connection.value("SELECT count(*) FROM b JOIN c USING (x)") == "256")
    }

    @Test("The server waits for a slow taker, and memory does not grow with the table")
    func backPressure() throws {
        try fill()
        let before = try residentPages()
        var most = before
        var taken = 0
        let waits = "SELECT wait_event FROM pg_stat_activity WHERE pid = \(connection.processID)"
        let count = try connection.copyOut("COPY t TO STDOUT") { _ in
            taken += 1
            if taken == 100 { while try database.psql(waits) != ["ClientWrite"] {} }
            if taken % 1000 == 0 { most = max(most, try residentPages()) }
        }
        #expect(count == rows && taken == rows)
        // A hundred megabytes went through.
        #expect((most - before) * 4096 < 20 << 20)
    }

    private func residentPages() throws -> Int {
        let text = String(decoding: try content(of: "/proc/self/statm"), as: UTF8.self)
        return try #require(Int(text.split(separator: " ")[1]))
    }

    @Test("A taker who gives up leaves a connection that works after ROLLBACK")
    func givesUpTaking() throws {
        try fill()
        try connection.execute("BEGIN")
        var taken = 0
        let failure = #expect(throws: CopyFailure<GaveUp>.self) {
            try connection.copyOut("COPY t TO STDOUT") { (_) throws(GaveUp) in
                taken += 1
                if taken == 10 { throw GaveUp() }
            }
        }
        guard case .caller = failure else { throw try #require(failure) }
        #expect(taken == 10)
        #expect(connection.transactionStatus == .failed)
        try connection.execute("ROLLBACK")
        #expect(connection.transactionStatus == .idle)
        #expect(try connection.value("SELECT count(*) FROM t") == "\(rows)")
    }

    @Test("A giver who gives up has loaded nothing, and the connection works after ROLLBACK")
    func givesUpGiving() throws {
        try connection.execute("BEGIN")
        var given = 0
        let line = Array("1\tx\n".utf8)
        let failure = #expect(throws: CopyFailure<GaveUp>.self) {
            try line.withUnsafeBytes { line in
                try connection.copyIn("COPY t FROM STDIN") { () throws(GaveUp) -> UnsafeRawBufferPointer? in
                    given += 1
                    if given == 50_000 { throw GaveUp() }
                    return line
                }
            }
        }
        guard case .caller = failure else { throw try #require(failure) }
        #expect(connection.transactionStatus == .failed)
        try connection.execute("ROLLBACK")
        #expect(try connection.value("SELECT count(*) FROM t") == "0")
    }

    @Test("Bad rows are the server's fault, with the line, and the connection works on")
    func badRows() throws {
        let error = try serverError { try load(Array("1\tx\nno number\ty\n".utf8), "COPY t FROM STDIN", size: 5) }
        #expect(error.sqlState == SQLState(rawValue: "22P02") && error.context?.hasPrefix("COPY t, line 2") == true)
        #expect(connection.transactionStatus == .idle)
        let wrong = try serverError { try connection.copyOut("COPY t FROM STDIN") { _ in } }
        #expect(wrong.message.contains("COPY"))
        #expect(try serverError { try connection.copyOut("SELECT 1") { _ in } }.message.contains("COPY"))
        #expect(
            try serverError { try connection.copyOut("COPY nothing TO STDOUT") { _ in } }.sqlState == .undefinedTable)
        #expect(try connection.value("SELECT count(*) FROM t") == "0")
        // The last row fails after thousands went out.
        let late = try serverError {
            try connection.copyOut("COPY (SELECT 1 / (20000 - i) FROM generate_series(1, 20000) i) TO STDOUT") { _ in }
        }
        #expect(late.sqlState == SQLState(rawValue: "22012"))
        #expect(connection.transactionStatus == .idle)
    }

    @Test("A connection that ends in the middle of a COPY ends the COPY", arguments: [true, false])
    func lost(_ isOut: Bool) throws {
        try fill()
        let kill = "SELECT pg_terminate_backend(\(connection.processID), 5000)"
        var chunks = 0
        let error = try serverError {
            if isOut {
                try connection.copyOut("COPY t TO STDOUT") { _ in
                    chunks += 1
                    if chunks == 10 { try database.psql(kill) }
                }
            } else {
                let line = Array("1\tx\n".utf8)
                _ = try line.withUnsafeBytes { line in
                    try connection.copyIn("COPY t FROM STDIN") { () throws -> UnsafeRawBufferPointer? in
                        chunks += 1
                        if chunks == 10 { try database.psql(kill) }
                        // No end: only the error ends it.
                        return line
                    }
                }
            }
        }
        #expect(error.isConnectionLost)
        #expect(connection.transactionStatus == .unknown)
    }

    private func serverError(_ body: () throws -> Void) throws -> PostgresError {
        do {
            try body()
        } catch CopyFailure<any Error>.server(let error) {
            return error
        } catch CopyFailure<Never>.server(let error) {
            return error
        }
        throw GaveUp()
    }
}

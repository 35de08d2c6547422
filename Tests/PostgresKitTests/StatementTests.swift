// SPDX-License-Identifier: MIT

import Glibc
import PostgresKit
import TestSupport
import Testing

/// What is asked and what is answered.
@Suite("Statements of PostgreSQL", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct StatementTests {
    private let database: PostgresDatabase
    private let connection: Connection

    init() throws {
        database = try PostgresServer.shared.database()
        connection = try Connection(database)
    }

    @Test("Values of every kind come as the server writes them, and NULL is not empty")
    func values() throws {
        let sql =
            "SELECT 1::bigint, 'é🧠\n', NULL, '', true, 1.50::numeric, '{\"a\":1}'::jsonb, '\\x00ff'::bytea, ARRAY[1,NULL]"
        let row = try #require(
            try connection.rows(sql) { row in (0..<row.count).map { row.string($0) } }.first)
        #expect(row == ["1", "é🧠\n", nil, "", "t", "1.50", "{\"a\": 1}", "\\x00ff", "{1,NULL}"])
        let typed: [Void] = try connection.rows("SELECT 7, 'x', NULL::int, true, NULL::bool") { row in
            #expect((0..<3).map { row.integer($0) } == [7, nil, nil])
            #expect(row.bool(3) && !row.bool(4) && row.isNull(2) && row.text(2) == "")
        }
        #expect(typed.count == 1)
        #expect(try connection.value("SELECT 1 WHERE false") == nil)
    }

    @Test("Parameters are values and never SQL")
    func parameters() throws {
        let odd = "'); DROP TABLE t; -- \\ \" $1"
        try connection.execute("CREATE TABLE t (a text, b int)")
        #expect(try connection.run("INSERT INTO t VALUES ($1, $2), (NULL, 3)", [odd, nil]) == 2)
        #expect(try connection.value("SELECT a FROM t WHERE b IS NULL") == odd)
        #expect(try connection.value("SELECT count(*) FROM t WHERE a = $1", [odd]) == "1")
        #expect(try connection.run("UPDATE t SET b = 1") == 2)
    }

    @Test("Several statements are one, and parameters allow only one")
    func several() throws {
        #expect(try connection.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT 5") == "SELECT 1")
        #expect(try connection.execute("") == "")
        let error = try refusal { try connection.run("SELECT 1; SELECT 2") }
        #expect(error.sqlState == SQLState(rawValue: "42601"))
        // Without BEGIN they are one transaction as well.
        _ = try refusal { try connection.execute("INSERT INTO t VALUES (3); SELECT 1/0") }
        #expect(try connection.value("SELECT count(*) FROM t") == "2")
    }

    @Test("An error has its state, its constraint and its detail")
    func errors() throws {
        try connection.execute("CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL); INSERT INTO t VALUES (1, 1)")
        let twice = try refusal { try connection.run("INSERT INTO t VALUES ($1, 1)", ["1"]) }
        #expect(twice.sqlState == .uniqueViolation && twice.constraint == "t_pkey" && twice.table == "t")
        #expect(twice.detail == "Key (a)=(1) already exists." && !twice.isConnectionLost)
        #expect("\(twice)" == "duplicate key value violates unique constraint \"t_pkey\" (SQLSTATE 23505)")
        let null = try refusal { try connection.execute("INSERT INTO t VALUES (2, NULL)") }
        #expect(null.column == "b" && null.sqlState?.errorClass == "23")
        let deep = try refusal { try connection.execute("DO $$ BEGIN PERFORM 1/0; END $$") }
        #expect(deep.context?.contains("PL/pgSQL") == true)
    }

    @Test("COMMIT of a failed transaction says ROLLBACK")
    func failedCommit() throws {
        #expect(connection.transactionStatus == .idle)
        try connection.execute("BEGIN; CREATE TABLE t (a int)")
        #expect(connection.transactionStatus == .inTransaction)
        _ = try refusal { try connection.execute("SELECT 1/0") }
        #expect(connection.transactionStatus == .failed)
        #expect(try refusal { try connection.execute("SELECT 1") }.sqlState == .failedTransaction)
        #expect(try connection.execute("COMMIT") == "ROLLBACK")
        #expect(try connection.value("SELECT to_regclass('t')") == nil)
    }

    @Test("Half a text is never taken for the whole")
    func nul() throws {
        for error in [
            try refusal { try connection.replay(Array("SELECT 1\0/0".utf8)) },
            try refusal { try connection.run("SELECT $1", ["a\0b"]) },
            try refusal { try connection.run("SELECT\0 1") },
        ] {
            #expect(error.sqlState == .characterNotInRepertoire)
        }
        #expect(throws: PostgresError.self) { try ConnectionTarget("a\0b") }
    }

    @Test("A column that is not there is NULL, and the remark of it finds its listener after the connection is gone")
    func strayColumn() throws {
        var remarks: [String] = []
        var kept: Row?
        do {
            let own = try Connection(ConnectionTarget(database.url)) { remarks.append($0) }
            kept = try own.rows("SELECT 1") { $0 }.first
        }
        let row = try #require(kept)
        #expect(row.string(9) == nil && row.text(0) == "1")
        #expect(remarks.contains { $0.contains("out of range") })
    }

    @Test("Notices reach who asked for them")
    func notices() throws {
        var remarks: [String] = []
        let own = try Connection(ConnectionTarget(database.url)) { remarks.append($0) }
        try own.execute("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$")
        try own.execute("DROP TABLE IF EXISTS nothing")
        #expect(remarks == ["one", "two", "table \"nothing\" does not exist, skipping"])
    }

    @Test(
        "Names and texts survive quotes and backslashes whatever standard_conforming_strings says",
        arguments: ["on", "off"])
    func quoting(_ conforming: String) throws {
        try connection.run("SET standard_conforming_strings = \(conforming)")
        try connection.execute("SET escape_string_warning = off")
        for text in ["", "'", "''", "\\", "\\'", "a\\nb", "\"", "é'\\x41", "$$", "E'", "line\nbreak"] {
            #expect(try connection.value("SELECT" + SQLText.literal(text)) == text)
            #expect(try connection.value("SELECT 1 WHERE \(SQLText.literal(text)) = $1", [text]) == "1")
            guard !text.isEmpty else { continue }
            let table = SQLText.identifier(text)
            try connection.run("CREATE TABLE \(table) (\(table) int)")
            try connection.run("DROP TABLE \(SQLText.identifier("public", text))")
        }
    }

    @Test("Another thread stops a statement")
    func cancel() async throws {
        let canceller = connection.canceller
        let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        let stopping = Task.detached { [database] in
            try await eventually("the statement runs") {
                try database.psql(running + " AND datname = current_database()") == ["1"]
            }
            try canceller.cancel()
        }
        let error = try refusal { try connection.execute("SELECT pg_sleep(3600)") }
        #expect(error.sqlState == .queryCanceled && !error.isConnectionLost)
        try await stopping.value
        #expect(try connection.value("SELECT 1") == "1")
    }

    @Test("A connection that the server ended is lost, and says so")
    func killed() throws {
        try database.psql("SELECT pg_terminate_backend(\(connection.processID))")
        let error = try refusal { try connection.execute("SELECT 1") }
        #expect(error.isConnectionLost)
        #expect(connection.transactionStatus == .unknown)
        #expect(try refusal { try connection.execute("SELECT 1") }.isConnectionLost)
        let own = try Connection(database)
        let suicide = try refusal { try own.execute("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(9)") }
        #expect(suicide.isConnectionLost)
    }

    @Test("A COPY that nobody reads or feeds is an error and leaves nothing behind")
    func strayCopy() throws {
        try connection.execute("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 100000)")
        for sql in ["COPY t FROM STDIN", "COPY t TO STDOUT"] {
            let error = try refusal { try connection.run(sql) }
            #expect(error.sqlState == nil && error.message.contains("COPY"))
            #expect(connection.transactionStatus == .idle)
        }
        #expect(try connection.value("SELECT count(*) FROM t") == "100000")
    }
}

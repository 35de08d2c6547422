// SPDX-License-Identifier: MIT

import Glibc
import PostgresKit
import TestSupport
import Testing

/// A server that is silent is not waited for without an end.
@Suite(
    "Waiting for a server", .serialized,
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct WaitingTests {
    private let database: PostgresDatabase
    private let connection: Connection

    init() throws {
        database = try PostgresServer.shared.database()
        connection = try Connection(database)
        connection.patience = Patience(silence: .milliseconds(300))
        connection.patience.cancelling = .milliseconds(600)
        connection.patience.afterStop = .milliseconds(300)
    }

    @Test("A statement that takes too long is cancelled, and the connection goes on")
    func cancelled() throws {
        let error = try refusal { try connection.run("SELECT pg_sleep(600)") }
        #expect(error.sqlState == .queryCanceled && !error.isConnectionLost)
        #expect(error.message.contains("did not end a statement"))
        #expect(try connection.value("SELECT 1") == "1")
    }

    @Test("A server process that was stopped costs the connection", arguments: ["a query", "a COPY out", "a COPY in"])
    func stopped(_ what: String) throws {
        try connection.execute("CREATE TABLE t AS SELECT generate_series(1, 3) AS a")
        let process = connection.processID
        #expect(kill(process, SIGSTOP) == 0)
        defer { kill(process, SIGCONT) }
        let row = UnsafeMutableRawBufferPointer.allocate(byteCount: 2, alignment: 1)
        defer { row.deallocate() }
        row.copyBytes(from: "1\n".utf8)
        let bytes = UnsafeRawBufferPointer(row)
        let error = try refusal {
            switch what {
            case "a query": try connection.run("SELECT 1")
            case "a COPY out":
                do throws(CopyFailure<Never>) {
                    try connection.copyOut("COPY t TO STDOUT") { _ throws(Never) in }
                } catch {
                    if case .server(let error) = error { throw error }
                }
            default:
                do throws(CopyFailure<Never>) {
                    // Without an end: the server takes what its socket holds, and no more.
                    try connection.copyIn("COPY t FROM STDIN") { () throws(Never) in bytes }
                } catch {
                    if case .server(let error) = error { throw error }
                }
            }
        }
        #expect(error.isConnectionLost && error.sqlState == nil)
        #expect(!connection.isOpen)
        #expect(try refusal { try connection.run("SELECT 1") }.isConnectionLost)
    }

    @Test("A task that is told to stop ends its statement, and can still clear up")
    func stop() async throws {
        let url = database.url
        let task = Task { () throws -> (SQLState?, String?) in
            let own = try Connection(ConnectionTarget(url))
            own.patience.afterStop = .milliseconds(300)
            let error = try refusal { try own.run("SELECT pg_sleep(600)") }
            #expect(error.isStop)
            return (error.sqlState, try own.value("SELECT 'cleared up'"))
        }
        task.cancel()
        let (state, last) = try await task.value
        #expect(state == .queryCanceled && last == "cleared up")
    }

    @Test("A session that the server ended is noticed without a question")
    func ended() throws {
        #expect(connection.isOpen)
        try database.psql("SELECT pg_terminate_backend(\(connection.processID), 60000)")
        #expect(!connection.isOpen)
    }

    @Test("Waiting without an end cannot be configured")
    func endless() throws {
        for zero in ["0", "-1"] {
            let own = try Connection(ConnectionTarget(database.url + "&connect_timeout=\(zero)"))
            #expect(try own.value("SELECT 1") == "1")
        }
    }
}

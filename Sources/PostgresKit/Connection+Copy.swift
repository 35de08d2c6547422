// SPDX-License-Identifier: MIT

internal import CLibpq

/// How a COPY ended that did not succeed: the server's fault, or that of whoever took or gave the data.
public enum CopyFailure<Failure: Error>: Error {
    case server(PostgresError)
    case caller(Failure)
}

extension Connection {
    /// Runs `COPY … TO STDOUT` and gives each chunk, a row with its line end in text format, to `take`.
    ///
    /// libpq holds one chunk at a time: as long as `take` works, the server waits. When `take` throws, the COPY is cancelled and a
    /// transaction around it has failed.
    ///
    /// - Returns: the number of rows
    @discardableResult
    public func copyOut<Failure: Error>(
        _ sql: String, _ take: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(CopyFailure<Failure>) -> Int {
        try Self.asServer(Failure.self) { () throws(PostgresError) in try begin(sql, PGRES_COPY_OUT) }
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(handle, &buffer, 0)
            guard length >= 0 else {
                if length == -1 { break }
                let error = PostgresError(nil, on: handle)
                drain()
                throw .server(error)
            }
            defer { PQfreemem(buffer) }
            do throws(Failure) {
                try take(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
            } catch {
                abandon()
                throw .caller(error)
            }
        }
        return try Self.asServer(Failure.self) { () throws(PostgresError) in try finish() }
    }

    /// Runs `COPY … FROM STDIN` with the chunks that `next` gives, until it gives nil. A chunk may end anywhere.
    ///
    /// When `next` throws, nothing is loaded and a transaction around it has failed.
    ///
    /// - Returns: the number of rows
    @discardableResult
    public func copyIn<Failure: Error>(
        _ sql: String, _ next: () throws(Failure) -> UnsafeRawBufferPointer?
    ) throws(CopyFailure<Failure>) -> Int {
        try Self.asServer(Failure.self) { () throws(PostgresError) in try begin(sql, PGRES_COPY_IN) }
        while true {
            let chunk: UnsafeRawBufferPointer?
            do throws(Failure) {
                chunk = try next()
            } catch {
                _ = PQputCopyEnd(handle, "the client gave up")
                drain()
                throw .caller(error)
            }
            guard let chunk else { break }
            // Blocks while the server is behind.
            guard PQputCopyData(handle, chunk.bindMemory(to: CChar.self).baseAddress, Int32(clamping: chunk.count)) == 1
            else {
                let error = PostgresError(nil, on: handle)
                drain()
                throw .server(error)
            }
        }
        guard PQputCopyEnd(handle, nil) == 1 else { throw .server(PostgresError(nil, on: handle)) }
        return try Self.asServer(Failure.self) { () throws(PostgresError) in try finish() }
    }

    private func begin(_ sql: String, _ expected: ExecStatusType) throws(PostgresError) {
        let result = try checked(PQexec(handle, sql))
        guard PQresultStatus(result.pointer) == expected else {
            drain()
            throw PostgresError(sqlState: nil, message: "this statement is no COPY in the direction it is used in")
        }
    }

    /// The result after the last chunk, and the end of the statement.
    private func finish() throws(PostgresError) -> Int {
        defer { drain() }
        return try checked(PQgetResult(handle)).touchedRows
    }

    private static func asServer<Failure: Error, Result>(
        _ failure: Failure.Type, _ body: () throws(PostgresError) -> Result
    ) throws(CopyFailure<Failure>) -> Result {
        do throws(PostgresError) {
            return try body()
        } catch {
            throw .server(error)
        }
    }

    /// Ends a COPY out whose rest nobody wants.
    private func abandon() {
        // When the request cannot be sent the loop below reads everything to the end: slower, and just as correct.
        try? canceller.cancel()
        var buffer: UnsafeMutablePointer<CChar>?
        while PQgetCopyData(handle, &buffer, 0) > 0 {
            PQfreemem(buffer)
            buffer = nil
        }
        drain()
    }

    /// libpq wants every result to be read before the next statement.
    private func drain() {
        while let result = PQgetResult(handle) {
            // A COPY that is still open would give the same result for ever.
            let status = PQresultStatus(result)
            PQclear(result)
            if status == PGRES_COPY_IN { _ = PQputCopyEnd(handle, "the client gave up") }
            if status == PGRES_COPY_OUT || PQstatus(handle) != CONNECTION_OK { return }
        }
    }
}

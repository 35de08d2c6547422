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
    /// libpq holds one chunk at a time: as long as `take` works, the server waits. When `take` throws, the COPY is cancelled; a
    /// transaction around it has then failed, unless the server was through already.
    ///
    /// - Returns: the number of rows
    @discardableResult
    public func copyOut<Failure: Error>(
        _ sql: String, _ take: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(CopyFailure<Failure>) -> Int {
        try Self.asServer(Failure.self) { () throws(PostgresError) in try begin(sql, PGRES_COPY_OUT) }
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = try Self.asServer(Failure.self) { () throws(PostgresError) in try nextCopyData(&buffer) }
            // -1 is the end, and -2 a failure; the result tells either.
            guard length >= 0 else { break }
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
                giveUpCopy()
                drain()
                throw .caller(error)
            }
            guard let chunk else { break }
            do throws(PostgresError) {
                try put(chunk)
            } catch {
                drain()
                throw .server(error)
            }
        }
        return try Self.asServer(Failure.self) { () throws(PostgresError) in
            do throws(PostgresError) {
                guard PQputCopyEnd(handle, nil) == 1 else { throw PostgresError(nil, on: handle) }
                try flush()
            } catch {
                drain()
                throw error
            }
            return try finish()
        }
    }

    /// Hands `chunk` to libpq, which counts in 32 bits, and waits while the server is behind: libpq would hold it all.
    private func put(_ chunk: UnsafeRawBufferPointer) throws(PostgresError) {
        var rest = chunk[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            rest = rest.dropFirst(piece.count)
            guard PQputCopyData(handle, piece.bindMemory(to: CChar.self).baseAddress, Int32(piece.count)) == 1 else {
                throw PostgresError(nil, on: handle)
            }
            try flush()
        }
    }

    private func begin(_ sql: String, _ expected: ExecStatusType) throws(PostgresError) {
        try send(sql)
        let result = try lastResult(expected)
        guard PQresultStatus(result.pointer) == expected else {
            throw PostgresError(sqlState: nil, message: "this statement is no COPY in the direction it is used in")
        }
    }

    /// The result after the last chunk, and the end of the statement.
    private func finish() throws(PostgresError) -> Int {
        defer { drain() }
        return try lastResult().touchedRows
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
        // When the request does not arrive everything is read to the end: slower, and just as correct.
        canceller.cancelInBackground()
        drain()
    }

    /// Ends a COPY in so that nothing of it is loaded. A connection on which that fails is gone, and drained at once.
    private func giveUpCopy() {
        _ = PQputCopyEnd(handle, "the client gave up")
        try? flush()
    }

    /// Ends what is under way and reads every result, as libpq wants it before the next statement. Ends as well when the connection
    /// is lost in the middle, or its server silent.
    func drain() {
        while let result = (try? nextResult()) ?? nil {
            let status = PQresultStatus(result)
            PQclear(result)
            guard PQstatus(handle) == CONNECTION_OK else { return }
            // A COPY that is still open would give the same result for ever.
            if status == PGRES_COPY_IN { giveUpCopy() }
            if status == PGRES_COPY_OUT, !skipCopyOut() { return }
        }
    }

    /// Reads a COPY out to its end. False when that never came.
    private func skipCopyOut() -> Bool {
        var buffer: UnsafeMutablePointer<CChar>?
        while true {
            guard let length = try? nextCopyData(&buffer) else { return false }
            guard length > 0 else { return length == -1 }
            PQfreemem(buffer)
            buffer = nil
        }
    }
}

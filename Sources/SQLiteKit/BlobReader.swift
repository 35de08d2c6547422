// SPDX-License-Identifier: MIT

internal import CSQLite

/// Reads one stored value piece by piece, without ever holding the whole of it.
///
/// Only of tables with a rowid; of a text it gives the bytes in the database's own encoding.
/// See <https://sqlite.org/c3ref/blob_open.html>.
public struct BlobReader: ~Copyable {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    /// The value's length in bytes.
    public let count: Int

    /// Opens the text or blob in `column` of the row `rowid`.
    public init(_ connection: Connection, table: String, column: String, rowid: Int64) throws(SQLiteError) {
        var opened: OpaquePointer?
        let result = sqlite3_blob_open(connection.handle, "main", table, column, rowid, 0, &opened)
        guard result == SQLITE_OK, let opened else {
            let error = SQLiteError(result, on: connection.handle)
            sqlite3_blob_close(opened)
            throw error
        }
        handle = opened
        self.connection = connection.handle
        count = Int(sqlite3_blob_bytes(opened))
    }

    deinit {
        // Its result repeats the error of the last read, which was thrown there.
        _ = sqlite3_blob_close(handle)
    }

    /// Fills `buffer` with the bytes from `offset` on, as many as it has room for. There have to be so many.
    public borrowing func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SQLiteError) {
        let result = sqlite3_blob_read(handle, buffer.baseAddress, Int32(buffer.count), Int32(offset))
        guard result == SQLITE_OK else { throw SQLiteError(result, on: connection) }
    }
}

extension Connection {
    /// Refuses values that are longer than `bytes` from here on: a statement that would read one fails with ``ResultCode/tooBig`` and has
    /// not taken the memory for it. SQLite itself allows at most 1,000,000,000.
    ///
    /// - Returns: the limit before
    @discardableResult
    public func limitLength(to bytes: Int32) -> Int32 {
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, bytes)
    }
}

// SPDX-License-Identifier: MIT

internal import CSQLite

/// SQLite's online backup: copies every page of one database into another.
///
/// The destination is written in one transaction that ends with ``finish()``; until then a crash leaves the destination as it was.
/// See <https://sqlite.org/c3ref/backup_finish.html>.
public struct PageCopy: ~Copyable {
    private let handle: OpaquePointer
    private let destination: Connection
    private let source: Connection
    private var isFinished = false

    /// Prepares to copy the main database of `source` over the main database of `destination`.
    public init(from source: Connection, into destination: Connection) throws(SQLiteError) {
        guard let handle = sqlite3_backup_init(destination.handle, "main", source.handle, "main") else {
            throw SQLiteError(sqlite3_errcode(destination.handle), on: destination.handle)
        }
        self.handle = handle
        self.destination = destination
        self.source = source
    }

    deinit {
        // Ends the destination's transaction by rolling it back. Its result repeats the error of the last step.
        if !isFinished { sqlite3_backup_finish(handle) }
    }

    /// How many pages the source had at the last step.
    public var pageCount: Int { Int(sqlite3_backup_pagecount(handle)) }

    /// How many pages are still to be copied after the last step.
    public var remaining: Int { Int(sqlite3_backup_remaining(handle)) }

    /// Copies up to `pages` pages; all that are left when negative. True when everything was copied.
    ///
    /// `step(0)` writes nothing, and begins the destination's write transaction: from then on nobody else can commit there.
    public borrowing func step(_ pages: Int) throws(SQLiteError) -> Bool {
        switch sqlite3_backup_step(handle, Int32(clamping: pages)) {
        case SQLITE_DONE: return true
        case SQLITE_OK: return false
        case let result: throw SQLiteError(result, on: destination.handle)
        }
    }

    /// Ends the copy. What was copied counts only when ``step(_:)`` had answered true; else the destination is as it was.
    public consuming func finish() throws(SQLiteError) {
        isFinished = true
        let result = sqlite3_backup_finish(handle)
        guard result == SQLITE_OK else { throw SQLiteError(result, on: destination.handle) }
    }
}

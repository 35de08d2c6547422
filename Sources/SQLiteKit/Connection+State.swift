// SPDX-License-Identifier: MIT

internal import CSQLite
internal import Glibc

extension Connection {
    /// True when no transaction is open. After an error SQLite may have rolled back by itself: look here before going on.
    public var isAutocommit: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// How many rows the last INSERT, UPDATE or DELETE changed.
    public var changes: Int64 { sqlite3_changes64(handle) }

    /// Changes when another connection committed. Not changed by this connection's own commits: see
    /// <https://sqlite.org/pragma.html#pragma_data_version>.
    public func dataVersion() throws(SQLiteError) -> Int64 {
        try integer("PRAGMA data_version") ?? 0
    }

    /// `SQLITE_FCNTL_DATA_VERSION`: changes when anybody committed, this connection included, as far as the pager has looked. The only
    /// token that can be read while the connection is the destination of a backup.
    public func pagerDataVersion() throws(SQLiteError) -> UInt32 {
        var version: UInt32 = 0
        let result = sqlite3_file_control(handle, "main", SQLITE_FCNTL_DATA_VERSION, &version)
        guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
        return version
    }

    /// Keeps the last connection to close from running a checkpoint and deleting the `-wal`.
    public func disableCheckpointOnClose() throws(SQLiteError) {
        try configure(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
    }

    /// Keeps the file's triggers from firing on statements that are prepared from here on.
    public func disableTriggers() throws(SQLiteError) {
        try configure(SQLITE_DBCONFIG_ENABLE_TRIGGER, false)
    }

    /// Lets statements that `body` prepares be compiled with the file's triggers; afterwards triggers are disabled. `body` must not run a
    /// statement that writes.
    public func withTriggers<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try configure(SQLITE_DBCONFIG_ENABLE_TRIGGER, true)
        do throws(SQLiteError) {
            let result = try body()
            try disableTriggers()
            return result
        } catch {
            // The first error is the one to tell; setting a flag cannot fail on an open connection.
            try? disableTriggers()
            throw error
        }
    }

    /// Takes `"text"` in statements for a name and nothing else. By default SQLite takes it for a string where no column has the name, so that
    /// a misspelt column would read as its own name. The file's own schema is read as its maker wrote it.
    public func refuseDoubleQuotedStrings() throws(SQLiteError) {
        try configure(SQLITE_DBCONFIG_DQS_DML, false)
        try configure(SQLITE_DBCONFIG_DQS_DDL, false)
    }

    /// Takes `"text"` for a string where no column has the name, as other programs do: for statements that come out of a database.
    public func allowDoubleQuotedStrings() throws(SQLiteError) {
        try configure(SQLITE_DBCONFIG_DQS_DML, true)
        try configure(SQLITE_DBCONFIG_DQS_DDL, true)
    }

    /// Keeps schema text of the file from doing harm: no SQL function with side effects runs out of it.
    public func distrustSchema() throws(SQLiteError) {
        try configure(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
    }

    private func configure(_ option: Int32, _ value: Bool) throws(SQLiteError) {
        let result = dementiad_sqlite3_db_config_bool(handle, option, value ? 1 : 0, nil)
        guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
    }

    /// Calls `decide` whenever somebody else holds a lock, with the number of earlier calls for the same lock; true tries again.
    public func onBusy(_ decide: ((Int32) -> Bool)?) {
        guard let decide else {
            sqlite3_busy_handler(handle, nil, nil)
            busyHandler = nil
            return
        }
        let box = BusyBox(decide)
        let context = Unmanaged.passUnretained(box).toOpaque()
        sqlite3_busy_handler(
            handle,
            { context, count in
                guard let context else { return 0 }
                return Unmanaged<BusyBox>.fromOpaque(context).takeUnretainedValue().decide(count) ? 1 : 0
            },
            context
        )
        busyHandler = box
    }

    /// Waits up to `limit` for each of other people's locks, with growing pauses and jitter so that two waiters do not move in step.
    ///
    /// This blocks the connection's thread, which is what its thread is for.
    public func waitForLocks(atMost limit: Duration) {
        let clock = ContinuousClock()
        var start = clock.now
        onBusy { count in
            // The first call for this lock; earlier ones, and the time between, count for nothing.
            if count == 0 { start = clock.now }
            guard clock.now - start < limit else { return false }
            let milliseconds = min(1 << min(count, 6), 50)
            usleep(UInt32.random(in: 500...UInt32(milliseconds * 1000 + 500)))
            return true
        }
    }
}

/// Holds a busy handler where SQLite's context pointer can find it.
final class BusyBox {
    let decide: (Int32) -> Bool

    init(_ decide: @escaping (Int32) -> Bool) {
        self.decide = decide
    }
}

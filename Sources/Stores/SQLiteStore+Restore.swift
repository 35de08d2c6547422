// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import SQLiteKit

extension SQLiteStore {
    /// Design §5, SQLite, step 6: writes a backup *into* the live file, in one write transaction of SQLite's own.
    ///
    /// The file keeps its inode, its journal mode and its openers; a crash leaves it entirely old or entirely restored. The write lock
    /// is taken before the first page is written, and only then it is known that nothing was committed after `kept` was taken.
    public func restore(
        from source: String, expecting content: StoreDigest, replacing kept: Snapshot
    ) throws(GuardError) {
        let session = try open()
        let connection = session.connection
        do throws(GuardError) {
            try translating("restoring it") { () throws(SQLiteError) in
                connection.waitForLocks(atMost: limits.lockPatience)
                try connection.execute("PRAGMA query_only = 0; PRAGMA synchronous = FULL")
            }
            let backup = try translating("reading the restored copy") { () throws(SQLiteError) in
                try Connection(path: source, access: .immutable)
            }
            try write(backup, into: session, replacing: kept)
        } catch {
            close()
            throw error
        }
        try verifyRestored(content)
    }

    private func write(_ backup: Connection, into session: Session, replacing kept: Snapshot) throws(GuardError) {
        let connection = session.connection
        let pages = try translating("waiting for its write lock") { () throws(SQLiteError) in
            try PageCopy(from: backup, into: connection)
        }
        // Takes the write lock and writes nothing. The busy handler is not asked here, so the patience is ours.
        let deadline = ContinuousClock.now + limits.lockPatience
        while true {
            do throws(SQLiteError) {
                _ = try pages.step(0)
                break
            } catch {
                guard error.code ~= .busy, ContinuousClock.now < deadline else {
                    throw failure.translate(error, "waiting for its write lock")
                }
                LockPause.pause()
            }
        }
        let version = try translating("reading its version") { () throws(SQLiteError) in
            try connection.pagerDataVersion()
        }
        guard version == kept.token.pagerVersion, try status().isSameFile(as: session.file) else {
            throw failure.moved("somebody wrote to it")
        }
        while true {
            do throws(SQLiteError) {
                _ = try pages.step(-1)
                break
            } catch {
                // In a rollback-journal file an open cursor of somebody else's keeps the last page from being written. Nothing has
                // changed until it is.
                guard error.code ~= .busy, ContinuousClock.now < deadline else {
                    throw failure.translate(error, "restoring it")
                }
                LockPause.pause()
            }
        }
        do throws(SQLiteError) {
            try pages.finish()
        } catch {
            throw failure.translate(error, "committing the restore")
        }
    }

    /// Reads the restored content back through a new connection, unless somebody already wrote on it.
    private func verifyRestored(_ content: StoreDigest) throws(GuardError) {
        let connection = try connect().connection
        let before = try translating("verifying the restore") { () throws(SQLiteError) in
            try connection.execute("BEGIN")
            return try connection.dataVersion()
        }
        let found = try translating("verifying the restore") { () throws(SQLiteError) in
            let content = try SQLiteSchema(connection).content()
            try connection.execute("ROLLBACK")
            return content
        }
        guard found != content else { return }
        let written = try translating("verifying the restore") { () throws(SQLiteError) in
            try connection.dataVersion() != before
        }
        if !written {
            throw GuardError(
                .restoreFailed, "\(path) does not hold what was restored into it", store: location.id,
                dataState: .unverified,
                hint: "Its state before the restore is in the vault. See: dementiactl backup list \(location.id)")
        }
    }
}

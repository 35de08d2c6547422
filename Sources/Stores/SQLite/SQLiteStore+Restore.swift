// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import SQLiteKit

extension SQLiteStore {
    /// Step 6 of `docs/design/migration-sqlite.md`: writes a backup *into* the live file, in one write transaction of SQLite's own.
    ///
    /// The file keeps its inode, its journal mode and its openers; a crash leaves it entirely old or entirely restored. The write lock
    /// is taken before the first page is written, and only then it is known that nothing was committed after `kept` was taken.
    public func restore(
        from source: String, expecting content: StoreDigest, replacing kept: Snapshot
    ) throws(GuardError) {
        let session = try open()
        let connection = session.connection
        guard let state = kept.token.sqlite, state.session == session.id else {
            throw failure.moved("it was closed since, and was not watched")
        }
        do throws(GuardError) {
            try translating("restoring it") { () throws(SQLiteError) in
                connection.waitForLocks(atMost: limits.lockPatience)
                try connection.execute("PRAGMA query_only = 0; PRAGMA synchronous = FULL")
            }
            let version = try write(prepared(source, for: session, content), into: session, replacing: state)
            try verifyRestored(content, version, session)
        } catch {
            close()
            throw error
        }
    }

    /// Opens the copy to be restored, after it was made sure that it is what it should be and can be written into this file.
    private func prepared(
        _ source: String, for session: Session, _ content: StoreDigest
    ) throws(GuardError) -> Connection {
        do throws(SQLiteError) {
            // Copying its first page copies what it says of the journal mode. The file is to keep its own, and this copy is ours to change.
            if !session.isWAL {
                let copy = try Connection(path: source, access: .create)
                try copy.execute("PRAGMA journal_mode = DELETE")
            }
            let backup = try Connection(path: source, access: .immutable)
            guard try SQLiteSchema(backup).content() == content else {
                throw SQLiteError(code: .corrupt, message: "\(source) does not hold what the backup is said to hold")
            }
            let sizes = try (backup.integer("PRAGMA page_size"), session.connection.integer("PRAGMA page_size"))
            guard !session.isWAL || sizes.0 == sizes.1 else {
                throw SQLiteError(
                    code: .readOnly,
                    message: "the backup's pages and the file's differ in size, which a file in WAL mode cannot change")
            }
            return backup
        } catch {
            throw GuardError(
                .restoreFailed, "\(path) was not restored: \(error.message)", store: location.id,
                hint: "Nothing was changed. Export the backup instead: dementiactl backup export ID -o FILE",
                causes: [error.description])
        }
    }

    /// Writes `backup` over the file and gives the pager's version right after it; nil when that cannot be read.
    private func write(
        _ backup: Connection, into session: Session, replacing kept: SQLiteState
    ) throws(GuardError) -> UInt32? {
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
        try checkSameFile(session)
        guard version == kept.pagerVersion else { throw failure.moved("a program wrote to it") }
        while true {
            do throws(SQLiteError) {
                _ = try pages.step(-1)
                break
            } catch {
                // In a rollback-journal file an open cursor of somebody else's keeps the last page from being written. Nothing has
                // changed until it is.
                guard error.code ~= .busy else {
                    // The last step commits. On a disk that fails, nobody knows yet which of the two states will be found.
                    throw failure.translate(error, "restoring it").with(dataState: .changing)
                }
                guard ContinuousClock.now < deadline else { throw failure.translate(error, "restoring it") }
                LockPause.pause()
            }
        }
        do throws(SQLiteError) {
            try pages.finish()
        } catch {
            throw failure.translate(error, "committing the restore").with(dataState: .changing)
        }
        // The restore is committed. Without a version the read-back alone decides.
        return try? connection.pagerDataVersion()
    }

    /// Reads the restored content back through a new connection. Once somebody else has written, what is found is theirs.
    func verifyRestored(_ content: StoreDigest, _ version: UInt32?, _ session: Session) throws(GuardError) {
        do throws(GuardError) {
            let connection = try connect().connection
            let isRestored = try translating("verifying the restore") { () throws(SQLiteError) in
                try connection.execute("BEGIN")
                defer { try? connection.execute("ROLLBACK") }  // Read only: nothing could be lost.
                return try SQLiteSchema(connection).content() == content
            }
            // By the connection that has restored: whatever moves its version was committed after the restore.
            let now = try translating("verifying the restore") { () throws(SQLiteError) in try token(session) }
            let wasWritten = version.map { $0 != now.pagerVersion } ?? false
            guard isRestored || wasWritten else {
                throw GuardError(
                    .restoreFailed, "\(path) does not hold what was restored into it", store: location.id,
                    hint: "Its state before the restore is in the vault. See: dementiactl backup list \(location.id)")
            }
        } catch {
            throw error.with(dataState: .unverified)
        }
    }
}

// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import SQLiteKit

/// Finds out what lies at a path, and makes a journal of it only when it is ours to write.
struct Opening {
    let path: String

    /// A connection to a journal of this program's version.
    func connection() throws(JournalError) -> sending Connection {
        do {
            try createIfMissing()
        } catch {
            throw JournalError(error, path: path)
        }
        do {
            let connection = try Connection(path: path, access: .readWrite)
            connection.waitForLocks(atMost: .seconds(5))
            try connection.distrustSchema()
            do {
                let version = try recognise(connection)
                try configure(connection)
                try upgrade(connection, from: version)
            } catch {
                // What we cannot use is left as it is: closing must not move a -wal into the file. The first error
                // counts.
                try? connection.disableCheckpointOnClose()
                throw error
            }
            return connection
        } catch let error as SQLiteError {
            throw JournalError(error, path: path)
        } catch let error as JournalError {
            throw error
        } catch {
            throw JournalError(.misuse, "the journal \(path) cannot be opened", causes: ["\(error)"])
        }
    }

    /// SQLite would make the file with the mode that umask leaves; ours is private from birth, and its name survives a
    /// power cut.
    ///
    /// SQLite gives `-wal` and `-shm` the mode of the database.
    private func createIfMissing() throws(SystemCallError) {
        do {
            let file = try OpenFile.creating(path, mode: 0o600)
            try file.close()
        } catch {
            guard error.alreadyExists else { throw error }
            return
        }
        try Directory.sync(Directory.parent(of: path))
    }

    /// The version of the journal at `path`, 0 for an empty file: making it may have been cut short before the tables
    /// were there.
    private func recognise(_ connection: Connection) throws -> Int64 {
        let application = try connection.integer("PRAGMA application_id") ?? 0
        let version = try connection.integer("PRAGMA user_version") ?? 0
        let objects = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
        if application == 0, version == 0, objects == 0 { return 0 }
        guard application == Schema.applicationID else {
            throw JournalError(
                .foreign, "\(path) is a database of another program",
                hint: "Move the file out of the state directory, or give dementiad another state directory.")
        }
        guard version <= Schema.version else {
            throw JournalError(
                .newer,
                """
                the journal \(path) was written by a newer dementiad (journal version \(version), this one knows \
                \(Schema.version))
                """,
                hint: "Install that dementiad again; the journal was left as it is.")
        }
        // Recovery decides on what stands here: half a page of it must not pass for the truth.
        let verdict = try connection.string("PRAGMA quick_check(1)") ?? ""
        guard verdict == "ok" else { throw JournalError.damaged(path, verdict) }
        return version
    }

    private func configure(_ connection: Connection) throws {
        // A commit in WAL mode with synchronous=FULL is one fsync; a rollback journal needs three or four.
        // See <https://sqlite.org/wal.html>.
        let mode = try connection.string("PRAGMA journal_mode = WAL") ?? ""
        guard mode == "wal" else {
            throw JournalError(
                .inputOutput, "the filesystem of \(path) has no shared memory for SQLite's write-ahead log",
                hint: "Put the state directory on a local disk.")
        }
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA foreign_keys = ON")
    }

    /// All steps to the present version in one transaction, `user_version` included.
    private func upgrade(_ connection: Connection, from version: Int64) throws {
        guard version < Schema.version else { return }
        try connection.execute("BEGIN IMMEDIATE")
        for step in Schema.steps.dropFirst(Int(version)) { try connection.execute(step) }
        try connection.execute("PRAGMA application_id = \(Schema.applicationID)")
        try connection.execute("PRAGMA user_version = \(Schema.version)")
        // Without COMMIT, closing the connection rolls back.
        try connection.execute("COMMIT")
    }
}

// SPDX-License-Identifier: MIT

/// The files that SQLite keeps beside a database. It knows them by their names alone.
public enum SQLiteSidecar {
    /// The suffixes that SQLite adds to the name of a database.
    public static let endings = ["-journal", "-wal", "-shm"]

    /// Whether SQLite takes a file called `path` for its own: it reads such a file into the database beside it, or deletes it.
    public static func isName(_ path: String) -> Bool {
        endings.contains { path.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }
}

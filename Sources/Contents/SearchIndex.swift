// SPDX-License-Identifier: MIT

internal import HashKit
internal import LinuxKit
public import SQLiteKit

/// One context with one content, wherever it stands.
public struct ContextText: Sendable, Equatable {
    public let label: String
    public let version: String?
    public let session: String?
    public let content: [UInt8]

    /// The value that identifies the row in both states.
    public var digest: [UInt8] {
        var hash = SHA256()
        for part in [session.map { Array($0.utf8) }, Array(label.utf8), version.map { Array($0.utf8) }, content] {
            hash.update(Array("\(part.map { String($0.count) } ?? "-") ".utf8))
            hash.update(part ?? [])
        }
        return hash.finish().bytes
    }

    /// Whether label or content holds `words`.
    public func holds(_ words: FoldedText) -> Bool {
        FoldedText(label).firstPlace(of: words) != nil || FoldedText(content).firstPlace(of: words) != nil
    }
}

extension ContentState {
    /// Calls `body` with every context, or with those of one label.
    public func forEachContext(
        labelled label: String? = nil, _ body: (ContextText) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        guard let table = try tables().first(where: \.holdsContexts), let labels = table.column("label"),
            let contents = table.column("content")
        else { return }
        func column(_ name: SQLiteName) -> SQL { table.column(name).map { "\($0)" } ?? "NULL" }
        let condition = label == nil ? "" : " WHERE \(labels) = ? COLLATE BINARY" as SQL
        try connection.forEachRow(
            """
            SELECT \(labels), \(contents), \(column("version")), \(column("session_id")) FROM main.\(table.name)\(condition)
            """ as SQL, label.map { [.text($0)] } ?? []
        ) { (row) throws(SQLiteError) in
            try body(
                ContextText(
                    label: row.string(0) ?? "", version: row.string(2), session: row.string(3), content: row.bytes(1)))
        }
    }
}

/// Which contexts stood in which backups: a file that can be thrown away and is made anew from the vault.
///
/// There is a row for each context with each of its contents, and not for each backup. The states of a memory are counted by the sequence
/// numbers of their backups, and each row has the spans of them in which it stood. The words are found by their trigrams.
///
/// Not `Sendable`: it belongs to the thread that opened it.
public final class SearchIndex {
    /// One backup, as far as the index knows it.
    public struct State: Sendable, Hashable {
        public let store: String
        public let backup: String
        public let sequence: Int64
        /// The digest of what the backup holds: the same digest, the same rows.
        public let content: String

        public init(store: String, backup: String, sequence: Int64, content: String) {
            self.store = store
            self.backup = backup
            self.sequence = sequence
            self.content = content
        }
    }

    /// A context and the states in which it stood.
    public struct Match: Sendable, Equatable {
        public let id: Int64
        public let store: String
        public let digest: [UInt8]
        /// First and last sequence number of each span.
        public let spans: [ClosedRange<Int64>]
    }

    private static let form: Int64 = 1
    private let connection: Connection

    /// Opens the index in the file at `path`, mode 0600 from birth. One of another form, or a damaged one, is made anew.
    public init(path: String) throws(SQLiteError) {
        do throws(SQLiteError) {
            connection = try Self.opened(path)
        } catch {
            guard error.code ~= .corrupt || error.code ~= .notADatabase else { throw error }
            connection = try Self.made(path)
        }
    }

    private static func opened(_ path: String) throws(SQLiteError) -> Connection {
        let isThere = (try? FileStatus.ifPresent(path)) ?? nil
        guard isThere != nil else { return try made(path) }
        let connection = try Connection(path: path, access: .readWrite)
        try set(connection)
        guard try connection.integer("PRAGMA user_version") == form else { return try made(path) }
        return connection
    }

    private static func made(_ path: String) throws(SQLiteError) -> Connection {
        do throws(SystemCallError) {
            for suffix in ["", "-wal", "-shm", "-journal"] where try FileStatus.ifPresent(path + suffix) != nil {
                try Directory.unlink(path + suffix)
            }
            // SQLite would make it readable for others.
            _ = try OpenFile.creating(path, mode: 0o600)
        } catch {
            throw SQLiteError(code: .cannotOpen, message: error.description, systemError: error.errno)
        }
        let connection = try Connection(path: path, access: .readWrite)
        try set(connection)
        try connection.execute(
            """
            BEGIN;
            CREATE TABLE states (backup TEXT PRIMARY KEY, store TEXT NOT NULL, sequence INTEGER NOT NULL) WITHOUT ROWID;
            CREATE INDEX states_of_store ON states (store, sequence);
            CREATE TABLE tails (store TEXT PRIMARY KEY, sequence INTEGER NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE texts (id INTEGER PRIMARY KEY, store TEXT NOT NULL, digest BLOB NOT NULL, label TEXT NOT NULL,
                version TEXT, session TEXT, content BLOB NOT NULL, UNIQUE (store, digest));
            CREATE INDEX texts_of_label ON texts (store, label);
            CREATE TABLE spans (text INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
                PRIMARY KEY (text, first)) WITHOUT ROWID;
            CREATE VIRTUAL TABLE words USING fts5 (label, content, content = '', tokenize = 'trigram case_sensitive 1');
            PRAGMA user_version = \(form);
            COMMIT
            """)
        return connection
    }

    private static func set(_ connection: Connection) throws(SQLiteError) {
        connection.waitForLocks(atMost: .seconds(10))
        try connection.execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA temp_store = FILE"
        )
    }

    // MARK: Keeping up with the vault

    /// The backups that are in it.
    public func backups() throws(SQLiteError) -> Set<String> {
        Set(try connection.rows("SELECT backup FROM states") { $0.string(0) ?? "" })
    }

    /// The newest state of a store that was ever added; nil for none.
    public func tail(of store: String) throws(SQLiteError) -> (sequence: Int64, content: String)? {
        try connection.rows("SELECT sequence, content FROM tails WHERE store = ?", [.text(store)]) {
            ($0.integer(0), $0.string(1) ?? "")
        }.first
    }

    /// The file's length in bytes.
    public func size() throws(SQLiteError) -> Int64 {
        (try connection.integer("PRAGMA page_count") ?? 0) * (try connection.integer("PRAGMA page_size") ?? 0)
    }

    /// Runs `body` in one transaction, of which nothing holds when it throws.
    public func changing<Failure: Error>(
        _ body: () throws(Failure) -> Void, orElse translate: (SQLiteError) -> Failure
    ) throws(Failure) {
        func run(_ sql: String) throws(Failure) {
            do throws(SQLiteError) { try connection.execute(sql) } catch { throw translate(error) }
        }
        try run("BEGIN IMMEDIATE")
        do throws(Failure) {
            try body()
            try run("COMMIT")
        } catch {
            // The first error is the one to tell; a transaction that has ended already cannot be rolled back.
            try? connection.execute("ROLLBACK")
            throw error
        }
    }

    /// Adds a state that is newer than all that were added of its store: the contexts of `contents`, or the same as in the one before for nil.
    public func add(_ state: State, _ contents: ContentState?) throws(SQLiteError) {
        let tail = try tail(of: state.store)?.sequence ?? -1
        if let contents {
            let find = try connection.prepare("SELECT id FROM texts WHERE store = ? AND digest = ?")
            let extend = try connection.prepare("UPDATE spans SET last = ?1 WHERE text = ?2 AND last = ?3")
            let begin = try connection.prepare(
                """
                INSERT INTO spans SELECT ?2, ?1, ?1 WHERE NOT EXISTS (SELECT 1 FROM spans WHERE text = ?2 AND last = ?1)
                """)
            try contents.forEachContext { (context) throws(SQLiteError) in
                let digest = context.digest
                try find.bind([.text(state.store), .blob(digest)])
                let known = try find.step() ? find.integer(0) : nil
                find.reset()
                let id = if let known { known } else { try insert(context, digest, state.store) }
                try extend.bind([.integer(state.sequence), .integer(id), .integer(tail)])
                try extend.run()
                try begin.bind([.integer(state.sequence), .integer(id)])
                try begin.run()
            }
        } else {
            try connection.run(
                "UPDATE spans SET last = ?1 WHERE last = ?2 AND text IN (SELECT id FROM texts WHERE store = ?3)",
                [.integer(state.sequence), .integer(tail), .text(state.store)])
        }
        try connection.run(
            "INSERT INTO states VALUES (?, ?, ?)",
            [.text(state.backup), .text(state.store), .integer(state.sequence)])
        try connection.run(
            "INSERT OR REPLACE INTO tails VALUES (?, ?, ?)",
            [.text(state.store), .integer(state.sequence), .text(state.content)])
    }

    private func insert(_ context: ContextText, _ digest: [UInt8], _ store: String) throws(SQLiteError) -> Int64 {
        try connection.run(
            "INSERT INTO texts (store, digest, label, version, session, content) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .text(store), .blob(digest), .text(context.label), .text(context.version), .text(context.session),
                .blob(context.content),
            ])
        let id = try connection.integer("SELECT last_insert_rowid()") ?? 0
        try connection.run(
            "INSERT INTO words (rowid, label, content) VALUES (?, ?, ?)",
            [.integer(id), .text(FoldedText(context.label).bytes), .text(FoldedText(context.content).bytes)])
        return id
    }

    /// Forgets backups that are not in the vault any more, and the contexts that only they had.
    public func forget(_ backups: Set<String>) throws(SQLiteError) {
        guard !backups.isEmpty else { return }
        for backup in backups { try connection.run("DELETE FROM states WHERE backup = ?", [.text(backup)]) }
        try connection.execute(
            """
            DELETE FROM spans WHERE NOT EXISTS (SELECT 1 FROM texts JOIN states USING (store)
                WHERE texts.id = spans.text AND states.sequence BETWEEN spans.first AND spans.last)
            """)
        try dropTexts("NOT EXISTS (SELECT 1 FROM spans WHERE text = texts.id)")
    }

    /// Forgets a store as if none of its backups had been added.
    public func forget(store: String) throws(SQLiteError) {
        try connection.run("DELETE FROM states WHERE store = ?", [.text(store)])
        try connection.run("DELETE FROM tails WHERE store = ?", [.text(store)])
        try connection.run("DELETE FROM spans WHERE text IN (SELECT id FROM texts WHERE store = ?)", [.text(store)])
        try dropTexts("store = ?", [.text(store)])
    }

    private func dropTexts(_ condition: String, _ values: [Value] = []) throws(SQLiteError) {
        let ids = try connection.rows("SELECT id FROM texts WHERE \(condition)", values) { $0.integer(0) }
        for id in ids {
            guard let context = try context(id) else { continue }
            // The words are not kept beside their index, which wants to be told what it is to forget.
            try connection.run(
                "INSERT INTO words (words, rowid, label, content) VALUES ('delete', ?, ?, ?)",
                [.integer(id), .text(FoldedText(context.label).bytes), .text(FoldedText(context.content).bytes)])
            try connection.run("DELETE FROM texts WHERE id = ?", [.integer(id)])
        }
    }

    // MARK: Asking

    /// The contexts that hold `words`, of one store or of all.
    public func matches(_ words: FoldedText, store: String?) throws(SQLiteError) -> [Match] {
        // A trigram needs three characters, and a NUL ends what SQLite reads of the words.
        let isShort = String(decoding: words.bytes, as: UTF8.self).unicodeScalars.count < 3
        let ids: [Int64]
        if isShort || words.bytes.contains(0) {
            var found: [Int64] = []
            try connection.forEachRow("SELECT id, label, content FROM texts") { row in
                let context = ContextText(
                    label: row.string(1) ?? "", version: nil, session: nil, content: row.bytes(2))
                if context.holds(words) { found.append(row.integer(0)) }
            }
            ids = found
        } else {
            let quote = UInt8(ascii: "\"")
            let phrase = [quote] + words.bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
            ids = try connection.rows("SELECT rowid FROM words WHERE words MATCH ?", [.text(phrase)]) { $0.integer(0) }
        }
        return try ids.map { (id) throws(SQLiteError) in try match(id) }.compactMap { $0 }
            .filter { store == nil || $0.store == store }
    }

    /// The contexts of a store that have this label.
    public func matches(label: String, store: String) throws(SQLiteError) -> [Match] {
        let ids = try connection.rows(
            "SELECT id FROM texts WHERE store = ? AND label = ?", [.text(store), .text(label)]
        ) { $0.integer(0) }
        return try ids.map { (id) throws(SQLiteError) in try match(id) }.compactMap { $0 }
    }

    private func match(_ id: Int64) throws(SQLiteError) -> Match? {
        let head = try connection.rows("SELECT store, digest FROM texts WHERE id = ?", [.integer(id)]) {
            (store: $0.string(0) ?? "", digest: $0.bytes(1))
        }
        let spans = try connection.rows(
            "SELECT first, last FROM spans WHERE text = ? ORDER BY first", [.integer(id)]
        ) { $0.integer(0)...max($0.integer(0), $0.integer(1)) }
        return head.first.map { Match(id: id, store: $0.store, digest: $0.digest, spans: spans) }
    }

    /// The context of a match.
    public func context(_ id: Int64) throws(SQLiteError) -> ContextText? {
        try connection.rows("SELECT label, version, session, content FROM texts WHERE id = ?", [.integer(id)]) {
            ContextText(
                label: $0.string(0) ?? "", version: $0.string(1), session: $0.string(2), content: $0.bytes(3))
        }.first
    }
}

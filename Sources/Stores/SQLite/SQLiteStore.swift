// SPDX-License-Identifier: MIT

public import Dementia
internal import Glibc
public import GuardCore
public import LinuxKit
internal import SQLiteKit
internal import Synchronization

/// A memory in a SQLite file.
///
/// One connection, on a thread of its own. How it opens somebody's file: for reading and writing, because a read-only
/// open leaves `-wal` and `-shm` behind; `query_only` until it migrates; no checkpoint of ours while others work, and none on close
/// exactly when a `-wal` existed before the open. The journal mode is never changed. The file is never opened but through SQLite:
/// closing any other descriptor would drop SQLite's locks in this process (<https://sqlite.org/howtocorrupt.html>, 2.2).
public actor SQLiteStore: Store {
    /// How long it waits and holds.
    public struct Limits: Sendable {
        /// For other people's locks.
        public var lockPatience: Duration = .seconds(30)
        /// How long a copy may keep writers of a rollback-journal file from committing.
        public var rollbackRead: Duration = .seconds(2)
        /// How long a copy may pin the WAL.
        public var walRead: Duration = .seconds(60)
        /// How far the WAL may grow under a copy, in bytes.
        public var walGrowth: Int64 = 256 << 20

        public init() {}
    }

    /// One open connection and what was true when it was opened.
    struct Session {
        let connection: Connection
        /// Different for every connection that this process opens.
        let id: UInt64
        /// Device and inode that the connection reads.
        let file: FileStatus
        let isWAL: Bool
    }

    public nonisolated let location: StoreLocation
    private let thread: ThreadExecutor
    let limits: Limits
    let failure: SQLiteFailure
    private var session: Session?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The store in the file at `path`, a real path without symbolic links. Nothing is opened yet.
    public init(path: String, limits: Limits = Limits()) throws(SystemCallError) {
        location = StoreLocation(engine: .sqlite, name: path)
        thread = try ThreadExecutor(name: "sqlite-store", about: path)
        self.limits = limits
        failure = SQLiteFailure(location: location)
    }

    var path: String { location.name }

    public func close() {
        session = nil
    }

    public func describe() throws(GuardError) -> StoreDescription {
        let status = try status()
        let beside = try? FileStatus.ifPresent(path + "-wal")
        return StoreDescription(
            location: location,
            project: Self.project(of: path),
            sizeBytes: status.size + (beside?.size ?? 0),
            file: FileRights(uid: status.uid, gid: status.gid, mode: status.mode & 0o7777))
    }

    public func survey(_ catalogue: Catalogue) throws(GuardError) -> Survey {
        let connection = try open().connection
        return try translating("reading its schema") { () throws(SQLiteError) in
            // One read transaction, so that shape, ledger and postconditions speak of the same state.
            let isInside = !connection.isAutocommit
            if !isInside { try connection.execute("BEGIN") }
            defer { if !isInside { try? connection.execute("ROLLBACK") } }  // Read only: nothing could be lost.
            let schema = SQLiteSchema(connection)
            let shape = try schema.shape()
            let recognition = Recognition.sqlite(shape)
            var problems: [Int: [String]] = [:]
            if case .memory(let line) = recognition {
                for migration in catalogue.migrations(of: line) {
                    let found = try Postcondition(migration).problems(on: connection)
                    if !found.isEmpty { problems[migration.version] = found }
                }
            }
            let ledger = SQLiteLedger(connection)
            return Survey(
                recognition: recognition, shape: shape, ledger: try ledger.rows(),
                foreignLedger: try ledger.foreignObject(), problems: problems)
        }
    }

    public func history() throws(GuardError) -> LedgerHistory {
        let connection = try open().connection
        return try translating("reading its ledger") { () throws(SQLiteError) in
            try SQLiteLedger(connection).history()
        }
    }

    public func hasCommitted(_ operation: OperationID) throws(GuardError) -> Bool {
        let connection = try open().connection
        return try translating("reading its ledger") { () throws(SQLiteError) in
            try SQLiteLedger(connection).hasCommitted(operation)
        }
    }

    // MARK: The connection

    /// The open connection, opened when it is not.
    func open() throws(GuardError) -> Session {
        if let session {
            do throws(GuardError) {
                try checkSameFile(session)
            } catch {
                self.session = nil
                throw error
            }
            return session
        }
        let opened = try connect()
        session = opened
        return opened
    }

    /// A connection of its own, for a look that must not see through the eyes of the first.
    func connect() throws(GuardError) -> Session {
        let status = try soleStatus()
        try refuseStrangeSidecars()
        do {
            try Access.checkReadableAndWritable(path)
            try Access.checkReadableAndWritable(Directory.parent(of: path))
        } catch {
            throw error.errno == EROFS
                ? failure.translate(SQLiteError(code: .readOnly, message: error.description), "opening it")
                : failure.translate(error, "opening it")
        }
        let wal: FileStatus?
        do {
            wal = try FileStatus.ifPresent(path + "-wal")
        } catch {
            throw failure.translate(error, "looking for its -wal")
        }
        return try translating("opening it") { () throws(SQLiteError) in
            let connection = try Connection(path: path, access: .readWrite)
            connection.waitForLocks(atMost: limits.lockPatience)
            if wal != nil { try connection.disableCheckpointOnClose() }
            try connection.distrustSchema()
            connection.acceptMissingCollations()
            try connection.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = 1; PRAGMA cell_size_check = 1")
            // The first read: NOTADB, a hot journal or a busy file show here.
            let mode = try connection.string("PRAGMA journal_mode") ?? ""
            _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
            return Session(
                connection: connection, id: Self.sessions.add(1, ordering: .relaxed).newValue, file: status,
                isWAL: mode == "wal")
        }
    }

    private static let sessions = Atomic<UInt64>(0)

    /// The file's status by its path, or why there is no file to guard.
    func status() throws(GuardError) -> FileStatus {
        let status: FileStatus
        do {
            status = try FileStatus(ofLink: path)
        } catch {
            throw failure.translate(error, "looking at it")
        }
        guard status.kind == .file else {
            throw GuardError(
                .notADatabase, "\(path) is not a file", store: location.id,
                hint: "It is left alone. Keep it out with discover.ignore.")
        }
        return status
    }

    /// The file's status, when the file has no second name.
    ///
    /// SQLite names the `-wal` and the `-journal` after the path that a program opened. Under a second name it would neither see nor respect
    /// them: it would read a state that never was, and a program that works under the other name would write over what was written here.
    private func soleStatus() throws(GuardError) -> FileStatus {
        let status = try status()
        guard status.links <= 1 else {
            throw GuardError(
                .severalNames, "\(path) is one of \(status.links) names of the same file", store: location.id,
                hint:
                    "Nothing was changed. Find the other names with: find / -xdev -samefile FILE; keep one of them, and remove the others "
                    + "while no program uses the file.")
        }
        return status
    }

    /// Fails unless the path still is the one name of the file that `session` reads.
    func checkSameFile(_ session: Session) throws(GuardError) {
        guard try soleStatus().isSameFile(as: session.file) else {
            throw failure.moved("another file has its name now")
        }
    }

    /// Refuses a file beside which something stands where SQLite expects a file of its own: SQLite opens it, and a pipe would keep it
    /// forever.
    private func refuseStrangeSidecars() throws(GuardError) {
        for suffix in SQLiteSidecar.endings {
            let beside: FileStatus
            do {
                beside = try FileStatus(ofLink: path + suffix)
            } catch {
                guard error.isNotFound else { throw failure.translate(error, "looking for its \(suffix)") }
                continue
            }
            guard beside.kind != .file else { continue }
            throw GuardError(
                .notAnswering,
                "\(path) cannot be opened: \(path)\(suffix) is no regular file, and SQLite would wait at it",
                store: location.id,
                hint:
                    "The memory is left alone. Look at what \(path)\(suffix) is, and remove it: ls -l \(path)\(suffix)")
        }
    }

    /// Runs `body` and says what SQLite says in our words.
    func translating<Result: ~Copyable>(
        _ doing: String, _ body: () throws(SQLiteError) -> Result
    ) throws(GuardError) -> Result {
        do {
            return try body()
        } catch {
            throw failure.translate(error, doing)
        }
    }

    /// The folder that holds the file, which people know a memory by.
    static func project(of path: String) -> String {
        Directory.parts(of: path).dropLast().last.map(String.init) ?? path
    }
}

// SPDX-License-Identifier: MIT

public import Dementia
public import GuardCore
public import LinuxKit
public import PostgresKit
internal import SchemaDump
internal import Synchronization

/// A memory in a PostgreSQL schema.
///
/// One connection, on a thread of its own. Every look and every change is one transaction that pins its settings with SET LOCAL and
/// qualifies every name; nothing relies on what a session keeps, so it works the same through a transaction pooler.
public actor PostgresStore: Store {
    /// How long it waits.
    public struct Limits: Sendable {
        /// For a lock, per attempt. Whoever comes after us in the lock's queue waits as long.
        public var lockTimeout: Duration = .seconds(2)
        /// How often a lock is tried.
        public var lockAttempts = 5
        /// For a COMMIT without an answer, and for another guard to be done.
        public var patience: Duration = .seconds(30)

        public init() {}
    }

    /// One open connection and what was found out when it was opened.
    struct Session {
        let connection: Connection
        /// Different for every connection that this process opens.
        let id: UInt64
    }

    public nonisolated let location: StoreLocation
    /// The schema's name, as it is.
    package nonisolated let schema: String
    /// How to reach the database.
    package nonisolated let target: ConnectionTarget
    private let thread: ThreadExecutor
    /// How long it waits.
    package nonisolated let limits: Limits
    nonisolated let failure: PostgresFailure
    private var session: Session?
    /// The database that the last proof restored into.
    var scratch: ScratchDatabase?
    /// What the last dump needs to be there before it.
    var requiredExtensions: [RequiredExtension] = []
    /// What the server said of rows that a migration stumbled over: for the ledger, and for nothing that is logged.
    var failureDetail: String?
    /// The key that stood in its way, when rows had it more than once.
    var duplicates: DuplicateKeys?
    /// Whether something was committed, or a restore begun: from there on a stop ends no statement, since what follows it mends.
    var goesOnAfterStop = false
    /// When the locks of the last change began to be taken.
    var lockedSince: ContinuousClock.Instant?
    /// The tables that the rehearsal needed for itself alone; nil without one.
    var rehearsedLocks: Set<ExactText>?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The store in `schema` of the database that `target` leads to. Nothing is opened yet.
    ///
    /// - Parameter address: `host:port/database`, which with the schema is the store's name
    public init(
        _ target: ConnectionTarget, address: String, schema: String, limits: Limits = Limits()
    ) throws(SystemCallError) {
        location = StoreLocation(engine: .postgres, name: "\(address)#\(schema)")
        self.schema = schema
        self.target = target
        thread = try ThreadExecutor(name: "postgres-store", about: location.name)
        self.limits = limits
        failure = PostgresFailure(location: location)
    }

    public func close() {
        session = nil
        scratch?.connection = nil
    }

    public func describe() throws(GuardError) -> StoreDescription {
        try reading("looking at it") { (connection) throws(PostgresError) in
            let size = try connection.value(
                """
                SELECT coalesce(sum(pg_catalog.pg_relation_size(c.oid) + coalesce(pg_catalog.pg_relation_size(
                    nullif(c.reltoastrelid, 0)), 0)), 0)::bigint
                FROM pg_catalog.pg_class c
                WHERE c.relnamespace = pg_catalog.to_regnamespace($1) AND c.relkind IN ('r', 'm', 'i', 'S')
                """, [SQLText.identifier(self.schema)])
            return StoreDescription(
                location: self.location, project: self.schema, sizeBytes: size.flatMap { Int64($0) } ?? 0, file: nil)
        }
    }

    public func survey(_ catalogue: Catalogue) throws(GuardError) -> Survey {
        try reading("reading its schema") { (connection) throws(PostgresError) in
            try PostgresSchema(connection, self.schema).survey(catalogue)
        }
    }

    public func history() throws(GuardError) -> LedgerHistory {
        try reading("reading its ledger") { (connection) throws(PostgresError) in
            try PostgresLedger(connection, schema: self.schema).history()
        }
    }

    /// - Important: waits for a transaction of the operation that is still open on the server: what the ledger tells then is final.
    public func hasCommitted(_ operation: OperationID) throws(GuardError) -> Bool {
        let deadline = ContinuousClock.now + limits.patience
        while true {
            let answer: Bool? = try writing("reading its ledger") { (connection) throws(PostgresError) in
                // Every change is made under this lock, so whoever holds it may still commit.
                guard try PostgresLocks.tryGuardLock(connection, self.schema) else { return nil }
                return try PostgresLedger(connection, schema: self.schema).hasCommitted(operation)
            }
            if let answer { return answer }
            guard ContinuousClock.now < deadline else { throw failure.busy("waiting for an open transaction to end") }
            LockPause.pause()
        }
    }

    // MARK: The connection

    /// The open connection, opened when it is not.
    func open() throws(GuardError) -> Session {
        let session: Session
        // One that is lost inside of a transaction has to fail: what was locked in it is locked no more.
        if let open = self.session, open.connection.transactionStatus.isOurs || open.connection.isOpen {
            session = open
        } else {
            session = Session(
                connection: try connect(target), id: Self.sessions.add(1, ordering: .relaxed).newValue)
            self.session = session
        }
        let goesOn = goesOnAfterStop
        session.connection.isStopped = { !goesOn && Task.isCancelled }
        return session
    }

    private static let sessions = Atomic<UInt64>(0)

    /// A connection of its own.
    func connect(_ target: ConnectionTarget) throws(GuardError) -> Connection {
        try translating("connecting") { () throws(PostgresError) in try Connection.forWork(target) }
    }

    /// Runs `body` in a transaction that sees one state and changes nothing.
    func reading<Result>(
        _ doing: String, _ body: (Connection) throws(PostgresError) -> Result
    ) throws(GuardError) -> Result {
        let connection = try open().connection
        // Under `lock()` everything is looked at in the transaction that holds the lock.
        if connection.transactionStatus == .inTransaction {
            return try translating(doing) { () throws(PostgresError) in try body(connection) }
        }
        return try transaction(doing, .reading, on: connection) {
            (connection) throws(PostgresError) in
            guard try PostgresSchema(connection, self.schema).exists() else {
                throw PostgresError(sqlState: .undefinedSchema, message: "there is no schema \(self.schema)")
            }
            return try body(connection)
        }
    }

    /// Runs `body` in a transaction that may write, and commits it.
    func writing<Result>(
        _ doing: String, _ body: (Connection) throws(PostgresError) -> Result
    ) throws(GuardError) -> Result {
        try transaction(doing, .writing, on: open().connection, body)
    }

    private func transaction<Result>(
        _ doing: String, _ how: Connection.Transaction, on connection: Connection,
        _ body: (Connection) throws(PostgresError) -> Result
    ) throws(GuardError) -> Result {
        try translating(doing) { () throws(PostgresError) in
            do throws(PostgresError) {
                try connection.begin(how)
                try connection.pin(self.limits)
                let result = try body(connection)
                guard try connection.execute("COMMIT") == "COMMIT" else {
                    throw PostgresError(sqlState: .failedTransaction, message: "the server rolled it back")
                }
                return result
            } catch {
                connection.rollBack()
                throw error
            }
        }
    }

    /// Runs `body` and says what PostgreSQL says in our words.
    func translating<Result>(
        _ doing: String, _ body: () throws(PostgresError) -> Result
    ) throws(GuardError) -> Result {
        do {
            return try body()
        } catch {
            if error.isConnectionLost { session = nil }
            throw failure.translate(error, doing)
        }
    }
}

// SPDX-License-Identifier: MIT

public import Dementia
public import GuardCore
public import PostgresKit
public import Stores

/// Everything that moves one SQLite memory into one PostgreSQL schema.
///
/// The source is a private copy that nobody else touches. ``plan()`` writes nothing and counts what ``run(beforeCommit:)`` would: one
/// transaction that makes the schema where it is not there, loads every row, reads every row back and commits, or changes nothing at all.
public struct TransferJob: Sendable {
    /// The private copy's path.
    public let source: String
    /// Which memory it is a copy of: its path, with device and inode.
    public let identity: String
    /// What is equal for equal content.
    public let contentDigest: String
    /// How to reach the database.
    public let target: ConnectionTarget
    /// `host:port/database`, as libpq reads it.
    public let address: String
    /// The schema to fill.
    public let schema: String
    /// On whose behalf; it names the run in the schema.
    public let operation: OperationID
    /// When it began.
    public let startedAt: Timestamp
    public var policy = TransferPolicy.standard
    /// The file that the rejected rows are written to; it has to be new. nil for none.
    public var rejectsPath: String?
    public var limits = PostgresStore.Limits()
    /// Is told how many rows are done.
    public var progress: ProgressSink?
    /// Is asked every few hundred rows; true ends the work with nothing changed.
    public var isCancelled: @Sendable () -> Bool = { false }
    /// Is asked before COMMIT: whether somebody wrote to the memory since the copy was made.
    public var hasSourceMoved: @Sendable () -> Bool = { false }
    let catalogue: Catalogue

    /// - Parameter identity: tells the memory, whatever it holds; `contentDigest` tells what it holds
    public init(
        source: String, identity: String, contentDigest: String, to target: ConnectionTarget, address: String,
        schema: String, operation: OperationID, startedAt: Timestamp, catalogue: Catalogue
    ) {
        self.source = source
        self.identity = identity
        self.contentDigest = contentDigest
        self.target = target
        self.address = address
        self.schema = schema
        self.operation = operation
        self.startedAt = startedAt
        self.catalogue = catalogue
    }

    /// A transfer into the schema of `store`, whether it is there or not.
    public init(
        source: String, identity: String, contentDigest: String, into store: PostgresStore, operation: OperationID,
        startedAt: Timestamp, catalogue: Catalogue
    ) {
        self.init(
            source: source, identity: identity, contentDigest: contentDigest, to: store.target,
            address: store.location.database ?? "", schema: store.schema,
            operation: operation, startedAt: startedAt, catalogue: catalogue)
        limits = store.limits
    }

    /// Whether the schema could be filled, without a look at a single row: fails when it is of another kind or holds other data.
    ///
    /// - Returns: the report of an earlier transfer of this very content, after which there is nothing to do
    public func look() throws(GuardError) -> TransferReport? {
        let work = try connect()
        defer { work.rollBack() }
        try work.begin()
        guard try work.exists() else { return nil }
        if let earlier = try ImportRegistry(work).report(of: identity, contentDigest) { return repeated(earlier) }
        try refuseOtherData(on: work)
        _ = try work.makeReady(catalogue, entry: LedgerEntry(operation: operation, backup: nil, release: nil))
        return nil
    }

    /// Where the memory goes.
    public var location: StoreLocation { StoreLocation(engine: .postgres, name: "\(address)#\(schema)") }

    func connect() throws(GuardError) -> SchemaWork {
        let work = try SchemaWork(target, address: address, schema: schema, limits: limits)
        work.connection.isStopped = isCancelled
        return work
    }

    /// Whether the transfer was committed: how recovery tells one that was from one that was not. As ``committedReport()``.
    public func hasCommitted() throws(GuardError) -> Bool { try committedReport() != nil }

    /// What the transfer said when it was committed, as the schema keeps it; nil when it was not. Waits for a transaction of it that is
    /// still open on the server: whoever holds the lock may still commit.
    public func committedReport() throws(GuardError) -> TransferReport? {
        let deadline = ContinuousClock.now + limits.patience
        while true {
            let work = try connect()
            defer { work.rollBack() }
            do throws(GuardError) {
                try work.begin()
                return try ImportRegistry(work).report(of: operation)
            } catch {
                guard error.code == .storeBusy, ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    /// What does not hold of a transfer that was committed, as a new connection sees it; nothing when it is verified. Rows are no part
    /// of it: the application may be at work already.
    public func verifyAfterCommit() throws(GuardError) -> [String] {
        let work = try connect()
        try work.begin()
        defer { work.rollBack() }
        guard try work.exists() else { return ["there is no schema \(schema)"] }
        var problems = try work.shortcomings(catalogue)
        if try ImportRegistry(work).report(of: operation) == nil {
            problems.append("\(ImportRegistry.table) does not have the transfer \(operation)")
        }
        return problems
    }
}

/// What a transfer would do.
public struct TransferPlan: Sendable, Equatable {
    /// What the report would say.
    public let report: TransferReport
    /// What every column of the source holds, by table and column.
    public let census: [String: [String: ColumnCensus]]
    /// Whether the schema would be made.
    public let makesSchema: Bool
}

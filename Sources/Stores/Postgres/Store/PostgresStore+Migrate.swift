// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import PostgresKit
internal import SchemaDump

extension PostgresStore {
    /// Steps 3 and 4 of `docs/design/migration-postgres.md`: one transaction with every lock at its beginning, the proof that the state
    /// is the one backed up, the plan, the conservation check, COMMIT. Whatever fails before COMMIT is rolled back.
    public func migrate(
        _ plan: Plan, from snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord {
        guard !plan.isEmpty else {
            return MigrationRecord(applied: [], findings: [], lost: [], lockedMilliseconds: 0, token: snapshot.token)
        }
        let session = try open()
        let connection = session.connection
        // One that is inside a transaction got here by `lock()`.
        if connection.transactionStatus != .inTransaction { try lock(alone: rehearsedLocks, on: connection) }
        let clock = ContinuousClock()
        let locked = lockedSince ?? clock.now
        do throws(GuardError) {
            let inventory = try checkUnmoved(since: snapshot.content, on: connection)
            let work = try run(plan, before: snapshot.content, inventory, entry, on: connection)
            try commit(connection)
            return MigrationRecord(
                applied: work.applied, findings: [], lost: work.lost,
                lockedMilliseconds: (clock.now - locked).milliseconds,
                token: .postgres(PostgresState(session: session.id)))
        } catch {
            connection.rollBack()
            // The next look takes a connection of its own.
            if !connection.isOpen { close() }
            throw error
        }
    }

    /// Runs `plan` in the transaction that is open on `connection`.
    ///
    /// - Parameter inventory: the objects before
    func run(
        _ plan: Plan, before: StoreDigest, _ inventory: SchemaInventory, _ entry: LedgerEntry,
        on connection: Connection
    ) throws(GuardError) -> MigrationTransaction<PostgresMigration>.Work {
        var transaction = MigrationTransaction(PostgresMigration(connection, schema: schema, inventory, failure))
        defer { (failureDetail, duplicates) = (transaction.engine.failureDetail, transaction.engine.duplicates) }
        try transaction.checkStillPlanned(plan)
        return try transaction.run(plan, before: before, entry: entry)
    }

    public func lock() throws(GuardError) {
        try lock(alone: nil, on: open().connection)
    }

    /// Begins the transaction of a change and takes all of its locks, in one order and never upgraded later.
    ///
    /// - Parameter alone: the tables that nobody may even read meanwhile; nil for all of them
    func lock(alone: Set<ExactText>?, on connection: Connection) throws(GuardError) {
        try takeLocks("taking its locks") { () throws(PostgresError) in
            try connection.beginChange(limits)
            guard try PostgresLocks.tryGuardLock(connection, schema) else {
                throw PostgresError(sqlState: .lockNotAvailable, message: "another dementiad is at work on this schema")
            }
            let schema = PostgresSchema(connection, schema)
            guard try schema.exists() else {
                throw PostgresError(sqlState: .undefinedSchema, message: "there is no schema \(self.schema)")
            }
            let tables = try schema.lockableTables()
            self.lockedSince = .now
            try PostgresLocks.lock(
                tables.map { ($0, alone?.contains(ExactText($0)) ?? true ? .accessExclusive : .shareRowExclusive) },
                of: self.schema, within: limits.lockTimeout, on: connection)
            guard try schema.lockableTables() == tables else {
                throw PostgresError(sqlState: .lockNotAvailable, message: "tables came or went meanwhile")
            }
        }
    }

    /// Fails when anything is not as `content` shows it. To be asked under the locks.
    ///
    /// - Returns: the objects that are there
    func checkUnmoved(since content: StoreDigest, on connection: Connection) throws(GuardError) -> SchemaInventory {
        let (inventory, now) = try translating("comparing it with its backup") { () throws(PostgresError) in
            let inventory = try SchemaInventory(reading: self.schema, on: connection)
            return (inventory, try PostgresSchema(connection, self.schema).content(of: inventory))
        }
        let differences = now.differences(from: content, sequencesMayMove: true)
        if let first = differences.first { throw failure.moved(first) }
        return inventory
    }

    // MARK: COMMIT

    /// Commits. A COMMIT without an answer is settled by the server's own record of the transaction.
    func commit(_ connection: Connection) throws(GuardError) {
        goesOnAfterStop = true
        let settlement = CommitSettlement(target: target, failure: failure, patience: limits.patience)
        try settlement.commit(connection) { close() }
    }
}

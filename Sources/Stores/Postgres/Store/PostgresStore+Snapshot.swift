// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import PostgresKit
internal import SchemaDump

extension PostgresStore {
    /// Step 2 of `docs/design/migration-postgres.md`: a dump and its digests from one snapshot, under locks that keep neither readers
    /// nor writers waiting.
    public func snapshot(into path: String, progress: ProgressSink?) throws(GuardError) -> Snapshot {
        let session = try open()
        if session.connection.transactionStatus == .inTransaction {
            // Under `lock()` nobody else writes, and one state is all there is.
            return try dump(to: path, session, progress)
        }
        return try trying("taking a snapshot") { () throws(PostgresError) in
            try self.beginSnapshot(session.connection)
        } then: { () throws(GuardError) in
            try self.dump(to: path, session, progress)
        }
    }

    /// Begins a transaction that sees one state, whose tables nobody can alter or empty until it ends.
    ///
    /// LOCK takes no snapshot: without it before the first query a concurrent TRUNCATE would give a state that never existed.
    private func beginSnapshot(_ connection: Connection) throws(PostgresError) {
        let schema = PostgresSchema(connection, schema)
        try connection.begin(.looking)
        let tables = try schema.lockableTables()
        try connection.execute("COMMIT")
        try connection.begin(.reading)
        try PostgresLocks.lock(
            tables.map { ($0, .accessShare) }, of: self.schema, within: limits.lockTimeout, on: connection)
        try connection.pin(limits)
        guard try schema.exists() else {
            throw PostgresError(sqlState: .undefinedSchema, message: "there is no schema \(self.schema)")
        }
        guard try schema.lockableTables() == tables else {
            throw PostgresError(sqlState: .lockNotAvailable, message: "tables came or went meanwhile")
        }
    }

    /// Runs `begin`, which begins a transaction and takes locks, with back-off as often as ``Limits/lockAttempts`` says; then `body`, and
    /// ends the transaction.
    private func trying<Result>(
        _ doing: String, _ begin: () throws(PostgresError) -> Void, then body: () throws(GuardError) -> Result
    ) throws(GuardError) -> Result {
        try takeLocks(doing, begin)
        let connection = try open().connection
        do throws(GuardError) {
            let result = try body()
            try translating(doing) { () throws(PostgresError) in _ = try connection.execute("COMMIT") }
            return result
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// Runs `begin`, which begins a transaction and takes locks in it. When somebody is in the way, everything is let go before the next
    /// attempt, so that nobody queues behind us.
    func takeLocks(_ doing: String, _ begin: () throws(PostgresError) -> Void) throws(GuardError) {
        var pause = Duration.milliseconds(250)
        for attempt in 1... {
            do throws(PostgresError) {
                return try begin()
            } catch {
                let connection = try open().connection
                guard error.isWait, !error.isConnectionLost, !Task.isCancelled else {
                    connection.rollBack()
                    if error.isConnectionLost { close() }
                    throw failure.translate(error, doing)
                }
                connection.rollBack()
                guard attempt < limits.lockAttempts else {
                    let holders = try? PostgresLocks.holders(of: schema, on: connection)
                    throw failure.busy(doing, holders: holders ?? LockHolders(), causes: [error.description])
                }
            }
            LockPause.pause(about: pause)
            pause = min(pause * 2, .seconds(4))
        }
    }

    private func dump(to path: String, _ session: Session, _ progress: ProgressSink?) throws(GuardError) -> Snapshot {
        let connection = session.connection
        let clock = ContinuousClock()
        let start = clock.now
        let schema = PostgresSchema(connection, schema)
        let inventory = try translating("reading its schema") { () throws(PostgresError) in
            try SchemaInventory(reading: self.schema, on: connection)
        }
        let summary = try DumpFile(path: path, failure: failure).write { (sink) throws(CopyFailure<SystemCallError>) in
            try DumpScript.write(inventory, on: connection, heading: heading(inventory), to: sink) { dumped in
                progress?(Progress(step: .backup, done: dumped.bytes, total: 0, unit: .bytes))
            }
        }
        requiredExtensions = inventory.requiredExtensions
        let dumped = clock.now
        let content = try translating("counting its rows") { () throws(PostgresError) in
            try schema.content(of: inventory, sequences: summary.sequences) { rows in
                progress?(Progress(step: .backup, done: rows, total: 0, unit: .rows))
            }
        }
        let facts = try translating("looking at its server") { () throws(PostgresError) in
            try ServerFacts(connection, target)
        }
        return Snapshot(
            path: path, token: .postgres(PostgresState(session: session.id)), content: content, bytes: summary.bytes,
            integrity: "ok", foreignKeyViolations: 0,
            engineFacts: facts.named.merging(
                ["requiredExtensions": inventory.requiredExtensions.map(\.name).joined(separator: " ")]
            ) { first, _ in first },
            seconds: ["copy": (dumped - start).seconds, "digest": (clock.now - dumped).seconds])
    }

    private func heading(_ inventory: SchemaInventory) -> [String] {
        ["Memory \(location.id): \(location.name)"]
            + inventory.requiredExtensions.map { "Needs the extension \($0.name) \($0.version) in schema \($0.schema)" }
            + inventory.notes
    }
}

extension PostgresError {
    /// Whether somebody else was in the way, who may be gone at the next attempt.
    var isWait: Bool {
        guard let sqlState else { return false }
        return [.lockNotAvailable, .deadlock, .serializationFailure].contains(sqlState)
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import PostgresKit
internal import SchemaDump

/// A database of ours on the store's own server, for proofs and rehearsals.
struct ScratchDatabase {
    let name: String
    let target: ConnectionTarget
    /// Open as long as the database is in use.
    var connection: Connection?
}

extension PostgresStore {
    /// Restores the dump into a database of its own and compares every object and value, where the role may make one.
    ///
    /// The database's name tells store and operation, and the operation stands in the journal before: whoever recovers knows what to drop.
    public func prove(
        _ copy: String, of snapshot: Snapshot, for operation: OperationID, progress: ProgressSink?
    ) throws(GuardError) -> CopyProof {
        discardScratch(of: operation)
        let scratch: ScratchDatabase
        do throws(PostgresError) {
            scratch = try makeScratch(for: operation)
        } catch {
            discardScratch(of: operation)
            // A server that is full now may have room later; what a role or a pooler does not permit, it never will.
            guard error.sqlState?.errorClass != "53" else {
                throw failure.translate(error, "making a scratch database")
            }
            return .decoded(because: "no scratch database could be made: \(error.description)")
        }
        self.scratch = scratch
        do throws(GuardError) {
            try restore(copy, into: scratch, of: snapshot)
            return .restored
        } catch {
            discardScratch(of: operation)
            throw error
        }
    }

    public func discardScratch(of operation: OperationID) {
        scratch?.connection = nil
        scratch = nil
        rehearsedLocks = nil
        // Best effort: the name stays ours, and the next look at this operation tries again.
        let name = SQLText.identifier(scratchName(of: operation))
        _ = try? administrator().execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    /// A connection outside of any transaction, as databases are made and dropped on. Under ``lock()`` it is another one.
    private func administrator() throws(PostgresError) -> Connection {
        if let connection = try? open().connection, connection.transactionStatus == .idle { return connection }
        return try Connection(target)
    }

    /// Takes what the role's own settings forbid or cut off out of the way of a statement that stands in no transaction of ours. Only in
    /// a session that is all ours: a pooler would give it to the next client.
    private static func free(_ connection: Connection, _ facts: ServerFacts) throws(PostgresError) {
        guard !facts.isPooled else { return }
        try connection.execute(
            "SET statement_timeout = 0; SET lock_timeout = 0; SET default_transaction_read_only = off")
    }

    public func scratchLeft() -> [OperationID] {
        let prefix = "dementiad_\(location.id)_"
        guard let connection = try? open().connection else { return [] }
        let names = try? connection.rows(
            "SELECT datname FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname, $1)", [prefix]
        ) { $0.text(0) }
        return (names ?? []).compactMap { name in
            // As in `scratchName(of:)`: an identifier's letters are capitals behind its lower-case prefix.
            let digits = name.dropFirst(prefix.count + 3)
            return OperationID("op_" + digits.uppercased())
        }
    }

    private func scratchName(of operation: OperationID) -> String {
        "dementiad_\(location.id)_\(operation.value.lowercased())"
    }

    private func makeScratch(for operation: OperationID) throws(PostgresError) -> ScratchDatabase {
        let connection = try administrator()
        let facts = try ServerFacts(connection, target)
        try Self.free(connection, facts)
        guard facts.mayCreateDatabases else {
            throw PostgresError(
                sqlState: .insufficientPrivilege, message: "the role \(facts.user) may not create databases")
        }
        try dropLeftovers(on: connection)
        let name = scratchName(of: operation)
        let locale = try connection.rows(
            """
            SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype FROM pg_catalog.pg_database
            WHERE datname = pg_catalog.current_database()
            """
        ) { (encoding: $0.text(0), collate: $0.text(1), ctype: $0.text(2)) }
        guard let locale = locale.first else {
            throw PostgresError(sqlState: nil, message: "the server does not tell the database's locale")
        }
        // In a statement of its own, outside of any transaction, as it has to be.
        try connection.execute(
            """
            CREATE DATABASE \(SQLText.identifier(name)) TEMPLATE template0 ENCODING \(SQLText.literal(locale.encoding))
                LC_COLLATE \(SQLText.literal(locale.collate)) LC_CTYPE \(SQLText.literal(locale.ctype))
            """)
        let target = target.with(database: name)
        let scratch = try Connection(target)
        try makeExtensions(on: scratch)
        return ScratchDatabase(name: name, target: target, connection: scratch)
    }

    /// What an operation left that was ended between its end and its clearing up. One that somebody works in refuses to be dropped.
    private func dropLeftovers(on connection: Connection) throws(PostgresError) {
        let names = try connection.rows(
            "SELECT datname FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname, $1)",
            ["dementiad_\(location.id)_"]
        ) { $0.text(0) }
        for name in names { _ = try? connection.execute("DROP DATABASE IF EXISTS \(SQLText.identifier(name))") }
    }

    private func restore(_ copy: String, into scratch: ScratchDatabase, of snapshot: Snapshot) throws(GuardError) {
        guard let connection = scratch.connection else { return }
        let schema = PostgresSchema(connection, schema)
        try translating("restoring its backup into scratch") { () throws(PostgresError) in
            try connection.begin("ISOLATION LEVEL READ COMMITTED READ WRITE")
            try connection.pin(self.limits)
        }
        do throws(DumpFile.Refusal) {
            try DumpFile(path: copy, failure: failure).replay(on: connection)
        } catch {
            switch error {
            case .file(let error): throw error
            case .server(let error, _) where failure.saysNothingOfTheCopy(error):
                throw failure.translate(error, "restoring its backup into scratch")
            case .server(let error, let section):
                throw GuardError(
                    .backupFailed, "the backup of \(location.name) could not be restored into scratch",
                    store: location.id, hint: "Nothing was changed.", causes: ["\(section): \(error.description)"])
            }
        }
        let content = try translating("comparing its backup") { () throws(PostgresError) in
            let content = try schema.content()
            try connection.execute("COMMIT")
            return content
        }
        let differences = content.differences(from: snapshot.content)
        guard differences.isEmpty else {
            throw GuardError(
                .backupFailed, "the backup of \(location.name) restores to something else: \(differences[0])",
                store: location.id, hint: "Nothing was changed.", causes: differences)
        }
    }

    /// Makes the extensions that the schema is built on, in the places where they are.
    private func makeExtensions(on connection: Connection) throws(PostgresError) {
        for needed in requiredExtensions {
            guard needed.schema != schema else {
                throw PostgresError(
                    sqlState: nil, message: "the extension \(needed.name) lives in the schema itself")
            }
            let place = SQLText.identifier(needed.schema)
            // The server's own schemas are there, as is plpgsql, and CREATE SCHEMA refuses their names even so.
            if !needed.schema.hasPrefix("pg_") { try connection.execute("CREATE SCHEMA IF NOT EXISTS \(place)") }
            let name = SQLText.identifier(needed.name)
            try connection.execute("CREATE EXTENSION IF NOT EXISTS \(name) WITH SCHEMA \(place)")
        }
    }

    /// Runs `plan` in the scratch database, which holds what `snapshot` shows. nil where there is none.
    public func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord? {
        guard let connection = self.scratch?.connection else { return nil }
        (failureDetail, duplicates, rehearsedLocks) = (nil, nil, nil)
        let clock = ContinuousClock()
        let start = clock.now
        do throws(GuardError) {
            let inventory = try translating("rehearsing") { () throws(PostgresError) in
                try connection.begin("ISOLATION LEVEL READ COMMITTED READ WRITE")
                try connection.pin(self.limits)
                // Nobody misses a scratch copy after a crash.
                try connection.execute("SET LOCAL synchronous_commit = off")
                return try SchemaInventory(reading: self.schema, on: connection)
            }
            let work = try apply(plan, before: snapshot.content, inventory, entry, on: connection, progress)
            try translating("rehearsing") { () throws(PostgresError) in
                // What the plan needs for itself alone on the copy it will need on the store; the rest may go on being read.
                self.rehearsedLocks = try PostgresLocks.held(
                    ["AccessExclusiveLock"], of: self.schema, on: connection)
                try connection.execute("COMMIT")
            }
            let problems = try translating("verifying the rehearsal") { () throws(PostgresError) in
                try self.problems(of: plan, entry, on: connection)
            }
            guard problems.isEmpty else {
                throw stopped(.verificationFailed, plan, problems.joined(separator: "; "))
            }
            return MigrationRecord(
                applied: work.applied, findings: [], lost: work.lost,
                lockedMilliseconds: (clock.now - start).milliseconds, token: snapshot.token)
        } catch {
            connection.rollBack()
            // A state that the plan was not made for failed nothing: the plan is made again.
            // A name that is taken in scratch is taken in the schema.
            guard ![.serverUnreachable, .noSpace, .storeMoved, .nameTaken].contains(error.code) else { throw error }
            throw GuardError(
                .rehearsalFailed, "the rehearsal failed: \(error.message)", store: location.id,
                hint: error.hint?.contains("repair") ?? false
                    ? error.hint : "Nothing was changed: the plan ran on a copy.",
                causes: error.causes, migration: error.migration)
        }
    }

    public func checkTarget(rehearsedOn scratch: String?) -> CheckTarget {
        let database = scratch == nil ? nil : self.scratch?.name
        return CheckTarget(argument: location.name, environment: target.environment(database: database, schema: schema))
    }
}

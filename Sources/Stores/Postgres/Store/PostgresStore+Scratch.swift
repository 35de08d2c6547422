// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import LinuxKit
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
            guard error.sqlState?.errorClass != "53", !error.isStop else {
                throw failure.translate(error, "making a scratch database")
            }
            return .decoded(because: "no scratch database could be made: \(error.description)")
        }
        self.scratch = scratch
        do throws(GuardError) {
            switch try restore(copy, into: scratch, of: snapshot) {
            case .same: return .restored
            case .refused(let error, let section) where error.isMissingObject:
                // What the schema needs of others is in their schemas, and not here.
                discardScratch(of: operation)
                return .decoded(because: "a scratch database lacks what its \(section) needs: \(error.description)")
            case .refused(let error, let section): throw cannotBeRestored(error, section)
            case .differs(let differences): throw restoresElse(differences)
            }
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
        _ = try? administrator().connection.run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    /// A connection outside of any transaction, as databases are made and dropped on, with what its server says of itself. Under
    /// ``lock()`` it is another one.
    private func administrator() throws(PostgresError) -> (connection: Connection, facts: ServerFacts) {
        let connection: Connection
        if let own = try? open().connection, own.transactionStatus == .idle {
            connection = own
        } else {
            connection = try Connection.forWork(target)
        }
        let facts = try ServerFacts(connection, target)
        try Self.free(connection, facts)
        return (connection, facts)
    }

    /// Takes what the role's own settings forbid or cut off out of the way of a statement that stands in no transaction of ours, and no
    /// standby is waited for with it. Only in a session that is all ours: a pooler would give it to the next client.
    private static func free(_ connection: Connection, _ facts: ServerFacts) throws(PostgresError) {
        guard !facts.isPooled else { return }
        try connection.execute(
            """
            SET statement_timeout = 0; SET lock_timeout = '30s'; SET default_transaction_read_only = off;
            SET synchronous_commit = local
            """)
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
        let (connection, facts) = try administrator()
        guard facts.mayCreateDatabases else {
            throw PostgresError(
                sqlState: .insufficientPrivilege, message: "the role \(facts.user) may not create databases")
        }
        try dropLeftovers(on: connection)
        let name = scratchName(of: operation)
        // In a statement of its own, outside of any transaction, as it has to be.
        try connection.run(
            "CREATE DATABASE \(SQLText.identifier(name)) TEMPLATE template0 \(DatabaseLocale(of: connection).options)")
        let target = target.with(database: name)
        let scratch = try Connection.forWork(target)
        scratch.patience.silence = max(scratch.patience.silence, connection.patience.silence)
        try Self.free(scratch, try ServerFacts(scratch, target))
        try makeExtensions(on: scratch)
        return ScratchDatabase(name: name, target: target, connection: scratch)
    }

    /// What an operation left that was ended between its end and its clearing up. One that somebody works in refuses to be dropped.
    private func dropLeftovers(on connection: Connection) throws(PostgresError) {
        let names = try connection.rows(
            "SELECT datname FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname, $1)",
            ["dementiad_\(location.id)_"]
        ) { $0.text(0) }
        for name in names { _ = try? connection.run("DROP DATABASE IF EXISTS \(SQLText.identifier(name))") }
    }

    private func restore(
        _ copy: String, into scratch: ScratchDatabase, of snapshot: Snapshot
    ) throws(GuardError) -> Replayed {
        guard let connection = scratch.connection else { return .differs(["the scratch database was closed"]) }
        let doing = "restoring its backup into scratch"
        try translating(doing) { () throws(PostgresError) in
            try connection.begin(.writing)
            try connection.pin(self.limits)
        }
        do throws(GuardError) {
            let replayed = try replay(copy, of: snapshot, on: connection)
            guard case .same = replayed else {
                connection.rollBack()
                return replayed
            }
        } catch {
            connection.rollBack()
            throw error
        }
        try translating(doing) { () throws(PostgresError) in _ = try connection.execute("COMMIT") }
        return .same
    }

    /// Makes the extensions that the schema is built on, in the places where they are.
    private func makeExtensions(on connection: Connection) throws(PostgresError) {
        for needed in requiredExtensions {
            guard !needed.schema.hasSameBytes(as: schema) else {
                throw PostgresError(
                    sqlState: nil, message: "the extension \(needed.name) lives in the schema itself")
            }
            let place = SQLText.identifier(needed.schema)
            // The server's own schemas are there, as is plpgsql, and CREATE SCHEMA refuses their names even so.
            if !needed.schema.hasPrefix("pg_") { try connection.run("CREATE SCHEMA IF NOT EXISTS \(place)") }
            let name = SQLText.identifier(needed.name)
            try connection.run("CREATE EXTENSION IF NOT EXISTS \(name) WITH SCHEMA \(place)")
        }
    }

    /// Runs `plan` in the scratch database, which holds what `snapshot` shows. nil where there is none: then it is proved that the dump at
    /// `scratch` could be restored, so that nothing is migrated that has no way back.
    public func rehearse(
        _ plan: Plan, on scratch: String, of snapshot: Snapshot, entry: LedgerEntry, progress: ProgressSink?
    ) throws(GuardError) -> MigrationRecord? {
        guard let connection = try scratchConnection() else {
            try proveWayBack(scratch, of: snapshot)
            return nil
        }
        rehearsedLocks = nil
        let clock = ContinuousClock()
        let start = clock.now
        do throws(GuardError) {
            let inventory = try translating("rehearsing") { () throws(PostgresError) in
                try connection.begin(.writing)
                try connection.pin(self.limits)
                // Nobody misses a scratch copy after a crash.
                try connection.execute("SET LOCAL synchronous_commit = off")
                return try SchemaInventory(reading: self.schema, on: connection)
            }
            let work = try run(plan, before: snapshot.content, inventory, entry, on: connection)
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
                throw GuardError(
                    stopping: plan, at: location, .verificationFailed, problems.joined(separator: "; "))
            }
            return MigrationRecord(
                applied: work.applied, findings: [], lost: work.lost,
                lockedMilliseconds: (clock.now - start).milliseconds, token: snapshot.token)
        } catch {
            connection.rollBack()
            // A state that the plan was not made for failed nothing: the plan is made again.
            // A name that is taken in scratch is taken in the schema.
            guard
                ![.serverUnreachable, .noSpace, .serverLimit, .storeMoved, .nameTaken, .interrupted].contains(
                    error.code)
            else {
                throw error
            }
            throw error.asFailedRehearsal(error.message, of: location.id, hint: error.hint)
        }
    }

    /// The connection to the scratch database; another one when its server ended the first. nil where there is no such database.
    private func scratchConnection() throws(GuardError) -> Connection? {
        guard let scratch else { return nil }
        if let connection = scratch.connection, connection.isOpen { return connection }
        let connection = try translating("connecting to scratch") { () throws(PostgresError) in
            try Connection.forWork(scratch.target)
        }
        self.scratch?.connection = connection
        return connection
    }

    public func checkTarget(rehearsedOn scratch: String?) -> CheckTarget {
        let database = scratch == nil ? nil : self.scratch?.name
        return CheckTarget(argument: location.name, environment: target.environment(database: database, schema: schema))
    }
}

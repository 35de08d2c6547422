// SPDX-License-Identifier: MIT

public import GuardCore
internal import PostgresKit
internal import SchemaDump

extension PostgresStore {
    /// Step 6 of `docs/design/migration-postgres.md`: one transaction locks every table, proves that nothing was written since
    /// `kept`, moves the schema out of the way, replays the backup under the old name, compares, and drops what was there. No second
    /// schema stays.
    public func restore(
        from source: String, expecting content: StoreDigest, replacing kept: Snapshot
    ) throws(GuardError) {
        goesOnAfterStop = true
        let connection = try open().connection
        try lock(alone: nil, on: connection)
        do throws(GuardError) {
            var old = try translating("noting what is there") { () throws(PostgresError) in
                try SchemaObjects(of: self.schema, on: connection)
            }
            try refuseStrangers(in: try checkUnmoved(since: kept.content, on: connection))
            let aside = "dementiad_\(location.id)"
            try rename(schema, to: aside, on: connection)
            try replay(source, as: schema, expecting: content, on: connection)
            do throws(PostgresError) {
                try old.drop(on: connection)
                try connection.run("DROP SCHEMA \(SQLText.identifier(aside)) RESTRICT")
            } catch {
                throw refused("something depends on what it replaces", error)
            }
            try commit(connection)
        } catch {
            connection.rollBack()
            throw error
        }
        try verifyRestored()
    }

    /// Puts the backup in the place of a schema that is gone.
    public func recreate(
        from source: String, rights: FileRights?, suffix: String, expecting content: StoreDigest
    ) throws(GuardError) {
        try recreate(from: source, of: schema, expecting: content)
    }

    /// Makes this schema, which must not be there, from the backup of one that is called `original`, here or elsewhere.
    ///
    /// A script names its schema in every line, and so it is replayed under that name and renamed afterwards. A live schema of that name is
    /// called something else meanwhile, which nobody sees: it is one transaction, and what others ask for by name they find as it was.
    public func recreate(
        from source: String, of original: String, expecting content: StoreDigest
    ) throws(GuardError) {
        goesOnAfterStop = true
        let connection = try open().connection
        let aside = "dementiad_\(location.id)"
        do throws(GuardError) {
            let isFree = try translating("looking for its place") { () throws(PostgresError) in
                try connection.begin(.writing)
                try connection.pin(self.limits)
                guard try PostgresLocks.tryGuardLock(connection, self.schema) else {
                    throw PostgresError(
                        sqlState: .lockNotAvailable, message: "another dementiad is at work on this schema")
                }
                return try !PostgresSchema(connection, self.schema).exists()
            }
            guard isFree else {
                throw GuardError(
                    .restoreFailed,
                    original == schema
                        ? "\(location.name) is there again" : "there is a schema \(location.name) already",
                    store: location.id,
                    hint: original == schema
                        ? "Nothing was changed. Ask for the restore again."
                        : "Nothing was changed. Name one that is not there.")
            }
            let isTaken = try translating("looking for the name that its script uses") { () throws(PostgresError) in
                guard original != self.schema else { return false }
                return try PostgresSchema(connection, original).exists()
            }
            if isTaken { try rename(original, to: aside, on: connection) }
            try replay(source, as: original, expecting: content, on: connection)
            if original != schema { try rename(original, to: schema, on: connection) }
            if isTaken { try rename(aside, to: original, on: connection) }
            try commit(connection)
        } catch {
            connection.rollBack()
            throw error
        }
        try verifyRestored()
    }

    private func rename(_ name: String, to other: String, on connection: Connection) throws(GuardError) {
        try translating("calling the schema \(name) something else") { () throws(PostgresError) in
            _ = try connection.run(
                "ALTER SCHEMA \(SQLText.identifier(name)) RENAME TO \(SQLText.identifier(other))")
        }
    }

    private func replay(
        _ source: String, as name: String, expecting content: StoreDigest, on connection: Connection
    ) throws(GuardError) {
        do throws(DumpFile.Refusal) {
            try DumpFile(path: source, failure: failure).replay(on: connection, making: name)
        } catch {
            switch error {
            case .file(let error): throw error
            case .server(let error, let section): throw refused("the server refused its \(section)", error)
            }
        }
        let restored = try translating("comparing what was restored") { () throws(PostgresError) in
            try connection.pin(self.limits)
            return try PostgresSchema(connection, name).content()
        }
        let differences = restored.differences(from: content)
        guard differences.isEmpty else {
            throw GuardError(
                .restoreFailed, "the backup of \(location.name) restores to something else: \(differences[0])",
                store: location.id, hint: "Nothing was changed. Try an older backup.", causes: differences)
        }
    }

    /// What would be lost, or be left on the old data, when the schema is replaced.
    private func refuseStrangers(in inventory: SchemaInventory) throws(GuardError) {
        let strangers = inventory.outsideDependants + inventory.extensionMembers
        guard strangers.isEmpty else {
            throw GuardError(
                .restoreFailed,
                "\(location.name) cannot be replaced: \(strangers.joined(separator: ", ")) would lose what it stands on",
                store: location.id,
                hint: "Nothing was changed. Drop what is named here and make it again afterwards, or restore elsewhere."
            )
        }
    }

    private func refused(_ why: String, _ error: PostgresError) -> GuardError {
        guard error.sqlState != nil, !error.isConnectionLost, !error.isWait else {
            return failure.translate(error, "restoring it")
        }
        return GuardError(
            .restoreFailed, "\(location.name) was not restored: \(why)", store: location.id,
            hint: "Nothing was changed.", causes: [error.description, error.detail].compactMap(\.self))
    }

    /// Looks from a new connection whether the schema is there. Its rows were compared under the locks; from here on the application writes.
    private func verifyRestored() throws(GuardError) {
        close()
        do throws(GuardError) {
            _ = try describe()
        } catch {
            throw error.with(dataState: .unverified)
        }
    }
}

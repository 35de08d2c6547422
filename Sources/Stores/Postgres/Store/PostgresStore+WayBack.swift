// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// What became of a dump that was replayed to prove it.
enum Replayed {
    /// Every object and value is as in the snapshot.
    case same
    /// The server refused a section of it.
    case refused(PostgresError, section: String)
    /// It makes something else, a sentence for each difference.
    case differs([String])
}

extension PostgresStore {
    /// Proves that the dump at `copy` can be restored where no database of ours can be made: it is replayed in the store's own database in
    /// the way in which ``restore(from:expecting:replacing:)`` does it, compared, and rolled back.
    ///
    /// Nobody sees anything of it, and nobody waits but a session that makes or drops an object of this schema meanwhile.
    ///
    /// - Throws: the role may not do that, or the server refuses a part of the script: then there would be no way back
    func proveWayBack(_ copy: String, of snapshot: Snapshot) throws(GuardError) {
        let connection: Connection
        do throws(PostgresError) {
            // The store's own session may be inside the transaction of a change.
            connection = try Connection.forWork(target)
        } catch {
            throw failure.translate(error, "connecting")
        }
        defer { connection.rollBack() }
        do throws(PostgresError) {
            try connection.begin(.writing)
            try connection.pin(limits)
            let aside = "dementiad_\(location.id)"
            try connection.run("ALTER SCHEMA \(SQLText.identifier(schema)) RENAME TO \(SQLText.identifier(aside))")
        } catch {
            guard error.isRefusal else { throw failure.translate(error, Self.trying) }
            throw hasNoWayBack(error)
        }
        switch try replay(copy, of: snapshot, on: connection) {
        case .same: return
        case .differs(let differences): throw restoresElse(differences)
        case .refused(let error, _) where error.sqlState == .insufficientPrivilege: throw hasNoWayBack(error)
        case .refused(let error, let section): throw cannotBeRestored(error, section)
        }
    }

    private static let trying = "trying whether its backup can be restored"

    /// Replays the dump at `copy` in the transaction of `connection`, and compares what it makes with `snapshot`.
    func replay(
        _ copy: String, of snapshot: Snapshot, on connection: Connection
    ) throws(GuardError) -> Replayed {
        do throws(DumpFile.Refusal) {
            try DumpFile(path: copy, failure: failure).replay(on: connection, making: schema)
        } catch {
            switch error {
            case .file(let error): throw error
            case .server(let error, let section): return .refused(error, section: section)
            }
        }
        let content = try translating("comparing its backup") { () throws(PostgresError) in
            try connection.pin(self.limits)
            return try PostgresSchema(connection, self.schema).content()
        }
        let differences = content.differences(from: snapshot.content)
        return differences.isEmpty ? .same : .differs(differences)
    }

    /// A dump that does not make what it was made of.
    func restoresElse(_ differences: [String]) -> GuardError {
        GuardError(
            .backupFailed, "the backup of \(location.name) restores to something else: \(differences[0])",
            store: location.id, hint: "Nothing was changed.", causes: differences)
    }

    /// A dump whose `section` the server refused.
    func cannotBeRestored(_ error: PostgresError, _ section: String) -> GuardError {
        guard !failure.saysNothingOfTheCopy(error), !error.isStop else {
            return failure.translate(error, Self.trying)
        }
        return GuardError(
            .backupFailed, "a backup of \(location.name) could not be restored: the server refused its \(section)",
            store: location.id,
            hint: """
                Nothing was changed. A function that an index, a check or a generated column calls has to find what it calls by itself: \
                ALTER FUNCTION NAME(…) SET search_path = SCHEMA, pg_catalog. Whatever else the causes name has to be there for a restore.
                """, causes: [error.description, error.context].compactMap(\.self))
    }

    private func hasNoWayBack(_ error: PostgresError) -> GuardError {
        GuardError(
            .backupFailed, "\(location.name) has no way back: this role could not restore its backup",
            store: location.id,
            hint: """
                Nothing was changed. Connect as the owner of the schema, and let that role make schemas: \
                GRANT CREATE ON DATABASE … TO …; or databases: ALTER ROLE … CREATEDB.
                """, causes: [error.description])
    }
}

extension PostgresError {
    /// Whether the server understood, and said no to this role or this object, and not because of somebody in the way.
    fileprivate var isRefusal: Bool {
        guard let sqlState, !isConnectionLost else { return false }
        return ["0A", "2B", "3F", "42"].contains(sqlState.errorClass)
    }

    /// Whether something is missing that the schema was built on: it may be outside of the schema.
    var isMissingObject: Bool {
        ["42883", "42P01", "42704", "3F000"].contains(sqlState?.rawValue) && !isConnectionLost
    }
}

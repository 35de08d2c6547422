// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// Says in our words what PostgreSQL said, about one schema.
struct PostgresFailure {
    let location: StoreLocation

    private var place: String { location.name }
    private var store: StoreID { location.id }

    /// `error`, which happened while `doing` something.
    func translate(_ error: PostgresError, _ doing: String) -> GuardError {
        let causes = [error.description, error.hint.map { "The server's hint: \($0)" }].compactMap(\.self)
        if error.message.contains("statement pooling mode") { return noTransactions(causes) }
        guard let state = error.sqlState else { return unreachable(doing, causes) }
        switch state {
        case .lockNotAvailable, .deadlock, .serializationFailure, .objectInUse: return busy(doing, causes: causes)
        case .insufficientPrivilege:
            return GuardError(
                .permissionDenied, "\(place): \(doing) is not permitted to this role", store: store,
                hint: "Connect as the role that owns the schema's tables.", causes: causes)
        case .invalidPassword, .invalidAuthorization:
            return GuardError(
                .permissionDenied, "the server of \(place) refuses this role", store: store,
                hint: "Look at the password in .pgpass or the service file, and at the server's pg_hba.conf.",
                causes: causes)
        case .undefinedSchema, .undefinedDatabase: return missing(causes)
        case .queryCanceled where error.isStop:
            return GuardError(
                .interrupted, "\(place): \(doing) was stopped on request", store: store,
                hint: "Nothing was changed. It can be started again at any time.", causes: causes)
        case .characterNotInRepertoire, .untranslatableCharacter:
            return GuardError(
                .unsupportedEncoding,
                "\(place): \(doing) met bytes that are no text in the encoding of its database: \(error.message)",
                store: store,
                hint: """
                    Nothing was changed. Dump the database with pg_dump, mend or convert the text, and load it into a database with \
                    ENCODING 'UTF8'.
                    """, causes: causes)
        case .outOfMemory where error.hint != nil, .configurationLimitExceeded:
            // Only of memory that a setting sizes the server advises something.
            return GuardError(
                .serverLimit, "\(place): \(doing) needs more than the server's settings allow: \(error.message)",
                store: store,
                hint: "Nothing was changed. \(error.hint ?? "Look at the server's settings.") Then try again.",
                causes: causes)
        case .queryCanceled:
            return GuardError(
                .storeBusy, "\(place): \(doing) was cancelled on the server", store: store,
                hint: "Nothing was changed. It will be tried again.", causes: causes)
        case .diskFull:
            return GuardError(
                .noSpace, "the server of \(place) has no room left", store: store,
                hint: "Free some space on the server and try again.", causes: causes)
        default: break
        }
        switch state.errorClass {
        case "08", "57": return unreachable(doing, causes)
        case "53":
            return GuardError(
                .storeBusy, "the server of \(place) is short of resources: \(error.message)", store: store,
                hint: "Nothing was changed. It will be tried again.", causes: causes)
        default:
            return GuardError(
                .migrationFailed, "\(place): \(doing) failed: \(error.message)", store: store,
                hint: "Look whether the schema is whole: dementiactl verify \(store)", causes: causes)
        }
    }

    /// Whether `error`, with which a server refused a copy, comes of the server's own state or of the role's rights: a lost connection, a
    /// lock, a lack of room, an administrator. Such an error is no proof that the copy is damaged.
    func saysNothingOfTheCopy(_ error: PostgresError) -> Bool {
        guard let state = error.sqlState, !error.isConnectionLost, !error.isWait else { return true }
        return state == .insufficientPrivilege || ["08", "28", "40", "53", "55", "57", "58"].contains(state.errorClass)
    }

    /// The server does not answer, or went away.
    func unreachable(_ doing: String, _ causes: [String]) -> GuardError {
        GuardError(
            .serverUnreachable, "the server of \(place) could not be reached while \(doing)", store: store,
            hint: "Look whether it runs and where it listens. It will be tried again.", causes: causes)
    }

    /// A pooler that gives every statement another connection.
    private func noTransactions(_ causes: [String]) -> GuardError {
        GuardError(
            .permissionDenied, "the pooler before the server of \(place) allows no transaction", store: store,
            hint: """
                Nothing was changed. Connect to the server itself, by its direct URL, or set the pooler to pool_mode = \
                transaction.
                """, causes: causes)
    }

    /// There is no such schema, or no such database.
    func missing(_ causes: [String] = []) -> GuardError {
        GuardError(
            .storeMissing, "\(place) is not there", store: store,
            hint: "If the project was deleted or renamed, nothing is lost: its backups stay in the vault.",
            causes: causes)
    }

    /// Somebody else has a lock.
    func busy(_ doing: String, holders: LockHolders = LockHolders(), causes: [String] = []) -> GuardError {
        let who = holders.isEmpty ? "another session" : holders.names.joined(separator: ", ")
        let ends = holders.prepared.map { "ROLLBACK PREPARED \(SQLText.literal($0))" }
        return GuardError(
            .storeBusy, "\(place) is busy: \(who) was in the way of \(doing)", store: store,
            hint: ends.isEmpty
                ? "Nothing was changed. It will be tried again; or end that session first."
                : """
                Nothing was changed. No session belongs to a prepared transaction, and it holds its locks until somebody ends it in this \
                database: \(ends.joined(separator: "; ")), or COMMIT PREPARED in its place.
                """, causes: causes)
    }

    /// The store is not in the state of the snapshot any more.
    func moved(_ why: String) -> GuardError {
        GuardError(
            .storeMoved, "\(place) changed after it was backed up: \(why)", store: store,
            hint: "Nothing was changed. It will be tried again on the new state.")
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// What a server says about itself, as far as it matters to a backup or a change.
struct ServerFacts {
    /// As in `server_version_num`.
    let version: Int
    /// A standby: it can be read and not changed.
    let isInRecovery: Bool
    /// Somebody between us and the server hands our statements to whichever connection is free.
    let isPooled: Bool
    let encoding: String
    let user: String
    let mayCreateDatabases: Bool

    /// Asks in the caller's transaction.
    init(_ connection: Connection, _ target: ConnectionTarget) throws(PostgresError) {
        version = connection.serverVersion
        let answer = try connection.rows(
            """
            SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid(), current_user,
                pg_catalog.getdatabaseencoding()::text,
                (SELECT r.rolcreatedb OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
            """
        ) { row in (row.bool(0), row.integer(1), row.text(2), row.text(3), row.bool(4)) }
        guard let (isInRecovery, process, user, encoding, mayCreate) = answer.first else {
            throw PostgresError(sqlState: nil, message: "the server does not tell what it is")
        }
        self.isInRecovery = isInRecovery
        self.user = user
        self.encoding = encoding
        mayCreateDatabases = mayCreate
        // A pooler makes up the process that a client could cancel; and Neon's has its name in the host's.
        isPooled = process != Int64(connection.processID) || target.host?.contains("-pooler.") ?? false
    }

    /// Why nothing can be changed on this server, whoever asks; nil when something can.
    func refusal(of location: StoreLocation) -> GuardError? {
        if version < Self.oldest {
            return GuardError(
                .permissionDenied, "the server of \(location.name) is PostgreSQL \(version / 10_000)",
                store: location.id, hint: "Nothing was changed. dementiad needs PostgreSQL 13 or later.")
        }
        guard isInRecovery else { return nil }
        return GuardError(
            .readOnlyStore, "the server of \(location.name) is a standby, which cannot be changed",
            store: location.id, hint: "Nothing was changed. Connect to its primary: target_session_attrs=primary.")
    }

    /// For a manifest: what a person needs to know to restore elsewhere.
    var named: [String: String] {
        ["serverVersion": "\(version / 10_000).\(version % 10_000)", "encoding": encoding, "role": user]
    }

    /// The oldest server whose functions the statements of this module use.
    static let oldest = 130_000
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit
internal import SchemaDump

extension Connection {
    /// Connects for work that pauses between its statements: what ends a session that is idle is off, unless a pooler would hand the
    /// session on with it. How long a statement may take is measured by how much the database holds.
    static func forWork(_ target: ConnectionTarget) throws(PostgresError) -> Connection {
        let connection = try Connection(target)
        try connection.execute("BEGIN; SET LOCAL statement_timeout = 0")
        // What the server reads to count rows or to make an index is no more than the database.
        let bytes = try connection.rows(
            """
            SELECT pg_catalog.pg_database_size(pg_catalog.current_database()), (
                SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
                WHERE name = 'idle_session_timeout' AND pg_catalog.pg_backend_pid() = $1::integer)
            """, ["\(connection.processID)"]
        ) { $0.integer(0) ?? 0 }
        try connection.execute("COMMIT")
        connection.allow(forBytes: bytes.first ?? 0)
        return connection
    }

    /// Lets a statement take as long as it takes to read so much: at 4 MiB a second, and at most an hour.
    func allow(forBytes bytes: Int64) {
        let seconds = min(bytes >> 22, 3600)
        patience.silence = max(patience.silence, .seconds(60 + seconds))
    }

    /// Begins a transaction. What a role's own timeouts cut off would otherwise be the very statements that lift them, and a COMMIT
    /// of ours that waited for a standby would keep its locks for as long as the standby is away.
    ///
    /// Takes no snapshot yet.
    func begin(_ how: Transaction) throws(PostgresError) {
        try execute([
            how.begin,
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
            "SET LOCAL synchronous_commit = local",
        ])
    }

    /// How a transaction is begun. Explicit: a role's defaults may say otherwise.
    enum Transaction {
        /// Sees one state from its first query on.
        case reading
        /// Sees what is there at each query.
        case looking
        case writing

        fileprivate var begin: StaticString {
            switch self {
            case .reading: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            case .looking: "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
            case .writing: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
            }
        }
    }

    /// Begins the transaction of a change.
    func beginChange(_ limits: PostgresStore.Limits) throws(PostgresError) {
        try begin(.writing)
        try pin(limits)
        guard serverVersion >= 140_000 else { return }
        // A server whose client was killed notices in the middle of a statement, too.
        try execute("SET LOCAL client_connection_check_interval = '500ms'")
    }

    /// Makes this transaction independent of what the role, the database or a pooler's last client set.
    func pin(_ limits: PostgresStore.Limits) throws(PostgresError) {
        try execute(PinnedSettings.statements)
        guard limits.lockTimeout != .seconds(2) else { return }
        try run("SET LOCAL lock_timeout = \(limits.lockTimeout.milliseconds)")
    }

    /// Ends a transaction that came to nothing. A connection that is gone has ended it already.
    func rollBack() {
        guard transactionStatus != .idle else { return }
        // Best effort: a connection on which this fails is gone, and its transaction with it.
        _ = try? execute("ROLLBACK")
    }
}

extension Connection.TransactionStatus {
    /// Whether a transaction of ours is open, as far as we know.
    var isOurs: Bool { [.active, .inTransaction, .failed].contains(self) }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// The locks that a change of a schema is made under: the guard's own, and the tables'.
///
/// None of ours is waited for longer than `lock_timeout`, so nobody queues behind us for longer, and all of them end with
/// the transaction: a connection that dies leaves none behind.
struct PostgresLocks {
    /// What a table is locked for.
    enum Mode: String {
        /// Readers only: nobody alters or empties it.
        case accessShare = "ACCESS SHARE"
        /// Readers go on, writers wait.
        case shareRowExclusive = "SHARE ROW EXCLUSIVE"
        /// Ours alone.
        case accessExclusive = "ACCESS EXCLUSIVE"
    }

    /// Takes the guard's lock on `schema` for this transaction, without waiting. Every change of a guarded schema is made under it, by
    /// whichever daemon on whichever machine.
    static func tryGuardLock(_ connection: Connection, _ schema: String) throws(PostgresError) -> Bool {
        try connection.value(
            """
            SELECT pg_catalog.pg_try_advisory_xact_lock(
                pg_catalog.hashtextextended('dementiad/v1/' || pg_catalog.current_database() || '/' || $1, 0))
            """, [schema]) == "t"
    }

    /// Locks `tables`, which are in order, each in its mode: in one order and never upgraded later, which would deadlock with others.
    ///
    /// - Parameter patience: for all of them together: as long as it takes, whoever wants the first ones waits behind us
    static func lock(
        _ tables: [(name: String, mode: Mode)], of schema: String, within patience: Duration, on connection: Connection
    ) throws(PostgresError) {
        let deadline = ContinuousClock.now + patience
        for (name, mode) in tables {
            let left = max((deadline - ContinuousClock.now).milliseconds, 1)
            // ONLY: the partitions are in the list themselves, at their own places.
            try connection.execute(
                """
                SET LOCAL lock_timeout = \(left);
                LOCK TABLE ONLY \(SQLText.identifier(schema, name)) IN \(mode.rawValue) MODE
                """)
        }
        try connection.execute("SET LOCAL lock_timeout = \(patience.milliseconds)")
    }

    /// Who holds locks on the tables of `schema`, in words, our own session left out.
    static func holders(of schema: String, on connection: Connection) throws(PostgresError) -> [String] {
        try connection.rows(
            """
            SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), a.usename, 'somebody'), coalesce(a.state, 'working')
            FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
            WHERE n.nspname = $1 AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
                AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            ORDER BY 1 LIMIT 5
            """, [schema]
        ) { "\($0.text(1)) (server process \($0.text(0)), \($0.text(2)))" }
    }

    /// The tables of `schema` that this transaction holds one of `modes` on, in the words of `pg_locks`.
    static func held(
        _ modes: [String], of schema: String, on connection: Connection
    ) throws(PostgresError) -> Set<String> {
        let list = modes.map(SQLText.literal).joined(separator: ", ")
        return Set(
            try connection.rows(
                """
                SELECT DISTINCT c.relname FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND l.pid = pg_catalog.pg_backend_pid() AND l.granted
                    AND l.mode IN (\(list))
                """, [schema]
            ) { $0.text(0) })
    }
}

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
                pg_catalog.hashtextextended(
                    'dementiad/v1/'::text || pg_catalog.current_database()::text || '/'::text || $1::text, 0))
            """, [schema]) == "t"
    }

    /// Locks `tables`, which are in order, each in its mode: in one order and never upgraded later, which would deadlock with others.
    ///
    /// - Parameter patience: for all of them together: as long as it takes, whoever wants the first ones waits behind us
    static func lock(
        _ tables: [(name: String, mode: Mode)], of schema: String, within patience: Duration, on connection: Connection
    ) throws(PostgresError) {
        let deadline = ContinuousClock.now + patience
        var allowed = Int64.max
        for (name, mode) in tables {
            let left = max((deadline - ContinuousClock.now).milliseconds, 1)
            if left < allowed - allowed / 8 {
                allowed = left
                try connection.run("SET LOCAL lock_timeout = \(left)")
            }
            // ONLY: the partitions are in the list themselves, at their own places.
            try connection.run("LOCK TABLE ONLY \(SQLText.identifier(schema, name)) IN \(mode.rawValue) MODE")
        }
        try connection.run("SET LOCAL lock_timeout = \(patience.milliseconds)")
    }

    /// Who holds locks on the tables of `schema`, our own session left out.
    static func holders(of schema: String, on connection: Connection) throws(PostgresError) -> LockHolders {
        let sessions = try connection.rows(
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
        // A prepared transaction has no process. Of its locks one is on its own number, and all of them have one virtual transaction.
        let prepared = try connection.rows(
            """
            SELECT p.gid, p.owner, pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM pg_catalog.pg_prepared_xacts p
            WHERE p.database = pg_catalog.current_database() AND EXISTS (
                SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_catalog.pg_locks own ON own.virtualtransaction = l.virtualtransaction AND own.pid IS NULL
                WHERE n.nspname = $1 AND l.granted AND l.pid IS NULL AND own.transactionid = p.transaction)
            ORDER BY p.prepared LIMIT 5
            """, [schema]
        ) { (name: $0.text(0), owner: $0.text(1), at: $0.text(2)) }
        return LockHolders(
            names: sessions
                + prepared.map { "the prepared transaction \"\($0.name)\" (of \($0.owner), since \($0.at))" },
            prepared: prepared.map(\.name))
    }

    /// The tables of `schema` that this transaction holds one of `modes` on, in the words of `pg_locks`.
    static func held(
        _ modes: [String], of schema: String, on connection: Connection
    ) throws(PostgresError) -> Set<ExactText> {
        let list = modes.map(SQLText.literal).joined(separator: ", ")
        return Set(
            try connection.rows(
                """
                SELECT DISTINCT c.relname FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND l.pid = pg_catalog.pg_backend_pid() AND l.granted
                    AND l.mode IN (\(list))
                """, [schema]
            ) { ExactText($0.text(0)) })
    }

    /// The tables outside of `schema` whose rows this transaction wrote, or tried to.
    static func writtenOutside(of schema: String, on connection: Connection) throws(PostgresError) -> [String] {
        try connection.rows(
            """
            SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_locks l
            JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname <> $1 AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relkind IN ('r', 'p', 'f')
                AND l.pid = pg_catalog.pg_backend_pid() AND l.mode = 'RowExclusiveLock'
            ORDER BY 1
            """, [schema]
        ) { $0.text(0) }
    }
}

/// Who is in the way of a lock.
struct LockHolders {
    /// In words.
    var names: [String] = []
    /// The names of prepared transactions among them.
    var prepared: [String] = []

    var isEmpty: Bool { names.isEmpty }
}

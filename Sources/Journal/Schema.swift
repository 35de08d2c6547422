// SPDX-License-Identifier: MIT

/// The tables of `journal.db`.
///
/// SQLite keeps the comments inside each statement, so `sqlite3 journal.db .schema` shows this page. All times are
/// milliseconds since 1970 UTC: `datetime(at / 1000, 'unixepoch')` reads them. Words such as `migrate` or
/// `failedUntouched` are spelled as in the API.
enum Schema {
    /// `PRAGMA application_id` of every journal: `DmJl`. It tells a journal from any other database that lies in its
    /// place.
    static let applicationID: Int64 = 0x446D_4A6C

    /// What takes a journal from version `n` to `n + 1` at index `n`. Only ever grows: an entry that was released is
    /// never edited.
    static let steps = [first, second, third]

    /// The version of a journal that this program writes, in `PRAGMA user_version`.
    static var version: Int64 { Int64(steps.count) }

    /// The first version.
    private static let first = """
        CREATE TABLE operations (
            number INTEGER PRIMARY KEY,   -- the order in which they began; a clock may go back, this does not
            id TEXT NOT NULL UNIQUE,      -- op_ and a ULID
            kind TEXT NOT NULL,           -- migrate, backup, restore, ...
            store TEXT,                   -- store id; NULL for work on the vault as a whole
            state TEXT NOT NULL,          -- queued, running, settled
            outcome TEXT,                 -- succeeded, failedUntouched, ...; NULL until settled
            data_state TEXT NOT NULL,     -- what is true of the store's data as of the last commit here
            trigger TEXT NOT NULL,        -- what set it off: once, schedule, release, request, recovery
            uid INTEGER NOT NULL,         -- on whose behalf
            started_at INTEGER NOT NULL,
            settled_at INTEGER,
            backup TEXT,                  -- the proved backup of the state before
            attempt TEXT,                 -- digest of what was tried: plan, catalogue, release, content
            findings TEXT NOT NULL,       -- JSON array
            error TEXT,                   -- JSON problem
            result TEXT                   -- JSON, by kind
        ) STRICT;
        CREATE INDEX operations_by_store ON operations (store, number);
        CREATE INDEX operations_unsettled ON operations (number) WHERE state <> 'settled';

        CREATE TABLE steps (
            operation TEXT NOT NULL REFERENCES operations (id),
            number INTEGER NOT NULL,      -- 1, 2, ... in the order in which they started
            kind TEXT NOT NULL,           -- preflight, backup, rehearse, migrate, ...; one kind may run more than once
            state TEXT NOT NULL,          -- running, done, failed
            started_at INTEGER NOT NULL,  -- committed here before the step's first side effect
            finished_at INTEGER,          -- committed here after its last one
            detail TEXT,                  -- what recovery and readers need to know of it
            PRIMARY KEY (operation, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,  -- without gaps; sqlite_sequence remembers the last one
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,           -- operationBegan, stepStarted, holdAdded, ...
            store TEXT,
            operation TEXT,
            facts TEXT NOT NULL,          -- JSON object: what happened
            hash TEXT NOT NULL            -- hexadecimal SHA-256 over the hash before and this row (EventChain.swift)
        ) STRICT;
        CREATE INDEX events_by_operation ON events (operation, id) WHERE operation IS NOT NULL;
        CREATE INDEX events_by_store ON events (store, id) WHERE store IS NOT NULL;
        CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
            BEGIN SELECT raise(ABORT, 'events are only ever appended'); END;
        CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
            BEGIN SELECT raise(ABORT, 'events are only ever appended'); END;

        CREATE TABLE holds (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            store TEXT,                   -- NULL holds everything
            reason TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            until INTEGER                 -- NULL holds until somebody removes it
        ) STRICT;

        CREATE TABLE pins (
            backup TEXT PRIMARY KEY,      -- the backup that retention leaves alone
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE proofs (
            backup TEXT PRIMARY KEY,      -- the last time somebody proved this backup; earlier proofs are events
            at INTEGER NOT NULL,
            succeeded INTEGER NOT NULL,   -- 0 or 1
            seconds REAL NOT NULL,        -- how long the proof took
            detail TEXT                   -- why it failed, or what was compared
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE stores (
            id TEXT PRIMARY KEY,
            engine TEXT NOT NULL,         -- sqlite, postgres
            name TEXT NOT NULL,           -- absolute path, or host:port/database#schema; never a secret
            project TEXT,
            first_seen_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            state TEXT NOT NULL,          -- current, pending, drifted, ... when it was last seen
            line TEXT,                    -- sqlite-4, ...; NULL when the shape is not known
            schema_version INTEGER,
            shape TEXT,                   -- fingerprint of the structure
            token TEXT,                   -- state token: when it is the same in the next pass, the store was idle
            digest TEXT,                  -- digest of the content, when it was computed
            size_bytes INTEGER
        ) STRICT, WITHOUT ROWID;
        """

    /// Scheduled backups: when nothing had changed, that is all there is to remember.
    private static let second = """
        CREATE TABLE looks (
            store TEXT PRIMARY KEY,
            at INTEGER NOT NULL,          -- when the whole content of the store was last found to be in a backup already
            backup TEXT NOT NULL          -- that backup
        ) STRICT, WITHOUT ROWID;
        """

    /// What people decided about places, against what a look finds; and which request an operation was begun for.
    private static let third = """
        CREATE TABLE choices (
            store TEXT PRIMARY KEY,
            engine TEXT NOT NULL,         -- sqlite, postgres
            name TEXT NOT NULL,           -- as in stores
            choice TEXT NOT NULL,         -- adopted: guarded although no root holds it; forgotten: not guarded although one
                                          -- does; moved: its content lives on somewhere else
            at INTEGER NOT NULL,
            successor TEXT                -- moved: the name of the store that has its content now
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE request_keys (
            uid INTEGER NOT NULL,
            key TEXT NOT NULL,            -- the Idempotency-Key that a client chose
            request TEXT NOT NULL,        -- digest of what was asked for
            operation TEXT NOT NULL REFERENCES operations (id),
            at INTEGER NOT NULL,
            PRIMARY KEY (uid, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX request_keys_by_age ON request_keys (at);
        """
}

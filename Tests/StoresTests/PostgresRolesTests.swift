// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import PostgresKit
import Stores
import TestSupport
import Testing

/// Roles with settings and limits of their own, and poolers in between.
@Suite(
    // A server takes a hundred connections, and a test has several.
    .serialized, .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct PostgresRolesTests {
    private let catalogue = try! Catalogue()

    // MARK: Poolers

    @Test(
        "P13: a whole life and a restore through PgBouncer in transaction mode, with nothing left in its sessions",
        .enabled(if: PgBouncer.isInstalled, Comment(rawValue: PgBouncer.notInstalled)))
    func pooled() async throws {
        let bouncer = try PgBouncer(.shared)
        let world = try PostgresWorld(url: { bouncer.url(of: $0) })
        let old = try world.state(withLedger: true)
        let snapshot = try await world.snapshot()
        #expect(try await world.store.preflight().map(\.code) == ["pooler"])
        let life = try await world.live(catalogue)
        #expect(try await world.store.hasCommitted(life.entry.operation))
        #expect(try await world.plan(catalogue).isEmpty)
        let kept = try await world.snapshot("kept.sql")
        try await world.store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: old) == [])
        #expect(
            try world.database.psql(
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()"
            ) == ["0"])
        let next = try Connection(ConnectionTarget(bouncer.url(of: world.database)))
        #expect(
            try next.value("SELECT current_setting('TimeZone') || current_setting('search_path')")
                == #"UTC"$user", public"#)
    }

    @Test(
        "a pooler that allows no transaction is refused, and the way around it is named",
        .enabled(if: PgBouncer.isInstalled, Comment(rawValue: PgBouncer.notInstalled)))
    func statements() async throws {
        let bouncer = try PgBouncer(.shared, mode: .statement)
        let world = try PostgresWorld(url: { bouncer.url(of: $0) })
        let error = await #expect(throws: GuardError.self) { try await world.store.survey(catalogue) }
        #expect(error?.code == .permissionDenied && error?.dataState == .untouched)
        #expect(error?.hint?.contains("direct URL") ?? false)
        await world.store.close()
    }

    // MARK: Roles

    @Test("P25: a role's own settings neither hurt nor show in what is written")
    func settings() async throws {
        let role = try PostgresServer.shared.role("LOGIN SUPERUSER")
        for setting in [
            "default_transaction_read_only = on", "default_transaction_isolation = serializable",
            "default_transaction_deferrable = on", "search_path = public", "DateStyle = 'German'",
            "TimeZone = 'Asia/Tokyo'", "IntervalStyle = sql_standard", "bytea_output = escape",
            "extra_float_digits = -10", "standard_conforming_strings = off", "quote_all_identifiers = on",
            "row_security = off", "lock_timeout = 1", "idle_in_transaction_session_timeout = 100",
            "statement_timeout = 300", "synchronous_commit = off", "client_min_messages = debug1",
        ] {
            try PostgresServer.shared.psql("ALTER ROLE \(role) SET \(setting)", database: "postgres")
        }
        let plain = try PostgresWorld()
        let other = try PostgresWorld(url: { $0.url(as: role) })
        let expected = try await plain.snapshot()
        let snapshot = try await other.snapshot()
        #expect(snapshot.content == expected.content)
        try await plain.live(catalogue)
        try await other.live(catalogue)
        #expect(try other.rows() == plain.rows())
        let difference = try other.ask(
            "SELECT bool_and(abs(extract(epoch FROM now() - applied_at)) < 300) FROM schema_migrations;")
        #expect(difference == ["t"])
        let times = try await other.store.history().rows.map(\.appliedAt)
        let hour = try other.ask(
            "SELECT to_char(max(applied_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI') FROM schema_migrations;")
        #expect(times.contains { $0.hasPrefix(hour[0]) })
        let kept = try await other.snapshot("kept.sql")
        try await other.store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
        await other.store.close()
    }

    /// A role that owns the schema and everything in it.
    private func owner(_ options: String, of database: PostgresDatabase) throws -> String {
        let role = try database.server.role(options)
        try database.psql(
            """
            ALTER SCHEMA innkeeper OWNER TO \(role);
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'innkeeper'::regnamespace AND relkind = 'r' LOOP
                    EXECUTE format('ALTER TABLE %s OWNER TO \(role)', name);
                END LOOP;
            END $$;
            GRANT CREATE ON DATABASE \(database.name) TO \(role);
            """)
        return role
    }

    @Test("a role that could not restore a backup migrates nothing, and its backups are made all the same")
    func withoutWayBack() async throws {
        let world = try PostgresWorld(url: { database in
            let role = try owner("LOGIN NOCREATEDB", of: database)
            try database.psql("REVOKE CREATE ON DATABASE \(database.name) FROM \(role)")
            return database.url(as: role)
        })
        let before = try world.state(withLedger: true)
        let plan = try await world.plan(catalogue)
        let entry = LedgerEntry.test()
        let snapshot = try await world.snapshot()
        let proof = try await world.store.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil)
        if case .restored = proof { Issue.record("it was restored") }
        let error = await #expect(throws: GuardError.self) {
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil)
        }
        #expect(error?.code == .backupFailed && error?.dataState == .untouched)
        #expect(error?.hint?.contains("GRANT CREATE ON DATABASE") ?? false)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "a backup that the server would not take back is found out in the store's own database, and nothing is migrated"
    )
    func unrestorable() async throws {
        let world = try PostgresWorld(url: { database in
            let role = try owner("LOGIN NOCREATEDB", of: database)
            try database.psql(
                """
                CREATE FUNCTION public.other_fold(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$;
                SET ROLE \(role); SET search_path = innkeeper, public;
                CREATE FUNCTION fold(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN other_fold(t); END $$;
                CREATE INDEX folded ON sessions (fold(id));
                """)
            return database.url(as: role)
        })
        let before = try world.state(withLedger: true)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let error = await #expect(throws: GuardError.self) {
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .backupFailed && error?.message.contains("refused its INDEX") ?? false)
        #expect(error?.causes.contains { $0.contains("other_fold") } ?? false)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test("a role that may not create databases migrates without a rehearsal, and the proof says so")
    func decoded() async throws {
        let world = try PostgresWorld(url: { try $0.url(as: owner("LOGIN NOCREATEDB", of: $0)) })
        #expect(try await world.store.preflight() == [])
        let plan = try await world.plan(catalogue)
        let entry = LedgerEntry.test()
        let snapshot = try await world.snapshot()
        guard
            case .decoded(let why) = try await world.store.prove(
                snapshot.path, of: snapshot, for: entry.operation, progress: nil)
        else {
            Issue.record("it was restored")
            return
        }
        #expect(why.contains("may not create databases"))
        #expect(
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil) == nil)
        let record = try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        #expect(try await world.store.verify(plan, entry: entry, since: record.token).problems == [])
        await world.store.close()
    }

    @Test("a role that does not own the tables is told so before anything begins")
    func stranger() async throws {
        let role = try PostgresServer.shared.role()
        let world = try PostgresWorld(
            .earliest,
            "GRANT USAGE ON SCHEMA innkeeper TO \(role); GRANT SELECT ON ALL TABLES IN SCHEMA innkeeper TO \(role);",
            url: { $0.url(as: role) })
        let before = try world.state(withLedger: true)
        let error = await #expect(throws: GuardError.self) { try await world.store.preflight() }
        #expect(error?.code == .permissionDenied)
        #expect(error?.message.contains("does not own audit_trail") ?? false)
        let plan = try await world.plan(catalogue)
        let denied = await #expect(throws: GuardError.self) {
            let snapshot = try await world.snapshot()
            _ = try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(denied?.code == .permissionDenied && denied?.dataState == .untouched)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test("rows that a policy hides are an error, and never a short backup")
    func hidden() async throws {
        let world = try PostgresWorld(url: { try $0.url(as: owner("LOGIN", of: $0)) })
        try world.write(
            """
            ALTER TABLE context_locks ENABLE ROW LEVEL SECURITY; ALTER TABLE context_locks FORCE ROW LEVEL SECURITY;
            CREATE POLICY few ON context_locks USING (id < 3);
            """)
        let error = await #expect(throws: GuardError.self) { try await world.snapshot() }
        #expect(error?.code == .permissionDenied, "\(String(describing: error))")
        await world.store.close()
    }
}

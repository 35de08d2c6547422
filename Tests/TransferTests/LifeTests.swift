// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import PostgresKit
import SQLiteKit
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Transfer

/// What happens around a transfer: other data, changes, repetitions, lost connections, poolers, roles.
@Suite(.serialized, .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct LifeTests {
    // MARK: Once and again

    @Test("Case 67: a second transfer of the same memory does nothing, also when the application has written since")
    func twice() throws {
        let world = try TransferWorld()
        let first = try world.transfer()
        _ = try world.ask("INSERT INTO sessions (id, started_at) VALUES ('later', 1)")
        let before = try world.database.dump()
        #expect(try world.job().plan().report.isRepeated)
        let second = try world.job().run()
        #expect(second.isRepeated && second.tables == first.tables)
        #expect(try world.database.dump() == before)
    }

    @Test(
        "Case 68: a schema with other data is refused, wherever the data is, and stays as it is",
        arguments: [
            "sessions (id) VALUES ('mine')", "mcp_sessions (session_id) VALUES ('mine')", "stranger VALUES (1)",
        ])
    func notEmpty(_ row: String) throws {
        let world = try TransferWorld()
        try world.database.load(PostgresFixture.latest.afterUpstream)
        try world.database.psql(
            """
            ALTER SCHEMA claude_dementia RENAME TO shop; CREATE TABLE shop.stranger (id integer);
            DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace
                AND relkind = 'r' LOOP EXECUTE format('TRUNCATE shop.%I CASCADE', name); END LOOP; END $$;
            INSERT INTO shop.\(row)
            """)
        let before = try world.database.dump()
        let run = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(run?.code == .targetNotEmpty && run?.dataState == .untouched)
        let plan = #expect(throws: GuardError.self) { try world.job().plan() }
        #expect(plan?.code == .targetNotEmpty)
        #expect(try world.database.dump() == before)
    }

    @Test("Case 68: another memory, and a later state of the same one, are refused too")
    func later() throws {
        let world = try TransferWorld()
        try world.transfer()
        try world.change("INSERT INTO sessions (id, started_at) VALUES ('later', 1)")
        let before = try world.database.dump()
        let error = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(error?.code == .targetNotEmpty)
        #expect(try world.database.dump() == before)
    }

    @Test("an older schema that is empty is brought to its head on the way")
    func olderSchema() throws {
        let world = try TransferWorld()
        try world.database.load(.earliest)
        try world.database.psql(
            """
            ALTER SCHEMA innkeeper RENAME TO shop;
            DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace
                AND relkind = 'r' LOOP EXECUTE format('TRUNCATE shop.%I CASCADE', name); END LOOP; END $$;
            """)
        let report = try world.transfer()
        #expect(report[table: "context_locks"]?.loaded == 7)
        #expect(try world.ask("SELECT count(*) FROM schema_migrations WHERE success") == ["12"])
    }

    @Test("Case 66: what is written meanwhile is noticed, and what arrives is the one state of the copy")
    func sourceMoves() throws {
        let world = try TransferWorld()
        let watch = try Connection(path: world.memory, access: .readWrite)
        let version = try watch.dataVersion()
        var job = try world.job()
        let box = Mutex(false)
        job.hasSourceMoved = { box.withLock { $0 } }
        let report = try job.run { _ throws(GuardError) in
            // Too late for this transfer's finding; the caller asks again after COMMIT.
        }
        #expect(!report.findings.contains { $0.code == "sourceChanged" })
        try world.change("INSERT INTO sessions (id, started_at) VALUES ('later', 1)")
        let moved = try watch.dataVersion() != version
        #expect(moved)
        var next = world
        next.schema = "another"
        var again = try next.job()
        again.hasSourceMoved = { true }
        #expect(try again.run().findings.contains { $0.code == "sourceChanged" })
        #expect(try next.ask("SELECT is_stale FROM dementia_kept_runs") == ["t"])
        #expect(try world.ask("SELECT is_stale FROM dementia_kept_runs") == ["f"])
    }

    // MARK: It ends in the middle

    @Test("a cancelled transfer leaves nothing behind")
    func cancelled() throws {
        let world = try TransferWorld(.v4_0, sql: Self.manyRows)
        let calls = Mutex(0)
        var job = try world.job()
        job.isCancelled = {
            calls.withLock {
                $0 += 1
                return $0 > 2
            }
        }
        let error = #expect(throws: GuardError.self) { try job.run() }
        #expect(error?.code == .interrupted && error?.dataState == .untouched)
        #expect(try world.database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == ["0"])
        #expect(try world.transfer().isComplete)
    }

    @Test("a veto before COMMIT leaves nothing behind")
    func vetoed() throws {
        let world = try TransferWorld()
        let error = #expect(throws: GuardError.self) {
            try world.job().run { report throws(GuardError) in
                throw GuardError(.checkVetoed, "no: \(report.tables.count)")
            }
        }
        #expect(error?.code == .checkVetoed)
        #expect(try world.database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == ["0"])
    }

    @Test("a server process that is ended in the middle of the load leaves nothing behind, and the next transfer works")
    func killed() throws {
        let world = try TransferWorld(.v4_0, sql: Self.manyRows)
        var job = try world.job()
        let database = world.database
        let isDone = Mutex(false)
        job.progress = { progress in
            guard progress.done > 1000,
                isDone.withLock({
                    let was = $0
                    $0 = true
                    return !was
                })
            else { return }
            _ = try? database.psql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'dementiad'
                """)
        }
        let error = #expect(throws: GuardError.self) { try job.run() }
        #expect(error?.code == .serverUnreachable && error?.dataState == .untouched)
        #expect(try !job.hasCommitted())
        #expect(try world.database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == ["0"])
        #expect(try world.transfer().isComplete)
    }

    private static let manyRows = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
        INSERT INTO memory_entries (category, content, timestamp) SELECT 'progress', 'entry ' || i, 1.7e9 + i FROM n
        """

    @Test(
        "Case 69: a connection that is lost at COMMIT is settled by the server's own record",
        .enabled(if: Proxy.isPossible),
        arguments: [true, false])
    func lostCommit(_ arrives: Bool) throws {
        var world = try TransferWorld()
        let proxy = try Proxy(before: world.database.server, cutsAfter: arrives)
        defer { proxy.stop() }
        world.url = proxy.url(of: world.database)
        let job = try world.job()
        if arrives {
            let report = try job.run { _ throws(GuardError) in try? proxy.arm() }
            #expect(report.isComplete)
            #expect(try job.verifyAfterCommit() == [])
        } else {
            let error = #expect(throws: GuardError.self) {
                try job.run { _ throws(GuardError) in try? proxy.arm() }
            }
            #expect(error?.code == .serverUnreachable && error?.dataState == .untouched)
            #expect(try world.database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == ["0"])
        }
        #expect(!proxy.isArmed)
        #expect(try job.hasCommitted() == arrives)
        // And none of it twice.
        let again = try job.run()
        #expect(again.isRepeated == arrives)
        #expect(try world.ask("SELECT count(*) FROM context_locks") == ["7"])
    }

    // MARK: Surroundings

    @Test(
        "Case 71: through a pooler, as a role with a timeout and another search_path, it lands in its schema",
        .enabled(if: PgBouncer.isInstalled, "\(PgBouncer.notInstalled)"))
    func pooledRole() throws {
        var world = try TransferWorld(.v4_0, sql: Self.manyRows)
        let role = try world.database.server.role("LOGIN")
        try world.database.psql(
            """
            CREATE SCHEMA elsewhere AUTHORIZATION \(role); GRANT CREATE ON DATABASE \(world.database.name) TO \(role);
            ALTER ROLE \(role) SET statement_timeout = '150ms'; ALTER ROLE \(role) SET search_path = elsewhere;
            ALTER ROLE \(role) SET TimeZone = 'Asia/Kolkata'; ALTER ROLE \(role) SET DateStyle = 'German';
            ALTER ROLE \(role) SET default_transaction_read_only = on; ALTER ROLE \(role) SET extra_float_digits = 0;
            ALTER ROLE \(role) SET idle_in_transaction_session_timeout = '200ms'; ALTER ROLE \(role) SET lc_numeric = 'C';
            ALTER ROLE \(role) SET bytea_output = 'escape'; ALTER ROLE \(role) SET default_toast_compression = 'pglz'
            """)
        let bouncer = try PgBouncer(world.database.server, users: ["postgres", role])
        world.url = bouncer.url(of: world.database, as: role)
        let report = try world.transfer()
        #expect(report.isComplete && report[table: "memory_entries"]?.loaded == 4008)
        #expect(
            try world.database.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'elsewhere'::regnamespace") == [
                "0"
            ])
        #expect(try world.ask("SELECT count(*) FROM memory_entries") == ["4008"])
    }

    @Test("a role that may not make a schema is told so, and nothing is changed")
    func notPermitted() throws {
        var world = try TransferWorld()
        let role = try world.database.server.role("LOGIN")
        world.url = world.database.url(as: role)
        let error = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(error?.code == .permissionDenied && error?.dataState == .untouched)
    }

    @Test("another guard at work on the schema is waited for, and then named")
    func busy() throws {
        var world = try TransferWorld()
        world.limits.lockAttempts = 1
        let other = try PostgresKit.Connection(ConnectionTarget(world.database.url))
        try other.execute("BEGIN")
        _ = try other.value(
            """
            SELECT pg_advisory_xact_lock(hashtextextended('dementiad/v1/' || current_database() || '/shop', 0))
            """)
        let error = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(error?.code == .storeBusy)
        try other.execute("COMMIT")
        #expect(try world.transfer().isComplete)
    }

    @Test("a row that a trigger changes on its way is noticed when the table is read back, and nothing is committed")
    func meddled() throws {
        let world = try TransferWorld()
        try world.database.load(PostgresFixture.latest.afterUpstream)
        try world.database.psql(
            """
            ALTER SCHEMA claude_dementia RENAME TO shop;
            DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace
                AND relkind = 'r' LOOP EXECUTE format('TRUNCATE shop.%I CASCADE', name); END LOOP; END $$;
            CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN NEW.content := NEW.content || ' '; RETURN NEW; END $$;
            -- One that is there before is refused.
            CREATE FUNCTION public.plant() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%dementia_kept_runs') THEN
                    CREATE TRIGGER meddling BEFORE INSERT ON shop.memory_entries FOR EACH ROW EXECUTE FUNCTION public.meddle();
                END IF; END $$;
            CREATE EVENT TRIGGER planting ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.plant()
            """)
        let error = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(error?.code == .transferFailed && error?.message.contains("memory_entries") ?? false)
        #expect(try world.ask("SELECT count(*) FROM memory_entries") == ["0"])
    }
}

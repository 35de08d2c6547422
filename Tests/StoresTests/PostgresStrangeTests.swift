// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import PostgresKit
import TestSupport
import Testing

@testable import Stores

/// Schemas, servers and settings that mean no good, or are only odd.
@Suite(
    // A server takes a hundred connections, and a test has several.
    .serialized, .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct PostgresStrangeTests {
    private let catalogue = try! Catalogue()

    // MARK: Names

    @Test("The templates of migrations quote as everything else does")
    func quoting() {
        for text in OddText.all {
            #expect(SQLTemplate.identifier(text).hasSameBytes(as: SQLText.identifier(text)))
            #expect(SQLTemplate.literal(text).hasSameBytes(as: SQLText.literal(text)))
        }
    }

    @Test(
        "Tables and columns of every Unicode category live through a whole life and a restore, and the schema's name too"
    )
    func names() async throws {
        for schema in ["in\u{600}\"n", "\u{301}x'#\u{301}y", "c#app", "e\u{301}\\"] {
            let world = try PostgresWorld(schema: "innkeeper")
            let connection = try world.stranger()
            try connection.execute("SET search_path = innkeeper")
            for text in OddText.samples.flatMap({ [$0, $0 + "\"", "\"" + $0] }) {
                let statement = try connection.value("SELECT format('CREATE TABLE %1$I (%1$I text)', $1::text)", [text])
                try connection.run(try #require(statement))
                let row = try connection.value(
                    "SELECT format('INSERT INTO %1$I VALUES (%2$L)', $1::text, $1::text)", [text])
                try connection.run(try #require(row))
            }
            let rename = try connection.value(
                "SELECT format('ALTER SCHEMA innkeeper RENAME TO %I', $1::text)", [schema])
            try connection.run(try #require(rename))
            let servers = try PostgresServers(["\(world.database.url)#\(schema)"])
            let location = try #require(servers.look().stores.first)
            #expect(location.schema?.hasSameBytes(as: schema) ?? false)
            #expect(location.name.utf8.suffix(schema.utf8.count + 1).elementsEqual(("#" + schema).utf8))
            // By its URL, and as it is shown.
            for place in ["\(world.database.url)#\(schema)", location.name] {
                #expect(try servers.store(named: place).location == location)
                #expect(try servers.locate(place) == location)
            }
            let store = try servers.store(at: location)
            let old = try world.database.dump()
            let planner = Planner(catalogue: catalogue)
            let plan = try await planner.plan(for: location.id, at: location.name, store.survey(catalogue))
            let entry = LedgerEntry.test()
            let snapshot = try await store.snapshot(into: world.scratch("a.sql"), progress: nil)
            #expect(
                try await store.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil) == .restored)
            #expect(try await store.rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil) != nil)
            _ = try await store.migrate(plan, from: snapshot, entry: entry, progress: nil)
            let kept = try await store.snapshot(into: world.scratch("b.sql"), progress: nil)
            try await store.restore(from: snapshot.path, expecting: snapshot.content, replacing: kept)
            await store.discardScratch(of: entry.operation)
            await store.close()
            #expect(try world.database.dump() == old)
        }
    }

    @Test("A database and a schema that both hold a # make two locations")
    func marks() throws {
        let database = try PostgresServer.shared.database()
        let server = database.server
        let url = { (name: String) in
            "postgresql:///\(name)?host=\(server.socketFolder)&port=\(server.port)&user=postgres"
        }
        let one = try PostgresServers([url("x") + "#c#app"]).look().stores
        let two = try PostgresServers([url("x%23c") + "#app"]).look().stores
        #expect(one.map(\.schema) == ["c#app"] && two.map(\.schema) == ["app"])
        #expect(one.first?.id != two.first?.id)
        #expect(two.first?.database?.utf8.contains(UInt8(ascii: "#")) == false)
    }

    @Test("A migration that empties one of two tables that look the same is stopped")
    func twins() async throws {
        let (one, two) = ("note \u{E9}", "note e\u{301}")
        let world = try PostgresWorld(
            .earliest,
            """
            CREATE TABLE "\(one)" (a int); CREATE TABLE "\(two)" (a int); INSERT INTO "\(one)" VALUES (1); INSERT INTO "\(two)" VALUES (1);
            """)
        for name in [one, two] {
            let broken = try Catalogue.postgres(up: "DELETE FROM :\"schema\".\"\(name)\";")
            let error = await #expect(throws: GuardError.self) { try await world.migrate(broken) }
            #expect(error?.code == .conservationFailed)
        }
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM \"\(one)\", \"\(two)\"") == ["1"])
        try await world.live(catalogue)
    }

    // MARK: The ledger

    /// A ledger of the memory's own, with `attached` to it.
    private static func ledger(_ attached: String) -> String {
        """
        CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now(),
            success BOOLEAN NOT NULL DEFAULT TRUE, error_message TEXT);
        CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM innkeeper.todos; RETURN NEW; END $$;
        CREATE FUNCTION fine(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
        \(attached);
        """
    }

    @Test(
        "Nothing is written into a ledger to which somebody attached something",
        arguments: [
            (
                "a trigger",
                "CREATE TRIGGER t BEFORE INSERT ON schema_migrations FOR EACH STATEMENT EXECUTE FUNCTION trap()"
            ),
            ("a rule", "CREATE RULE r AS ON INSERT TO schema_migrations DO ALSO DELETE FROM innkeeper.todos"),
            ("a check", "ALTER TABLE schema_migrations ADD CHECK (fine(version))"),
            ("a default", "ALTER TABLE schema_migrations ALTER error_message SET DEFAULT fine(1)::text"),
            ("an index", "CREATE INDEX i ON schema_migrations (fine(version))"),
            ("a table that inherits", "CREATE TABLE heir () INHERITS (schema_migrations)"),
            (
                "a foreign key",
                "CREATE TABLE more (v INTEGER REFERENCES schema_migrations ON DELETE CASCADE); INSERT INTO more DEFAULT VALUES"
            ),
            ("a policy", "CREATE POLICY p ON schema_migrations USING (fine(version))"),
        ])
    func attached(_ name: String, _ sql: String) async throws {
        let world = try PostgresWorld(.earliest, Self.ledger(sql))
        let before = try world.state(withLedger: true)
        let plan = try await world.plan(catalogue)
        let error = await #expect(throws: GuardError.self) { try await world.store.preflight() }
        #expect(error?.code == .foreignLedger && error?.hint != nil, "\(name)")
        let snapshot = try await world.snapshot()
        await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        let failure = GuardError(
            .migrationFailed, "it failed", store: world.id, migration: plan.steps[0].migration.version)
        await #expect(throws: GuardError.self) {
            try await world.store.recordFailure(failure, of: plan, entry: .test())
        }
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: before) == [])
    }

    @Test("A migration whose statement writes outside of the schema, by whatever trigger, is stopped")
    func outside() async throws {
        let world = try PostgresWorld(
            .earliest,
            """
            CREATE SCHEMA others; CREATE TABLE others.log (a int);
            CREATE FUNCTION spread() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO others.log VALUES (1); RETURN NEW; END $$;
            CREATE TABLE button (a int);
            CREATE TRIGGER t AFTER INSERT ON button FOR EACH ROW EXECUTE FUNCTION spread();
            """)
        let broken = try Catalogue.postgres(up: #"INSERT INTO :"schema".button VALUES (1);"#)
        let error = await #expect(throws: GuardError.self) { try await world.migrate(broken) }
        #expect(error?.code == .conservationFailed && error?.message.contains("others.log") ?? false)
        await world.store.close()
        #expect(try world.ask("SELECT count(*) FROM others.log") == ["0"])
    }

    // MARK: The server

    @Test("A prepared transaction that is in the way is named, with the command that ends it")
    func prepared() async throws {
        let server = try PostgresServer(settings: ["max_prepared_transactions": "5"])
        var limits = PostgresStore.Limits()
        (limits.lockTimeout, limits.lockAttempts) = (.milliseconds(200), 1)
        let world = try PostgresWorld(on: server, limits: limits)
        try world.write("BEGIN; UPDATE sessions SET id = id; PREPARE TRANSACTION 'forgotten ''work'")
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .storeBusy && error?.message.contains("forgotten 'work") ?? false)
        #expect(error?.hint?.contains("ROLLBACK PREPARED 'forgotten ''work'") ?? false)
        await world.store.close()
        try world.database.psql("ROLLBACK PREPARED 'forgotten ''work'")
        try await world.live(catalogue)
    }

    @Test(
        "What a setting of the server is too small for is told with the server's hint, and not as something to try again"
    )
    func limits() async throws {
        let server = try PostgresServer(
            settings: ["max_locks_per_transaction": "10", "max_connections": "10", "max_prepared_transactions": "0"])
        let world = try PostgresWorld(
            on: server, (0..<300).map { "CREATE TABLE t\($0) (id serial PRIMARY KEY, v text UNIQUE);\n" }.joined())
        let error = await #expect(throws: GuardError.self) {
            let snapshot = try await world.snapshot()
            _ = try await world.store.prove(
                snapshot.path, of: snapshot, for: LedgerEntry.test().operation, progress: nil)
        }
        #expect(error?.code == .serverLimit, "\(String(describing: error))")
        #expect(error?.hint?.contains("max_locks_per_transaction") ?? false)
        #expect(error.map { !Problem($0).retryable } ?? false)
        await world.store.close()
    }

    @Test(
        "Settings of a role that end sessions or forbid writing neither stop the work nor leave a scratch database",
        arguments: [
            "idle_session_timeout = '1s'", "idle_in_transaction_session_timeout = '1s'",
            "default_transaction_read_only = on",
            "default_transaction_isolation = 'serializable'",
        ])
    func settings(_ setting: String) async throws {
        let role = try PostgresServer.shared.role("LOGIN SUPERUSER")
        try PostgresServer.shared.psql("ALTER ROLE \(role) SET \(setting)", database: "postgres")
        let world = try PostgresWorld(url: { $0.url(as: role) })
        let plan = try await world.plan(catalogue)
        let entry = LedgerEntry.test()
        let snapshot = try await world.snapshot()
        #expect(
            try await world.store.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil) == .restored)
        // Longer than a session may be idle: the server itself tells when that is over.
        let pause = "SELECT pg_sleep(\(setting.containsBytes(of: "idle") ? 2 : 0))"
        try world.database.psql(pause)
        #expect(
            try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil) != nil)
        try world.database.psql(pause)
        _ = try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        await world.store.discardScratch(of: entry.operation)
        #expect(await world.store.scratchLeft() == [])
        await world.store.close()
    }

    @Test("A COMMIT waits for no standby, and neither do the databases for proofs")
    func standby() async throws {
        // The tests' own statements would wait as well.
        let server = try PostgresServer(settings: ["synchronous_standby_names": "gone", "synchronous_commit": "local"])
        let role = try server.role("LOGIN SUPERUSER")
        try server.psql("ALTER ROLE \(role) SET synchronous_commit = on", database: "postgres")
        let world = try PostgresWorld(on: server, url: { $0.url(as: role) })
        try await world.live(catalogue)
        #expect(try world.ask("SELECT count(*) FROM schema_migrations WHERE success") == ["12"])
    }

    @Test("Text that the server cannot convert is a reason of its own, and rows of any bytes are none")
    func encodings() async throws {
        let failure = PostgresFailure(location: StoreLocation(engine: .postgres, name: "h:1/d#s"))
        for state in ["22021", "22P05"] {
            let error = failure.translate(
                PostgresError(sqlState: SQLState(rawValue: state), message: "odd"), "reading its schema")
            #expect(error.code == .unsupportedEncoding && error.hint != nil && !Problem(error).retryable)
        }
    }

    @Test("A database of ICU gets a scratch database of ICU")
    func icu() async throws {
        let server = try PostgresServer.shared
        let version = try server.psql("SHOW server_version_num", database: "postgres").first.flatMap { Int($0) } ?? 0
        guard version >= 150_000 else { return }
        try server.psql(
            "DROP DATABASE IF EXISTS icu; CREATE DATABASE icu TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE' LC_COLLATE 'C' LC_CTYPE 'C'",
            database: "postgres")
        let url = "postgresql:///icu?host=\(server.socketFolder)&port=\(server.port)&user=postgres"
        let connection = try Connection(ConnectionTarget(url))
        #expect(try DatabaseLocale(of: connection).options.contains("LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE'"))
        try connection.run("CREATE DATABASE icu_too TEMPLATE template0 \(DatabaseLocale(of: connection).options)")
        try connection.execute("DROP DATABASE icu_too")
    }
}

// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport
import Testing

/// What stays when a statement fails, and how a repair clears the way.
@Suite(
    // A server takes a hundred connections, and a test has several.
    .serialized, .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct PostgresFailureTests {
    private let catalogue = try! Catalogue()

    @Test("P11: a failure at any statement of any migration changes nothing, is written down, and needs no force")
    func everyStatement() async throws {
        let world = try PostgresWorld(at: PostgresFixture.allMissing.path, schema: "old_travel")
        let before = try world.state(withLedger: false)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        var injected = 0
        for (place, step) in plan.steps.enumerated() {
            for count in 0...step.migration.up.count {
                var steps = plan.steps
                steps[place] = Plan.Step(migration: step.migration.failing(after: count), action: .apply)
                let broken = Plan(store: plan.store, line: plan.line, from: plan.from, to: plan.to, steps: steps)
                let entry = LedgerEntry.test()
                let error = try #require(
                    await #expect(throws: GuardError.self) {
                        try await world.store.migrate(broken, from: snapshot, entry: entry, progress: nil)
                    })
                #expect(error.code == .migrationFailed && error.dataState == .untouched)
                #expect(error.migration == step.migration.version)
                injected += 1
                // Of each migration the last failure is written down.
                guard count == step.migration.up.count else { continue }
                try await world.store.recordFailure(error, of: broken, entry: entry)
                #expect(try await !world.store.hasCommitted(entry.operation))
                #expect(try world.state(withLedger: false).differences(from: before) == [])
            }
        }
        #expect(injected > 60)
        #expect(
            try world.ask(
                "SELECT version FROM schema_migrations WHERE NOT success AND error_message LIKE '%zero%' ORDER BY 1;")
                == plan.steps.map { "\($0.migration.version)" })
        try await world.live(catalogue)
        #expect(try world.ask("SELECT count(*) FROM schema_migrations WHERE success;") == ["12"])
    }

    // MARK: Duplicates

    private static let duplicates = """
        INSERT INTO sessions (id) SELECT 'many' || n FROM generate_series(1, 25) n;
        INSERT INTO file_semantic_model (session_id, file_path, last_scanned, purpose)
            SELECT 'many' || n, 'a, "b".py', k, 'scan ' || k FROM generate_series(1, 25) n, generate_series(1, 3) k;
        INSERT INTO file_semantic_model (session_id, file_path) VALUES (NULL, 'x'), (NULL, 'x');
        """

    @Test("duplicates stop migration 5 with nothing changed, and its failure names up to twenty of their keys")
    func blocked() async throws {
        let world = try PostgresWorld(.earliest, Self.duplicates)
        let before = try world.state(withLedger: false)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let entry = LedgerEntry.test()
        let error = try #require(
            await #expect(throws: GuardError.self) {
                try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
            })
        #expect(error.code == .migrationFailed && error.migration == 5)
        #expect(!error.description.contains("many1"), "values of rows are for the ledger alone")
        try await world.store.recordFailure(error, of: plan, entry: entry)
        await world.store.close()
        #expect(try world.state(withLedger: false).differences(from: before) == [])
        let message = try #require(world.ask("SELECT error_message FROM schema_migrations WHERE version = 5;").first)
        #expect(message.contains("(session_id, file_path)"))
        #expect(message.contains(#"(many17,"a, ""b"".py") in 3 rows"#))
        #expect(message.split(separator: " in 3 rows").count == 21)
        #expect(message.hasSuffix("and 5 more."))
        #expect(try world.ask("SELECT count(*) FROM schema_migrations;") == ["1"])
    }

    @Test("a rehearsal that fails on them names the migration, and the live rows' keys")
    func rehearsed() async throws {
        let world = try PostgresWorld(.earliest, Self.duplicates)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let entry = LedgerEntry.test()
        _ = try await world.store.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil)
        let error = try #require(
            await #expect(throws: GuardError.self) {
                try await world.store.rehearse(plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil)
            })
        #expect(error.code == .rehearsalFailed && error.migration == 5)
        await world.store.discardScratch(of: entry.operation)
        try await world.store.recordFailure(error, of: plan, entry: entry)
        await world.store.close()
        #expect(
            try world.ask("SELECT version, error_message LIKE '%(many17,%in 3 rows%' FROM schema_migrations;") == [
                "5|t"
            ])
    }

    @Test("a repair moves all but the newest of each aside, and no row is lost on the way")
    func repaired() async throws {
        let world = try PostgresWorld(.earliest, Self.duplicates)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let entry = LedgerEntry.test()
        let all = try world.ask("SELECT count(*) FROM file_semantic_model;")
        let error = try #require(
            await #expect(throws: GuardError.self) {
                try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
            })
        try await world.store.recordFailure(error, of: plan, entry: entry)
        let life = try await world.live(catalogue) { planner, survey in
            try planner.repair(for: world.id, at: "it", survey)
        }
        #expect(life.plan.steps.first { $0.migration.version == 5 }?.action == .repair)
        #expect(
            try world.ask(
                """
                SELECT count(*) FROM dementia_kept_file_semantic_model WHERE purpose <> 'scan 3';
                SELECT (SELECT count(*) FROM file_semantic_model) + (SELECT count(*) FROM dementia_kept_file_semantic_model);
                SELECT count(*) FROM file_semantic_model WHERE purpose = 'scan 3';
                SELECT count(*) FROM file_semantic_model WHERE session_id IS NULL AND file_path = 'x';
                """) == ["50"] + all + ["25", "2"])
        try await world.live(catalogue)
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
    }

    @Test("a repair that loses a row, or alters one on its way, is stopped", arguments: ["DELETE", "UPDATE"])
    func lossy(_ event: String) async throws {
        let trap =
            event == "DELETE"
            ? "RETURN NULL" : "NEW.purpose := 'altered'; RETURN NEW"
        let world = try PostgresWorld(
            .earliest,
            Self.duplicates + """
                CREATE TABLE dementia_kept_file_semantic_model (LIKE file_semantic_model, kept_at TIMESTAMPTZ, kept_because TEXT);
                CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.session_id = 'many3' THEN \(trap); END IF; RETURN NEW; END $$;
                CREATE TRIGGER trap BEFORE INSERT ON dementia_kept_file_semantic_model FOR EACH ROW EXECUTE FUNCTION trap();
                """)
        let before = try world.state(withLedger: false)
        let survey = try await world.store.survey(catalogue)
        let failed = Survey(
            recognition: survey.recognition, shape: survey.shape,
            ledger: [LedgerRow(version: 5, name: "file_model_unique", success: false, checksum: nil)],
            problems: survey.problems)
        let plan = try Planner(catalogue: catalogue).repair(for: world.id, at: "it", failed)
        #expect(plan.steps.contains { $0.action == .repair })
        let snapshot = try await world.snapshot()
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .conservationFailed && error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.state(withLedger: false).differences(from: before) == [])
    }
}

extension Migration {
    /// The same, but after `count` of its statements one fails.
    fileprivate func failing(after count: Int) -> Migration {
        let failure = MigrationStatement(body: .sql("SELECT 1 / 0"))
        return Migration(
            line: line, version: version, name: name, changes: changes, isRecurring: isRecurring,
            up: Array(up.prefix(count)) + [failure] + up.dropFirst(count), repair: repair, down: down, verify: verify,
            downText: downText, checksum: checksum)
    }
}

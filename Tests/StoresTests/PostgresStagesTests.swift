// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import GuardCore
import PostgresKit
import TestSupport
import Testing

@testable import Stores

/// From every schema that an adapter ever made, and from every state between, to the newest one and back.
@Suite(
    // A server takes a hundred connections, and a test has several.
    .serialized, .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct PostgresStagesTests {
    private let catalogue = try! Catalogue()

    // MARK: Stages

    @Test(
        "every stage of upstream's history comes to what upstream's own migrations make of it, and loses nothing",
        arguments: PostgresFixture.stages)
    func stage(_ stage: PostgresFixture.Stage) async throws {
        let world = try PostgresWorld(at: stage.fixture.path, schema: stage.schema)
        let life = try await world.live(catalogue)
        #expect(life.plan.to == 11 && life.record.lost.isEmpty)
        let oracle = try PostgresServer.shared.database()
        try oracle.load(stage.fixture.afterUpstream.path)
        let ours = try Self.structure(of: world.database, stage.schema)
        let theirs = try Self.structure(of: oracle, stage.schema)
        #expect(ours.differences(from: theirs).filter { !Self.isLegitimate($0) } == [])
        #expect(try world.rows() == PostgresWorld.rows(of: oracle, stage.schema))
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
    }

    /// The lines of stock pg_dump's schema without those that differ from run to run, in no order.
    private static func structure(of database: PostgresDatabase, _ schema: String) throws -> [String] {
        try database.dump(schema: schema, "-s", "--exclude-table=\(schema).schema_migration*")
            .split(separator: "\n").filter { !$0.hasPrefix("--") }.map { line in
                String(line.drop { $0 == " " }.reversed().drop { $0 == "," }.reversed())
            }
    }

    /// Facts c.3: what may differ between two schemas of the newest version.
    private static func isLegitimate(_ line: String) -> Bool {
        [
            "file_semantic_model_unique", "file_semantic_model_session_id_file_path_key", "idx_memory_entries_session",
            "memory_entries_session_id_fkey",
        ].contains { line.contains($0) } || line.hasPrefix("project_name text DEFAULT '")
    }

    @Test(
        "rows that an ALTER ROLE led astray are reported and left alone, whichever schema is meant",
        arguments: ["public", "alpha", "beta"])
    func misplaced(_ schema: String) async throws {
        let world = try PostgresWorld(at: PostgresFixture.misplaced.path, schema: schema)
        let before = try world.database.dump()
        let survey = try await world.store.survey(catalogue)
        guard case .unknown(let why) = survey.recognition else {
            Issue.record("\(schema) was recognised as \(survey.recognition)")
            return
        }
        #expect(why.contains("ALTER ROLE"))
        let error = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(error?.code == .unknownShape && error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.database.dump() == before)
    }

    @Test("the async adapter's tables are reported and left alone")
    func partial() async throws {
        let text = try PostgresServer.shared.database()
        try text.load(.partial)
        let schema = try #require(
            text.psql("SELECT schemaname FROM pg_tables WHERE tablename = 'sessions' LIMIT 1").first)
        let world = try PostgresWorld(.partial, schema: schema)
        let survey = try await world.store.survey(catalogue)
        guard case .unknown(let why) = survey.recognition else {
            Issue.record("it was recognised as \(survey.recognition)")
            return
        }
        #expect(why.contains("async adapter"))
        await world.store.close()
    }

    // MARK: Every state between

    @Test("from each of the 2,048 sets of migrations that may be missing the plan leads to the head")
    func subsets() throws {
        let world = try PostgresWorld(.latest, schema: "claude_dementia")
        let connection = try world.stranger()
        let migrations = catalogue.migrations(of: .postgres4)
        let planner = Planner(catalogue: catalogue)
        let runner = PostgresMigrationRunner(connection, schema: world.schema)
        // One question for all postconditions, since it is asked four thousand times.
        let questions = migrations.flatMap { migration in
            migration.filled(for: world.schema).verify.map {
                "SELECT \(migration.version), told.* FROM (\($0)) AS told (problem)"
            }
        }.joined(separator: " UNION ALL ")
        func problems() throws -> [Int: [String]] {
            let found = try connection.rows(questions) { (Int($0.integer(0) ?? 0), $0.text(1)) }
            return Dictionary(grouping: found, by: \.0).mapValues { $0.map(\.1) }
        }
        func begin() throws {
            try connection.execute("BEGIN; SET LOCAL search_path = pg_catalog")
        }
        let spoil = "INSERT INTO \(world.schema).mcp_sessions (session_id, project_name) VALUES ('x', 'default')"
        let down = migrations.map { migration in
            (migration.version, SQLTemplate.fill(migration.downText ?? "", schema: world.schema))
        }.reversed()
        try begin()
        let survey = try PostgresSchema(connection, world.schema).survey(catalogue)
        try runner.run(planner.plan(for: world.id, at: "it", survey).steps)
        try connection.execute("COMMIT")
        var seen = 0
        for set in 0..<2048 {
            let missing = Set((1...11).filter { set & 1 << ($0 - 1) != 0 })
            try begin()
            for (version, sql) in down where missing.contains(version) { try connection.replay(Array(sql.utf8)) }
            if missing.contains(11), !missing.contains(8) { try connection.replay(Array(spoil.utf8)) }
            let found = try Survey(
                recognition: survey.recognition, shape: survey.shape, ledger: nil, problems: problems())
            let steps = try planner.plan(for: world.id, at: "it", found).steps
            // A column takes its index with it, and nothing can be repaired in one that is not there.
            let expected = missing.union(missing.contains(8) ? [10, 11] : [])
            guard Set(steps.filter { $0.action == .apply }.map(\.migration.version)) == expected else {
                Issue.record("\(missing.sorted()): \(steps.map { "\($0.migration.version) \($0.action)" })")
                break
            }
            try runner.run(steps)
            let left = try problems()
            guard left.isEmpty else {
                Issue.record("\(missing.sorted()): \(left)")
                break
            }
            try connection.execute("ROLLBACK")
            seen += 1
        }
        #expect(seen == 2048)
    }

    @Test(
        "a sample of them lives a whole life",
        arguments: [[11], [1, 3], [2, 5, 11], [4, 6, 7], [5, 8], Array(1...11)])
    func sample(_ missing: [Int]) async throws {
        let world = try PostgresWorld(.latest, schema: "claude_dementia")
        try await world.live(catalogue)
        try world.write("DROP TABLE schema_migrations, schema_migration_events;")
        for migration in catalogue.migrations(of: .postgres4).reversed() where missing.contains(migration.version) {
            try world.write(SQLTemplate.fill(migration.downText ?? "", schema: world.schema))
        }
        if missing.contains(11), !missing.contains(8) {
            try world.write("INSERT INTO mcp_sessions (session_id, project_name) VALUES ('x', 'default');")
        }
        let life = try await world.live(catalogue)
        let applied = life.plan.steps.filter { $0.action == .apply }.map(\.migration.version)
        #expect(Set(applied).isSuperset(of: missing))
        #expect(life.record.lost.isEmpty)
    }

    // MARK: Back

    @Test(
        "the way back to each version tells what goes, and the way up again ends where it began",
        arguments: getenv("DEMENTIAD_LONG_TESTS") != nil ? Array(0...10) : [0, 4, 8, 10])
    func downgrade(to version: Int) async throws {
        let world = try PostgresWorld(
            .latest, schema: "claude_dementia",
            "INSERT INTO mcp_sessions (session_id) VALUES ('a'), ('b'), ('c');")
        try await world.live(catalogue)
        let head = try Self.structure(of: world.database, world.schema)
        let full = try world.ask("SELECT count(project_name) FROM mcp_sessions;")
        let life = try await world.live(catalogue) { planner, survey in
            try planner.downgrade(for: world.id, at: "it", survey, to: version)
        }
        #expect(life.record.applied.map(\.version) == Array((version + 1...11).reversed()))
        let lost = life.record.lost.first { $0.table == "mcp_sessions" && $0.column == "project_name" }
        #expect(lost.map { "\($0.values)" } == (version < 8 ? full.first : nil))
        #expect(life.record.lost.contains { $0.column == "category" } == (version < 3))
        let survey = try await world.store.survey(catalogue)
        #expect(Planner(catalogue: catalogue).version(of: survey, in: .postgres4) == version)
        let again = try await world.live(catalogue)
        #expect(again.plan.from == version && again.plan.to == 11)
        let differences = try Self.structure(of: world.database, world.schema).differences(from: head)
        #expect(differences.filter { !Self.isLegitimate($0) } == [])
    }

    @Test("migration 11 is due again whenever an application writes the old word again")
    func recurring() async throws {
        let world = try PostgresWorld(.latest, schema: "claude_dementia")
        try await world.live(catalogue)
        try world.write("INSERT INTO mcp_sessions (session_id, project_name) VALUES ('x', 'default');")
        let life = try await world.live(catalogue)
        #expect(life.record.applied.map(\.version) == [11])
        #expect(try world.ask("SELECT project_name FROM mcp_sessions WHERE session_id = 'x';") == ["__PENDING__"])
    }
}

extension PostgresMigrationRunner {
    fileprivate func run(_ steps: [Plan.Step]) throws {
        for step in steps { try run(step) }
    }
}

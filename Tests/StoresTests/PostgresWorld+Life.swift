// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import PostgresKit
import Stores
import TestSupport
import Testing

extension PostgresWorld {
    /// What the whole life of a plan gave.
    struct Life {
        let plan: Plan
        let entry: LedgerEntry
        let record: MigrationRecord
    }

    /// Everything that happens to a memory on its way: survey, plan, snapshot, proof, rehearsal, migration, verification.
    @discardableResult
    func live(
        _ catalogue: Catalogue, _ make: ((Planner, Survey) throws -> Plan)? = nil
    ) async throws -> Life {
        let survey = try await store.survey(catalogue)
        let planner = Planner(catalogue: catalogue)
        let plan = try make?(planner, survey) ?? planner.plan(for: id, at: store.location.name, survey)
        let entry = LedgerEntry.test()
        let snapshot = try await snapshot("\(entry.operation).sql")
        let proof = try await store.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil)
        #expect(proof == .restored)
        let rehearsal = try await store.rehearse(
            plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil)
        let record = try await store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        #expect(rehearsal?.applied.map(\.version) == record.applied.map(\.version))
        #expect(rehearsal?.lost == record.lost)
        let verification = try await store.verify(plan, entry: entry, since: record.token)
        #expect(verification.problems == [])
        await store.discardScratch(of: entry.operation)
        await store.close()
        return Life(plan: plan, entry: entry, record: record)
    }

    /// A session of somebody else's.
    func stranger(as user: String = "postgres") throws -> Connection {
        try Connection(ConnectionTarget(database.url(as: user) + "&application_name=stranger"))
    }

    /// Every row of every table but the ledger's, as a line that the order of its columns does not change.
    func rows() throws -> [String] { try Self.rows(of: database, schema) }

    static func rows(of database: PostgresDatabase, _ schema: String) throws -> [String] {
        let tables = try database.psql(
            """
            SELECT tablename FROM pg_tables WHERE schemaname = '\(schema)' AND tablename NOT LIKE 'schema_migration%'
            ORDER BY 1
            """)
        guard !tables.isEmpty else { return [] }
        return try database.psql(
            "SET bytea_output = 'hex'; "
                + tables.map {
                    "SELECT '\($0) ' || to_jsonb(t)::text FROM \"\(schema)\".\"\($0)\" t ORDER BY 1;"
                }.joined(separator: " ")
        )
    }
}

extension PostgresFixture {
    /// The stages whose schemas upstream's own migrations lead to its newest one.
    static let stages = [
        ("00-synthetic-all-eleven-missing", "old_travel"), ("01-7b97e50-earliest", "innkeeper"),
        ("02-1592670-file-tags", "linkedin_posts"), ("03-2665e8e-migr-1-5", "data_warehouse"),
        ("04-9c98f98-before-project-name", "shop_frontend"), ("05-6e4d665-project-name-default", "mobile_app"),
        ("06-27b489a-migr-1-11", "billing_api"), ("07-f7d5c2f-breadcrumbs", "infra_tools"),
        ("08-b0ea5da-latest", "claude_dementia"),
    ].map { Stage(name: $0.0, schema: $0.1) }

    /// A schema of the past, and the name that it loads under.
    struct Stage: Sendable, CustomTestStringConvertible {
        let name: String
        let schema: String
        var testDescription: String { name }

        var fixture: PostgresFixture { PostgresFixture(name) }
    }
}

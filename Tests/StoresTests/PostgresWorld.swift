// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import HashKit
import Stores
import TestSupport
import Testing

/// A memory in a schema of a database of a test's own, the store over it, and a way past the store.
final class PostgresWorld: StoreWorld {
    let folder: TemporaryFolder
    let database: PostgresDatabase
    let schema: String
    let store: PostgresStore
    let servers: PostgresServers
    let id: StoreID

    /// A fixture in a new database, in which `sql` was run.
    convenience init(
        _ fixture: PostgresFixture = .earliest, schema: String = "innkeeper", on server: PostgresServer? = nil,
        _ sql: String = "", url: ((PostgresDatabase) throws -> String)? = nil, limits: PostgresStore.Limits = .init()
    ) throws {
        try self.init(at: fixture.path, schema: schema, on: server, sql, url: url, limits: limits)
    }

    /// The SQL file at `path` in a new database, in which `sql` was run.
    init(
        at path: String, schema: String, on server: PostgresServer? = nil, _ sql: String = "",
        url: ((PostgresDatabase) throws -> String)? = nil, limits: PostgresStore.Limits = .init()
    ) throws {
        folder = try TemporaryFolder()
        database = try (server ?? .shared).database()
        self.schema = schema
        try database.load(path)
        servers = try PostgresServers(["\(try url?(database) ?? database.url)#\(schema)"], limits: limits)
        let location = try #require(servers.look().stores.first)
        store = try servers.store(at: location)
        id = location.id
        if !sql.isEmpty { try write(sql) }
    }

    var anyStore: any Store { store }

    func another() throws -> any Store { try servers.store(at: store.location) }

    func scratch(_ name: String) -> String { folder.file(name) }

    func state(withLedger: Bool) throws -> [String] { try Self.lines(of: database, schema, withLedger) }

    func state(ofCopy path: String) throws -> [String] {
        let other = try database.server.database()
        try other.load(path)
        return try Self.lines(of: other, schema, true)
    }

    private static func lines(of database: PostgresDatabase, _ schema: String, _ withLedger: Bool) throws -> [String] {
        let text =
            try withLedger
            ? database.dump(schema: schema)
            : database.dump(schema: schema, "--exclude-table=\(schema).schema_migration*")
        return text.split(separator: "\n").map(String.init)
    }

    func write(_ sql: String) throws { try database.psql("SET search_path = \"\(schema)\"; \(sql)") }

    func ask(_ sql: String) throws -> [String] {
        try database.psql("SET search_path = \"\(schema)\"; \(sql)").filter { $0 != "SET" }
    }

    var facts: WorldFacts {
        let adopted: Set = [1, 2, 3, 6, 7]
        let names = (try? Catalogue().migrations(of: .postgres4).map(\.name)) ?? []
        return WorldFacts(
            from: nil, steps: names.enumerated().map { ($0, $1, adopted.contains($0), $0 != 0) }, contexts: 8,
            insertion: "INSERT INTO file_change_history (file_path, change_type) VALUES ('late', 'x');",
            broken: (try? Catalogue.postgres(up: #"INSERT INTO :"schema".nowhere VALUES (1);"#)) ?? Self.none,
            yes: "t", no: "f")
    }

    private static let none = try! Catalogue()

    func plan(_ catalogue: Catalogue, to wanted: Int? = nil) async throws -> Plan {
        try await Planner(catalogue: catalogue)
            .plan(for: id, at: store.location.name, store.survey(catalogue), wanted: wanted)
    }

    func snapshot(_ name: String = "copy.sql") async throws -> Snapshot {
        try await store.snapshot(into: folder.file(name), progress: nil)
    }

    /// Survey, plan, snapshot, migration.
    @discardableResult
    func migrate(_ catalogue: Catalogue, to wanted: Int? = nil) async throws -> MigrationRecord {
        let plan = try await plan(catalogue, to: wanted)
        return try await store.migrate(plan, from: snapshot("\(plan.digest.short).sql"), entry: .test(), progress: nil)
    }
}

extension Catalogue {
    /// The shipped catalogue and one migration more of the PostgreSQL line, which makes the table `marker` and runs `up`.
    static func postgres(
        changes: String = "none", up: String, down: String = "-- down: none", verify: String = ""
    ) throws -> Catalogue {
        try Catalogue(dropIns: [
            (
                "postgres4_0012_test.sql",
                """
                -- changes: \(changes)
                -- up
                CREATE TABLE :"schema".marker (x INTEGER);
                \(up)
                \(down)
                -- verify
                SELECT 'the marker is missing' WHERE to_regclass(format('%I.marker', :'schema')) IS NULL;
                \(verify)

                """
            )
        ])
    }
}

// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import GuardCore
import Journal
import LinuxKit
import Stores
import TestSupport
import Testing
import Vault

@testable import Engine

/// A SQLite memory, a database of a test's own, and what a service of both makes of a request for a transfer.
struct TransferScene {
    var world: World
    let database: PostgresDatabase
    var schema = "shop"
    /// Whether the database stands in the service's configuration.
    let isConfigured: Bool
    private let servers: PostgresServers

    init(_ fixture: Fixture = .v4_4, configured: Bool = true, on server: PostgresServer? = nil) throws {
        world = try World(fixture)
        // What a migration would make of it is other content.
        world.mode = .ask
        database = try (server ?? .shared).database()
        isConfigured = configured
        let servers = try PostgresServers(configured ? [database.url] : [])
        self.servers = servers
        world.opener = { (location) throws(GuardError) in
            switch location.engine {
            case .sqlite: try SQLiteStore.open(location)
            case .postgres: try servers.store(at: location)
            }
        }
    }

    /// Where the memory is to go, as a person writes it.
    var place: String { "\(database.url)#\(schema)" }
    var target: StoreLocation {
        StoreLocation(
            engine: .postgres,
            name: "\(database.server.socketFolder):\(database.server.port)/\(database.name)#\(schema)")
    }

    // MARK: Acting

    /// What a service knows that has looked at everything, and what it is asked.
    func guarded<Result>(_ body: (EngineService, Caller) async throws -> Result) async throws -> Result {
        let directory = try StateDirectory(world.state)
        let relay = EventRelay()
        var watched = world
        watched.observe = { [observe = world.observe] event in
            observe(event)
            relay.send(event)
        }
        let locations = [world.location]
        var settings = SupervisorSettings(mode: { _ in .ask }, discover: { Discovered(locations: locations) })
        let servers = servers
        settings.target = { (place) throws(GuardError) in try servers.store(named: place) }
        let service = EngineService(try watched.tools(directory.path), settings, relay: relay)
        let relaying = Task { await service.supervisor.relayEvents() }
        try await service.supervisor.recover()
        try await service.supervisor.rescan(startingWork: false)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(service, Caller(uid: 1000, pid: 1)))
        } catch {
            result = .failure(error)
        }
        await service.supervisor.stop()
        await relaying.value
        withExtendedLifetime(directory) {}
        return try result.get()
    }

    /// Asks for the transfer, as over the socket, and waits until it is over.
    func transfer(
        _ place: String? = nil, archive: Bool? = nil, epoch: EpochRule? = nil
    ) async throws -> OperationRecord {
        try await guarded { service, caller in
            let request = OperationRequest(
                kind: .transfer, store: world.id, to: .place(place ?? self.place), archive: archive,
                epoch: epoch)
            let record = try await service.start(request, key: nil, for: caller)
            return try await service.operation(record.id, waiting: Patience.limit)
        }
    }

    /// What it would do.
    func plan(_ place: String? = nil, epoch: EpochRule? = nil) async throws -> PlanForm {
        try await guarded { service, _ in
            try await service.plan(
                PlanRequest(kind: .transfer, store: world.id, to: .place(place ?? self.place), epoch: epoch))
        }
    }

    /// Lets a transfer wait in its transaction as long as ``Barrier`` holds it: the first table of ours comes after every table of the
    /// application's, and before the rows.
    func waitInTheTransaction() throws {
        _ = try database.psql(
            """
            CREATE FUNCTION public.wait() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN
                IF EXISTS (
                    SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%dementia_kept_runs')
                THEN EXECUTE $x$\(PostgresWorld.barrier)$x$; END IF;
            END $f$;
            CREATE EVENT TRIGGER waiting ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.wait()
            """)
    }

    // MARK: Looking

    /// The schema in the words of the stock tool, without what tells of single runs; nil when there is none.
    func contents() throws -> String? {
        guard try database.psql("SELECT 1 FROM pg_namespace WHERE nspname = '\(schema)'") == ["1"] else { return nil }
        return try database.dump(
            schema: schema, "--exclude-table=\(schema).schema_migration*", "--exclude-table=\(schema).dementia_kept_*")
    }

    /// Rows of `sql` in the schema.
    @discardableResult
    func ask(_ sql: String) throws -> [String] { try database.psql("SET search_path = \"\(schema)\"; \(sql)") }

    /// What is left where nothing may be left, on the server least of all.
    func leftovers() throws -> [String] {
        try world.leftovers()
            + database.server.psql(
                "SELECT datname FROM pg_database WHERE datname LIKE 'dementiad_\(target.id)_%'", database: "postgres")
    }
}

extension OperationRecord {
    /// What a transfer made of the source's table `name`.
    subscript(table name: String) -> TransferReport.Table? { result?.tables?.first { $0.source == name } }
}

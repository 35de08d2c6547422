// SPDX-License-Identifier: MIT

import ControlAPI
import Doctor
import TestSupport
import Testing

@Suite("The doctor on PostgreSQL", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresTests {
    /// A database with one project's tables, and a role of that name which owns them.
    private func database(_ fixture: String? = nil) throws -> PostgresDatabase {
        let database = try PostgresServer.shared.database()
        if let fixture {
            try database.load(fixture)
        } else {
            try database.psql(
                "CREATE SCHEMA \(database.name); CREATE TABLE \(database.name).sessions (id text); "
                    + "CREATE TABLE \(database.name).context_locks (id int)")
        }
        return database
    }

    @Test("ALTER ROLE … SET search_path left behind", arguments: ["", "IN DATABASE"])
    func searchPath(scope: String) async throws {
        let database = try database()
        let role = "\"we'ird role \(database.name)\""
        let place = scope.isEmpty ? "" : " IN DATABASE \(database.name)"
        try database.psql(
            "CREATE ROLE \(role) LOGIN CREATEDB; ALTER ROLE \(role)\(place) SET search_path TO \(database.name), public"
        )
        try await Clinic.run([], servers: [database.url]) { clinic in
            let found = try #require(try await clinic.patient.finding(.roleSearchPath))
            #expect(found.severity == .failure)
            try await clinic.mends(.roleSearchPath)
        }
        let left = try database.psql(
            "SELECT count(*) FROM pg_db_role_setting WHERE setrole = $$\(role)$$::regrole")
        #expect(left == ["0"])
        try database.psql("DROP ROLE \(role)")
    }

    @Test("A search_path that is nobody's project is left alone")
    func ownSearchPath() async throws {
        let database = try database()
        let role = try database.server.role()
        try database.psql("ALTER ROLE \(role) SET search_path TO reporting, public")
        try await Clinic.run([], servers: [database.url]) { clinic in
            let found = try await clinic.patient.finding(.roleSearchPath)
            #expect(found == nil)
        }
        try database.psql("DROP ROLE \(role)")
    }

    @Test("Fixture 09: tables of several projects are in public")
    func mixed() async throws {
        let database = try database(PostgresFixture.misplaced.path)
        try await Clinic.run([], servers: [database.url]) { clinic in
            let found = try #require(try await clinic.patient.finding(.memoryInPublic))
            #expect(found.message.contains("beside those of alpha:"))
        }
    }

    @Test("A role that may not make databases to prove backups in")
    func scratch() async throws {
        let database = try database()
        let role = try database.server.role()
        try await Clinic.run([], servers: [database.url(as: role)]) { clinic in
            try await clinic.mends(.noScratchDatabase)
        }
    }

    @Test(
        "A pooler is told with what works through it", .enabled(if: PgBouncer.isInstalled, "\(PgBouncer.notInstalled)"))
    func pooler() async throws {
        let database = try database()
        let pooler = try PgBouncer(database.server)
        try await Clinic.run([], servers: [pooler.url(of: database)]) { clinic in
            let found = try #require(try await clinic.patient.finding(.pooler))
            #expect(found.severity == .notice && found.message.contains("migrations and restores work"))
        }
        try await Clinic.run([], servers: [database.url]) { clinic in
            let found = try await clinic.patient.finding(.pooler)
            #expect(found == nil)
        }
    }

    @Test(
        "A pooler without transactions", .enabled(if: PgBouncer.isInstalled, "\(PgBouncer.notInstalled)"))
    func statements() async throws {
        let database = try database()
        let pooler = try PgBouncer(database.server, mode: .statement)
        try await Clinic.run([], servers: [pooler.url(of: database)]) { clinic in
            let found = try #require(try await clinic.patient.finding(.poolerWithoutTransactions))
            #expect(found.severity == .failure)
            #expect(found.remedy?.summary.contains("pool_mode = transaction") == true)
        }
    }

    @Test("A server that does not answer, and one that answers again")
    func unreached() async throws {
        let server = try PostgresServer()
        let database = try server.database()
        try await Clinic.run([], servers: [database.url]) { clinic in
            #expect(try await clinic.patient.finding(.unreached) == nil)
            server.stop()
            #expect(try await clinic.patient.finding(.unreached)?.severity == .failure)
            try server.restart()
            #expect(try await clinic.patient.finding(.unreached) == nil)
        }
    }
}

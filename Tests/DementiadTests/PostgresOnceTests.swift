// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

@Suite(
    "dementiad once over a PostgreSQL server",
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresOnceTests {
    /// The schemas that are no memory of the line, or not one alone.
    private static let refused: Set<String> = ["async_proj", "alpha", "beta", "public"]

    @Test(
        "R8, B1: every stage at once: what can be migrated is, the rest is kept and reported, and stock tools restore all of it"
    )
    func stages() throws {
        let server = try PostgresServer()
        let project = try PostgresProject(PostgresProject.stages, on: server)
        let schemas = try project.database.psql(
            """
            SELECT nspname FROM pg_namespace n WHERE nspname !~ '^pg_' AND EXISTS (
                SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname IN ('sessions', 'context_locks'))
            ORDER BY 1
            """)
        var before: [String: String] = [:]
        for schema in schemas { before[schema] = try project.database.dump(schema: schema) }
        let result = try project.once(["--json"])
        #expect(result.status == 14, "\(result.output)\(result.errors)")
        #expect(result.errors == "")
        let document = try JSON(result.output)
        #expect(document["api"] == .number(1) && document["kind"] == .string("pass"))
        let items = try #require(document["data"]?["items"])
        #expect(items.count == schemas.count)
        for index in 0..<items.count {
            try expectItem(try #require(items[index]))
        }
        #expect(try project.scratchDatabases() == [])
        try expectPrivate(project.state)
        // Everything once, as it was, from another machine's point of view.
        let elsewhere = try PostgresServer()
        let backups = try project.backups()
        #expect(backups.count >= schemas.count - 1)
        for backup in backups { try expectRestorable(backup, to: elsewhere, as: before) }
        // A second pass finds nothing to do.
        let second = try project.once(["--json"])
        #expect(second.status == 14)
        #expect(try project.backups() == backups)
    }

    private func expectItem(_ item: JSON) throws {
        let store = try #require(item["store"])
        let project = try #require(store["project"]?.string)
        #expect(store["engine"] == .string("postgres"))
        #expect(store["location"]?.string?.hasSuffix("#\(project)") == true)
        #expect(
            store.keys.isSuperset(of: [
                "id", "engine", "location", "project", "line", "schemaVersion", "wantedVersion", "state", "sizeBytes",
                "lastBackup",
            ]))
        let operation = item["operation"]
        guard !Self.refused.contains(project) else {
            #expect(operation?["outcome"] == .string("failedUntouched"), "\(project)")
            #expect(operation?["dataState"] == .string("untouched"), "\(project)")
            #expect(operation?["error"]?["hint"]?.string?.isEmpty == false, "\(project)")
            return
        }
        #expect(store["state"] == .string("current"), "\(project)")
        #expect(store["line"] == .string("postgres-4"), "\(project)")
        #expect(store["schemaVersion"] == .number(11), "\(project)")
        #expect(operation?["outcome"] == .string("succeeded"), "\(project)")
        #expect(operation?["dataState"] == .string("migratedVerified"), "\(project)")
        #expect(operation?["steps"]?.count == 5, "\(project)")
        #expect(operation?["findings"] == .array([]), "\(project)")
        #expect(operation?["backup"] == store["lastBackup"]?["id"], "\(project)")
    }

    /// Nothing in the state directory is for anybody else.
    private func expectPrivate(_ state: String) throws {
        let found = try Tool.run(["find", state, "-perm", "/077", "!", "-type", "l"])
        #expect(found.status == 0)
        #expect(found.output == "")
    }

    private func expectRestorable(_ backup: String, to server: PostgresServer, as before: [String: String]) throws {
        let sums = try Tool.run(["sh", "-c", "cd '\(backup)' && sha256sum -c SHA256SUMS"])
        #expect(sums.status == 0, "\(sums.output)")
        let manifest = try JSON(String(decoding: try content(of: backup + "/MANIFEST.json"), as: UTF8.self))
        let location = try #require(manifest["store"]?["location"]?.string)
        let schema = String(try #require(location.split(separator: "#").last))
        let database = try server.database()
        let psql = "\(PostgresServer.binaries ?? "")/psql"
        let restored = try Tool.run([
            "bash", "-c", "set -o pipefail; zstd -dc '\(backup)/dump.sql.zst' | '\(psql)' -X -q '\(database.url)'",
        ])
        #expect(restored.status == 0, "\(schema): \(restored.output)")
        #expect(try database.dump(schema: schema) == before[schema], "\(schema)")
    }

    @Test("Eight passes at once, each with a state directory of its own: one migrates, the others find it done or busy")
    func eightAtOnce() throws {
        let project = try PostgresProject([PostgresFixture.earliest.path])
        let daemons = try (0..<8).map { number in
            try Daemon(
                ["once", "--postgres", project.database.url, "--state-dir", project.folder.file("state-\(number)")],
                environment: ["HOME=\(project.folder.path)"])
        }
        let tools = try daemons.map { try $0.start() }
        for (daemon, tool) in zip(daemons, tools) {
            let result = try daemon.finish(tool)
            #expect([0, 11].contains(result.status), "\(result.output)\(result.errors)")
        }
        let ledger =
            "SELECT count(DISTINCT operation_id), count(*) = count(DISTINCT version) FROM innkeeper.schema_migration_events"
        #expect(try project.database.psql(ledger) == ["1|t"])
        let last = try daemons[0].run()
        #expect(last.status == 0)
        #expect(last.output.contains("4.2 (11 of 11 migrations)"))
        #expect(try project.database.psql(ledger) == ["1|t"])
    }

    @Test("Eight passes at once on one state directory: one does it, the others are told who is at work")
    func eightOnOneState() throws {
        let project = try PostgresProject([PostgresFixture.earliest.path])
        let daemons = try (0..<8).map { _ in try project.daemon() }
        let tools = try daemons.map { try $0.start() }
        let results = try zip(daemons, tools).map { try $0.finish($1) }
        #expect(results.contains { $0.status == 0 })
        #expect(results.allSatisfy { [0, 11].contains($0.status) }, "\(results)")
        #expect(try project.backups().count == 1)
    }
}

// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@Suite(
    "Ways to a PostgreSQL server", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresPlacesTests {
    /// How people write it; `URL` stands for the URL.
    static let spellings = [
        "DATABASE_URL=URL\n",
        "export DATABASE_URL=\"URL\"\n",
        "OTHER='x y'\n  export DATABASE_URL = 'URL' # the real one\n",
        "DATABASE_URL=postgresql://nobody@127.0.0.1:1/wrong\n# a comment\nDATABASE_URL=URL # the later one counts\r\n",
    ]

    @Test(
        "A release's own database is looked at and reported as pending, and is not changed without asking",
        arguments: spellings)
    func release(_ spelling: String) throws {
        let project = try PostgresProject([PostgresFixture.earliest.path])
        let release = try project.folder.folder("dementia")
        let text = spelling.replacing("URL=URL", with: "URL=\(project.database.url)")
            .replacing("\"URL\"", with: "\"\(project.database.url)\"").replacing(
                "'URL'", with: "'\(project.database.url)'")
        try write(Array(text.utf8), to: release + "/.env")
        let home = try project.folder.folder("home")
        let before = try project.database.dump()
        for form in [["--json"], []] {
            let result = try project.once(["--release", release, "--watch", home, "--mode", "auto"] + form, url: "")
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            if form.isEmpty {
                #expect(result.output.contains("waits, because the mode is ask"), "\(result.output)")
            } else {
                let items = try #require(try JSON(result.output)["data"]?["items"])
                #expect(items.count == 1)
                #expect(items[0]?["store"]?["state"] == .string("pending"))
                #expect(items[0]?["operation"] == .null)
            }
        }
        #expect(try project.database.dump() == before)
        #expect(try project.backups() == [])
        // Named by hand it is the user's own wish.
        let named = try project.once(["--release", release])
        #expect(named.status == 0, "\(named.output)\(named.errors)")
        #expect(named.output.contains("4.2 (11 of 11 migrations)"))
    }

    @Test(
        "P17: through PgBouncer in transaction mode everything is the same, and the report says that it is there",
        .enabled(if: PgBouncer.isInstalled, "\(PgBouncer.notInstalled)"))
    func pooler() throws {
        let server = try PostgresServer()
        let direct = try PostgresProject([PostgresFixture.earliest.path], on: server)
        #expect(try direct.once().status == 0)
        let project = try PostgresProject([PostgresFixture.earliest.path], on: server)
        let pooler = try PgBouncer(server)
        let result = try project.once(["--json"], url: pooler.url(of: project.database))
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let operation = try #require(try JSON(result.output)["data"]?["items"]?[0]?["operation"])
        #expect(operation["outcome"] == .string("succeeded"))
        #expect(operation["findings"]?[0]?["code"] == .string("pooler"))
        let exclude = "--exclude-table=innkeeper.schema_migration*"
        #expect(
            try project.database.dump(schema: "innkeeper", exclude)
                == direct.database.dump(schema: "innkeeper", exclude))
        #expect(try project.scratchDatabases() == [])
    }

    @Test(
        "A PgBouncer that does not know the scratch database: the backup is proved without a restore, and the report says so",
        .enabled(if: PgBouncer.isInstalled, "\(PgBouncer.notInstalled)"))
    func narrowPooler() throws {
        let server = try PostgresServer()
        let project = try PostgresProject([PostgresFixture.earliest.path], on: server)
        let pooler = try PgBouncer(server, databases: [project.database.name])
        let result = try project.once(["--json"], url: pooler.url(of: project.database))
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let operation = try #require(try JSON(result.output)["data"]?["items"]?[0]?["operation"])
        #expect(operation["outcome"] == .string("succeeded"))
        let findings = try #require(operation["findings"])
        let codes = (0..<findings.count).compactMap { findings[$0]?["code"]?.string }
        #expect(codes == ["pooler", "proofDecoded", "notRehearsed"])
        let backup = try #require(try project.backups().first)
        let manifest = try JSON(String(decoding: try content(of: backup + "/MANIFEST.json"), as: UTF8.self))
        #expect(manifest["proof"] == .string("decoded"), "\(manifest)")
        #expect(try project.scratchDatabases() == [])
    }

    @Test(
        "A server that is gone at the start: files are taken care of, the schema is missing, and what was open goes on waiting"
    )
    func unreachable() throws {
        let server = try PostgresServer()
        let project = try PostgresProject([PostgresFixture.earliest.path], on: server)
        let files = try Project()
        let arguments = ["--watch", files.root, "--json"]
        server.stop()
        let result = try project.once(arguments)
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        let data = try JSON(result.output)["data"]
        #expect(data?["items"]?.count == 1)
        #expect(data?["items"]?[0]?["operation"]?["outcome"] == .string("succeeded"))
        #expect(data?["problems"]?[0]?["code"] == .string("serverUnreachable"))
        try server.restart()
        let next = try project.once(arguments)
        #expect(next.status == 0, "\(next.output)\(next.errors)")
        #expect(try JSON(next.output)["data"]?["items"]?.count == 2)
    }
}

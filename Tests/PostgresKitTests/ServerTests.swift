// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Testing

@testable import TestSupport

/// The servers that the other tests stand on.
@Suite("Servers of the tests", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct ServerTests {
    @Test("Databases are new, loaded, dumped and dropped")
    func databases() throws {
        let server = try PostgresServer.shared
        let name: String
        do {
            let database = try server.database()
            name = database.name
            try database.load(PostgresFixture.partial)
            #expect(try database.psql("SELECT id, client_info FROM async_proj.sessions") == ["s1|{}"])
            let copy = try server.database(template: name)
            #expect(try copy.dump() == database.dump())
            #expect(try database.dump(schema: "async_proj", "-s").contains("CREATE TABLE async_proj.sessions"))
            #expect(throws: ServerFailure.self) { try database.psql("SELECT 1/0") }
        }
        #expect(try server.psql("SELECT 1 FROM pg_database WHERE datname = '\(name)'", database: "postgres") == [])
    }

    @Test("A server survives its end and its crash, and leaves nothing when nobody wants it")
    func ends() throws {
        let folder: String
        let pid: Int32
        do {
            let server = try PostgresServer(settings: ["max_connections": "7"], loopback: true)
            folder = server.socketFolder
            let database = try server.database()
            try database.psql("CREATE TABLE t AS SELECT 1 AS a")
            for end in [{ server.stop(.fast) }, { server.stop(.immediate) }, { server.kill() }] {
                end()
                #expect(throws: ServerFailure.self) { try database.psql("SELECT 1") }
                try server.restart()
                #expect(try database.psql("TABLE t; SHOW max_connections") == ["1", "7"])
            }
            pid = server.pid
            #expect(kill(pid, 0) == 0)
        }
        #expect(kill(pid, 0) == -1 && errno == ESRCH)
        #expect(throws: SystemCallError.self) { try FileStatus(of: folder) }
    }

    @Test("A server ends with whoever keeps it, of whatever that dies")
    func noOrphans() throws {
        let keep = """
            import subprocess, sys, time
            keeper = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
            keeper.stdin.write(b"start\\n")
            keeper.stdin.flush()
            time.sleep(600)
            """
        let stranger = try Tool(["python3", "-c", keep] + PostgresServer.keeper())
        let words = try #require(stranger.line()).split(separator: " ")
        try #require(words.count == 3, "\(words)")
        let pid = try #require(Int32(words[1]))
        #expect(kill(pid, 0) == 0)
        stranger.kill()
        // The keeper writes to the same pipe, which ends with it.
        #expect(stranger.line() == nil)
        #expect(kill(pid, 0) == -1 && errno == ESRCH)
        #expect(throws: SystemCallError.self) { try FileStatus(of: String(words[2])) }
    }

    @Test("PgBouncer gives one server connection to clients in turn")
    func bouncer() throws {
        let server = try PostgresServer.shared
        let database = try server.database()
        let bouncer = try PgBouncer(server)
        let said = try Tool.run(["psql", "-XAt", bouncer.url(of: database), "-c", "SELECT current_database()"])
        #expect(said.output == database.name + "\n")
    }
}

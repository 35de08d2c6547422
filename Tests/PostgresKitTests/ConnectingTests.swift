// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import PostgresKit
import TestSupport
import Testing

/// How a server is reached, and what is said when it is not.
@Suite(
    "Connecting to PostgreSQL", .serialized,
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct ConnectingTests {
    private let secret = "s3cr3tpw"
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A server that wants TLS and a password from everybody but `postgres` on its socket.
    private func guarded() throws -> PostgresServer {
        try PostgresServer(
            settings: ["ssl": "on"], loopback: true,
            prepare: """
                printf '%s\\n' 'local all postgres trust' 'local all all scram-sha-256' \\
                    'hostssl all all 127.0.0.1/32 scram-sha-256' >pg_hba.conf
                openssl req -new -x509 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \\
                    -keyout server.key -out server.crt
                chmod 600 server.key
                """)
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = folder.file(name)
        try write(Array(text.utf8), to: path)
        chmod(path, 0o600)
        return path
    }

    @Test("By URL, by keywords, and through a file of services")
    func ways() throws {
        let database = try PostgresServer.shared.database()
        let server = database.server
        let keywords = "host=\(server.socketFolder) port=\(server.port) user=postgres dbname=\(database.name)"
        let services = try file("services", "[mine]\n" + keywords.replacing(" ", with: "\n") + "\n")
        // Tests run one at a time: nobody else reads the environment now.
        setenv("PGSERVICEFILE", services, 1)
        defer { unsetenv("PGSERVICEFILE") }
        for text in [database.url, keywords, "mine", "service=mine", database.url + "&client_encoding=latin1"] {
            let connection = try Connection(ConnectionTarget(text))
            #expect(connection.database == database.name && connection.user == "postgres")
            #expect(connection.host == server.socketFolder && connection.port == "\(server.port)")
            #expect(connection.serverVersion >= 120_000)
            #expect(try connection.value("SHOW client_encoding") == "UTF8")
            #expect(try connection.value("SHOW application_name") == "dementiad")
            #expect(try connection.value("SELECT pg_backend_pid()") == "\(connection.processID)")
            #expect(try !connection.isStandby())
        }
        setenv("PGAPPNAME", "theirs", 1)
        defer { unsetenv("PGAPPNAME") }
        #expect(try Connection(database).value("SHOW application_name") == "theirs")
        var target = try ConnectionTarget(database.url)
        target.applicationName = "ours"
        #expect(try Connection(target).value("SHOW application_name") == "ours")
    }

    @Test("Another program reaches the same server, and the database it is told, even where a service names another")
    func handedOn() throws {
        let server = try PostgresServer.shared
        let named = try server.database()
        let meant = try server.database()
        let lines = ["host=\(server.socketFolder)", "port=\(server.port)", "user=postgres", "dbname=\(named.name)"]
        let services = try file("services", "[mine]\nconnect_timeout=77\n" + lines.joined(separator: "\n") + "\n")
        setenv("PGSERVICEFILE", services, 1)
        defer { unsetenv("PGSERVICEFILE") }
        for text in ["mine", named.url] {
            let target = try ConnectionTarget(text)
            #expect(try target.address() == "\(server.socketFolder):\(server.port)/\(named.name)")
            let environment = target.environment(database: meant.name, schema: "s")
            #expect(environment["PGSERVICE"] == nil && environment["DEMENTIA_SCHEMA"] == "s")
            let said = try Tool.run(
                ["env"] + environment.map { "\($0)=\($1)" } + ["psql", "-XAt", "-c", "SELECT current_database()"])
            #expect(said.output == meant.name + "\n")
        }
        let service = try ConnectionTarget("mine").environment(database: nil, schema: "s")
        #expect(service["PGCONNECT_TIMEOUT"] == "77" && service["PGDATABASE"] == named.name)
        #expect(
            try refusal { _ = try ConnectionTarget("no_such_service").address() }.message.contains("no_such_service"))
        // Nothing is looked up and nobody is called.
        #expect(try ConnectionTarget("postgresql://u@nowhere.invalid/d").address() == "nowhere.invalid:5432/d")
        let url = try ConnectionTarget(
            "postgresql://u:p%40w@h/d?sslmode=require&channel_binding=require&options=endpoint%3Dx")
        let variables = url.environment(database: nil, schema: "s")
        #expect(variables["PGPASSWORD"] == "p@w" && variables["PGCHANNELBINDING"] == "require")
        #expect(
            variables["PGSSLMODE"] == "require" && variables["PGOPTIONS"] == "endpoint=x" && variables["PGUSER"] == "u")
    }

    @Test("With a password from the text or from a file, over a socket and over TLS")
    func passwords() throws {
        let server = try guarded()
        let database = try server.database()
        let role = try server.role("LOGIN PASSWORD '\(secret)'")
        let url = database.url(as: role)
        let certificate = "\(server.socketFolder)/data/server.crt"
        let loopback = "postgresql://\(role):\(secret)@127.0.0.1:\(server.port)/\(database.name)"
        for text in [
            url + "&password=\(secret)", loopback + "?sslmode=require",
            loopback + "?sslmode=verify-full&sslrootcert=\(certificate)",
        ] {
            let connection = try Connection(ConnectionTarget(text))
            #expect(connection.user == role)
            // Neither another user's `ps` nor the server's own shows it.
            for pid in [getpid(), connection.processID] {
                let line = String(decoding: try content(of: "/proc/\(pid)/cmdline"), as: UTF8.self)
                #expect(!line.contains(secret))
            }
            #expect(
                try connection.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                    == (text.hasPrefix(url) ? "f" : "t"))
        }
        var target = try ConnectionTarget(url)
        target.passfile = try file("pass", "*:*:*:\(role):\(secret)\n")
        #expect(try Connection(target).user == role)
        target.passfile = try file("wrong", "*:*:*:\(role):\(secret)x\n")
        #expect(try refusal { _ = try Connection(target) }.sqlState == .invalidPassword)
        let none = try ConnectionTarget(url)
        for target in [
            target, none, try ConnectionTarget(url + "&password=\(secret)x"),
            try ConnectionTarget(loopback + "?sslmode=disable"),
        ] {
            let error = try refusal { _ = try Connection(target) }
            var dumped = ""
            dump(error, to: &dumped)
            #expect(error.isConnectionLost || error.sqlState == .invalidPassword, "\(dumped)")
            #expect(!dumped.contains(secret))
        }
    }

    @Test("What is not there is named, with its host and without its password")
    func nobody() throws {
        let database = try PostgresServer.shared.database()
        for (text, named) in [
            ("postgresql://me:\(secret)@127.0.0.1:1/mine", "127.0.0.1"),
            ("postgresql://me:\(secret)@nowhere.invalid/mine", "nowhere.invalid"),
            ("host=\(folder.path) password=\(secret)", folder.path),
            (database.url.replacing("/\(database.name)?", with: "/missing?") + "&password=\(secret)", "missing"),
            ("no_such_service", "no_such_service"),
        ] {
            let error = try refusal { _ = try Connection(ConnectionTarget(text)) }
            #expect(error.message.contains(named) && !error.message.contains(secret), "\(error)")
            #expect(error.sqlState == nil)
        }
    }

    @Test("Who wants TLS gets it or nothing")
    func tls() throws {
        try #require(PgBouncer.isInstalled, "\(PgBouncer.notInstalled)")
        let database = try PostgresServer.shared.database()
        let bouncer = try PgBouncer(database.server)
        let url = bouncer.loopbackURL(of: database)
        #expect(try Connection(ConnectionTarget(url)).database == database.name)
        let error = try refusal { _ = try Connection(ConnectionTarget(url + "?sslmode=require")) }
        #expect(error.message.contains("SSL"))
    }

    @Test("A pooler shows: the process that answered is not the one that works")
    func pooler() throws {
        try #require(PgBouncer.isInstalled, "\(PgBouncer.notInstalled)")
        let database = try PostgresServer.shared.database()
        let bouncer = try PgBouncer(database.server)
        let connection = try Connection(ConnectionTarget(bouncer.url(of: database)))
        #expect(try connection.value("SELECT pg_backend_pid()") != "\(connection.processID)")
        #expect(try !connection.isStandby())
        // One server connection for two clients in turn.
        let other = try Connection(ConnectionTarget(bouncer.url(of: database)))
        #expect(try other.value("SELECT pg_backend_pid()") == connection.value("SELECT pg_backend_pid()"))
    }

    @Test("Of several servers the one that can be written to is taken, and one that cannot is told apart")
    func standby() throws {
        // Recovers for ever, as a standby does whose primary says nothing.
        let readOnly = try PostgresServer(prepare: "touch standby.signal")
        let database = try PostgresServer.shared.database()
        let primary = database.server
        let alone = "host=\(readOnly.socketFolder) port=\(readOnly.port) user=postgres dbname=postgres"
        #expect(try Connection(ConnectionTarget(alone)).isStandby())
        let both = "host=\(readOnly.socketFolder),\(primary.socketFolder) port=\(readOnly.port),\(primary.port)"
        let connection = try Connection(ConnectionTarget(both + " user=postgres dbname=postgres"))
        #expect(connection.port == "\(primary.port)")
        let any = try Connection(ConnectionTarget(both + " user=postgres dbname=postgres target_session_attrs=any"))
        #expect(any.port == "\(readOnly.port)")
    }
}

// SPDX-License-Identifier: MIT

internal import Glibc

/// A private PgBouncer in front of a ``PostgresServer``, gone with the last reference to it or with the test process.
public final class PgBouncer: Sendable {
    /// When a server's connection is given to the next client.
    public enum Mode: String, Sendable {
        case session, transaction, statement
    }

    /// Its port on 127.0.0.1, which also names its socket.
    public let port: Int
    /// The folder of its socket.
    public let socketFolder: String
    private let keeper: ServerKeeper
    private let server: PostgresServer

    /// Whether there is one to start: for `.enabled(if:)`, together with ``notInstalled``.
    public static var isInstalled: Bool { PostgresServer.isInstalled && access(program, X_OK) == 0 }
    /// Why a test is skipped when ``isInstalled`` is false.
    public static let notInstalled = "PgBouncer is not installed: \(program)"
    private static let program = "/usr/sbin/pgbouncer"

    /// Starts one that leads every database name to the same name in `server`.
    ///
    /// - Parameters:
    ///   - databases: the only ones that it knows; nil for all
    ///   - users: who may come; they are let in as whoever they say
    ///   - settings: lines of the section `[pgbouncer]`, as in `ignore_startup_parameters = options`
    public init(
        _ server: PostgresServer, mode: Mode = .transaction, users: [String] = ["postgres"], databases: [String]? = nil,
        settings: [String] = []
    ) throws {
        self.server = server
        port = try ServerKeeper.freePort()
        let sections = """
            [databases]
            \((databases ?? ["*"]).map { "\($0) = host=\(server.socketFolder) port=\(server.port)" }.joined(separator: "\n"))
            [pgbouncer]
            pool_mode = \(mode.rawValue)
            listen_addr = 127.0.0.1
            listen_port = \(port)
            auth_type = trust
            max_client_conn = 100
            \(settings.joined(separator: "\n"))
            """
        let list = users.map { "\"\($0)\" \"\"" }.joined(separator: "\n")
        let binaries = PostgresServer.binaries ?? ""
        keeper = try ServerKeeper(
            Self.script, arguments: [Self.program, binaries, "\(port)", sections, list], ending: "TERM")
        socketFolder = try keeper.start().folder
    }

    private static let script = """
        program=$1 bin=$2 port=$3
        printf '%s\\nunix_socket_dir = %s\\nauth_file = %s\\n' "$4" "$dir" "$dir/users" >"$dir/pgbouncer.ini"
        printf '%s\\n' "$5" >"$dir/users"
        launch() { exec "$program" "$dir/pgbouncer.ini"; }
        answers() { "$bin/pg_isready" -q -h "$dir" -p "$port"; }
        """

    /// The URL of `database` through it, over its socket.
    public func url(of database: PostgresDatabase, as user: String = "postgres") -> String {
        "postgresql:///\(database.name)?host=\(socketFolder)&port=\(port)&user=\(user)"
    }

    /// The URL of `database` through it, over the loopback.
    public func loopbackURL(of database: PostgresDatabase, as user: String = "postgres") -> String {
        "postgresql://\(user)@127.0.0.1:\(port)/\(database.name)"
    }
}

// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit
internal import Synchronization

/// A private PostgreSQL for tests: a cluster in a folder of its own, which is gone, with its server, when the last reference to it or
/// the test process is.
public final class PostgresServer: Sendable {
    /// How a server can be asked to end.
    public enum Ending: Sendable {
        /// Open transactions are rolled back, everything is written.
        case fast
        /// As a crash, but tidy: the next start has to recover.
        case immediate
    }

    /// Its port, which also names its socket.
    public let port: Int
    private let keeper: ServerKeeper
    private let running: Mutex<ServerKeeper.Started>
    private let names = Mutex(0)

    /// The folder of its socket.
    public var socketFolder: String { running.withLock { $0.folder } }
    /// The process id of the postmaster.
    public var pid: Int32 { running.withLock { $0.pid } }

    /// Where the newest installed server lies, with its tools; nil without one.
    public static let binaries: String? = {
        let root = "/usr/lib/postgresql"
        let versions = ((try? Directory.entries(root)) ?? []).compactMap { Int($0) }.sorted()
        return versions.map { "\(root)/\($0)/bin" }.last { access($0 + "/postgres", X_OK) == 0 }
    }()

    /// Whether there is a server to start: for `.enabled(if:)`, together with ``notInstalled``.
    public static var isInstalled: Bool { binaries != nil }
    /// Why a test is skipped when ``isInstalled`` is false.
    public static let notInstalled = "PostgreSQL is not installed: /usr/lib/postgresql/*/bin/postgres"

    /// The one that the tests of this process share, started when it is first asked for.
    public static var shared: PostgresServer { get throws { try first.get() } }
    private static let first = Result { try PostgresServer() }

    /// Makes a cluster and starts its server. Everybody is let in as whoever they say, unless `prepare` changes that.
    ///
    /// - Parameters:
    ///   - settings: as in `postgresql.conf`
    ///   - loopback: whether it listens on 127.0.0.1 as well
    ///   - prepare: a shell script that is run, as the server's user, in the data folder of the new cluster
    public init(settings: [String: String] = [:], loopback: Bool = false, prepare: String = ":") throws {
        port = try ServerKeeper.freePort()
        // A crash of the machine takes the test with it.
        var all = ["fsync": "off", "full_page_writes": "off", "max_connections": "100"]
        all["listen_addresses"] = loopback ? "127.0.0.1" : ""
        all.merge(settings) { $1 }
        let options = all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0)=\($1)"] }
        keeper = try ServerKeeper(
            Self.script, arguments: [try Self.installed(), "\(port)", prepare, Self.common] + options, ending: "QUIT")
        running = Mutex(try keeper.start())
    }

    /// The data folder that every new cluster is a copy of; without it each is made by initdb, which takes longer.
    private static let common = getenv("POSTGRES_TEST_CLUSTER").map { String(cString: $0) } ?? ""

    private static func installed() throws -> String {
        guard let binaries else { throw ServerFailure(description: notInstalled) }
        return binaries
    }

    /// What keeps a server, for a test that keeps one from elsewhere.
    static func keeper() throws -> [String] {
        let arguments = [try installed(), "\(try ServerKeeper.freePort())", ":", common, "-c", "listen_addresses="]
        return ServerKeeper.command(script, arguments: arguments, ending: "QUIT")
    }

    private static let script = """
        bin=$1 port=$2 prepare=$3 common=$4
        shift 4
        cluster() {
            if [ -n "$common" ]; then
                cp -a "$common" "$dir/data" || return 1
            else
                "$bin/initdb" -D "$dir/data" -N -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-instructions || return 1
            fi
            (cd "$dir/data" && sh -ec "$prepare")
        }
        cluster </dev/null >&2 || fail 'no cluster'
        launch() { exec "$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" "$@"; }
        answers() { "$bin/pg_isready" -q -h "$dir" -p "$port"; }
        """

    // MARK: Its end, and its next life

    /// Ends it, and waits until it is gone.
    public func stop(_ ending: Ending = .fast) {
        signal(ending == .fast ? SIGINT : SIGQUIT)
    }

    /// Ends the postmaster as a crash would, and waits until it is gone. Its children find out by themselves.
    public func kill() { signal(SIGKILL) }

    /// Starts it again, after an end of whatever kind; what still runs is ended first.
    public func restart() throws {
        stop()
        let started = try keeper.start()
        running.withLock { $0 = started }
    }

    private func signal(_ number: Int32) {
        running.withLock {
            guard $0.pid > 0 else { return }
            Glibc.kill($0.pid, number)
            keeper.wait()
            // The number may soon be somebody else's.
            $0 = ServerKeeper.Started(pid: 0, folder: $0.folder)
        }
    }

    // MARK: What is in it

    /// A new database, which is dropped with the last reference to it.
    ///
    /// - Parameter template: what it is a copy of; nobody may be connected to that
    public func database(template: String = "template0") throws -> PostgresDatabase {
        let name = unique("test")
        try psql("CREATE DATABASE \(name) TEMPLATE \(template)", database: "postgres")
        return PostgresDatabase(server: self, name: name)
    }

    /// Makes a role of a new name, and gives the name.
    ///
    /// - Parameter options: as after `CREATE ROLE name`
    public func role(_ options: String = "LOGIN") throws -> String {
        let name = unique("role")
        try psql("CREATE ROLE \(name) \(options)", database: "postgres")
        return name
    }

    private func unique(_ word: String) -> String {
        names.withLock {
            $0 += 1
            return "\(word)_\($0)"
        }
    }

    /// Runs `sql` in `database` through the stock shell, and gives the rows as lines, columns apart by `|`.
    ///
    /// - Throws: ``ServerFailure`` with what the shell said
    @discardableResult
    public func psql(_ sql: String, database: String, user: String = "postgres") throws -> [String] {
        let line = ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database]
        return try run(line, input: sql).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init)
    }

    /// Runs a client program of the server's own version, which finds the server by itself, and gives what it wrote.
    func run(_ arguments: [String], input: String = "") throws -> String {
        // Remarks would stand between the rows.
        let server = [
            "PGHOST=\(socketFolder)", "PGPORT=\(port)", "PGUSER=postgres", "PGOPTIONS=-c client_min_messages=error",
        ]
        let line =
            ServerKeeper.environment + server + ["\(try Self.installed())/\(arguments[0])"] + arguments.dropFirst()
        let result = try Tool.run(line, input: input)
        guard result.status == 0 else {
            throw ServerFailure(description: "\(arguments[0]) ended with \(result.status): \(result.output)")
        }
        return result.output
    }
}

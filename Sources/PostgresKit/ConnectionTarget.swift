// SPDX-License-Identifier: MIT

internal import CLibpq

/// Which server and database to reach, and as whom: libpq's parameters.
///
/// Passwords come from where libpq looks for them: the text itself, a service file, `.pgpass`, `PGPASSWORD`, or a password file
/// named by ``passfile``. Printing a target, in whatever way, shows none of it.
public struct ConnectionTarget: Sendable, Hashable {
    /// libpq's keywords and values, as they were written.
    private var parameters: [String: String]

    /// The target that `text` spells: a URL, a `keyword=value` string, or the name of a service.
    ///
    /// - Throws: libpq cannot read it. The error does not repeat the text, which may hold a password.
    public init(_ text: String) throws(PostgresError) {
        parameters = try ConnectionText.parameters(text)
    }

    /// A file in `.pgpass` form that is asked for the password, such as a systemd credential.
    public var passfile: String? {
        get { parameters["passfile"] }
        set { parameters["passfile"] = newValue }
    }

    /// The same server and user, another database.
    public func with(database: String) -> ConnectionTarget {
        var other = self
        other.parameters["dbname"] = database
        return other
    }

    /// `host:port/database` as libpq understands the target with its service file and environment. Asks no server.
    ///
    /// - Throws: libpq does not understand it, such as a service that nobody defines
    public func address() throws(PostgresError) -> String {
        let parameters = withDefaults()
        let handle = CStringArray.with(parameters.map(\.key)) { keywords in
            CStringArray.with(parameters.map(\.value)) { values in PQconnectStartParams(keywords, values, 0) }
        }
        guard let handle else { throw PostgresError(sqlState: nil, message: "libpq has no memory left") }
        defer { PQfinish(handle) }
        guard let host = PQhost(handle), let port = PQport(handle), let database = PQdb(handle), host.pointee != 0
        else {
            throw PostgresError(nil, on: handle)
        }
        return "\(String(cString: host)):\(String(cString: port))/\(String(cString: database))"
    }

    /// The target for a program that connects by itself, in libpq's environment variables. The password goes with it: the environment of a
    /// process is for its own user's eyes only.
    public func environment(database: String?, schema: String) -> [String: String] {
        let names = [
            "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE",
            "password": "PGPASSWORD", "passfile": "PGPASSFILE", "service": "PGSERVICE", "sslmode": "PGSSLMODE",
            "sslrootcert": "PGSSLROOTCERT",
        ]
        var environment = ["DEMENTIA_SCHEMA": schema]
        for (keyword, name) in names { environment[name] = parameters[keyword] }
        if let database { environment["PGDATABASE"] = database }
        return environment
    }

    /// The host as it is written, which a pooler's name shows in; nil when it comes from elsewhere.
    public var host: String? { parameters["host"] ?? parameters["hostaddr"] }

    /// What the connection is called in `pg_stat_activity`.
    public var applicationName: String? {
        get { parameters["application_name"] }
        set { parameters["application_name"] = newValue }
    }

    /// Keywords and values for libpq, with defaults that keep a dead server or client from holding anything for long. What the
    /// environment sets is not touched; a service file has no say in what is set here.
    func withDefaults() -> [String: String] {
        let environment = Self.environment()
        var defaults = [
            "fallback_application_name": "dementiad", "connect_timeout": "15", "keepalives_idle": "5",
            "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "30000",
        ]
        let hosts = host ?? environment["host"] ?? environment["hostaddr"] ?? ""
        // Of several servers the one that can be written to is meant, not the one that answers first.
        if hosts.contains(",") { defaults["target_session_attrs"] = "read-write" }
        var all = defaults.filter { environment[$0.key] == nil }.merging(parameters) { $1 }
        // Everything is read as UTF-8.
        all["client_encoding"] = "UTF8"
        return all
    }

    /// What `PG…` variables, and the service that `PGSERVICE` names, say.
    private static func environment() -> [String: String] {
        guard let options = PQconndefaults() else { return [:] }
        defer { PQconninfoFree(options) }
        // libpq's own defaults stand there as well; for these it has one that nobody can have meant.
        return ConnectionText.values(options).filter { $0 != ("target_session_attrs", "any") }
    }
}

extension ConnectionTarget: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where it leads, without user and secrets.
    public var description: String {
        if let service = parameters["service"] { return "service \(service)" }
        return "\(host ?? "(default host)")/\(parameters["dbname"] ?? "(default database)")"
    }

    /// ``description``.
    public var debugDescription: String { description }

    /// No more than ``description``: `dump` looks through here.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

// SPDX-License-Identifier: MIT

internal import CLibpq

/// Which server and database to reach, and as whom: libpq's parameters.
///
/// Passwords come from where libpq looks for them: the text itself, a service file, `.pgpass`, `PGPASSWORD`, or a password file
/// named by ``passfile``. Printing a target shows none of it.
public struct ConnectionTarget: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// libpq's keywords and values, as they were written.
    private var parameters: [String: String]

    /// The target that `text` spells: a URL, a `keyword=value` string, or the name of a service.
    ///
    /// - Throws: libpq cannot read it. The error does not repeat the text, which may hold a password.
    public init(_ text: String) throws(PostgresError) {
        let isService = !text.contains("=") && !text.contains("://")
        let readable = isService ? "service='\(Self.escaped(text))'" : Self.withoutNewerParameters(text)
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(readable, &message) else {
            PQfreemem(message)
            throw PostgresError(sqlState: nil, message: "libpq cannot read this connection text")
        }
        defer { PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parameters[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.parameters = parameters
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

    /// Where it leads, without user and secrets.
    public var description: String {
        if let service = parameters["service"] { return "service \(service)" }
        return "\(host ?? "(default host)")/\(parameters["dbname"] ?? "(default database)")"
    }

    public var debugDescription: String { description }

    /// Keywords and values for libpq, with defaults that keep a dead server or client from holding anything for long.
    func withDefaults() -> [String: String] {
        let defaults = [
            "application_name": "dementiad", "connect_timeout": "15", "keepalives_idle": "5",
            "keepalives_interval": "5",
            "keepalives_count": "3", "tcp_user_timeout": "30000", "client_encoding": "UTF8",
        ]
        return parameters.merging(defaults) { own, _ in own }
    }

    /// `sslnegotiation` came with libpq 17 and stands in Dementia's own example; an older libpq would refuse the whole URL. Without it
    /// libpq negotiates TLS the older way, which every server understands.
    private static func withoutNewerParameters(_ text: String) -> String {
        guard PQlibVersion() < 170_000, let question = text.firstIndex(of: "?"), text.contains("://") else {
            return text
        }
        let kept = text[text.index(after: question)...].split(separator: "&").filter {
            !$0.hasPrefix("sslnegotiation=")
        }
        return kept.isEmpty ? String(text[..<question]) : text[...question] + kept.joined(separator: "&")
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    }
}

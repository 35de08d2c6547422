// SPDX-License-Identifier: MIT

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

    /// `host:port/database` as libpq understands the target with its service file and environment. No `#` occurs in it. Asks no server.
    ///
    /// - Throws: libpq does not understand it, such as a service that nobody defines
    public func address() throws(PostgresError) -> String {
        try ResolvedTarget(parameters).address
    }

    /// The target for a program that connects by itself, in libpq's environment variables. The password goes with it: the environment of a
    /// process is for its own user's eyes only.
    public func environment(database: String?, schema: String) -> [String: String] {
        let target = database.map { with(database: $0) } ?? self
        // What libpq does not understand nobody connects to.
        var environment = (try? ResolvedTarget(target.parameters))?.environment ?? [:]
        environment["DEMENTIA_SCHEMA"] = schema
        return environment
    }

    /// Whether a password stands in the text that it was made of.
    public var holdsPassword: Bool { parameters["password"] != nil || parameters["sslpassword"] != nil }

    /// The parameters in the text that lead to secrets of the user who connects, or to files of that user's, in the order of their names.
    ///
    /// In a configuration they are that user's own words. In a text of somebody else's they would lend out what they name.
    public var lentParameters: [String] {
        parameters.keys.filter { Self.lending.contains($0) || $0.utf8.starts(with: "oauth_".utf8) }.sorted()
    }

    private static let lending: Set = [
        "passfile", "service", "servicefile", "sslkey", "sslcert", "sslpassword", "sslkeylogfile", "scram_client_key",
        "scram_server_key", "gssdelegation",
    ]

    /// The host as it is written, which a pooler's name shows in; nil when it comes from elsewhere.
    public var host: String? { parameters["host"] ?? parameters["hostaddr"] }

    /// What the connection is called in `pg_stat_activity`.
    public var applicationName: String? {
        get { parameters["application_name"] }
        set { parameters["application_name"] = newValue }
    }

    /// Keywords and values for libpq, with defaults that keep a dead server or client from holding anything for long. What a service file
    /// or the environment sets stays as it is.
    func withDefaults() -> [String: String] {
        // When libpq does not understand it, connecting tells why.
        let known = (try? ResolvedTarget(parameters))?.values ?? parameters
        var overrides = ["client_encoding": "UTF8"]
        var defaults = [
            "fallback_application_name": "dementiad", "connect_timeout": "10", "keepalives_idle": "5",
            "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "30000",
        ].filter { known[$0.key] == nil }
        // Zero and less are for ever to libpq.
        if let timeout = known["connect_timeout"], Int(timeout).map({ $0 <= 0 }) ?? false {
            overrides["connect_timeout"] = "10"
        }
        // Of several servers the one that can be written to is meant, not the one that answers first. `any` is libpq's own default.
        let hosts = known["host"] ?? known["hostaddr"] ?? ""
        if hosts.contains(","), known["target_session_attrs"] ?? "any" == "any" {
            defaults["target_session_attrs"] = "read-write"
        }
        // Everything is read as UTF-8.
        return defaults.merging(parameters) { $1 }.merging(overrides) { $1 }
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

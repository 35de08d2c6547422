// SPDX-License-Identifier: MIT

public import GuardCore
internal import PostgresKit

/// What one database is set to, as far as Dementia or the daemon may stumble over it.
public struct ServerCheckup: Sendable, Equatable {
    /// Where a role's connections look for tables first.
    public struct SearchPath: Sendable, Equatable {
        public let role: String
        /// The only database that it is for; nil for all.
        public let database: String?
        /// As it stands in the catalogue.
        public let value: String
    }

    /// `host:port/database`.
    public let address: String
    public let host: String
    public let port: String
    public let database: String
    /// The role that was asked as.
    public var user = ""
    /// Somebody between us and the server hands our statements to whichever connection is free.
    public var isPooled = false
    public var mayCreateDatabases = true
    public var searchPaths: [SearchPath] = []
    /// The schemas that carry tables of Dementia's names, `public` too.
    public var schemas: [String] = []
    /// Why it could not be asked.
    public var problem: GuardError?

    public static func == (one: Self, other: Self) -> Bool {
        one.address == other.address && one.user == other.user && one.isPooled == other.isPooled
            && one.mayCreateDatabases == other.mayCreateDatabases && one.searchPaths == other.searchPaths
            && one.schemas == other.schemas && one.problem?.code == other.problem?.code
    }

    init(_ target: ConnectionTarget, address: String) {
        self.address = address
        let environment = target.environment(database: nil, schema: "")
        host = environment["PGHOST"] ?? environment["PGHOSTADDR"] ?? Self.host(in: address)
        port = environment["PGPORT"] ?? "5432"
        database = String(address.split(separator: "/").last ?? "")
        do throws(PostgresError) {
            try look(target)
        } catch {
            problem = PostgresFailure(location: StoreLocation(engine: .postgres, name: address))
                .translate(error, "looking at its settings")
        }
    }

    private static func host(in address: String) -> String {
        let name = address.split(separator: "/").dropLast().joined(separator: "/")
        let host = name.lastIndex(of: ":").map { String(name[..<$0]) } ?? name
        return address.hasPrefix("/") ? "/" + host : host
    }

    /// One transaction, so that a pooler asks one server.
    private mutating func look(_ target: ConnectionTarget) throws(PostgresError) {
        let connection = try Connection(target)
        try connection.run("BEGIN READ ONLY")
        let facts = try ServerFacts(connection, target)
        user = facts.user
        isPooled = facts.isPooled
        mayCreateDatabases = facts.mayCreateDatabases
        schemas = try PostgresServers.schemas(connection)
        let settings = try connection.rows(
            """
            SELECT r.rolname, coalesce(d.datname, ''), s.setting
            FROM (SELECT setrole, setdatabase, unnest(setconfig) AS setting FROM pg_catalog.pg_db_role_setting) s
                JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
                LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
            WHERE s.setting LIKE 'search\\_path=%'
                AND (s.setdatabase = 0 OR d.datname = pg_catalog.current_database())
            ORDER BY 1, 2
            """
        ) { row in (row.text(0), row.text(1), row.text(2)) }
        searchPaths = settings.map { role, database, setting in
            SearchPath(
                role: role, database: database.isEmpty ? nil : database,
                value: String(setting.dropFirst("search_path=".count)))
        }
        try connection.run("COMMIT")
    }
}

extension PostgresServers {
    /// Looks at every database. Blocks as long as the slowest server takes to answer.
    public func checkUp() -> [ServerCheckup] {
        servers.map { ServerCheckup($0.target, address: $0.address) }
    }
}

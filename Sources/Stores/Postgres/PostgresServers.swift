// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit
internal import PostgresKit

/// The databases that memories are looked for in.
public struct PostgresServers: Sendable {
    /// One database, or one schema of it.
    struct Server: Sendable {
        let target: ConnectionTarget
        /// `host:port/database`, as libpq reads it.
        let address: String
        /// The only schema that is meant; nil for all that carry Dementia's tables.
        let schema: String?
        /// Whether somebody else's settings led here, so that nothing is changed without asking.
        let isAsking: Bool
    }

    let servers: [Server]
    private let passfile: String?
    private let limits: PostgresStore.Limits

    /// What a look for memories gave.
    public struct Found: Sendable {
        /// The schemas that carry tables of Dementia's names, whatever is in them.
        public var stores: [StoreLocation] = []
        /// Those of them that only an application's own settings led to.
        public var asking: Set<StoreLocation> = []
        /// The servers that could not be asked.
        public var unreachable: [GuardError] = []
    }

    /// - Parameters:
    ///   - texts: URLs, `keyword=value` strings or service names, each with an optional `#SCHEMA`
    ///   - found: the same, as they stand in an application's own settings
    ///   - passfile: in `.pgpass` form, asked for passwords that the texts do not have
    /// - Throws: one of them cannot be read. The error names it by its place, since it may hold a password.
    public init(
        _ texts: [String], found: [String] = [], passfile: String? = nil, limits: PostgresStore.Limits = .init()
    ) throws(GuardError) {
        self.limits = limits
        self.passfile = passfile
        var servers: [Server] = []
        for (number, text) in (texts + found).enumerated() {
            let (connection, schema) = Self.split(text)
            do throws(PostgresError) {
                var target = try ConnectionTarget(connection)
                if target.passfile == nil { target.passfile = passfile }
                let address = try target.address()
                let isAsking = number >= texts.count
                // What is configured by hand is known already.
                if isAsking, servers.contains(where: { $0.address == address && $0.schema == nil }) { continue }
                servers.append(Server(target: target, address: address, schema: schema, isAsking: isAsking))
            } catch {
                throw GuardError(
                    .configuration,
                    number < texts.count
                        ? "the PostgreSQL connection number \(number + 1) cannot be used"
                        : "the DATABASE_URL in a release's .env file cannot be used",
                    hint: "Write a URL, a service name or KEYWORD=VALUE pairs; its password belongs into .pgpass.",
                    causes: [error.description])
            }
        }
        self.servers = servers
    }

    /// Looks for memories. Blocks as long as the slowest server takes to answer.
    public func look() -> Found {
        var found = Found()
        for server in servers {
            do throws(PostgresError) {
                let schemas: [String]
                if let schema = server.schema {
                    schemas = [schema]
                } else {
                    schemas = try Self.schemas(Connection(server.target))
                }
                for location in schemas.map({ Self.location(server, $0) }) where !found.stores.contains(location) {
                    found.stores.append(location)
                    if server.isAsking { found.asking.insert(location) }
                }
            } catch {
                found.unreachable.append(
                    PostgresFailure(location: StoreLocation(engine: .postgres, name: server.address))
                        .translate(error, "looking for memories"))
            }
        }
        return found
    }

    /// The store at `location`, one of the databases that this was made with.
    public func store(at location: StoreLocation) throws(GuardError) -> PostgresStore {
        for server in servers where location.database?.hasSameBytes(as: server.address) ?? false {
            guard let schema = location.schema else { continue }
            do throws(SystemCallError) {
                return try PostgresStore(server.target, address: server.address, schema: schema, limits: limits)
            } catch {
                throw GuardError(
                    .internalError, "no thread could be made for \(location.name)", store: location.id,
                    causes: [error.description])
            }
        }
        throw GuardError(
            .serverUnreachable, "\(location.name) is on a server that is not in the configuration", store: location.id,
            hint: "Name it with --postgres or in postgres.connections.")
    }

    /// The schema that `place` names, as in ``locate(_:)``, on one of the databases that this was made with or on any other. Nothing is
    /// reached by that yet.
    public func store(named place: String) throws(GuardError) -> PostgresStore {
        let (connection, schema) = Self.split(place)
        guard let schema else { throw Self.namesNoSchema }
        let server = try server(connection, before: schema)
        if let known = servers.first(where: { $0.address == server.address }) {
            return try store(at: Self.location(known, schema))
        }
        // The text is the caller's, and the files that it names would be read with the rights of whoever runs this.
        let lent = server.target.lentParameters
        guard lent.isEmpty else {
            throw GuardError(
                .usage,
                "the database of #\(schema) is not in the configuration, and what its text names (\(lent.joined(separator: ", "))) "
                    + "is only taken from there",
                hint: "Name it in postgres.connections, then: dementiactl daemon reload")
        }
        return try PostgresServers([connection], passfile: passfile, limits: limits).store(
            at: Self.location(server, schema))
    }

    private static let namesNoSchema = GuardError(
        .usage, "that names no memory", hint: "Write the path of a file, or URL#SCHEMA of a PostgreSQL server.")

    /// The database that `connection` names, in whatever way.
    private func server(_ connection: String, before schema: String) throws(GuardError) -> Server {
        if let known = servers.first(where: { $0.address == connection }) { return known }
        do throws(PostgresError) {
            let target = try ConnectionTarget(connection)
            return Server(target: target, address: try target.address(), schema: schema, isAsking: false)
        } catch {
            throw GuardError(
                .usage, "what stands before #\(schema) is no PostgreSQL connection",
                hint: "Write a URL, a service name or host:port/database as it is shown.", causes: [error.description])
        }
    }

    /// The schema that `place` names: `URL#SCHEMA`, `SERVICE#SCHEMA`, or `host:port/database#schema` as it is shown, on one of the databases
    /// that this was made with. The text is not repeated in errors, since it may hold a password.
    public func locate(_ place: String) throws(GuardError) -> StoreLocation {
        let (connection, schema) = Self.split(place)
        guard let schema else { throw Self.namesNoSchema }
        let address = try server(connection, before: schema).address
        guard let server = servers.first(where: { $0.address == address }) else {
            throw GuardError(
                .notFound, "the database of #\(schema) is not in the configuration",
                hint: "Name it in postgres.connections, then: dementiactl daemon reload")
        }
        return Self.location(server, schema)
    }

    /// The schema that `place` names behind its last `#`; nil when it names a database only.
    public static func schema(in place: String) -> String? { split(place).schema }

    /// Whether a password stands in `place`; false when libpq cannot read it.
    public static func holdsPassword(_ place: String) -> Bool {
        (try? ConnectionTarget(split(place).connection))?.holdsPassword ?? false
    }

    private static func location(_ server: Server, _ schema: String) -> StoreLocation {
        StoreLocation(engine: .postgres, name: "\(server.address)#\(schema)")
    }

    static func schemas(_ connection: Connection) throws(PostgresError) -> [String] {
        try connection.rows(
            """
            SELECT n.nspname FROM pg_catalog.pg_namespace n
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND EXISTS (
                SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
                    AND c.relkind IN ('r', 'p') AND c.relname IN ('sessions', 'context_locks'))
            ORDER BY n.nspname COLLATE "C"
            """
        ) { $0.text(0) }
    }

    /// The text for libpq, and the schema behind a `#`. A password may hold a `#` too, and so may a value: then more of the URL follows,
    /// with an `@` or a `=`. Of what is left the first one counts, since a schema's name may hold it as well.
    private static func split(_ text: String) -> (connection: String, schema: String?) {
        let bytes = text.utf8
        var start = bytes.startIndex
        while let mark = bytes[start...].firstIndex(of: UInt8(ascii: "#")) {
            start = bytes.index(after: mark)
            let schema = bytes[start...]
            guard !schema.isEmpty, !schema.contains(UInt8(ascii: "@")), !schema.contains(UInt8(ascii: "=")) else {
                continue
            }
            return (String(decoding: bytes[..<mark], as: UTF8.self), String(decoding: schema, as: UTF8.self))
        }
        return (text, nil)
    }
}

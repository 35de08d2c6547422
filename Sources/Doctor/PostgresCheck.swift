// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// What PostgreSQL servers are set to that Dementia or the daemon stumbles over.
public struct PostgresCheck: Check {
    /// One database, as the daemon reaches it.
    public struct Database: Sendable, Equatable {
        /// A schema that a role's connections begin in.
        public struct SearchPath: Sendable, Equatable {
            let role: String
            let database: String?
            let value: String

            /// - Parameters:
            ///   - role: whose connections
            ///   - database: to this database only; nil for all
            ///   - value: as in `search_path`
            public init(role: String, database: String?, value: String) {
                self.role = role
                self.database = database
                self.value = value
            }
        }

        let address: String
        let connection: [(keyword: String, value: String)]
        /// The role that the daemon connects as.
        public var user = ""
        /// Whether a pooler is between.
        public var isPooled = false
        /// Whether ``user`` may make databases.
        public var mayCreateDatabases = true
        /// What roles are set to.
        public var searchPaths: [SearchPath] = []
        /// Whether the schema `public` holds Dementia's tables.
        public var hasMemoryInPublic = false
        /// Schemas beside `public` that hold them.
        public var schemas: [String] = []

        /// - Parameters:
        ///   - address: `host:port/database`
        ///   - connection: how psql is told where to connect, without any password
        public init(address: String, connection: [(keyword: String, value: String)]) {
            self.address = address
            self.connection = connection
        }

        public static func == (one: Self, other: Self) -> Bool {
            one.address == other.address && one.user == other.user && one.isPooled == other.isPooled
                && one.mayCreateDatabases == other.mayCreateDatabases && one.searchPaths == other.searchPaths
                && one.hasMemoryInPublic == other.hasMemoryInPublic && one.schemas == other.schemas
        }
    }

    private let databases: [Database]

    public init(_ databases: [Database]) {
        self.databases = databases
    }

    public var diagnoses: [Diagnosis] {
        databases.flatMap { database in
            [pooler(database)].compactMap(\.self) + searchPaths(database)
                + [inPublic(database), scratch(database)].compactMap(\.self)
        }
    }

    // MARK: The way to the server

    private func pooler(_ database: Database) -> Diagnosis? {
        guard database.isPooled else { return nil }
        let host = database.connection.first { $0.keyword == "host" }?.value ?? ""
        let direct = host.replacing("-pooler.", with: ".", maxReplacements: 1)
        return Diagnosis(
            .pooler, .notice,
            "There is a pooler between dementiad and \(database.address). Backups, migrations and restores work through it; "
                + "what does not: ending a statement that hangs, and telling which session is in the way.",
            remedy: .init(
                direct == host
                    ? "Name the server's own host and port in postgres.connections."
                    : "Name the server itself in postgres.connections: host \(direct)."))
    }

    private func scratch(_ database: Database) -> Diagnosis? {
        guard !database.mayCreateDatabases else { return nil }
        return Diagnosis(
            .noScratchDatabase, .degraded,
            "The role \(database.user) may not create databases on the server of \(database.address): backups are proved by "
                + "decoding alone, and migrations are not rehearsed.",
            remedy: .init(
                "Let it create databases, as a superuser.",
                command: psql(
                    database, as: "postgres", "ALTER ROLE \(RemedySQL.identifier(database.user)) CREATEDB")))
    }

    // MARK: What 4.2 of November 2025 left

    /// ``DiagnosisCode/roleSearchPath``: `ALTER ROLE … SET search_path TO <project>, public` was run for each project and acts on all new
    /// connections, whatever project they are for.
    private func searchPaths(_ database: Database) -> [Diagnosis] {
        database.searchPaths.filter { database.concerns($0) }.map { setting in
            let role = RemedySQL.identifier(setting.role)
            let place = setting.database.map { " IN DATABASE \(RemedySQL.identifier($0))" } ?? ""
            return Diagnosis(
                .roleSearchPath, .failure,
                "On the server of \(database.address), every new connection of role \(setting.role) begins in search_path "
                    + "\(setting.value): an early Dementia 4.2 left that behind, and rows of other projects may go there.",
                remedy: .init(
                    "Take the setting back; servers that are connected keep it until they connect again.",
                    command: psql(database, as: setting.role, "ALTER ROLE \(role)\(place) RESET search_path")))
        }
    }

    private func inPublic(_ database: Database) -> Diagnosis? {
        guard database.hasMemoryInPublic, !database.schemas.isEmpty else { return nil }
        return Diagnosis(
            .memoryInPublic, .degraded,
            "In \(database.address), tables of Dementia are in the schema public beside those of "
                + "\(database.schemas.joined(separator: ", ")): rows of several projects may be mixed in it.",
            remedy: .init(
                "It is backed up like every other. Look whose rows they are before anything is moved: "
                    + "SELECT DISTINCT session_id FROM public.context_locks."))
    }

    private func psql(_ database: Database, as user: String, _ statement: String) -> String {
        let options = ["host": "-h", "port": "-p", "dbname": "-d"]
        let place = database.connection.compactMap { pair in
            options[pair.keyword].map { "\($0) \(ShellText.word(pair.value))" }
        }
        return (["psql -X"] + place + ["-U", ShellText.word(user), "-c", ShellText.word(statement)])
            .joined(separator: " ")
    }
}

extension PostgresCheck.Database {
    /// Whether `setting` is of Dementia's making: it sends connections into one project's schema.
    fileprivate func concerns(_ setting: SearchPath) -> Bool {
        let first = setting.value.split(separator: ",").first.map { $0.filter { $0 != "\"" && $0 != " " } } ?? ""
        guard !first.isEmpty, first != "$user", first != "public" else { return false }
        return setting.role == user || schemas.contains(first)
    }
}

/// Servers and settings that could not be used at the last look.
public struct UnreachedCheck: Check {
    private let problems: [Problem]

    public init(_ problems: [Problem]) {
        self.problems = problems
    }

    public var diagnoses: [Diagnosis] {
        problems.map { problem in
            let causes = problem.causes.isEmpty ? "" : ": \(problem.causes.joined(separator: "; "))"
            // A pooler that gives every statement another connection is told in one sentence of its own.
            let isPooler = problem.detail.contains("allows no transaction")
            return Diagnosis(
                isPooler ? .poolerWithoutTransactions : .unreached, .failure, "\(problem.detail)\(causes).",
                remedy: problem.hint.map { .init($0) })
        }
    }
}

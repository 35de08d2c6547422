// SPDX-License-Identifier: MIT

/// A database of a test's own in a ``PostgresServer``. It is dropped with the last reference to it.
public final class PostgresDatabase: Sendable {
    /// Where it lies.
    public let server: PostgresServer
    /// What it is called there.
    public let name: String

    init(server: PostgresServer, name: String) {
        self.server = server
        self.name = name
    }

    deinit {
        // Best effort: a server that a test stopped takes it with it.
        _ = try? server.psql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", database: "postgres")
    }

    /// Its URL, over the socket, as the superuser.
    public var url: String { url(as: "postgres") }

    /// Its URL, over the socket, as `user`.
    public func url(as user: String) -> String {
        "postgresql:///\(name)?host=\(server.socketFolder)&port=\(server.port)&user=\(user)"
    }

    /// Its URL over the loopback, where the server listens there.
    public func loopbackURL(as user: String = "postgres") -> String {
        "postgresql://\(user)@127.0.0.1:\(server.port)/\(name)"
    }

    /// Runs `sql` through the stock shell and gives the rows as lines, columns apart by `|`.
    ///
    /// - Throws: ``ServerFailure`` with what the shell said
    @discardableResult
    public func psql(_ sql: String, as user: String = "postgres") throws -> [String] {
        try server.psql(sql, database: name, user: user)
    }

    /// Loads the SQL file at `path`, which may hold COPY blocks, through the stock shell.
    public func load(_ path: String) throws {
        _ = try server.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", name, "-f", path])
    }

    /// Loads `fixture`.
    public func load(_ fixture: PostgresFixture) throws { try load(fixture.path) }

    /// What the stock pg_dump says of it, without the lines that differ from run to run.
    ///
    /// - Parameters:
    ///   - schema: only this one
    ///   - options: further options of pg_dump, such as `-s`
    public func dump(schema: String? = nil, _ options: String...) throws -> String {
        let only = schema.map { ["-n", "\"\($0)\""] } ?? []
        let text = try server.run(["pg_dump"] + only + options + [name])
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict") && !$0.hasPrefix("-- Dumped ") }
            .joined(separator: "\n")
    }
}

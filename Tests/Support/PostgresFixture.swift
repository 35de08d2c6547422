// SPDX-License-Identifier: MIT

/// A PostgreSQL schema of the past that lies in `Tests/Fixtures/postgres`. See the README there.
public struct PostgresFixture: Sendable, Hashable, CustomStringConvertible {
    /// Its file's name without `.sql`.
    public let name: String

    /// The fixture whose file is `name` and `.sql`.
    public init(_ name: String) {
        self.name = name
    }

    /// Its name.
    public var description: String { name }

    /// The first adapter's: every migration from 2 on is missing.
    public static let earliest = PostgresFixture("01-7b97e50-earliest")
    /// Columns `project_name` with a default that 11 has to mend.
    public static let projectNameDefault = PostgresFixture("05-6e4d665-project-name-default")
    /// The newest adapter's own: nothing is missing.
    public static let latest = PostgresFixture("08-b0ea5da-latest")
    /// One table, made by the asynchronous adapter.
    public static let partial = PostgresFixture("10-b0ea5da-async-adapter-partial")

    /// Every one that lies here.
    public static let all = [earliest, projectNameDefault, latest, partial]

    /// The same schema after upstream's own migrations.
    public var afterUpstream: PostgresFixture { PostgresFixture("after-upstream/\(name)") }

    /// Where it lies.
    public var path: String { "\(Place.fixtures)/postgres/\(name).sql" }
}

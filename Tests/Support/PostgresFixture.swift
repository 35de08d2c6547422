// SPDX-License-Identifier: MIT

internal import LinuxKit

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

    /// ``earliest`` with columns dropped by hand, so that all eleven migrations are missing. No commit of upstream made it.
    public static let allMissing = PostgresFixture("00-synthetic-all-eleven-missing")
    /// The first adapter's: every migration from 2 on is missing.
    public static let earliest = PostgresFixture("01-7b97e50-earliest")
    /// Columns `project_name` with a default that 11 has to mend.
    public static let projectNameDefault = PostgresFixture("05-6e4d665-project-name-default")
    /// The newest adapter's own: nothing is missing.
    public static let latest = PostgresFixture("08-b0ea5da-latest")
    /// One table, made by the asynchronous adapter.
    public static let partial = PostgresFixture("10-b0ea5da-async-adapter-partial")

    /// Two projects whose tables an `ALTER ROLE` led into `public`.
    public static let misplaced = PostgresFixture("09-a6cfe94-role-search-path-misplaced")

    /// Every schema of the folder, by name. A folder that cannot be read gives none.
    public static let all = ((try? Directory.entries("\(Place.fixtures)/postgres")) ?? [])
        .filter { $0.hasSuffix(".sql") }.sorted().map { PostgresFixture(String($0.dropLast(4))) }

    /// The same schema after upstream's own migrations.
    public var afterUpstream: PostgresFixture { PostgresFixture("after-upstream/\(name)") }

    /// Where it lies.
    public var path: String { "\(Place.fixtures)/postgres/\(name).sql" }
}

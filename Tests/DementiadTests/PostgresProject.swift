// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import TestSupport
import Testing

/// Memories in a database of a test's own, and a state directory.
struct PostgresProject {
    let folder: TemporaryFolder
    let database: PostgresDatabase
    let state: String

    init(_ fixtures: [String], on server: PostgresServer? = nil) throws {
        folder = try TemporaryFolder()
        state = folder.file("state")
        database = try (server ?? .shared).database()
        for path in fixtures { try database.load(path) }
    }

    /// The paths of the schemas of every stage of upstream's history.
    static var stages: [String] { PostgresFixture.all.map(\.path) }

    /// Runs `dementiad once` on the database.
    func once(
        _ arguments: [String] = [], url: String? = nil, configuration: String = "backup: {minFree: 0}\n",
        environment: [String] = []
    ) throws -> Daemon.Result {
        try daemon(arguments, url: url, configuration: configuration, environment: environment).run()
    }

    /// `dementiad once` on the database, or with an empty `url` on what the arguments and the configuration name.
    func daemon(
        _ arguments: [String] = [], url: String? = nil, configuration: String = "backup: {minFree: 0}\n",
        environment: [String] = []
    ) throws -> Daemon {
        let url = url ?? database.url
        let place = url.isEmpty ? [] : ["--postgres", url]
        return try Daemon(
            ["once", "--state-dir", state] + place + arguments, configuration: configuration,
            environment: ["HOME=\(folder.path)"] + environment)
    }

    /// The folders of its backups, oldest first.
    func backups() throws -> [String] {
        let stores = state + "/vault/stores"
        guard try FileStatus.ifPresent(stores) != nil else { return [] }
        return try Directory.entries(stores).flatMap { store in
            try Directory.entries("\(stores)/\(store)").filter { $0 != "store.json" && $0 != ".incoming" }
                .map { "\(stores)/\(store)/\($0)" }
        }
        .sorted { $0.split(separator: "/").last ?? "" < $1.split(separator: "/").last ?? "" }
    }

    /// The databases of guards that are on the server, of whatever memory: for a server of the test's own.
    func scratchDatabases() throws -> [String] {
        try database.server.psql(
            "SELECT datname FROM pg_database WHERE datname LIKE 'dementiad%'", database: "postgres")
    }
}

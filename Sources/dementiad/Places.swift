// SPDX-License-Identifier: MIT

internal import Engine
internal import GuardConfiguration
internal import GuardCore
internal import LinuxKit
internal import Releases
internal import Stores
internal import Synchronization

/// Where memories and releases lie, by one configuration: the only place that knows both engines.
final class Places: Sendable {
    private let roots: [String]
    private let releases: [String]
    private let connections: [String]
    private let passfile: String?
    private let discovery: Discovery
    private let thread: ThreadExecutor
    private let reader: ReleaseReader
    /// The databases that are known by now: those of the configuration, and those that releases led to.
    private let servers: Mutex<PostgresServers>

    init(_ setup: Setup) throws(GuardError) {
        reader = ReleaseReader(catalogue: try setup.catalogue(), now: Setup.clock)
        let settings = setup.settings
        roots = settings.discover.roots
        releases = settings.releases.paths
        connections = settings.postgres.connections.map(\.text)
        // A password that systemd keeps for the unit is looked for like one in `.pgpass`.
        let credentials = setup.environment["CREDENTIALS_DIRECTORY"].map { $0 + "/pgpass" }
        passfile = credentials.flatMap { (try? FileStatus.ifPresent($0)) != nil ? $0 : nil }
        discovery = Discovery(ignored: settings.discover.ignore, maxDepth: settings.discover.maxDepth)
        do {
            thread = try ThreadExecutor(name: "discovery")
        } catch {
            throw GuardError(.internalError, "no thread could be made", causes: [error.description])
        }
        var databases: [String] = []
        for folder in releases {
            if let database = try ReleaseReader.databaseURL(of: folder) { databases.append(database) }
        }
        servers = Mutex(try PostgresServers(connections, found: databases, passfile: passfile))
    }

    /// Makes the store at a place, by its engine.
    var open: @Sendable (StoreLocation) throws(GuardError) -> any Store {
        { (location) throws(GuardError) in
            switch location.engine {
            case .sqlite: try SQLiteStore.open(location)
            case .postgres: try self.servers.withLock(\.self).store(at: location)
            }
        }
    }

    /// Real paths of the folders in which memories may appear. One that is not there now is looked for with everything else.
    var trees: Set<String> {
        Set(
            roots.compactMap { root in
                guard let real = try? realPath(root), (try? FileStatus(of: real))?.kind == .directory else {
                    return nil
                }
                return real
            })
    }

    /// What a person means by `place`: the absolute path of a file, or a schema of a server that is configured, as `URL#SCHEMA` or as it is
    /// shown.
    func locate(_ place: String) async throws(GuardError) -> StoreLocation {
        try await thread.run { () throws(GuardError) in
            guard place.hasPrefix("/") else { return try self.servers.withLock(\.self).locate(place) }
            let path: String
            do throws(SystemCallError) {
                path = try realPath(place)
            } catch {
                throw GuardError(
                    error.isNotFound ? .storeMissing : .permissionDenied, "there is no file \(place) that can be read",
                    hint: "Name the memory's own file.", causes: [error.description])
            }
            return StoreLocation(engine: .sqlite, name: path)
        }
    }

    /// The schema that a person names as a target, on any server: one that is configured, or another that the daemon's user may reach.
    func target(_ place: String) async throws(GuardError) -> PostgresStore {
        guard !ConnectionText(place).holdsPassword else { throw CommandLineSecrets.refusal }
        return try await thread.run { () throws(GuardError) in
            try self.servers.withLock(\.self).store(named: place)
        }
    }

    /// Looks everywhere: what the folders hold, and every place that there is work for.
    func look() async throws(GuardError) -> (found: Discovery.Found, discovered: Discovered) {
        try await thread.run { () throws(GuardError) in
            let found = try self.walk()
            // What only has a release's name is none, and whatever its settings name is nobody's business here.
            let confirmed = ReleaseFinder.confirm(found.releaseFolders, with: self.reader)
            let folders = confirmed.releases.map(\.release.path) + confirmed.busy.map(\.folder)
            var discovered = Discovered(
                locations: found.candidates.map { StoreLocation(engine: .sqlite, name: $0) },
                problems: Self.problems(of: found), findings: Self.findings(of: found),
                releaseFolders: Set(folders).union(self.releases))
            let schemas = self.look(
                atDatabasesOf: confirmed.releases.map(\.release.path) + self.releases, &discovered.problems
            ).look()
            discovered.locations += schemas.stores
            discovered.problems += schemas.unreachable
            discovered.asking = schemas.asking
            return (found, discovered)
        }
    }

    /// Looks at the settings of every database that is known by now.
    func checkUp() async -> [ServerCheckup] {
        await thread.run { self.servers.withLock(\.self).checkUp() }
    }

    private func walk() throws(GuardError) -> Discovery.Found {
        do {
            return try discovery.walk(roots)
        } catch {
            throw GuardError(
                error.isNotFound ? .notFound : .permissionDenied,
                "\(error.path ?? "a watched folder") cannot be looked into",
                hint: "Name an existing folder with --watch, or in discover.roots.", causes: [error.description])
        }
    }

    /// Memories that were found and cannot be guarded.
    private static func problems(of found: Discovery.Found) -> [GuardError] {
        found.unnamable.map { path in
            GuardError(
                .pathNotText, "\(path) is not guarded: its path is not UTF-8",
                hint: "Give the folder a name in UTF-8. The bytes that are none are shown as \\x and two digits.")
        }
    }

    /// What was not looked into.
    private static func findings(of found: Discovery.Found) -> [Finding] {
        found.unreadable.map {
            Finding(code: "folderUnreadable", message: "\($0) cannot be read, so no memory in it is guarded")
        }
            + found.mounts.map {
                Finding(
                    code: "mountNotEntered",
                    message: "\($0.path) is a mounted filesystem of type \($0.type), so no memory in it is guarded")
            }
    }

    /// The databases of the configuration and of `releases`. A release that was only found and cannot be read is a problem, and keeps
    /// nobody from the rest.
    private func look(atDatabasesOf releases: [String], _ problems: inout [GuardError]) -> PostgresServers {
        var databases: [String] = []
        for folder in Set(releases).sorted() {
            do throws(GuardError) {
                guard let database = try ReleaseReader.databaseURL(of: folder), !databases.contains(database) else {
                    continue
                }
                // One that cannot be used is that release's problem.
                _ = try PostgresServers([], found: [database])
                databases.append(database)
            } catch {
                problems.append(error)
            }
        }
        do throws(GuardError) {
            let all = try PostgresServers(connections, found: databases, passfile: passfile)
            servers.withLock { $0 = all }
        } catch {
            problems.append(error)
        }
        return servers.withLock(\.self)
    }
}

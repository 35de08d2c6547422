// SPDX-License-Identifier: MIT

internal import Engine
internal import GuardConfiguration
internal import GuardCore
internal import LinuxKit
internal import Releases
internal import Stores
internal import Synchronization

/// Where memories and releases lie, by one configuration: the only place that knows both engines.
final class StoreProvider: Sendable {
    private let roots: [String]
    private let releases: [String]
    private let connections: [String]
    private let passfile: String?
    private let discovery: Discovery
    /// Looks at what may never answer.
    let calls: BlockingCalls
    /// What tells other daemons of the folders.
    let marks: FolderMarks
    private let reader: ReleaseReader
    /// The databases that are known by now: those of the configuration, and those that releases led to.
    private let servers: Mutex<PostgresServers>

    /// How long a folder may keep a look in one system call. Longer for what git or a server is asked for.
    private static let patience = Duration.seconds(4)
    private static let longPatience = Duration.seconds(30)

    /// - Parameters:
    ///   - calls: those of the places before, after a reload: what hangs is known there
    ///   - marks: those of the places before, after a reload
    init(_ setup: Setup, calls: BlockingCalls? = nil, marks: FolderMarks? = nil) throws(GuardError) {
        self.marks = marks ?? FolderMarks(program: "dementiad")
        self.calls = calls ?? BlockingCalls(name: "look") { Setup.clock().milliseconds }
        reader = ReleaseReader(catalogue: try setup.catalogue(), now: Setup.clock)
        let settings = setup.settings
        roots = settings.discover.roots
        releases = settings.releases.paths
        connections = settings.postgres.connections.map(\.text)
        // A password that systemd keeps for the unit is looked for like one in `.pgpass`.
        let credentials = setup.environment["CREDENTIALS_DIRECTORY"].map { $0 + "/pgpass" }
        passfile = credentials.flatMap { (try? FileStatus.ifPresent($0)) != nil ? $0 : nil }
        discovery = Discovery(ignored: settings.discover.ignore, maxDepth: settings.discover.maxDepth)
        servers = Mutex(try PostgresServers(connections, found: [], passfile: passfile))
    }

    /// Reads which databases the configured releases are set up for, so that what an earlier run began there can be settled.
    func prepare() async throws(GuardError) {
        var databases: [String] = []
        for folder in releases {
            // One that does not answer is told of with the first look.
            if let database = try await database(of: folder).value ?? nil { databases.append(database) }
        }
        let all = try PostgresServers(connections, found: databases, passfile: passfile)
        servers.withLock { $0 = all }
    }

    private func database(of folder: String) async throws(GuardError) -> BlockingCalls.Answer<String?> {
        try await calls.ask(folder, silentFor: Self.patience) { () throws(GuardError) in
            try ReleaseReader.databaseURL(of: folder)
        }
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

    /// Real paths of the folders in which memories may appear. One that is not there now, or does not answer, is looked for with
    /// everything else.
    func trees() async -> Set<String> {
        var trees: Set<String> = []
        for root in roots {
            let real = await calls.ask(root, silentFor: Self.patience) { () -> String? in
                guard let real = try? realPath(root), (try? FileStatus(of: real))?.kind == .directory else {
                    return nil
                }
                return real
            }
            if case .value(let real?) = real { trees.insert(real) }
        }
        return trees
    }

    /// Other daemons of this user that guard one of the folders, too.
    func rivals() async -> [Finding] {
        let (trees, marks) = (await trees(), marks)
        // A folder that does not answer is told of by the look at it.
        let rivals = await calls.ask(nil, silentFor: Self.patience) { marks.mark(trees) }.value ?? []
        return rivals.map { rival in
            Finding(
                code: "otherDaemon",
                message:
                    "another dementiad (pid \(rival.pid)) with a state directory of its own guards \(rival.folder), too; "
                    + "stop one of them")
        }
    }

    /// What a person means by `place`: the absolute path of a file, or a schema of a server that is configured, as `URL#SCHEMA` or as it is
    /// shown.
    func locate(_ place: String) async throws(GuardError) -> StoreLocation {
        guard place.hasPrefix("/") else { return try servers.withLock(\.self).locate(place) }
        let answer = try await calls.ask(place, silentFor: Self.patience) { () throws(GuardError) in
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
        switch answer {
        case .value(let location): return location
        case .silence(let silence): throw GuardError(silence)
        }
    }

    /// The schema that a person names as a target, on any server: one that is configured, or another that the daemon's user may reach.
    func target(_ place: String) async throws(GuardError) -> PostgresStore {
        guard !ConnectionText(place).holdsPassword else { throw CommandLineSecrets.refusal }
        return try servers.withLock(\.self).store(named: place)
    }

    /// Looks everywhere: what the folders hold, and every place that there is work for. What does not answer is a problem, and keeps
    /// nobody from the rest.
    func look() async throws(GuardError) -> Discovered {
        let found = try await walk()
        // A mount is not entered. Whether it answers is asked all the same: of one that does not, nobody knows what lies in it.
        for mount in found.mounts {
            _ = await calls.ask(mount.path, silentFor: Self.patience) { try? FileStatus(of: mount.path) }
        }
        // What only has a release's name is none, and what its settings name is of no concern here.
        let confirmed = await confirm(found.releaseFolders)
        let folders = confirmed.releases.map(\.release.path) + confirmed.busy.map(\.folder)
        var discovered = Discovered(
            locations: found.candidates.map { StoreLocation(engine: .sqlite, name: $0) },
            problems: Self.problems(of: found), findings: Self.findings(of: found),
            releaseFolders: Set(folders).union(releases))
        discovered.found = found
        // A release that cannot be read now may be one all the same.
        discovered.releaseFolders.formUnion(found.releaseFolders.filter { !confirmed.others.contains($0) })
        let servers = await look(
            atDatabasesOf: confirmed.releases.map(\.release.path) + releases, &discovered.problems)
        switch await calls.ask("the database servers", silentFor: Self.longPatience * 4, { servers.look() }) {
        case .value(let schemas):
            discovered.locations += schemas.stores
            discovered.problems += schemas.unreachable
            discovered.asking = schemas.asking
        // Told with everything else that does not answer.
        case .silence: break
        }
        return discovered
    }

    private func confirm(_ folders: [String]) async -> ReleaseFinder.Found {
        var found = ReleaseFinder.Found()
        let reader = reader
        for folder in folders {
            do throws(GuardError) {
                let reading = try await calls.ask(folder, silentFor: Self.longPatience / 2) { () throws(GuardError) in
                    try reader.read(folder)
                }
                // One that does not answer is told of with everything else that does not.
                if let reading = reading.value { found.add(reading, of: folder) }
            } catch {
                found.problems.append(error)
            }
        }
        return found
    }

    /// Looks at the settings of every database that is known by now.
    func checkUp() async -> [ServerCheckup] {
        let servers = servers.withLock(\.self)
        return await calls.ask("the settings of the servers", silentFor: Self.longPatience) { servers.checkUp() }.value
            ?? []
    }

    /// Walks the roots. A place that keeps the walk is left out of the next try, and of every walk until it has answered.
    private func walk() async throws(GuardError) -> Discovery.Found {
        let (roots, discovery) = (roots, discovery)
        for _ in 0..<16 {
            let walk = discovery.skipping(calls.silences.map(\.place))
            let answer = try await calls.ask(nil, silentFor: Self.patience) { () throws(GuardError) in
                do throws(SystemCallError) {
                    return try walk.walk(roots)
                } catch {
                    throw GuardError(
                        error.isNotFound ? .notFound : .permissionDenied,
                        "\(error.path ?? "a watched folder") cannot be looked into",
                        hint: "Name an existing folder with --watch, or in discover.roots.",
                        causes: [error.description])
                }
            }
            if let found = answer.value { return found }
        }
        throw GuardError(
            .notAnswering, "too many places below the watched folders do not answer",
            hint: "Look at what is mounted there: findmnt")
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
            + found.links.map {
                Finding(
                    code: "linkNotFollowed",
                    message:
                        "\($0) is a symbolic link with the name of a memory; it is not followed, and the memory is guarded where it lies"
                )
            }
    }

    /// Files that look like copies of memories, which are nobody's business but that of who reads the report of a pass.
    static func copies(_ found: Discovery.Found) -> [Finding] {
        found.copies.map {
            Finding(code: "copyNotGuarded", message: "\($0) has the name of a copy of a memory, and is not guarded")
        }
    }

    /// The databases of the configuration and of `releases`. A release that was only found and cannot be read is a problem, and keeps
    /// nobody from the rest.
    private func look(
        atDatabasesOf releases: [String], _ problems: inout [GuardError]
    ) async -> PostgresServers {
        var databases: [String] = []
        for folder in Set(releases).sorted() {
            do throws(GuardError) {
                guard let database = try await database(of: folder).value ?? nil, !databases.contains(database) else {
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

// SPDX-License-Identifier: MIT

internal import Dementia
internal import Engine
internal import GuardConfiguration
internal import GuardCore
internal import LinuxKit
internal import Stores

/// Which engines there are, and where their memories lie: the only place that knows both.
extension Setup {
    /// Looks for memories: what the folders hold, and every place that there is work for.
    typealias Discoverer = @Sendable () async throws(GuardError) -> (found: Discovery.Found, discovered: Discovered)

    /// Makes the store at a place, by its engine.
    func opener() throws(GuardError) -> @Sendable (StoreLocation) throws(GuardError) -> any Store {
        let servers = try servers()
        return { (location) throws(GuardError) in
            switch location.engine {
            case .sqlite: try SQLiteStore.open(location)
            case .postgres: try servers.store(at: location)
            }
        }
    }

    /// Looks under the roots, and on the servers of `postgres.connections`.
    func discoverer() throws(GuardError) -> Discoverer {
        let roots = roots
        let discovery = Discovery(ignored: settings.discover.ignore, maxDepth: settings.discover.maxDepth)
        let thread: ThreadExecutor
        do {
            thread = try ThreadExecutor(name: "discovery")
        } catch {
            throw GuardError(.internalError, "no thread could be made", causes: [error.description])
        }
        let servers = try servers()
        return { () throws(GuardError) in
            try await thread.run { () throws(GuardError) in
                let found = try Self.walk(roots, discovery)
                let files = found.candidates.map { StoreLocation(engine: .sqlite, name: $0) }
                let schemas = servers.look()
                return (
                    found,
                    Discovered(
                        locations: files + schemas.stores, problems: schemas.unreachable, asking: schemas.asking)
                )
            }
        }
    }

    /// The databases of `postgres.connections`. A password that systemd keeps for the unit is looked for like one in `.pgpass`.
    private func servers() throws(GuardError) -> PostgresServers {
        let credentials = environment["CREDENTIALS_DIRECTORY"].map { $0 + "/pgpass" }
        let passfile = credentials.flatMap { (try? FileStatus.ifPresent($0)) != nil ? $0 : nil }
        return try PostgresServers(
            settings.postgres.connections.map(\.text), found: try releaseDatabases(), passfile: passfile)
    }

    /// The databases that installed releases are set up for: `DATABASE_URL` of the nearest `.env` file, in the release's folder or above.
    private func releaseDatabases() throws(GuardError) -> [String] {
        var databases: [String] = []
        for release in settings.releases.paths {
            var folder = release
            while true {
                let path = folder == "/" ? "/.env" : folder + "/.env"
                do {
                    if try FileStatus.ifPresent(path)?.kind == .file {
                        let text = String(decoding: try OpenFile.content(of: path, limit: 1 << 20), as: UTF8.self)
                        if let url = DotEnv(text)["DATABASE_URL"], !url.isEmpty { databases.append(url) }
                        break
                    }
                } catch {
                    throw GuardError(
                        .configuration, "\(path) of the release in \(release) cannot be read",
                        hint: "Look at its rights, or leave the release out of releases.paths.",
                        causes: [error.description])
                }
                if folder == "/" { break }
                folder = Directory.parent(of: folder)
            }
        }
        return databases
    }

    private static func walk(_ roots: [String], _ discovery: Discovery) throws(GuardError) -> Discovery.Found {
        do {
            return try discovery.walk(roots)
        } catch {
            throw GuardError(
                error.isNotFound ? .notFound : .permissionDenied,
                "\(error.path ?? "a watched folder") cannot be looked into",
                hint: "Name an existing folder with --watch, or in discover.roots.", causes: [error.description])
        }
    }
}

// SPDX-License-Identifier: MIT

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
        { (location) throws(GuardError) in
            switch location.engine {
            case .sqlite: try SQLiteStore.open(location)
            case .postgres: throw Self.withoutServers(location)
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
        guard settings.postgres.connections.isEmpty else {
            throw GuardError(
                .configuration, "this dementiad cannot look for memories in PostgreSQL: it was built without it",
                hint: "Leave postgres.connections and --postgres out.")
        }
        return { () throws(GuardError) in
            let found = try await thread.run { () throws(GuardError) in try Self.walk(roots, discovery) }
            let locations = found.candidates.map { StoreLocation(engine: .sqlite, name: $0) }
            return (found, Discovered(locations: locations))
        }
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

    /// The journal knows a schema whose server is not in the configuration any more.
    private static func withoutServers(_ location: StoreLocation) -> GuardError {
        GuardError(
            .serverUnreachable, "\(location.name) is on a server that is not in the configuration",
            store: location.id, hint: "Name it with --postgres or in postgres.connections.")
    }
}

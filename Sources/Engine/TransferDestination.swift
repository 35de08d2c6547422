// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Stores

/// Where a transfer leads: a schema that need not be there yet.
struct TransferDestination: Sendable {
    let store: PostgresStore
    /// What the journal has of it, so that a later process finds it again. It holds no secret.
    let text: String
    /// Whether its server stands in the configuration: then the schema is guarded from now on.
    let isConfigured: Bool

    var location: StoreLocation { store.location }

    /// The schema that `place` names: `URL#SCHEMA`, a service's, or one as it is shown. A server that nobody configured is reached as libpq
    /// does it, with what `.pgpass` has for it.
    ///
    /// - Parameter locate: knows the servers of the configuration
    static func find(
        _ place: String, with tools: Toolbox, _ locate: (String) async throws(GuardError) -> StoreLocation
    ) async throws(GuardError) -> TransferDestination {
        guard !PostgresServers.holdsPassword(place) else {
            throw GuardError(
                .usage, "the place to transfer to holds a password",
                hint: "Leave it out: libpq finds it in .pgpass, and dementiad in its own configuration.")
        }
        let location: StoreLocation
        do throws(GuardError) {
            location = try await locate(place)
        } catch {
            guard error.code == .notFound else { throw error }
            return try reach(place)
        }
        return try known(location, with: tools)
    }

    /// The one that an earlier process wrote down as `text`.
    static func again(_ text: String, with tools: Toolbox) throws(GuardError) -> TransferDestination {
        do throws(GuardError) {
            return try known(StoreLocation(engine: .postgres, name: text), with: tools)
        } catch {
            return try reach(text)
        }
    }

    private static func known(_ location: StoreLocation, with tools: Toolbox) throws(GuardError) -> TransferDestination
    {
        guard location.engine == .postgres, let store = try tools.open(location) as? PostgresStore else {
            throw GuardError(
                .usage, "a transfer leads to a PostgreSQL schema", hint: "Name it as URL#SCHEMA.")
        }
        return TransferDestination(store: store, text: location.name, isConfigured: true)
    }

    private static func reach(_ place: String) throws(GuardError) -> TransferDestination {
        let servers = try PostgresServers([place])
        let location = try servers.locate(place)
        return TransferDestination(store: try servers.store(at: location), text: place, isConfigured: false)
    }
}

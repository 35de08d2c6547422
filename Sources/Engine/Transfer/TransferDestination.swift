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

    /// The schema of `store`, which `place` names. A server that nobody configured is reached as libpq does it, with what `.pgpass` has for it.
    init(_ store: PostgresStore, named place: String, with tools: EngineContext) {
        self.store = store
        // Nothing is reached by that.
        isConfigured = (try? tools.open(store.location)) != nil
        text = isConfigured ? store.location.name : place
    }

    /// The one that an earlier process wrote down as `text`.
    static func again(_ text: String, with tools: EngineContext) throws(GuardError) -> TransferDestination {
        if let store = try? tools.open(StoreLocation(engine: .postgres, name: text)) as? PostgresStore {
            return TransferDestination(store, named: text, with: tools)
        }
        return TransferDestination(try PostgresServers([]).store(named: text), named: text, with: tools)
    }

    /// Fails when a password stands in `place`: it would stand in the journal, too.
    static func refusePassword(in place: String) throws(GuardError) {
        guard PostgresServers.holdsPassword(place) else { return }
        throw GuardError(
            .usage, "the place to transfer to holds a password",
            hint: "Leave it out: libpq finds it in .pgpass, and dementiad in its own configuration.")
    }
}

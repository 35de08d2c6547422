// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

/// What a person decided about a place, against what a look would find.
public struct StoreChoice: Sendable, Equatable, Identifiable {
    /// The decision.
    public enum Kind: String, Sendable, CaseIterable {
        /// Guarded, although no root holds it.
        case adopted
        /// Not guarded, although a root may hold it.
        case forgotten
        /// Its content lives on in another store, and nothing happens to this one by itself.
        case moved
    }

    /// The place.
    public let location: StoreLocation
    /// The decision.
    public let kind: Kind
    /// When it was made.
    public let at: Timestamp
    /// The name of the store that has the content now, of one that was moved.
    public let successor: String?

    /// The store's identity.
    public var id: StoreID { location.id }
}

extension Journal {
    /// Guards the store at `location` from now on, whatever was decided before.
    public func adopt(_ location: StoreLocation) throws(JournalError) {
        try write(.stores) { try choose(.adopted, location, event: .storeAdopted) }
    }

    /// Guards the store at `location` no longer, and drops it from the known ones; its operations, events and backups stay.
    public func forget(_ location: StoreLocation) throws(JournalError) {
        try write(.stores) {
            try connection.run("DELETE FROM stores WHERE id = ?", [.name(location.id)])
            try choose(.forgotten, location, event: .storeForgotten)
        }
    }

    /// Marks the store at `location` as moved to the one called `successor`.
    public func markMoved(_ location: StoreLocation, to successor: String) throws(JournalError) {
        try write(.stores) { try choose(.moved, location, event: .storeMoved, successor: successor) }
    }

    /// Takes back whatever was decided about `store`. Nothing decided is fine.
    public func dropChoice(on store: StoreID) throws(JournalError) {
        try write(.stores) { try connection.run("DELETE FROM choices WHERE store = ?", [.name(store)]) }
    }

    /// Every decision, by store.
    public func choices() throws(JournalError) -> [StoreChoice] {
        try reading {
            try connection.decoding("SELECT engine, name, choice, at, successor FROM choices ORDER BY store") { row in
                StoreChoice(
                    location: StoreLocation(
                        engine: try row.required(0) { StoreEngine(rawValue: $0) }, name: try row.text(1)),
                    kind: try row.required(2) { StoreChoice.Kind(rawValue: $0) },
                    at: row.time(3),
                    successor: row.string(4)
                )
            }
        }
    }

    private func choose(
        _ kind: StoreChoice.Kind, _ location: StoreLocation, event: JournalEvent.Kind, successor: String? = nil
    ) throws {
        try connection.run(
            """
            INSERT INTO choices (store, engine, name, choice, at, successor) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (store) DO UPDATE SET choice = excluded.choice, at = excluded.at, successor = excluded.successor
                WHERE choice <> excluded.choice OR successor IS NOT excluded.successor
            """,
            [
                .name(location.id), .word(location.engine), .text(location.name), .word(kind), .time(clock()),
                .text(successor),
            ])
        // Decided so already: nothing is new.
        guard connection.changes == 1 else { return }
        var facts = JournalEvent.Facts()
        facts.location = location.name
        facts.detail = successor
        try append(event, store: location.id, facts)
    }
}

// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

// The stores that were seen, so that one that is gone is missed, and one that did not change is known to have been
// idle.
extension Journal {
    /// Records what a pass saw, in one transaction, each in place of the sighting before it. No sightings, no write.
    public func remember(_ sightings: [StoreSighting]) throws(JournalError) {
        guard !sightings.isEmpty else { return }
        try write(.stores) {
            for sighting in sightings { try upsert(sighting) }
        }
    }

    /// Every known store, by id.
    public func knownStores() throws(JournalError) -> [KnownStore] {
        try reading { try stores("ORDER BY id") }
    }

    /// The known store `id`, or nil.
    public func knownStore(_ id: StoreID) throws(JournalError) -> KnownStore? {
        try reading { try stores("WHERE id = ?", [.name(id)]).first }
    }

    private func upsert(_ sighting: StoreSighting) throws {
        let id = sighting.location.id
        let isNew = try connection.value("SELECT 1 FROM stores WHERE id = ?", [.name(id)]) == nil
        try connection.run(
            """
            INSERT INTO stores (id, engine, name, project, first_seen_at, last_seen_at, state, line, schema_version,
                shape, token, digest, size_bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            ON CONFLICT (id) DO UPDATE SET project = excluded.project, last_seen_at = excluded.last_seen_at,
                state = excluded.state, line = excluded.line, schema_version = excluded.schema_version,
                shape = excluded.shape, token = excluded.token, digest = excluded.digest,
                size_bytes = excluded.size_bytes
            """,
            [
                .name(id), .word(sighting.location.engine), .text(sighting.location.name), .text(sighting.project),
                .time(sighting.at), .text(sighting.state), .text(sighting.line),
                .integer(sighting.schemaVersion.map(Int64.init)), .text(sighting.shape), .text(sighting.token),
                .text(sighting.digest), .integer(sighting.sizeBytes),
            ])
        // Only the first sighting is news; a line in the audit for every pass would bury what matters.
        if isNew { try append(.storeFound, store: id, about(sighting)) }
    }

    private func about(_ sighting: StoreSighting) -> JournalEvent.Facts {
        var facts = JournalEvent.Facts()
        facts.location = sighting.location.name
        return facts
    }

    private func stores(_ clause: String, _ parameters: [Value] = []) throws -> [KnownStore] {
        try connection.decoding(
            """
            SELECT engine, name, project, first_seen_at, last_seen_at, state, line, schema_version, shape, token,
                digest, size_bytes
            FROM stores \(clause)
            """,
            parameters
        ) { row in
            let engine = try row.required(0) { StoreEngine(rawValue: $0) }
            let location = StoreLocation(engine: engine, name: try row.text(1))
            var sighting = StoreSighting(location: location, at: row.time(4), state: try row.text(5))
            sighting.project = row.string(2)
            sighting.line = row.string(6)
            sighting.schemaVersion = row.optionalInteger(7).map(Int.init)
            sighting.shape = row.string(8)
            sighting.token = row.string(9)
            sighting.digest = row.string(10)
            sighting.sizeBytes = row.optionalInteger(11)
            return KnownStore(lastSighting: sighting, firstSeenAt: row.time(3))
        }
    }
}

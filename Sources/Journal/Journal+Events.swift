// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

extension Journal {
    /// Events after the event `id` in the order in which they happened; after 0 means from the first one.
    ///
    /// - Parameters:
    ///   - id: the last event that the caller knows
    ///   - limit: at most that many
    ///   - store: only what concerns this store
    ///   - operation: only what concerns this operation
    /// - Returns: the events, oldest first
    /// - Throws: what reading the file throws
    public func events(
        after id: Int64,
        limit: Int,
        store: StoreID? = nil,
        operation: OperationID? = nil
    ) throws(JournalError) -> [JournalEvent] {
        try reading { try events("id > ?", id, "id", limit, store, operation) }
    }

    /// The newest events, newest first, or those before the event `id`.
    ///
    /// - Parameters:
    ///   - id: the oldest event that the caller knows
    ///   - limit: at most that many
    ///   - store: only what concerns this store
    /// - Returns: the events, newest first
    /// - Throws: what reading the file throws
    public func latestEvents(
        before id: Int64 = .max,
        limit: Int,
        store: StoreID? = nil
    ) throws(JournalError) -> [JournalEvent] {
        try reading { try events("id < ?", id, "id DESC", limit, store, nil) }
    }

    /// The id of the newest event, 0 when there is none.
    public func lastEventID() throws(JournalError) -> Int64 {
        try reading { try connection.integer("SELECT max(id) FROM events") ?? 0 }
    }

    /// Reads the audit from its beginning and computes every hash again; about a second for a million events.
    ///
    /// It finds every change by somebody who did not also compute all later hashes again. Compare
    /// ``ChainVerdict/intact(events:head:)``'s head with one kept elsewhere to find that as well.
    ///
    /// Everything else that the journal is asked for is done in between, and those who ask while it is under way share it.
    public func verifyChain() async throws(JournalError) -> ChainVerdict {
        if let verification { return try await verification.value.get() }
        let task = Task { () -> Result<ChainVerdict, JournalError> in
            do throws(JournalError) {
                return .success(try await self.verifyChain(inTurnsOf: 1000))
            } catch {
                return .failure(error)
            }
        }
        verification = task
        let result = await task.value
        verification = nil
        return try result.get()
    }

    /// - Parameter turn: how many events are looked at before others have theirs
    func verifyChain(inTurnsOf turn: Int64) async throws(JournalError) -> ChainVerdict {
        var head = EventChain.origin
        var count: Int64 = 0
        while true {
            let verdict = try reading { try verify(upTo: turn, after: &count, &head) }
            if let verdict { return verdict }
            await Task.yield()
        }
    }

    /// Looks at the next `turn` events; nil when there may be more. The end of the audit is found and judged in one go: nothing is appended
    /// in between.
    private func verify(upTo turn: Int64, after count: inout Int64, _ head: inout String) throws -> ChainVerdict? {
        let statement = try connection.prepare(
            "SELECT id, at, kind, store, operation, facts, hash FROM events WHERE id >= ? ORDER BY id LIMIT ?")
        // From the very beginning: what was slipped in before the first event is found, too.
        try statement.bind(.integer(count == 0 ? .min : count + 1), to: 1)
        try statement.bind(.integer(turn), to: 2)
        let end = count + turn
        while try statement.step() {
            let expected = count + 1
            guard statement.integer(0) == expected else { return .broken(id: expected) }
            var columns: [[UInt8]?] = []
            for column: Int32 in 0..<6 {
                columns.append(statement.storageClass(column) == .null ? nil : statement.bytes(column))
            }
            let hash = EventChain.hash(after: head, columns: columns)
            guard statement.string(6) == hash else { return .broken(id: expected) }
            head = hash
            count = expected
        }
        if count == end { return nil }
        // The chain itself cannot tell that its end was cut off; the counter that SQLite keeps for new ids can.
        return try issuedEventIDs() == count ? .intact(events: count, head: head) : .broken(id: count + 1)
    }

    /// Adds an event to the audit, in the transaction that it tells of.
    func append(
        _ kind: JournalEvent.Kind,
        store: StoreID? = nil,
        operation: OperationID? = nil,
        _ facts: JournalEvent.Facts
    ) throws {
        // The counter and not max(id): where the end of the audit was cut off, the gap stays visible for ever.
        let id = try issuedEventIDs() + 1
        let previous = try connection.string("SELECT hash FROM events ORDER BY id DESC LIMIT 1") ?? EventChain.origin
        let row: [Value] = [
            .integer(id), .time(clock()), .word(kind), .name(store), .name(operation), try StoredJSON.text(facts),
        ]
        let hash = EventChain.hash(after: previous, columns: row.map(\.hashed))
        try connection.run(
            "INSERT INTO events (id, at, kind, store, operation, facts, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
            row + [.text(hash)])
    }

    /// The highest event id that SQLite knows to have been given out.
    private func issuedEventIDs() throws -> Int64 {
        try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'events'") ?? 0
    }

    private func events(
        _ range: String,
        _ id: Int64,
        _ order: String,
        _ limit: Int,
        _ store: StoreID?,
        _ operation: OperationID?
    ) throws -> [JournalEvent] {
        var conditions = [range]
        var parameters: [Value] = [.integer(id)]
        if let store {
            conditions.append("store = ?")
            parameters.append(.name(store))
        }
        if let operation {
            conditions.append("operation = ?")
            parameters.append(.name(operation))
        }
        let sql = """
            SELECT id, at, kind, store, operation, facts, hash FROM events
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order) LIMIT ?
            """
        return try connection.decoding(sql, parameters + [.integer(Int64(limit))]) { row in
            JournalEvent(
                id: row.integer(0),
                at: row.time(1),
                kind: try row.required(2) { JournalEvent.Kind(rawValue: $0) },
                store: try row.optional(3) { StoreID($0) },
                operation: try row.optional(4) { OperationID($0) },
                facts: try row.json(5),
                hash: try row.text(6)
            )
        }
    }
}

extension Value {
    /// The bytes that ``EventChain`` hashes: a column as SQLite would give it back as text, nil for NULL.
    fileprivate var hashed: [UInt8]? {
        switch self {
        case .null: nil
        case .integer(let integer): Array(String(integer).utf8)
        case .real(let real): Array(String(real).utf8)
        case .text(let bytes), .blob(let bytes): bytes
        }
    }
}

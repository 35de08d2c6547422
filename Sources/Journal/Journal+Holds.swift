// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

// Automation paused, and by whom it is let go again.
extension Journal {
    /// Adds `hold`. Several holds may lie on one store; automation goes on when the last one is gone.
    ///
    /// - Throws: ``JournalError/Code/misuse`` when there is a hold of that id
    public func add(_ hold: Hold) throws(JournalError) {
        try write(.hold) { try insert(hold) }
    }

    /// Removes the hold `id` and gives it back.
    ///
    /// - Throws: ``JournalError/Code/notFound``
    @discardableResult
    public func removeHold(_ id: String) throws(JournalError) -> Hold {
        try write(.hold) {
            guard let hold = try holds("WHERE id = ?", [.text(id)]).first else {
                throw JournalError(.notFound, "there is no hold \(id)")
            }
            try connection.run("DELETE FROM holds WHERE id = ?", [.text(id)])
            var facts = JournalEvent.Facts()
            facts.hold = id
            facts.detail = hold.reason
            try append(.holdRemoved, store: hold.store, facts)
            return hold
        }
    }

    /// Every hold, newest first; those whose time is over stay until somebody removes them.
    public func holds() throws(JournalError) -> [Hold] {
        try reading { try holds("ORDER BY number DESC") }
    }

    /// The holds that pause automation for `store` at `now`, newest first: its own and those on everything.
    public func activeHolds(for store: StoreID, at now: Timestamp) throws(JournalError) -> [Hold] {
        try reading {
            try holds(
                "WHERE (store = ? OR store IS NULL) AND (until IS NULL OR until > ?) ORDER BY number DESC",
                [.name(store), .time(now)])
        }
    }

    func insert(_ hold: Hold) throws {
        try connection.run(
            "INSERT INTO holds (id, store, reason, created_at, until) VALUES (?, ?, ?, ?, ?)",
            [.text(hold.id), .name(hold.store), .text(hold.reason), .time(hold.createdAt), .time(hold.until)])
        var facts = JournalEvent.Facts()
        facts.hold = hold.id
        facts.detail = hold.reason
        try append(.holdAdded, store: hold.store, facts)
    }

    private func holds(_ clause: String, _ parameters: [Value] = []) throws -> [Hold] {
        try connection.decoding("SELECT id, store, reason, created_at, until FROM holds \(clause)", parameters) { row in
            Hold(
                id: try row.text(0),
                store: try row.optional(1) { StoreID($0) },
                reason: try row.text(2),
                createdAt: row.time(3),
                until: row.optionalTime(4)
            )
        }
    }
}

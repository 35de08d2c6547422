// SPDX-License-Identifier: MIT

import GuardCore
import Journal
import SQLiteKit
import Testing

@Suite struct EventTests {
    @Test("every write stands in the audit, in order, with its particulars")
    func events() async throws {
        let world = World()
        let journal = try world.journal()
        let record = Sample.operation()
        try await journal.begin(record)
        try await journal.transition(of: record.id, starting: .step(.backup, "scratch/1"))
        try await journal.transition(
            of: record.id, finishing: .done(.backup), starting: .step(.migrate), dataState: .changing)
        try await journal.settle(
            record.id, as: .failedRestored, dataState: .restoredVerified, finishing: .failed(.migrate), hold: hold("h1")
        )
        try await journal.pin(Sample.backup)

        let events = try await journal.events(after: 0, limit: 100)
        #expect(events.map(\.id) == Array(1...Int64(events.count)))
        #expect(
            events.map(\.kind) == [
                .operationBegan, .stepStarted, .stepFinished, .stepStarted, .operationUpdated, .stepFinished,
                .operationSettled,
                .holdAdded, .backupPinned,
            ])
        #expect(events.allSatisfy { $0.at == world.clock.now })
        #expect(events[1].facts.step == .backup && events[1].facts.detail == "scratch/1")
        #expect(events[4].facts.dataState == .changing)
        #expect(events[5].facts.stepState == .failed)
        #expect(events[6].facts.outcome == .failedRestored && events[6].facts.dataState == .restoredVerified)
        #expect(events[7].facts.hold == "h1" && events[7].store == Sample.shop.id)
        #expect(events[8].facts.backup == Sample.backup)

        #expect(try await journal.events(after: 7, limit: 1) == [events[7]])
        #expect(try await journal.events(after: 2, limit: 100, operation: record.id) == Array(events[2..<7]))
        #expect(try await journal.events(after: 0, limit: 100, store: Sample.shop.id) == Array(events[..<8]))
        #expect(try await journal.latestEvents(limit: 2) == [events[8], events[7]])
        #expect(try await journal.latestEvents(before: 9, limit: 1, store: Sample.shop.id) == [events[7]])
        #expect(try await journal.lastEventID() == 9)
    }

    @Test("an untouched chain is intact, and its head is the newest event's hash")
    func intact() async throws {
        let journal = try World().journal()
        let nothing = String(repeating: "0", count: 64)
        #expect(try await journal.verifyChain() == .intact(events: 0, head: nothing))
        for number in 0..<20 { try await journal.add(hold("h\(number)")) }
        let head = try #require(try await journal.latestEvents(limit: 1).first).hash
        #expect(try await journal.verifyChain() == .intact(events: 20, head: head))
    }

    @Test(
        "a row that somebody changed, removed or put in is found at its place",
        arguments: [
            ("UPDATE events SET at = at + 1 WHERE id = 3", 3),
            ("UPDATE events SET facts = replace(facts, 'why', 'wny') WHERE id = 5", 5),
            ("UPDATE events SET kind = 'holdRemoved' WHERE id = 1", 1),
            ("UPDATE events SET store = NULL WHERE id = 2", 2),
            ("UPDATE events SET operation = '' WHERE id = 2", 2),
            ("UPDATE events SET hash = upper(hash) WHERE id = 6", 6),
            ("DELETE FROM events WHERE id = 4", 4),
            ("DELETE FROM events WHERE id = 1", 1),
            ("DELETE FROM events WHERE id = 10", 10),
            ("DELETE FROM events", 1),
            ("INSERT INTO events SELECT 11, at, kind, store, operation, facts, hash FROM events WHERE id = 10", 11),
        ] as [(String, Int64)]
    )
    func tampering(sql: String, id: Int64) async throws {
        let world = World()
        let journal = try world.journal()
        for number in 1...10 { try await journal.add(hold("h\(number)")) }
        try tamper(with: world.path, sql)
        #expect(try await journal.verifyChain() == .broken(id: id))

        // Going on writing does not mend it.
        try await journal.add(hold("later"))
        try await journal.add(hold("and later"))
        #expect(try await journal.verifyChain() == .broken(id: id))
    }

    @Test("the database itself refuses to change or remove an event")
    func appendOnly() async throws {
        let world = World()
        let journal = try world.journal()
        try await journal.add(hold("h"))
        let connection = try Connection(path: world.path, access: .readWrite)
        #expect(throws: SQLiteError.self) { try connection.execute("UPDATE events SET at = 0") }
        #expect(throws: SQLiteError.self) { try connection.execute("DELETE FROM events") }
    }

    private func hold(_ id: String) -> Hold {
        Hold(id: id, store: Sample.shop.id, reason: "why", createdAt: Timestamp(milliseconds: 0), until: nil)
    }

    /// What somebody with write access and a reason could do.
    private func tamper(with path: String, _ sql: String) throws {
        let connection = try Connection(path: path, access: .readWrite)
        try connection.execute("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_removed")
        try connection.execute(sql)
    }
}

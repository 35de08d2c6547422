// SPDX-License-Identifier: MIT

import GuardCore
import SQLiteKit
import Testing

@testable import Journal

/// Somebody with the user's rights changed a value in the file: reading it is an answer or an error that names the journal, never the end of
/// the daemon.
@Suite("An edited journal")
struct EditedJournalTests {
    private static let numbers = ["-9223372036854775808", "9223372036854775807", "-1"]
    private static let texts = ["''", "'x'", "'{}'", "'[]'", "char(27)", "'99999999999999999999'"]

    /// A journal with a row in every table, closed.
    private func filled(_ world: World) async throws {
        let journal = try world.journal()
        var record = Sample.operation(on: Sample.shop.id)
        record.state = .running
        try await journal.begin(record, key: RequestKey(uid: 1000, key: "k", request: "r"))
        try await journal.start(.step(.preflight), of: record.id)
        try await journal.add(
            Hold(id: "hold_1", store: nil, reason: "r", createdAt: world.clock.now, until: world.clock.now))
        try await journal.pin(Sample.backup)
        try await journal.record(ProofRecord(backup: Sample.backup, at: world.clock.now, succeeded: true, seconds: 1))
        try await journal.remember([StoreSighting(location: Sample.shop, at: world.clock.now, state: "current")])
        try await journal.record(ContentLook(store: Sample.shop.id, at: world.clock.now, backup: Sample.backup))
        try await journal.adopt(Sample.blog)
    }

    /// Reads everything. Whatever is thrown is a `JournalError`.
    private func readAll(_ world: World) async throws {
        let journal: Journal
        do {
            journal = try world.journal()
        } catch {
            #expect(error is JournalError, "\(error)")
            return
        }
        for number in 0..<15 {
            do {
                try await read(number, journal, world.clock.now)
            } catch {
                #expect(error is JournalError, "\(error)")
            }
        }
    }

    private func read(_ number: Int, _ journal: Journal, _ now: Timestamp) async throws {
        switch number {
        case 0: _ = try await journal.unsettled()
        case 1: _ = try await journal.operations(limit: 10)
        case 2: _ = try await journal.settledCounts()
        case 3: _ = try await journal.holds()
        case 4: _ = try await journal.activeHolds(for: Sample.shop.id, at: now)
        case 5: _ = try await journal.pins()
        case 6: _ = try await journal.lastProofs()
        case 7: _ = try await journal.lastProofTime()
        case 8: _ = try await journal.failedProofs()
        case 9: _ = try await journal.knownStores()
        case 10: _ = try await journal.lastLook(at: Sample.shop.id)
        case 11: _ = try await journal.choices()
        case 12: _ = try await journal.latestEvents(limit: 100)
        case 13: _ = try await journal.verifyChain()
        default: try await journal.pin(BackupID(sequence: 1, root: "0123456789ab"))
        }
    }

    @Test(
        "Each column of each table may hold the worst that its type allows",
        arguments: [
            "operations", "steps", "events", "holds", "pins", "proofs", "stores", "looks", "choices", "request_keys",
        ])
    func columns(_ table: String) async throws {
        let world = World()
        try await filled(world)
        let columns = try columns(of: table, world)
        #expect(!columns.isEmpty)
        for column in columns {
            for value in column.isNumber ? Self.numbers : Self.texts {
                let other = World()
                try await filled(other)
                do {
                    let connection = try Connection(path: other.path, access: .readWrite)
                    try connection.execute("DROP TRIGGER events_are_never_changed")
                    // What the table itself refuses cannot stand in it.
                    try? connection.execute("UPDATE \(table) SET \(column.name) = \(value)")
                }
                try await readAll(other)
            }
        }
    }

    private func columns(of table: String, _ world: World) throws -> [(name: String, isNumber: Bool)] {
        let connection = try Connection(path: world.path, access: .readWrite)
        let statement = try connection.prepare("SELECT name, type FROM pragma_table_info('\(table)')")
        var columns: [(name: String, isNumber: Bool)] = []
        while try statement.step() { columns.append((statement.string(0) ?? "", statement.string(1) != "TEXT")) }
        return columns
    }

    @Test("An event that was changed, with its trigger gone, is named by the audit's verification")
    func noticed() async throws {
        let world = World()
        try await filled(world)
        do {
            let connection = try Connection(path: world.path, access: .readWrite)
            try connection.execute("DROP TRIGGER events_are_never_changed")
            try connection.execute("UPDATE events SET facts = '{}' WHERE id = 3")
        }
        #expect(try await world.journal().verifyChain() == .broken(id: 3))
    }
}

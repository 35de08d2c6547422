// SPDX-License-Identifier: MIT

import GuardCore
import SQLiteKit
import Synchronization
import Testing

@testable import Journal

/// Verifying the audit keeps nobody from the journal, and tells the same however it is cut into turns.
@Suite("Verifying a long audit")
struct AuditLoadTests {
    private func filled(_ journal: Journal, _ count: UInt64) async throws {
        for number in 1...count { try await journal.pin(BackupID(sequence: number, root: "0123456789ab")) }
    }

    @Test("Others are answered while it is under way, and what they append is verified as well")
    func turns() async throws {
        let world = World()
        let journal = try world.journal()
        try await filled(journal, 50)
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let verdict = try await journal.verifyChain(inTurnsOf: 1)
                order.note("verified")
                // The pin that came meanwhile is among them.
                guard case .intact(events: 51, _) = verdict else { throw JournalError(.damaged, "\(verdict)") }
            }
            group.addTask {
                try await journal.pin(BackupID(sequence: 99, root: "0123456789ab"))
                order.note("written")
            }
            try await group.waitForAll()
        }
        #expect(order.names == ["written", "verified"])
    }

    /// What happened first.
    private final class Order: Sendable {
        private let all = Mutex<[String]>([])
        var names: [String] { all.withLock(\.self) }
        func note(_ name: String) { all.withLock { $0.append(name) } }
    }

    @Test("The verdict is the same for every length of a turn", arguments: [1, 2, 7, 10, 11, 1000])
    func lengths(_ turn: Int64) async throws {
        let world = World()
        let journal = try world.journal()
        try await filled(journal, 10)
        guard case .intact(events: 10, let head) = try await journal.verifyChain() else {
            Issue.record("not intact")
            return
        }
        #expect(try await journal.verifyChain(inTurnsOf: turn) == .intact(events: 10, head: head))
    }

    @Test(
        "Rows that were slipped in before the first one, or after the last, are found",
        arguments: [Int64.min, -1, 0, 11, 500] as [Int64])
    func planted(_ id: Int64) async throws {
        let world = World()
        let journal = try world.journal()
        try await filled(journal, 10)
        let connection = try Connection(path: journal.path, access: .readWrite)
        try connection.execute(
            "INSERT INTO events SELECT \(id), at, kind, store, operation, facts, hash FROM events WHERE id = 10")
        let verdict = try await journal.verifyChain(inTurnsOf: 3)
        guard case .broken = verdict else {
            Issue.record("\(verdict)")
            return
        }
    }
}

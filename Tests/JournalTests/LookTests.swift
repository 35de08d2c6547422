// SPDX-License-Identifier: MIT

import GuardCore
import Journal
import SQLiteKit
import Testing

@Suite("Looks that found nothing new")
struct LookTests {
    private let store = StoreLocation(engine: .sqlite, name: "/home/me/shop/.claude-memory.db").id
    private let backup = BackupID(sequence: 7, root: "0123456789ab")

    @Test("The last look at a store takes the place of the one before it, and is no event")
    func replaced() async throws {
        let world = World()
        let journal = try world.journal()
        #expect(try await journal.lastLook(at: store) == nil)
        let events = try await journal.lastEventID()
        for second in [1, 2] {
            try await journal.record(
                ContentLook(store: store, at: Timestamp(milliseconds: Int64(second)), backup: backup))
        }
        #expect(try await journal.lastLook(at: store)?.at == Timestamp(milliseconds: 2))
        #expect(try await journal.lastLook(at: store)?.backup == backup)
        #expect(try await journal.lastEventID() == events)
    }

    @Test("Only backups whose last proof failed are to be doubted")
    func failedProofs() async throws {
        let journal = try World().journal()
        let other = BackupID(sequence: 8, root: "0123456789ab")
        func prove(_ id: BackupID, at second: Int64, _ succeeded: Bool) async throws {
            try await journal.record(
                ProofRecord(backup: id, at: Timestamp(milliseconds: second), succeeded: succeeded, seconds: 1))
        }
        try await prove(backup, at: 1, false)
        try await prove(other, at: 2, true)
        #expect(try await journal.failedProofs() == [backup: Timestamp(milliseconds: 1)])
        try await prove(backup, at: 3, true)
        #expect(try await journal.failedProofs().isEmpty)
    }

    @Test("A journal from before there were looks gets them, and keeps what it had")
    func upgrade() async throws {
        let world = World()
        do {
            let journal = try world.journal()
            try await journal.pin(backup)
        }
        let connection = try Connection(path: world.path, access: .readWrite)
        try connection.execute("DROP TABLE looks; DROP TABLE choices; DROP TABLE request_keys; PRAGMA user_version = 1")
        let journal = try world.journal()
        try await journal.record(ContentLook(store: store, at: Timestamp(milliseconds: 1), backup: backup))
        #expect(try await journal.pins() == [backup])
        #expect(try await journal.lastLook(at: store) != nil)
    }
}

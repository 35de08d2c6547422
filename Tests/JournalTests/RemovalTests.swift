// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@testable import Journal

/// A backup is pinned or goes, whoever comes first; nobody is told that both hold.
@Suite("Pins and removals")
struct RemovalTests {
    private let backup = BackupID(sequence: 7, root: "0123456789ab")

    @Test("What is pinned cannot be removed")
    func pinned() async throws {
        let world = World()
        let journal = try world.journal()
        try await journal.pin(backup)
        #expect(try await !journal.beginRemoval(of: backup))
        try await journal.unpin(backup)
        #expect(try await journal.beginRemoval(of: backup))
    }

    @Test("What is being removed cannot be pinned, until it stays after all or is forgotten")
    func leaving() async throws {
        let world = World()
        let journal = try world.journal()
        #expect(try await journal.beginRemoval(of: backup))
        let error = await #expect(throws: JournalError.self) { try await journal.pin(backup) }
        #expect(error?.code == .notFound)
        #expect(try await journal.pins() == [])
        await journal.keep(backup)
        try await journal.pin(backup)
        #expect(try await journal.pins() == [backup])
        try await journal.unpin(backup)
        #expect(try await journal.beginRemoval(of: backup))
        try await journal.forget(backup)
        try await journal.pin(backup)
        #expect(try await journal.pins() == [backup])
    }
}

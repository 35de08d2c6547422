// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import SQLiteKit
import Testing

@testable import Journal

@Suite struct OpeningTests {
    @Test("the journal and the files that SQLite puts beside it are the user's alone, whatever the umask")
    func modes() async throws {
        let world = World()
        let journal = try world.journal()
        try await journal.pin(Sample.backup)
        for suffix in ["", "-wal", "-shm"] {
            #expect(try FileStatus(of: world.path + suffix).mode == 0o600, "\(suffix)")
        }
    }

    @Test("a commit waits for the disk: write-ahead log, synchronous FULL")
    func pragmas() async throws {
        let journal = try World().journal()
        #expect(try await journal.pragma("journal_mode") == .text("wal"))
        #expect(try await journal.pragma("synchronous") == .integer(2))
        #expect(try await journal.pragma("foreign_keys") == .integer(1))
    }

    @Test("a reader in the middle of its reading keeps nobody from writing")
    func reader() async throws {
        let world = World()
        let journal = try world.journal()
        let reader = try Connection(path: world.path, access: .readWrite)
        try reader.execute("BEGIN")
        #expect(try reader.integer("SELECT count(*) FROM pins") == 0)
        try await journal.pin(Sample.backup)
        #expect(try reader.integer("SELECT count(*) FROM pins") == 0)
        try reader.execute("COMMIT")
        #expect(try reader.integer("SELECT count(*) FROM pins") == 1)
    }

    @Test("a journal of a newer dementiad is refused by name and left as it is")
    func newer() throws {
        let world = World()
        _ = try world.journal()
        try edit(world.path, "PRAGMA user_version = 99")
        let before = try OpenFile.content(of: world.path)
        let error = #expect(throws: JournalError.self) { try world.journal() }
        #expect(error?.code == .newer)
        #expect(error?.message.contains(world.path) == true)
        #expect(error?.message.contains("99") == true)
        #expect(try OpenFile.content(of: world.path) == before)
    }

    @Test("another program's database in the journal's place is refused and left as it is")
    func foreign() throws {
        let world = World()
        let other = try Connection(path: world.path, access: .create)
        try other.execute("CREATE TABLE notes (text)")
        let before = try OpenFile.content(of: world.path)
        let error = #expect(throws: JournalError.self) { try world.journal() }
        #expect(error?.code == .foreign)
        #expect(try OpenFile.content(of: world.path) == before)
    }

    @Test("a damaged journal is refused with the next step and left as it is", arguments: [0, 100, 4096])
    func damaged(from offset: Int) throws {
        let world = World()
        _ = try world.journal()
        var content = try OpenFile.content(of: world.path)
        for index in offset..<offset + 64 { content[index] = 0x5A }
        try world.write(content, to: "journal.db")
        let error = #expect(throws: JournalError.self) { try world.journal() }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(world.path) == true)
        #expect(error?.hint?.contains("aside") == true)
        #expect(try OpenFile.content(of: world.path) == content)
    }

    @Test("a file that a crash left empty becomes a journal")
    func empty() async throws {
        let world = World()
        try world.write([], to: "journal.db")
        try await world.journal().pin(Sample.backup)
        #expect(try await world.journal().pins() == [Sample.backup])
    }

    @Test("a state directory that is not there, or leads elsewhere, is an error that names the journal")
    func noDirectory() throws {
        let world = World()
        let path = world.directory + "/missing/journal.db"
        let error = #expect(throws: JournalError.self) {
            try Journal(path: path, clock: { Timestamp(milliseconds: 0) })
        }
        #expect(error?.code == .inputOutput)
        #expect(error?.message.contains(path) == true)

        #expect(symlink("/nowhere", world.path) == 0)
        #expect(throws: JournalError.self) { try world.journal() }
    }

    private func edit(_ path: String, _ sql: String) throws {
        try Connection(path: path, access: .readWrite).execute(sql)
    }
}

extension Journal {
    /// What the journal's own connection, and no other, is set to.
    fileprivate func pragma(_ name: String) throws -> Value? { try connection.value("PRAGMA \(name)") }
}

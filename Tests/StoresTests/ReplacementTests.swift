// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import LinuxKit
import Stores
import TestSupport
import Testing

/// The one case in which a file is replaced: when there is none that SQLite could write into.
@Suite struct ReplacementTests {
    /// A store, and a snapshot of what it held before something happened to its file.
    private func world() async throws -> (world: SQLiteWorld, old: Snapshot, dump: LogicalDump) {
        let world = try SQLiteWorld(.v4_0)
        let dump = try world.dump(withLedger: true)
        let old = try await world.snapshot("old.db")
        await world.store.close()
        return (world, old, dump)
    }

    private func replace(_ world: SQLiteWorld, _ old: Snapshot) async throws {
        try await world.store.recreate(
            from: old.path, rights: FileRights(uid: getuid(), gid: getgid(), mode: 0o640), suffix: "aside",
            expecting: old.content)
    }

    @Test("a missing file is there again, with its rights")
    func missing() async throws {
        let (world, old, dump) = try await world()
        unlink(world.path)
        try await replace(world, old)
        #expect(world.files == [".claude-memory.db"])
        #expect(try FileStatus(of: world.path).mode == 0o640)
        #expect(try world.dump(withLedger: true).differences(from: dump) == [])
    }

    @Test("what cannot be opened stays beside it, and its WAL is not replayed into what comes")
    func garbage() async throws {
        let (world, old, dump) = try await world()
        let hot = try SQLiteWorld(.v4_4HotWAL)
        try copy(hot.path + "-wal", to: world.path + "-wal")
        let garbage = Array(String(repeating: "garbage ", count: 1000).utf8)
        try write(garbage, to: world.path)
        try await replace(world, old)
        #expect(
            world.files == [".claude-memory.db", ".claude-memory.db-wal.aside", ".claude-memory.db.aside"])
        #expect(try content(of: world.path + ".aside") == garbage)
        #expect(try world.dump(withLedger: true).differences(from: dump) == [])
    }

    @Test("after a crash between its steps it is done again, and what was aside stays", arguments: [false, true])
    func again(_ isMoved: Bool) async throws {
        let (world, old, dump) = try await world()
        let garbage = Array("garbage that is no database ".utf8) + Array(repeating: 0, count: 1000)
        try write(garbage, to: world.path + (isMoved ? ".aside" : ""))
        if isMoved { unlink(world.path) }
        try write(Array("half of it".utf8), to: world.path + ".new-aside")
        try await replace(world, old)
        #expect(world.files == [".claude-memory.db", ".claude-memory.db.aside"])
        #expect(try content(of: world.path + ".aside") == garbage)
        #expect(try world.dump(withLedger: true).differences(from: dump) == [])
    }

    @Test("a sound memory is never replaced, and neither is what somebody has open", arguments: [true, false])
    func refused(_ isSound: Bool) async throws {
        let (world, old, _) = try await world()
        if !isSound { try write(Array(repeating: 0x67, count: 5000), to: world.path) }
        let holder = try isSound ? nil : Tool(["tail", "-f", world.path])
        while holder != nil, OpenHolders.find(try FileStatus(of: world.path)).isEmpty { sched_yield() }
        let before = try content(of: world.path)
        let error = await #expect(throws: GuardError.self) { try await replace(world, old) }
        #expect(error?.code == (isSound ? .restoreFailed : .storeBusy) && error?.dataState == .untouched)
        #expect(world.files == [".claude-memory.db"])
        #expect(try content(of: world.path) == before)
    }
}

extension OpenHolders {
    /// Who else holds the file of `status`.
    fileprivate static func find(_ status: FileStatus) -> [Holder] {
        find(device: status.device, inode: status.inode).filter { $0.pid != getpid() }
    }
}

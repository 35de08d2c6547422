// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Journal
import LinuxKit
import Stores
import TestSupport
import Testing
import Vault

@testable import Engine

/// A world whose backups are looked after, as by a daemon that runs.
struct Tended {
    let world: World
    let tools: EngineContext

    var maintenance: Maintenance { Maintenance(tools) }
    var journal: Journal { tools.journal }
    var now: Timestamp { tools.clock() }

    init(_ world: World) throws {
        self.world = world
        // Made once, and its lock is not kept: a child that another test starts right then would keep it a moment longer than we do.
        if try FileStatus.ifPresent(world.state + "/scratch") == nil { _ = try StateDirectory(world.state) }
        tools = try world.tools(world.state)
    }

    /// Changes the memory and backs it up, which nobody's rules prevent.
    @discardableResult
    func backUp(_ text: String? = "more", _ reason: BackupReason = .manual) async throws -> BackupID {
        if let text { try remember(text, in: world.store) }
        let store = try tools.open(world.location)
        let record = tools.newRecord(.backup, on: world.id, because: "request")
        let log = try await OperationLog.begin(record, with: tools)
        let (tools, uses) = (tools, store)
        let settled = try await ScratchFolder.use(for: record.id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) in
            try await StoreOperation(tools: tools, store: uses, log: log, scratch: scratch).backup(reason)
        }
        return try #require(settled.backup)
    }

    /// Looks at the memory as the daemon does, and remembers what it saw.
    func look() async throws {
        let examiner = StoreExaminer(tools: tools)
        try await examiner.remember(try await examiner.examine(world.location).form)
    }

    /// Makes the payload of `backup` another one than was published.
    func damage(_ backup: BackupID) throws {
        let path = try #require(try world.backups().first { $0.id == backup }).payloadPath
        var bytes = try content(of: path)
        bytes[bytes.count / 2] ^= 1
        try write(bytes, to: path)
    }

    /// The sequence numbers of the backups that are there.
    func backups() throws -> [UInt64] { try world.backups().map(\.id.sequence).sorted() }
}

extension World {
    /// Keeps the newest `last` backups and what is protected, and nothing else.
    mutating func keep(last: Int) {
        policy.maintenance.keep = .init(last: last, daily: 0, weekly: 0, beforeMigration: 0)
        policy.maintenance.budget = .max
    }
}

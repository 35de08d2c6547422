// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import GuardCore
import Journal
import LinuxKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("Pruning the vault")
struct PruneTests {
    private func tended(last: Int, backups: Int, _ change: (inout World) -> Void = { _ in }) async throws -> Tended {
        var world = try World()
        world.keep(last: last)
        change(&world)
        let tended = try Tended(world)
        for _ in 0..<backups { try await tended.backUp() }
        return tended
    }

    @Test("What no rule keeps goes, as the forecast said; the journal forgets it, and a second prune has nothing to do")
    func rules() async throws {
        let tended = try await tended(last: 2, backups: 5)
        let entries = try tended.world.backups()
        try await tended.journal.pin(entries[4].id)
        for entry in entries {
            try await tended.journal.record(ProofRecord(backup: entry.id, at: tended.now, succeeded: true, seconds: 1))
        }
        let forecast = try await tended.maintenance.pruneForecast()
        #expect(try tended.backups() == [1, 2, 3, 4, 5])
        #expect(forecast.lines.filter(\.goes).map(\.backup.sequence) == [3, 2])
        #expect(forecast.lines[0].reasons == ["newestProved", "last"] && forecast.lines[4].reasons == ["pinned"])
        let used = try tended.tools.vault.usedBytes()
        let record = try #require(try await tended.maintenance.prune())
        #expect(record.outcome == .succeeded && record.kind == .prune && record.store == nil)
        #expect(record.result?.removed?.map(\.sequence) == [2, 3])
        #expect(try tended.backups() == [1, 4, 5])
        #expect(try used - tended.tools.vault.usedBytes() == record.result?.freedBytes)
        #expect(record.result?.freedBytes == forecast.freedBytes)
        #expect(Set(try await tended.journal.lastProofs().keys.map(\.sequence)) == [1, 4, 5])
        #expect(try await tended.journal.pins() == [entries[4].id])
        #expect(try await tended.maintenance.prune() == nil)
        #expect(try tended.world.leftovers() == [])
    }

    @Test("Invariant 10: what unfinished work or a hold refers to, and everything of a missing store, stays")
    func needed() async throws {
        let tended = try await tended(last: 1, backups: 4)
        let ids = try tended.world.backups().map(\.id).sorted()
        // A restore that left a hold: the state that it replaced is not thrown away behind its owner's back.
        var restored = tended.tools.newRecord(.restore, on: tended.world.id, because: "request")
        restored.backup = ids[0]
        restored.state = .settled
        restored.outcome = .succeeded
        var result = OperationResult()
        result.keptState = ids[1]
        restored.result = result
        try await tended.journal.begin(restored)
        try await tended.journal.add(
            Hold(
                id: "hold_" + restored.id.value.dropFirst(3), store: tended.world.id, reason: "restored",
                createdAt: tended.now, until: nil))
        #expect(try await tended.maintenance.pruneForecast().lines.filter(\.goes).map(\.backup) == [ids[2]])
        // Somebody at work on the memory: nothing of it goes meanwhile.
        let working = tended.tools.newRecord(.restore, on: tended.world.id, because: "request")
        try await tended.journal.begin(working)
        #expect(try await tended.maintenance.prune() == nil)
        try await tended.journal.settle(working.id, as: .cancelled, dataState: .untouched)
        // A home that is not mounted.
        let away = tended.world.folder.file("away")
        try Directory.rename(noReplace: Directory.parent(of: tended.world.store), to: away)
        try await tended.look()
        #expect(try await tended.maintenance.prune() == nil)
        try Directory.rename(noReplace: away, to: Directory.parent(of: tended.world.store))
        try await tended.look()
        #expect(try await tended.maintenance.prune()?.result?.removed == [ids[2]])
    }

    @Test("A damaged backup is not judged, and one whose drill failed takes nobody's place")
    func damaged() async throws {
        let tended = try await tended(last: 1, backups: 4)
        let entries = try tended.world.backups()
        try await tended.journal.record(
            ProofRecord(backup: entries[0].id, at: tended.now, succeeded: false, seconds: 1, detail: "bad"))
        try write([1], to: entries[3].path + "/MANIFEST.json")
        let record = try #require(try await tended.maintenance.prune())
        #expect(record.result?.removed == [entries[2].id])
        #expect(try tended.tools.vault.index().compactMap(\.name?.id.sequence) == [4, 3, 1])
    }

    @Test("A pin that comes while it prunes is heeded")
    func pinned() async throws {
        let tended = try await tended(last: 1, backups: 3) { world in
            let journal = world.state + "/journal.db"
            world.when(.prune) {
                try run(
                    "INSERT INTO pins SELECT '\(Self.first(in: journal))', 1", on: journal)
            }
        }
        let record = try #require(try await tended.maintenance.prune())
        #expect(record.result?.removed?.map(\.sequence) == [2])
        #expect(try tended.backups() == [1, 3])
    }

    /// The first backup that any operation of the journal made.
    private static func first(in journal: String) throws -> String {
        let vault = Directory.parent(of: journal) + "/vault"
        let index = try Vault(openingOrCreating: vault, now: { Timestamp(milliseconds: 0) }).index()
        guard let id = index.last?.name?.id else { throw Unexpected("no backup") }
        return id.description
    }

    @Test("It stops before the next deletion when it is asked to, and what is left goes with the next prune")
    func cancelled() async throws {
        let tended = try await tended(last: 1, backups: 4) { world in
            // The observer is called by the operation's own task.
            world.when(.prune) { withUnsafeCurrentTask { $0?.cancel() } }
        }
        let record = try await Task { try await tended.maintenance.prune() }.value
        #expect(record?.outcome == .cancelled && record?.error?.code == .interrupted)
        #expect(record?.steps.last?.kind == .prune && record?.dataState == .untouched)
        #expect(try tended.backups() == [1, 2, 3, 4])
        #expect(try await tended.maintenance.prune()?.result?.removed?.count == 3)
    }

    @Test("B7: a budget that cannot be held is told once, and never at the cost of the newest proved backup")
    func budget() async throws {
        let before = try await self.tended(last: 9, backups: 3)
        var world = before.world
        world.policy.maintenance.budget = 1
        let tended = try Tended(world)
        let record = try #require(try await tended.maintenance.prune())
        #expect(record.outcome == .succeeded && record.findings.map(\.code) == ["budgetExceeded"])
        #expect(try tended.backups() == [3])
        #expect(try await tended.maintenance.prune() == nil)
    }

    @Test("B7: over the budget a backup is refused before its first byte, except one that rescues the present state")
    func overBudget() async throws {
        let tended = try await tended(last: 9, backups: 2)
        let ids = try tended.world.backups().map(\.id).sorted()
        for id in ids { try await tended.journal.pin(id) }
        var world = tended.world
        world.policy.maintenance.budget = try tended.tools.vault.usedBytes() + 1000
        world.policy.maintenance.every = .seconds(1)
        let tight = try Tended(world)
        let files = try world.vaultFiles()
        try remember("news", in: world.store)
        let refused = try #require(try await tight.maintenance.backUpIfDue(world.location))
        #expect(refused.outcome == .failedUntouched && refused.error?.code == .noSpace)
        #expect(try world.vaultFiles() == files)
        // What may go makes room for what comes, and then it fits again.
        try await tight.journal.unpin(ids[0])
        #expect(try await tight.maintenance.pruneForecast().lines.filter(\.goes).isEmpty)
        #expect(try await tight.backUp().sequence == 3)
        #expect(try await tight.maintenance.prune()?.result?.removed == [ids[0]])
        try await tight.journal.pin(try #require(try world.backups().first).id)
        #expect(try await tight.backUp("rescued", .failedState).sequence == 4)
    }

    @Test("B8: on a full disk it still prunes", .enabled(if: SmallFilesystem.isPossible, "needs root to mount one"))
    func fullDisk() async throws {
        let disk = try SmallFilesystem(kilobytes: 100_000)
        let tended = try await tended(last: 1, backups: 0) { $0.state = disk.path + "/state" }
        for _ in 0..<4 {
            // Noise does not compress: each of these backups is as large as that of a small memory that is in use.
            try tended.world.change(
                "INSERT INTO memory_entries (category, content, timestamp) VALUES ('test', hex(randomblob(500000)), 1)")
            try await tended.backUp()
        }
        disk.fill()
        let record = try #require(try await tended.maintenance.prune())
        #expect(record.outcome == .succeeded && record.result?.removed?.count == 3)
        #expect(try tended.backups() == [4])
    }

    @Test(
        "R12, invariant 10: killed at any write of the journal, nothing protected is lost and nothing stays half done")
    func crashes() async throws {
        for moment in JournalWrite.Moment.allCases {
            var ordinal = 1
            while true {
                let tended = try await tended(last: 1, backups: 4)
                let ids = try tended.world.backups().map(\.id).sorted()
                try await tended.journal.pin(ids[1])
                try await tended.journal.pin(ids[3])
                for id in ids {
                    try await tended.journal.record(
                        ProofRecord(backup: id, at: tended.now, succeeded: true, seconds: 1))
                }
                let world = tended.world
                let result = try Tool.run([
                    Place.built("crash-runner"), world.state, world.store, String(ordinal), moment.rawValue, "", "",
                    "prune:1",
                ])
                guard result.status == -SIGKILL else {
                    #expect(result.status == 0, "\(result.output)")
                    break
                }
                let point = "\(ordinal) \(result.output)"
                #expect(try Set(tended.backups()).isSuperset(of: [2, 4]), "\(point)")
                _ = try await Recovery(tools: tended.tools).run()
                #expect(try await tended.journal.unsettled().isEmpty, "\(point)")
                let there = Set(try world.backups().map(\.id))
                #expect(Set(try await tended.journal.lastProofs().keys) == there, "\(point)")
                #expect(try await tended.journal.pins() == [ids[1], ids[3]], "\(point)")
                _ = try await tended.maintenance.prune()
                #expect(try tended.backups() == [2, 4], "\(point)")
                #expect(try world.leftovers() == [], "\(point)")
                ordinal += 1
            }
            #expect(ordinal > 5, "only \(ordinal) writes were met")
        }
    }

    @Test("A check of the vault, or a drill, that a crash ended is no memory in doubt")
    func interruptedVerification() async throws {
        let tended = try await tended(last: 1, backups: 1)
        try await tended.look()
        for store in [nil, tended.world.id] {
            let record = tended.tools.newRecord(.verify, on: store, because: "schedule")
            try await OperationLog.begin(record, with: tended.tools).step(.verify)
        }
        // Its memory need not be there for that.
        try Directory.unlink(tended.world.store)
        let settled = try await Recovery(tools: tended.tools).run()
        #expect(settled.map(\.outcome) == [.failedUntouched, .failedUntouched])
        #expect(settled.allSatisfy { $0.dataState == .untouched })
    }
}

// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Engine

@Suite("Plans that are agreed to")
struct SupervisorPlanTests {
    private let caller = Caller(uid: 1000, pid: 1)

    private func write(_ world: World) throws {
        try Connection(path: world.store, access: .readWrite)
            .execute("INSERT INTO memory_entries (category, content, timestamp) VALUES ('late', 'x', 1)")
    }

    private func restore(
        _ guarded: Guarded, _ backup: BackupID, _ digest: String?
    ) async throws -> OperationRecord {
        let request = OperationRequest(kind: .restore, backup: backup, planDigest: digest)
        let record = try await guarded.service.start(request, key: nil, for: caller)
        return try await guarded.service.operation(record.id, waiting: Patience.limit)
    }

    @Test("A restore's plan tells rows per table, and what was agreed to is what happens")
    func agreed() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try write(world)
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup))
        let change = try #require(plan.tables?.first { $0.table == "memory_entries" })
        #expect(change.lost == 1 && change.gained == 0)
        #expect(change.rowsNow == change.rowsInBackup.map { $0 + 1 })
        #expect(plan.expiresAt != nil)
        #expect(try await restore(guarded, backup, plan.digest).outcome == .succeeded)
        await guarded.stop()
    }

    @Test(
        "B25: what was written after the plan is not replaced by it; nothing is changed, and a new plan can be agreed to"
    )
    func moved() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try write(world)
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup))
        try write(world)
        let before = try world.contents()
        let refused = try await restore(guarded, backup, plan.digest)
        #expect(refused.error?.code == .planChanged && refused.dataState == .untouched)
        #expect(try world.contents().differences(from: before) == [])
        #expect(try world.leftovers() == [])
        let second = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup))
        #expect(second.digest != plan.digest)
        #expect(try await restore(guarded, backup, second.digest).outcome == .succeeded)
        await guarded.stop()
    }

    @Test("B25: a plan is for ten minutes, for one backup and for one place, and of this start")
    func bounds() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try write(world)
        let other = try #require(try await guarded.run(.backup).backup)
        let digest = try #require(try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup)).digest)
        func isRefused(_ request: OperationRequest) async {
            await #expect { try await guarded.service.start(request, key: nil, for: caller) } throws: {
                ($0 as? GuardError)?.code == .planChanged
            }
        }
        await isRefused(OperationRequest(kind: .restore, backup: other, planDigest: digest))
        await isRefused(
            OperationRequest(
                kind: .restore, to: .place(world.folder.file("copy.db")), backup: backup, planDigest: digest))
        await isRefused(OperationRequest(kind: .prune, planDigest: digest))
        await isRefused(
            OperationRequest(kind: .restore, backup: backup, planDigest: String(repeating: "0", count: 64)))
        world.moveClock(by: .seconds(601))
        await isRefused(OperationRequest(kind: .restore, backup: backup, planDigest: digest))
        await guarded.stop()
    }

    @Test("What was missing when it was planned is not replaced when it is there again")
    func returned() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let bytes = try content(of: world.store)
        try Directory.unlink(world.store)
        let digest = try #require(try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup)).digest)
        try TestSupport.write(bytes, to: world.store)
        #expect(try await restore(guarded, backup, digest).error?.code == .planChanged)
        try Directory.unlink(world.store)
        let second = try #require(try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup)).digest)
        #expect(try await restore(guarded, backup, second).outcome == .succeeded)
        await guarded.stop()
    }

    @Test("A prune removes what its plan showed and nothing else; pinned backups stay")
    func prune() async throws {
        var world = try World(.v4_0)
        world.keep(last: 1)
        let guarded = try await Guarded(world)
        var backups: [BackupID] = []
        for _ in 0..<4 {
            backups.append(try #require(try await guarded.run(.backup).backup))
            try write(world)
        }
        let pinned = try await guarded.service.setPin(true, of: backups[0], for: caller)
        #expect(pinned.pinned)
        let plan = try await guarded.service.plan(PlanRequest(kind: .prune))
        #expect(plan.store == nil && plan.removals?.map(\.backup) == [backups[2], backups[1]])
        // Condemned since, and not in the plan.
        #expect(try await !guarded.service.setPin(false, of: backups[0], for: caller).pinned)
        let record = try await guarded.service.start(
            OperationRequest(kind: .prune, planDigest: plan.digest), key: nil, for: caller)
        let settled = try await guarded.service.operation(record.id, waiting: Patience.limit)
        #expect(settled.outcome == .succeeded && Set(settled.result?.removed ?? []) == [backups[1], backups[2]])
        #expect(settled.result?.freedBytes == plan.freedBytes)
        #expect(try await guarded.service.backups(of: nil, Page()).items.map(\.id) == [backups[3], backups[0]])
        let rest = try await guarded.service.start(OperationRequest(kind: .prune), key: nil, for: caller)
        #expect(
            try await guarded.service.operation(rest.id, waiting: Patience.limit).result?.removed == [backups[0]])
        await guarded.stop()
    }

    @Test("B25: a backup is not restored over another store than its own, and no request does more than its fields say")
    func identity() async throws {
        let world = try World(.v4_0)
        let other = try world.neighbour("other")
        let guarded = try await Guarded(world) { Discovered(locations: [world.location, other]) }
        let backup = try #require(try await guarded.run(.backup).backup)
        let wrong: [OperationRequest] = [
            OperationRequest(kind: .restore, store: other.id, backup: backup),
            OperationRequest(kind: .prune, store: world.id), OperationRequest(kind: .migrate, backup: backup),
            OperationRequest(kind: .backup, store: world.id, to: .version(3)),
            OperationRequest(kind: .rescan, planDigest: "0"),
        ]
        for request in wrong {
            await #expect { try await guarded.service.start(request, key: nil, for: caller) } throws: {
                ($0 as? GuardError)?.code == .usage
            }
        }
        await #expect {
            try await guarded.service.plan(PlanRequest(kind: .restore, store: other.id, backup: backup))
        } throws: {
            ($0 as? GuardError)?.code == .usage
        }
        await guarded.stop()
    }

    @Test("R20: a migration's plan states the bytes that it needs, and is refused where they are not free")
    func room() async throws {
        var world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let plan = try await guarded.service.plan(PlanRequest(store: world.id))
        #expect(plan.neededBytes ?? 0 > 64 << 20 && plan.refusal == nil)
        await guarded.stop()
        world.policy.minimumFree = .max / 2
        let full = try await Guarded(world)
        let refused = try await full.service.plan(PlanRequest(store: world.id))
        #expect(refused.refusal?.code == .noSpace && refused.steps.count == plan.steps.count)
        await full.stop()
    }
}

// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Journal
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("What is told of a memory whose upgrade failed")
struct StatusTruthTests {
    @Test("A failed migration is failed for the daemon and for once alike, and the verdict names the next command")
    func failed() async throws {
        var world = try World()
        try world.dropIn("DELETE FROM memory_entries")
        let guarded = try await Guarded(world, mode: .auto)
        let form = try await guarded.eventually { $0.state == .failed }
        let record = try #require(try await guarded.service.operations(of: world.id, in: .settled, Page()).items.first)
        #expect(form.problem?.code == .rehearsalFailed && form.problem?.operation == record.id)
        let status = try await guarded.service.status()
        #expect(status.verdict == .attention && status.next == "dementiactl operations show \(record.id)")
        #expect(status.stores.items.first?.problem == form.problem)
        await guarded.stop()
        let result = try await world.pass()
        #expect(result.form?.state == .failed || result.form?.state == .held)
        #expect(result.form?.problem?.code == .rehearsalFailed)
    }

    @Test("What was migrated is told as migrated, also when the vault cannot be read right afterwards")
    func unreadableAfterwards() async throws {
        var world = try World()
        let stores = world.state + "/vault/stores"
        world.observe = { event in
            guard case .settled = event else { return }
            expectNoThrow { try Directory.rename(noReplace: stores, to: stores + "-away") }
        }
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(result.form?.state == .failed && result.form?.problem?.dataState == .migratedVerified)
        #expect(result.form?.schemaVersion == nil, "what was seen before is not true any more")
    }

    @Test("A memory that was taken back is held, counts as failed, and its last backup is none of the failed state")
    func takenBack() async throws {
        var world = try World()
        world.check("test $DEMENTIAD_PHASE = rehearsal || { echo 'row 7 is odd'; echo 'and so is row 8' >&2; exit 3; }")
        let guarded = try await Guarded(world, mode: .auto)
        let form = try await guarded.eventually { $0.state == .held }
        #expect(form.problem?.code == .checkVetoed && form.hasFailed)
        let status = try await guarded.service.status()
        #expect(
            status.verdict == .attention
                && status.summary.contains("needs attention: the last operation failed and was reverted"))
        let stores = try await guarded.service.metrics().first { $0.name == "dementia_stores" }
        let counted = stores?.samples.first { $0.value == 1 }?.labels.first?.value
        #expect(counted == "failed", "\(stores?.samples ?? [])")
        // The failed state is in the vault as well, and newer.
        let backups = try world.backups()
        #expect(backups.map(\.manifest.reason) == [.failedState, .migration])
        #expect(form.lastBackup?.id == backups[1].id)
        #expect(status.vault.lastBackupAt == backups[1].manifest.createdAt)

        // What the check command printed is told wherever the veto is.
        let record = try #require(try await guarded.service.operations(of: world.id, in: .settled, Page()).items.first)
        #expect(record.error?.causes == ["row 7 is odd", "and so is row 8"])
        #expect(
            record.findings.filter { $0.code == "checkOutput" }.map(\.message) == [
                "the check command on the live: row 7 is odd", "the check command on the live: and so is row 8",
            ])
        // No migration is blamed for it.
        let history = try await guarded.service.history(of: world.id)
        #expect(history.ledger.isEmpty, "\(history.ledger)")
        let failure = try #require(history.events.first { $0.kind == "failed" })
        #expect(failure.version == nil && failure.detail?.contains("check command vetoed") == true)
        await guarded.stop()
    }

    @Test("What is no database is told with its reason, and who restored by hand is on hold and not waiting")
    func other() async throws {
        let world = try World()
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.migrate).backup)
        _ = try await guarded.run(.restore, backup: backup)
        let held = try await guarded.service.status()
        #expect(held.verdict == .held && held.summary == "1 of 1 memory is on hold", "\(held.summary)")
        try write(Array("no database at all".utf8), to: world.store)
        #expect(try await guarded.run(.rescan).outcome == .succeeded)
        let form = try await guarded.form()
        #expect(form.state == .unknown && form.problem?.code == .notADatabase)
        #expect(try await guarded.service.status().verdict == .attention)
        await guarded.stop()
    }

    @Test("Right after the start a memory that has a backup is not said to have none")
    func start() async throws {
        let world = try World()
        let first = try await Guarded(world)
        let backup = try #require(try await first.run(.migrate).backup)
        await first.stop()
        let keeper = Keeper(try StateDirectory(world.state))
        let location = world.location
        let service = EngineService(
            try world.tools(world.state),
            SupervisorSettings(mode: { _ in .ask }, discover: { Discovered(locations: [location]) }),
            relay: EventRelay())
        try await service.supervisor.recover()
        #expect(try await service.stores().map(\.lastBackup?.id) == [backup])
        await service.supervisor.stop()
        keeper.release()
    }

    private static func record(
        _ kind: OperationKind, _ outcome: Outcome, _ code: GuardError.Code? = nil, trigger: String = "request"
    ) throws -> OperationRecord {
        let moment = Timestamp(milliseconds: 0)
        var generator = SystemRandomNumberGenerator()
        var record = OperationRecord(
            id: OperationID(milliseconds: 0, using: &generator), kind: kind, store: nil, state: .settled,
            trigger: trigger, actor: .init(uid: 0), startedAt: moment)
        record.outcome = outcome
        record.error = code.map { Problem(GuardError($0, "no")) }
        return record
    }

    @Test("Only what still stands counts: a success ends it, a lock and a wrong request never were a failure")
    func standing() throws {
        func code(_ records: [OperationRecord], isCurrent: Bool = false) -> GuardError.Code? {
            StandingFailure.find(in: records, isCurrent: isCurrent)?.code
        }
        let failed = try Self.record(.migrate, .failedUntouched, .migrationFailed)
        #expect(code([failed]) == .migrationFailed)
        #expect(code([failed], isCurrent: true) == nil)
        #expect(code([try Self.record(.migrate, .busy, .storeBusy), failed]) == .migrationFailed)
        #expect(code([try Self.record(.migrate, .succeeded), failed]) == nil)
        #expect(code([try Self.record(.migrate, .failedUntouched, .usage)]) == nil)
        #expect(code([try Self.record(.migrate, .failedUntouched, .drift)]) == nil)
        let bare = try Self.record(.backup, .failedUntouched, .backupFailed, trigger: "schedule")
        #expect(code([bare], isCurrent: true) == .backupFailed)
        #expect(code([try Self.record(.backup, .succeeded), bare], isCurrent: true) == nil)
        #expect(code([try Self.record(.backup, .busy, .storeBusy)], isCurrent: true) == nil)
        let open = try Self.record(.restore, .needsAttention, .restoreFailed)
        #expect(code([open], isCurrent: true) == .restoreFailed)
        #expect(code([try Self.record(.verify, .succeeded), open], isCurrent: true) == nil)
        #expect(code([try Self.record(.verify, .succeeded, trigger: "schedule"), open]) == .restoreFailed)
        let reverted = try Self.record(.migrate, .failedRestored, .checkVetoed)
        #expect(code([try Self.record(.verify, .succeeded), reverted], isCurrent: true) == .checkVetoed)
    }
}

@Suite("What a restore's plan tells")
struct RestorePlanTruthTests {
    @Test("Of one row that was deleted and one that was written since, one comes back and one goes")
    func rows() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try world.change("DELETE FROM memory_entries WHERE id = (SELECT min(id) FROM memory_entries)")
        try remember("written since", in: world.store)
        try world.change("UPDATE context_locks SET content = 'other' WHERE id = (SELECT min(id) FROM context_locks)")
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup))
        let entries = try #require(plan.tables?.first { $0.table == "memory_entries" })
        #expect(entries.gained == 1 && entries.lost == 1, "\(entries)")
        #expect(entries.rowsNow == entries.rowsInBackup)
        let contexts = try #require(plan.tables?.first { $0.table == "context_locks" })
        #expect(contexts.changed == 1 && contexts.gained == 0 && contexts.lost == 0)
        #expect(plan.wouldLose.contains { $0.table == "memory_entries" && $0.column == nil && $0.rows == 1 })
        let restored = try await guarded.run(.restore, backup: backup, digest: plan.digest)
        #expect(restored.outcome == .succeeded)
        #expect(restored.result?.rowsInKeptState == ["context_locks": 1, "memory_entries": 1])
        #expect(restored.result?.rowsNotInKeptState == ["context_locks": 1, "memory_entries": 1])
        await guarded.stop()
    }

    @Test("Columns, tables and views that would go are shown, with the values in them")
    func columns() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.migrate).backup)
        try world.change("UPDATE context_locks SET embedding = x'00'")
        try world.change("CREATE VIEW mine AS SELECT 1 AS one")
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup))
        let contexts = try #require(plan.tables?.first { $0.table == "context_locks" })
        #expect(contexts.columnsLost?.contains("embedding") == true, "\(contexts)")
        #expect(plan.wouldLose.contains { $0.table == "context_locks" && $0.column == "embedding" && $0.rows == 8 })
        #expect(plan.tables?.contains { $0.table == "tool_usage_log" && $0.rowsInBackup == nil } == true)
        #expect(plan.notes.contains("The view mine goes."))
        await guarded.stop()
    }
}

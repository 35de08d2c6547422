// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import HashKit
import Journal
import LinuxKit
import SQLiteKit
import Stores
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("What is told of a restore")
struct RestoreTruthTests {
    private static func troubled() throws -> (World, TroubledStore.Trouble) {
        var world = try World()
        let trouble = TroubledStore.Trouble()
        world.opener = { (location) throws(GuardError) in try TroubledStore(location, trouble) }
        return (world, trouble)
    }

    @Test(
        "R19: a restore whose look afterwards fails is not called untouched, is held, and is not migrated again",
        arguments: [GuardError.Code.storeBusy, .serverUnreachable])
    func lookFails(_ code: GuardError.Code) async throws {
        let (world, trouble) = try Self.troubled()
        let before = try world.contents()
        let guarded = try await Guarded(world, mode: .auto)
        try await guarded.eventually { $0.state == .current }
        let backup = try #require(try world.backups().first { $0.manifest.reason == .migration }).id
        trouble.lookFails(
            GuardError(
                code, "it cannot be looked at", store: world.id, hint: "Nothing was changed. It will be tried again."))
        let record = try await guarded.run(.restore, backup: backup)
        #expect(record.outcome == .needsAttention && record.dataState == .unverified)
        #expect(record.exitCode == .needsAttention)
        #expect(record.error?.dataState == .unverified && record.error?.code == .restoreFailed)
        #expect(record.error?.hint?.contains("Nothing was changed") == false, "\(record.error?.hint ?? "")")
        #expect(record.error?.causes.contains { $0.contains("cannot be looked at") } == true)
        #expect(record.steps.last?.kind == .restore && record.steps.last?.state == .failed)
        #expect(try await guarded.service.holds().map(\.store) == [world.id])
        trouble.isOver()
        // It was restored, in truth; and automation leaves it alone.
        #expect(try world.contents().differences(from: before) == [])
        #expect(try await guarded.run(.rescan).outcome == .succeeded)
        #expect(try await guarded.form().state == .held)
        #expect(try world.contents().differences(from: before) == [])
        await guarded.stop()
    }

    @Test("Where the state can be looked at after all, its whole content tells what became of the restore")
    func lookedAtAgain() async throws {
        let (world, trouble) = try Self.troubled()
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.migrate).backup)
        trouble.lookFails(GuardError(.storeBusy, "busy for a moment", store: world.id), once: true)
        let restored = try await guarded.run(.restore, backup: backup)
        #expect(restored.outcome == .succeeded && restored.dataState == .restoredVerified && restored.error == nil)
        #expect(try await guarded.service.holds().count == 1)
        _ = try await guarded.run(.migrate)
        // The write itself answered with an error, and in truth nothing was written.
        trouble.restoreFails(
            GuardError(.inputOutput, "the disk is failing", store: world.id, dataState: .changing))
        let failed = try await guarded.run(.restore, backup: backup)
        #expect(failed.outcome == .failedUntouched && failed.dataState == .untouched)
        #expect(failed.error?.code == .inputOutput)
        #expect(try await guarded.service.holds().isEmpty)
        #expect(try await guarded.form().schemaVersion == 4)
        await guarded.stop()
    }

    @Test("A restore that is refused before anything changed is untouched, with exit status 8 and without a hold")
    func refused() async throws {
        let world = try World()
        try world.change("PRAGMA journal_mode = WAL")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.migrate).backup)
        for sql in ["PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192; VACUUM", "PRAGMA journal_mode = WAL"] {
            try world.change(sql)
        }
        let before = try world.contents()
        let record = try await guarded.run(.restore, backup: backup)
        #expect(record.outcome == .failedUntouched && record.dataState == .untouched)
        #expect(record.error?.code == .restoreRefused && record.exitCode == .failedUntouched)
        #expect(record.error?.hint?.contains("Nothing was changed") == true)
        #expect(try await guarded.service.holds().isEmpty)
        #expect(try world.contents().differences(from: before) == [])
        await guarded.stop()
    }

    // MARK: The whole content

    private static func table(_ name: String, _ values: String...) -> TableDigest {
        TableDigest(
            name: name, rows: 1, identities: SHA256.digest(of: "1"),
            columns: values.enumerated().map {
                .init(name: "column\($0.offset)", values: 1, sha256: SHA256.digest(of: $0.element))
            })
    }

    private static func content(_ tables: TableDigest..., index: String = "one") -> StoreDigest {
        StoreDigest(
            objects: [SchemaObject(type: "index", name: index, table: "a", definition: nil)], tables: tables)
    }

    @Test("Columns and objects count, and rows that are as many as before prove nothing")
    func wholeContent() {
        let (a, b) = (Self.table("a", "x"), Self.table("b", "y"))
        let backup = Self.content(a, b)
        func state(_ content: StoreDigest, before: StoreDigest?) -> RestoredState {
            RestoredState(content, restored: backup, before: before)
        }
        #expect(state(backup, before: nil) == .restored(isWrittenSince: false))
        // As many rows, the same in the columns that both have, and one column more: the restore never began.
        let wider = Self.content(Self.table("a", "x", "new"), b)
        #expect(state(wider, before: wider) == .before)
        #expect(state(wider, before: nil) == .other)
        // Only an index tells them apart.
        let indexed = Self.content(a, b, index: "two")
        #expect(state(indexed, before: indexed) == .before)
        // Somebody has written since: what he left alone tells.
        let late = Self.table("b", "late")
        #expect(state(Self.content(a, late), before: wider) == .restored(isWrittenSince: true))
        #expect(state(Self.content(Self.table("a", "x", "new"), late), before: wider) == .before)
        // The one table in which the two differ is like neither, or one is like this and one like that.
        #expect(state(Self.content(a, late), before: Self.content(a, Self.table("b", "z"))) == .other)
        let other = Self.content(Self.table("a", "1"), Self.table("b", "2"))
        #expect(state(Self.content(a, Self.table("b", "2")), before: other) == .other)
    }
}

@Suite("What is told of steps, holds and drills")
struct StepTruthTests {
    @Test("In an upgrade that was vetoed and restored the verification failed, and the restore is done")
    func vetoed() async throws {
        var world = try World()
        world.check("test $DEMENTIAD_PHASE = rehearsal")
        let operation = try #require(try await world.pass().operation)
        #expect(operation.outcome == .failedRestored)
        let states = operation.steps.map { "\($0.kind) \($0.state)" }
        #expect(
            states == [
                "preflight done", "backup done", "rehearse done", "migrate done", "verify failed", "keep done",
                "restore done",
            ])
        #expect(try await world.operations().first?.steps.map(\.state) == operation.steps.map(\.state))
    }

    @Test("A cancelled upgrade shows the step in which it was stopped, and not that it failed")
    func cancelled() async throws {
        var world = try World()
        world.when(.rehearse) { withUnsafeCurrentTask { $0?.cancel() } }
        let guarded = try await Guarded(world)
        let record = try await guarded.run(.migrate)
        #expect(record.outcome == .cancelled)
        #expect(record.steps.map(\.state) == [.done, .done, .stopped], "\(record.steps)")
        await guarded.stop()
    }

    @Test("The same failure again adds no second hold of the same words")
    func equalHolds() async throws {
        var world = try World()
        world.check("test $DEMENTIAD_PHASE = rehearsal")
        let guarded = try await Guarded(world)
        for _ in 1...3 { #expect(try await guarded.run(.migrate).outcome == .failedRestored) }
        #expect(try await guarded.service.holds().count == 1)
        await guarded.stop()
    }

    @Test("A drill occupies its memory: who asks for a verification meanwhile does not settle it")
    func drill() async throws {
        var world = try World()
        let trouble = TroubledStore.Trouble()
        world.opener = { (location) throws(GuardError) in try TroubledStore(location, trouble) }
        world.policy.maintenance.drillEvery = .zero
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let service = guarded.service
        let drilling = Task { await service.supervisor.drill() }
        for await _ in trouble.drillBegan { break }
        let running = try #require(try await service.operations(of: nil, in: .running, Page()).items.first)
        #expect(running.kind == .verify && running.trigger == "schedule")
        let error = await #expect(throws: GuardError.self) { try await guarded.run(.verify) }
        #expect(error?.code == .storeBusy && error?.message.contains(running.id.value) == true)
        #expect(try await service.operation(running.id, waiting: .zero).state == .running)
        trouble.drillMayEnd.yield()
        await drilling.value
        let settled = try await service.operation(running.id, waiting: .seconds(60))
        #expect(settled.outcome == .succeeded && settled.backup == backup, "\(settled)")
        #expect(try await guarded.run(.verify).outcome == .succeeded)
        await guarded.stop()
    }
}

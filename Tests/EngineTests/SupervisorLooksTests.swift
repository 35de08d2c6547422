// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Engine

/// What the socket shows, asked of a service with a real memory behind it.
@Suite("What the service shows")
struct SupervisorLooksTests {
    private let caller = Caller(uid: 1000, pid: 1)

    @Test("status and stores tell the same story before, during and after a migration")
    func status() async throws {
        let guarded = try await Guarded(World(.v4_0))
        let id = guarded.world.id
        let before = try await guarded.service.status()
        #expect(before.verdict == .pending)
        #expect(before.stores.items.map(\.state) == [.pending])
        #expect(before.vault.backups == 0)
        #expect(try await guarded.service.health().ok)
        _ = try await guarded.run(.migrate)
        let after = try await guarded.service.status()
        #expect(after.verdict == .safe)
        #expect(after.vault.backups == 1 && after.vault.lastBackupAt != nil && after.vault.storedBytes > 0)
        #expect(after.operations.isEmpty && after.holds.isEmpty)
        #expect(try await guarded.service.stores().map(\.id) == [id])
        #expect(try await guarded.form().lastBackup != nil)
        try Directory.unlink(guarded.world.store)
        #expect(try await guarded.form().state == .missing)
        #expect(try await guarded.service.status().verdict == .attention)
        await guarded.stop()
    }

    @Test("the history holds the ledger's rows and every attempt, newest first, also when the memory is gone")
    func history() async throws {
        let guarded = try await Guarded(World(.v4_0))
        let migration = try await guarded.run(.migrate)
        let history = try await guarded.service.history(of: guarded.world.id)
        #expect(history.ledger.map(\.version) == [4, 3, 2, 1])
        #expect(
            history.ledger.allSatisfy { $0.success && $0.operation == migration.id && $0.backup == migration.backup })
        #expect(history.events.contains { $0.kind == "applied" && $0.version == 2 })
        #expect(history.events.contains { $0.kind == "operationSettled" && $0.outcome == .succeeded })
        #expect(zip(history.events, history.events.dropFirst()).allSatisfy { $0.at >= $1.at })
        try Directory.unlink(guarded.world.store)
        let later = try await guarded.service.history(of: guarded.world.id)
        #expect(later.ledger.isEmpty && !later.events.isEmpty)
        await guarded.stop()
    }

    @Test("the catalogue is shown with the way back of each migration")
    func migrations() async throws {
        let guarded = try await Guarded(World(.v4_0))
        let shown = try await guarded.service.migrations()
        let files = shown.filter { $0.line == Line.sqlite4.rawValue }
        #expect(files.map(\.version) == [1, 2, 3, 4])
        #expect(files.map(\.reversible) == [false, true, true, true])
        let schemas = shown.filter { $0.line == Line.postgres4.rawValue }
        #expect(schemas.map(\.version) == Array(0...11) && schemas.count + files.count == shown.count)
        await guarded.stop()
    }

    @Test("backups are listed, paged, shown, proved and read byte for byte")
    func backups() async throws {
        let guarded = try await Guarded(World(.v4_0))
        var made: [BackupID] = []
        for number in 0..<3 {
            try Connection(path: guarded.world.store, access: .readWrite)
                .execute("INSERT INTO memory_entries (category, content, timestamp) VALUES ('x', 'row \(number)', 1)")
            made.append(try #require(try await guarded.run(.backup).backup))
        }
        let first = try await guarded.service.backups(of: guarded.world.id, Page(limit: 2))
        #expect(first.items.map(\.id) == [made[2], made[1]])
        let rest = try await guarded.service.backups(of: nil, Page(limit: 2, after: first.next))
        #expect(rest.items.map(\.id) == [made[0]] && rest.next == nil)
        let form = try await guarded.service.backup(made[0])
        #expect(form.verified && !form.pinned && form.proof == .restored && form.reason == .manual)
        #expect(form.tables.contains { $0.name == "memory_entries" && $0.rows == 9 })

        let archive = try await guarded.service.content(of: made[0])
        var bytes: [UInt8] = []
        while let piece = try await archive.next() { bytes += piece }
        #expect(try bytes == content(of: form.path + "/" + archive.name))
        #expect(Int64(bytes.count) == archive.sizeBytes)

        let proof = try await guarded.service.start(OperationRequest(kind: .verify), key: nil, for: caller)
        #expect(try await guarded.service.operation(proof.id, waiting: Patience.limit).outcome == .succeeded)
        #expect(try await guarded.service.status().vault.lastProofAt != nil)

        // R9: one flipped byte is found, and the backup is shown as what it is.
        var broken = bytes
        broken[broken.count / 2] ^= 1
        try write(broken, to: form.path + "/" + archive.name)
        let again = try await guarded.service.start(
            OperationRequest(kind: .verify, backup: made[0]), key: nil, for: caller)
        let settled = try await guarded.service.operation(again.id, waiting: Patience.limit)
        #expect(settled.exitCode == .verificationFailed)
        #expect(try await guarded.service.backup(made[0]).verified == false)
        let restore = try await guarded.run(.restore, backup: made[0])
        #expect(restore.exitCode == .verificationFailed && restore.dataState == .untouched)
        await guarded.stop()
    }

    @Test("the plan of a restore shows what was written since; a restore to another place leaves the memory alone")
    func restorePlan() async throws {
        let guarded = try await Guarded(World(.v4_0))
        let backup = try #require(try await guarded.run(.backup).backup)
        try Connection(path: guarded.world.store, access: .readWrite)
            .execute("INSERT INTO memory_entries (category, content, timestamp) VALUES ('x', 'since', 1)")
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup))
        #expect(plan.wouldLose == [PlanForm.Loss(table: "memory_entries", rows: 1)])
        #expect(plan.refusal == nil)

        let place = guarded.world.folder.file("elsewhere.db")
        let elsewhere = try await guarded.service.plan(
            PlanRequest(kind: .restore, to: .place(place), backup: backup))
        #expect(elsewhere.destination == place)
        let record = try await guarded.service.start(
            OperationRequest(kind: .restore, to: .place(place), backup: backup), key: nil, for: caller)
        #expect(try await guarded.service.operation(record.id, waiting: Patience.limit).outcome == .succeeded)
        #expect(try LogicalDump(place).tables["memory_entries"]?.count == 8)
        #expect(try guarded.world.contents().tables["memory_entries"]?.count == 9)

        try write([1, 2, 3], to: guarded.world.store)
        let replacing = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup))
        #expect(replacing.refusal == nil && replacing.notes.contains { $0.contains("beside") })
        await guarded.stop()
    }

    @Test("holds are added, shown, and end; operations are listed newest first and in pages")
    func holdsAndOperations() async throws {
        let guarded = try await Guarded(World(.v4_0))
        let id = guarded.world.id
        let hold = try await guarded.service.addHold(HoldRequest(store: id, reason: "exam week"), for: caller)
        #expect(try await guarded.service.holds() == [hold])
        #expect(try await guarded.form().state == .held)
        try await guarded.service.removeHold(hold.id, for: caller)
        #expect(try await guarded.form().state == .pending)
        await #expect { try await guarded.service.removeHold(hold.id, for: caller) } throws: {
            ($0 as? GuardError)?.code == .notFound
        }
        let first = try await guarded.run(.verify)
        let second = try await guarded.run(.migrate)
        let page = try await guarded.service.operations(of: id, in: nil, Page(limit: 1))
        #expect(page.items.map(\.id) == [second.id])
        let next = try await guarded.service.operations(of: id, in: .settled, Page(limit: 1, after: page.next))
        #expect(next.items.map(\.id) == [first.id])
        let batch = try await guarded.service.events(of: second.id, after: nil, waiting: .zero)
        #expect(batch.isLast)
        await guarded.stop()
    }

    @Test("what cannot be done is refused in words", arguments: OperationKind.allCases)
    func refusals(_ kind: OperationKind) async throws {
        let guarded = try await Guarded(World(.v4_0))
        let unknown = try #require(StoreID("0123456789ab"))
        let backup = BackupID(sequence: 9, root: "0123456789ab")
        var request = OperationRequest(kind: kind, store: unknown)
        if kind == .restore { request.backup = backup }
        if kind == .verify { request = OperationRequest(kind: .verify, backup: backup) }
        if kind == .rescan { request = OperationRequest(kind: .rescan, dryRun: true) }
        let error = await #expect(throws: GuardError.self) {
            try await guarded.service.start(request, key: nil, for: caller)
        }
        #expect([.notFound, .usage].contains(error?.code))
        await #expect(throws: GuardError.self) { try await guarded.service.store(unknown) }
        await #expect(throws: GuardError.self) { try await guarded.service.backup(backup) }
        await guarded.stop()
    }
}

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

@Suite(
    "A transfer on request", .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct TransferRunTests {
    @Test("A memory is backed up, moved and verified; the file stays as it was, and the schema is guarded from then on")
    func moved() async throws {
        let scene = try TransferScene()
        let before = try scene.world.contents()
        try await scene.guarded { service, caller in
            let request = OperationRequest(kind: .transfer, store: scene.world.id, to: .place(scene.place))
            let begun = try await service.start(request, key: nil, for: caller)
            let record = try await service.operation(begun.id, waiting: Patience.limit)
            #expect(record.outcome == .succeeded && record.dataState == .migratedVerified, "\(record)")
            #expect(record.exitCode == .done)
            #expect(record.steps.map(\.kind) == [.preflight, .backup, .transfer, .verify])
            let contexts = try #require(record[table: "context_locks"])
            #expect(contexts.loaded > 0 && contexts.loaded == contexts.read)
            for table in record.result?.tables ?? [] {
                #expect(table.read == table.loaded + table.rejected + table.kept)
            }
            #expect(record.result?.toVersion == 11)
            let store = try await service.store(scene.target.id)
            #expect(store.state == .current && store.line == "postgres-4")
        }
        #expect(try scene.world.contents() == before)
        let backups = try scene.world.backups()
        #expect(backups.map(\.manifest.reason) == [.transfer])
        #expect(try scene.world.contents(of: backups[0]) == before)
        #expect(try scene.leftovers() == [])
        // Known from the journal alone at the next start.
        try await scene.guarded { service, _ in
            #expect(await service.supervisor.stores.form(scene.target.id)?.state == .current)
        }
    }

    @Test("What a plan counts is what becomes of it, count for count, and a plan leaves nothing behind")
    func planned() async throws {
        let scene = try TransferScene(.leanOnV4_4)
        try scene.world.change(
            "UPDATE context_locks SET content = content || char(0), session_id = 'ghost' WHERE id = 1")
        let plan = try await scene.plan()
        #expect(plan.refusal == nil && plan.kind == .transfer && plan.destination == scene.target.name)
        #expect(try scene.contents() == nil)
        #expect(try scene.world.backups().isEmpty)
        let record = try await scene.transfer()
        #expect(record.outcome == .succeeded, "\(record)")
        #expect(record.result?.tables == plan.result?.tables)
        #expect(record.result?.placeholders == plan.result?.placeholders)
        #expect(record.result?.sequences == plan.result?.sequences)
        #expect(record.result?.tables?.contains { $0.normalized > 0 } == true)
    }

    @Test("Every memory of the past moves whole, as a plan has told", arguments: Fixture.sqlite4 + [.leanFresh])
    func everyFixture(_ fixture: Fixture) async throws {
        let scene = try TransferScene(fixture)
        let before = try scene.world.contents()
        let plan = try await scene.plan()
        let record = try await scene.transfer()
        #expect(record.outcome == .succeeded && record.exitCode == .done, "\(record)")
        #expect(record.result?.tables == plan.result?.tables)
        #expect(record.result?.placeholders == plan.result?.placeholders)
        // Every table of the file has its line, and every row its place.
        let tables = record.result?.tables ?? []
        #expect(
            Set(tables.map(\.source)).isSuperset(
                of: try scene.world.lines("SELECT name FROM sqlite_schema WHERE type = 'table'")))
        for table in tables { #expect(table.read == table.loaded + table.kept && table.rejected == 0, "\(table)") }
        #expect(try scene.world.contents() == before)
    }

    @Test("A plan that was agreed to holds for the content that it was made of")
    func agreed() async throws {
        let scene = try TransferScene()
        let record = try await scene.guarded { service, caller in
            let request = PlanRequest(kind: .transfer, store: scene.world.id, to: .place(scene.place))
            let plan = try await service.plan(request)
            try remember("later", in: scene.world.store)
            let begun = try await service.start(
                OperationRequest(
                    kind: .transfer, store: scene.world.id, to: .place(scene.place), planDigest: plan.digest),
                key: nil, for: caller)
            return try await service.operation(begun.id, waiting: Patience.limit)
        }
        #expect(record.error?.code == .planChanged && record.dataState == .untouched)
        #expect(try scene.contents() == nil)
        #expect(try scene.world.backups().isEmpty)
    }

    @Test("A plan that was agreed to is one for its own options, and each has a digest of its own")
    func options() async throws {
        let scene = try TransferScene()
        try await scene.guarded { service, caller in
            var digests: Set<String> = []
            for (archive, epoch) in [(nil, nil), (true, nil), (nil, .auto), (true, .auto)] as [(Bool?, EpochRule?)] {
                let plan = try await service.plan(
                    PlanRequest(
                        kind: .transfer, store: scene.world.id, to: .place(scene.place), archive: archive, epoch: epoch)
                )
                let digest = try #require(plan.digest)
                digests.insert(digest)
                for other in [(archive == true ? nil : true, epoch), (archive, epoch == nil ? .auto : nil)]
                    as [(Bool?, EpochRule?)]
                {
                    let error = await #expect(throws: GuardError.self) {
                        try await service.start(
                            OperationRequest(
                                kind: .transfer, store: scene.world.id, to: .place(scene.place), planDigest: digest,
                                archive: other.0, epoch: other.1), key: nil, for: caller)
                    }
                    #expect(error?.code == .planChanged)
                }
            }
            #expect(digests.count == 4)
        }
        #expect(try scene.contents() == nil)
    }

    @Test("A file whose schema was emptied is not marked as moved")
    func emptied() async throws {
        let scene = try TransferScene()
        _ = try await scene.transfer()
        try scene.ask("TRUNCATE sessions CASCADE")
        let record = try await scene.transfer(archive: true)
        #expect(record.outcome == .failedUntouched && record.error?.code == .targetNotEmpty, "\(record)")
        #expect(try await scene.plan().refusal?.code == .targetNotEmpty)
        // Whatever is moved is not told to be moved.
        try await scene.guarded { service, _ in
            #expect(await service.supervisor.stores[scene.world.id].override?.kind != .moved)
        }
    }

    @Test("Case 67: a second run has nothing to do, adds nothing to the schema and nothing to the vault")
    func twice() async throws {
        let scene = try TransferScene()
        let first = try await scene.transfer()
        let then = try scene.contents()
        let second = try await scene.transfer()
        #expect(second.outcome == .nothingToDo && second.dataState == .untouched && second.exitCode == .done)
        #expect(second.result?.tables == first.result?.tables)
        #expect(try scene.contents() == then)
        #expect(try scene.world.backups().count == 1)
        #expect(try await scene.plan().notes.first == "This very content is there already.")
    }

    @Test(
        "Case 68: a schema with other data is refused before anything is put into the vault; so is one of another kind")
    func refused() async throws {
        let scene = try TransferScene()
        _ = try scene.database.psql("CREATE SCHEMA shop")
        try scene.ask("CREATE TABLE customers (id int); INSERT INTO customers VALUES (1)")
        let before = try scene.contents()
        let record = try await scene.transfer()
        #expect(record.outcome == .failedUntouched && record.dataState == .untouched, "\(record)")
        #expect(record.error?.code == .targetNotEmpty)
        #expect(try scene.contents() == before)
        #expect(try scene.world.backups().isEmpty)
        #expect(try await scene.plan().refusal?.code == .targetNotEmpty)
    }

    @Test("A schema that is there and empty is backed up before it is filled")
    func keepsTarget() async throws {
        let scene = try TransferScene()
        _ = try scene.database.psql("CREATE SCHEMA shop")
        let record = try await scene.transfer()
        #expect(record.outcome == .succeeded, "\(record)")
        #expect(record.steps.map(\.kind) == [.preflight, .backup, .keep, .transfer, .verify])
        let kept = try #require(record.result?.keptState)
        let backup = try #require(try scene.world.backups().first { $0.id == kept })
        #expect(backup.manifest.store.location == scene.target.name && backup.manifest.reason == .transfer)
        #expect(try scene.leftovers() == [])
    }

    @Test("Rejected rows end with 15, and a file tells of them that nobody else may read")
    func rejects() async throws {
        let scene = try TransferScene()
        try scene.world.change(
            "UPDATE context_locks SET id = 3000000000 WHERE id = (SELECT min(id) FROM context_locks)")
        let plan = try await scene.plan()
        let record = try await scene.transfer()
        #expect(record.outcome == .succeeded && record.exitCode == .rejectedRows, "\(record)")
        #expect(record[table: "context_locks"]?.rejected == 1)
        #expect(plan.result?.tables == record.result?.tables)
        let path = try #require(record.result?.rejectsPath)
        let status = try FileStatus(of: path)
        #expect(status.mode == 0o600 && status.size > 0)
        #expect(String(decoding: try content(of: path), as: UTF8.self).contains("integerOutOfRange"))
        #expect(try await scene.transfer().exitCode == .rejectedRows)
    }

    @Test("Case 61: a database without a schema means the project's, unless two projects come to one name")
    func named() async throws {
        let alone = try TransferScene()
        let record = try await alone.transfer(alone.database.url)
        #expect(record.outcome == .succeeded, "\(record)")
        #expect(try alone.contents() != nil)
        let scene = try TransferScene()
        let rival = try scene.world.folder.folder("other")
        try Directory.create(rival + "/SHOP")
        let path = try Fixture.v4_0.copy(to: rival + "/SHOP/.claude-memory.db")
        try await scene.guarded { service, caller in
            _ = try await service.adopt(StoreRequest(location: path), for: caller)
            let request = OperationRequest(kind: .transfer, store: scene.world.id, to: .place(scene.database.url))
            await #expect {
                _ = try await service.start(request, key: nil, for: caller)
            } throws: { error in
                (error as? GuardError)?.code == .usage && "\(error)".contains("SHOP")
            }
            #expect(await service.supervisor.isIdle)
        }
        #expect(try scene.contents() == nil)
    }

    @Test(
        "A password in the place is refused and not repeated; what is no schema and no file to start from is refused too"
    )
    func places() async throws {
        let scene = try TransferScene()
        try await scene.guarded { service, caller in
            for (place, code) in [
                ("postgresql://me:hunter2@localhost/db#shop", GuardError.Code.usage), ("nonsense", .usage),
                ("#shop", .usage),
            ] {
                await #expect {
                    _ = try await service.start(
                        OperationRequest(kind: .transfer, store: scene.world.id, to: .place(place)), key: nil,
                        for: caller)
                } throws: { error in
                    (error as? GuardError)?.code == code && !"\(error)".contains("hunter2")
                }
            }
            await #expect(throws: GuardError.self) {
                _ = try await service.start(
                    OperationRequest(kind: .transfer, store: scene.world.id), key: nil, for: caller)
            }
        }
        #expect(try await scene.world.operations().isEmpty)
    }

    @Test("A server that nobody configured is reached all the same; that its schema is not guarded is told")
    func unconfigured() async throws {
        let scene = try TransferScene(configured: false)
        let record = try await scene.transfer()
        #expect(record.outcome == .succeeded, "\(record)")
        #expect(record.findings.contains { $0.code == "notGuarded" })
        #expect(try scene.contents() != nil)
        #expect(try await scene.transfer().outcome == .nothingToDo)
    }

    @Test("--archive pins the backup and marks the file as moved; a restore of that backup takes it back")
    func archived() async throws {
        let scene = try TransferScene()
        #expect(try await scene.transfer().outcome == .succeeded)
        // Also when everything was there already: who looks first and decides then asks twice.
        let record = try await scene.transfer(archive: true)
        #expect(record.outcome == .nothingToDo, "\(record)")
        let backup = try #require(record.backup)
        let journal = try Journal(path: scene.world.state + "/journal.db", clock: { Timestamp(milliseconds: 0) })
        #expect(try await journal.pins() == [backup])
        let choices = try await journal.choices()
        #expect(choices.first { $0.id == scene.world.id }?.kind == .moved)
        #expect(choices.first { $0.id == scene.world.id }?.successor == scene.target.name)
        try await scene.guarded { service, caller in
            #expect(await service.supervisor.stores[scene.world.id].override?.kind == .moved)
            let restore = OperationRequest(kind: .restore, store: scene.world.id, backup: backup)
            let begun = try await service.start(restore, key: nil, for: caller)
            let restored = try await service.operation(begun.id, waiting: Patience.limit)
            #expect(restored.outcome == .succeeded, "\(restored)")
            #expect(await service.supervisor.stores[scene.world.id].override == nil)
        }
    }

    @Test("Case 65: of a damaged file what can be read is transferred, and it ends with 15")
    func damaged() async throws {
        let scene = try TransferScene(.v4_0Real)
        try scene.world.change("PRAGMA wal_checkpoint(TRUNCATE)")
        let root = try #require(
            try scene.world.lines("SELECT rootpage FROM sqlite_schema WHERE name = 'file_tags'").first)
        let size = try #require(try scene.world.lines("PRAGMA page_size").first)
        var bytes = try content(of: scene.world.store)
        let start = (Int(root) ?? 1) * (Int(size) ?? 0) - (Int(size) ?? 0)
        for index in start..<start + 64 { bytes[index] = 0x55 }
        try write(bytes, to: scene.world.store)
        let plan = try await scene.plan()
        let record = try await scene.transfer()
        #expect(record.outcome == .succeeded && record.exitCode == .rejectedRows, "\(record)")
        #expect(record.findings.contains { $0.code == "sourceDamaged" })
        #expect(record.result?.unreadable == ["file_tags"])
        #expect(record.result?.tables == plan.result?.tables)
        #expect(try scene.ask("SELECT count(*) FROM context_locks") == ["3"])
        #expect(try scene.world.backups().isEmpty)
    }

    @Test("Two at once: who comes second to the file or to the schema is turned away")
    func busy() async throws {
        let scene = try TransferScene()
        try await scene.guarded { service, caller in
            let request = OperationRequest(kind: .transfer, store: scene.world.id, to: .place(scene.place))
            let begun = try await service.start(request, key: nil, for: caller)
            await #expect {
                _ = try await service.start(
                    OperationRequest(kind: .transfer, store: scene.world.id, to: .place(scene.database.url + "#else")),
                    key: nil, for: caller)
            } throws: { ($0 as? GuardError)?.code == .storeBusy }
            #expect(try await service.operation(begun.id, waiting: Patience.limit).outcome == .succeeded)
            #expect(await service.supervisor.isIdle)
        }
    }

    @Test("A stop in the middle of the transaction takes it back, and says so")
    func cancelledInTheMiddle() async throws {
        let scene = try TransferScene()
        try scene.waitInTheTransaction()
        try await scene.guarded { service, caller in
            let barrier = try Barrier(in: scene.database)
            let request = OperationRequest(kind: .transfer, store: scene.world.id, to: .place(scene.place))
            let begun = try await service.start(request, key: nil, for: caller)
            try await barrier.waitForArrival()
            _ = try await service.cancel(begun.id, for: caller)
            barrier.open()
            let record = try await service.operation(begun.id, waiting: Patience.limit)
            #expect(record.outcome == .cancelled && record.dataState == .untouched, "\(record)")
        }
        #expect(try scene.contents() == nil)
        #expect(try scene.leftovers() == [])
    }

    @Test("A stop before the transaction is begun changes nothing, anywhere")
    func cancelled() async throws {
        var scene = try TransferScene()
        let reached = Once()
        let (steps, step) = AsyncStream<Void>.makeStream()
        scene.world.observe = { event in
            guard case .began(let record) = event, record.steps.last?.kind == .backup, reached.isFirst() else { return }
            step.yield()
        }
        try await scene.guarded { service, caller in
            let request = OperationRequest(kind: .transfer, store: scene.world.id, to: .place(scene.place))
            let begun = try await service.start(request, key: nil, for: caller)
            for await _ in steps { break }
            _ = try await service.cancel(begun.id, for: caller)
            let record = try await service.operation(begun.id, waiting: Patience.limit)
            #expect(record.outcome == .cancelled && record.dataState == .untouched, "\(record)")
        }
        #expect(try scene.contents() == nil)
        #expect(try scene.leftovers() == [])
    }
}

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

@Suite(
    "A crash during a transfer", .serialized,
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct TransferCrashTests {
    /// Every write with DEMENTIAD_LONG_TESTS; otherwise every fourth one, and others in each case.
    private static let stride = getenv("DEMENTIAD_LONG_TESTS") != nil ? 1 : 4

    /// Runs a transfer to its death at one write of the journal. nil: it was over before; otherwise the write's name.
    private func run(_ scene: TransferScene, killedAt ordinal: Int, _ moment: JournalWrite.Moment) throws -> String? {
        let result = try Tool.run([
            Place.built("crash-runner"), scene.world.state, scene.world.store, String(ordinal), moment.rawValue, "", "",
            "transfer:\(scene.place)",
        ])
        guard result.status == -SIGKILL else {
            if result.status != 0 { throw Unexpected("the runner ended with \(result.status): \(result.output)") }
            return nil
        }
        return "\(ordinal) \(result.output.split(separator: "\n").last ?? "")"
    }

    @Test(
        "R12, P12: killed at any write of the journal, nothing or everything is in the schema, and the next start settles it",
        arguments: JournalWrite.Moment.allCases, [false, true])
    func everyWrite(_ moment: JournalWrite.Moment, isThere: Bool) async throws {
        let undisturbed = try TransferScene()
        #expect(try await undisturbed.transfer().outcome == .succeeded)
        let new = try undisturbed.contents()
        var ordinal = Self.stride == 1 ? 1 : 1 + (moment == .before ? 0 : 1) + (isThere ? 2 : 0)
        while true {
            let scene = try TransferScene()
            if isThere { _ = try scene.database.psql("CREATE SCHEMA shop") }
            let (file, old) = (try scene.world.contents(), try scene.contents())
            guard let point = try run(scene, killedAt: ordinal, moment) else { break }
            try await settles(scene, old, new, point)
            #expect(try scene.world.contents() == file, "\(point): the file")
            ordinal += Self.stride
        }
        // Begin, four steps at least, adoption, settlement, and what was seen before.
        #expect(ordinal > 8, "only \(ordinal) writes were met")
    }

    /// The next start settles what the death left, by itself, and what is told is true; then another try brings it all.
    private func settles(_ scene: TransferScene, _ old: String?, _ new: String?, _ point: String) async throws {
        let now = try scene.contents()
        #expect(now == old || now == new, "\(point): neither nothing nor everything")
        // The next pass, as `dementiad once` makes it.
        _ = try await scene.world.pass()
        let journal = try Journal(path: scene.world.state + "/journal.db", clock: { Timestamp(milliseconds: 0) })
        #expect(try await journal.unsettled().isEmpty, "\(point): something is unsettled")
        #expect(try scene.leftovers() == [], "\(point)")
        #expect(try scene.contents() == now, "\(point): recovery changed the schema")
        if let record = try await scene.world.operations().first(where: { $0.kind == .transfer }) {
            #expect(record.dataState == (now == new ? .migratedVerified : .untouched), "\(point): \(record)")
            #expect(record.outcome == (now == new ? .succeeded : .failedUntouched), "\(point)")
            if now == new {
                #expect(record[table: "context_locks"]?.loaded ?? 0 > 0, "\(point)")
                #expect(try await journal.choices().map(\.location) == [scene.target], "\(point)")
            }
        }
        let again = try await scene.transfer()
        #expect(again.outcome == (now == new ? .nothingToDo : .succeeded), "\(point): \(again)")
        #expect(try scene.contents() == new, "\(point)")
        #expect(try scene.leftovers() == [], "\(point)")
    }

    @Test(
        "P12: killed in the middle of the transaction, the server takes everything back, and nobody waits for locks of the dead"
    )
    func inTheTransaction() async throws {
        let scene = try TransferScene()
        try scene.waitInTheTransaction()
        let barrier = try Barrier(in: scene.database)
        let runner = try Tool([
            Place.built("crash-runner"), scene.world.state, scene.world.store, "0", "after", "", "",
            "transfer:\(scene.place)",
        ])
        try await barrier.waitForArrival()
        runner.kill()
        try await eventually("no transaction of the dead is open") {
            try scene.database.psql(Self.transactions) == ["0"]
        }
        barrier.open()
        #expect(try scene.contents() == nil)
        let record = try await scene.transfer()
        #expect(record.outcome == .succeeded, "\(record)")
        let operations = try await scene.world.operations().filter { $0.kind == .transfer }
        #expect(operations.map(\.outcome) == [.succeeded, .failedUntouched])
        #expect(operations.map(\.dataState) == [.migratedVerified, .untouched])
        #expect(try scene.leftovers() == [])
    }

    @Test(
        "R12: a transfer whose server is away at the next start waits for it, and is settled when it answers",
        arguments: [5, 6])
    func serverAway(ordinal: Int) async throws {
        let server = try PostgresServer()
        let scene = try TransferScene(on: server)
        // Before the transaction is begun, or after it was committed.
        let point = try #require(try run(scene, killedAt: ordinal, .after))
        let now = try scene.contents()
        server.stop()
        // The daemon is there for everybody else, and begins nothing on this memory.
        try await scene.guarded { service, caller in
            let open = try await service.operations(of: scene.world.id, in: .running, Page(limit: 10)).items
            #expect(open.map(\.kind) == [.transfer] && open.first?.steps.last?.kind == .awaitingEvidence, "\(point)")
            #expect(open.first?.dataState == .changing, "\(point)")
            await #expect {
                _ = try await service.start(
                    OperationRequest(kind: .backup, store: scene.world.id), key: nil, for: caller)
            } throws: { ($0 as? GuardError)?.code == .storeBusy }
        }
        try server.restart()
        try await scene.guarded { service, _ in
            let all = try await service.operations(of: scene.world.id, in: nil, Page(limit: 10)).items
            #expect(all.map(\.outcome) == [now == nil ? .failedUntouched : .succeeded], "\(point): \(all)")
            #expect(all.map(\.dataState) == [now == nil ? .untouched : .migratedVerified], "\(point)")
        }
        #expect(try scene.contents() == now, "\(point)")
        #expect(try scene.leftovers() == [], "\(point)")
    }

    /// The sessions of a guard's that are in a transaction in this database.
    private static let transactions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'dementiad' AND xact_start IS NOT NULL
        """
}

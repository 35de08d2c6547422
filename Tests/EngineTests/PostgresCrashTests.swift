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

/// A memory on a server whose guard is killed, with everything that must be true whenever that happens.
struct PostgresCrash {
    var world: PostgresWorld
    private let migrations: String
    /// For the guard that dies only.
    var check: String?
    /// What its migration does beside the shipped ones.
    let dropIn: String?

    init(dropIn: String? = nil, check: String? = nil) throws {
        world = try PostgresWorld()
        self.check = check
        self.dropIn = dropIn
        migrations = try world.folder.folder("migrations")
        guard let dropIn else { return }
        let (name, text) = PostgresWorld.dropIn(dropIn)
        try write(Array(text.utf8), to: "\(migrations)/\(name)")
        try world.dropIn(dropIn)
    }

    /// Starts a guard that ends itself at one write of the journal; never, for 0.
    func start(killedAt ordinal: Int, _ moment: JournalWrite.Moment = .after, work: String? = nil) throws -> Tool {
        try Tool(
            [
                Place.built("crash-runner"), world.state, "\(world.url)#\(world.schema)", String(ordinal),
                moment.rawValue, dropIn == nil ? "" : migrations, check ?? "",
            ] + (work.map { [$0] } ?? []))
    }

    /// Runs it to its death. nil: it was over before; otherwise the write's name.
    func run(killedAt ordinal: Int, _ moment: JournalWrite.Moment, work: String? = nil) throws -> String? {
        let result = try start(killedAt: ordinal, moment, work: work).finish()
        guard result.status == -SIGKILL else {
            if result.status != 0 { throw Unexpected("the runner ended with \(result.status): \(result.output)") }
            return nil
        }
        return "\(ordinal) \(result.output.split(separator: "\n").last ?? "")"
    }

    /// Right after a death: what the server shows is one of `states`, entirely, and nobody has to wait for a lock of the dead.
    func expect(oneOf states: [String], _ point: String) async throws {
        // P12: the locks of the dead go by themselves.
        try await world.waitUntilUnlocked()
        #expect(try states.contains(world.contents()), "\(point): neither old nor new")
    }

    /// After the next run: nothing is open, nothing is left behind, and what is told is true.
    func expectSettled(_ point: String) async throws {
        #expect(try await world.journal.unsettled().isEmpty, "\(point): something is unsettled")
        #expect(try world.leftovers() == [], "\(point)")
        for operation in try await world.operations() where operation.outcome == .failedRestored {
            let kept = try #require(operation.result?.keptState, "\(point): no kept state is named")
            #expect(try world.backups().contains { $0.id == kept }, "\(point)")
        }
    }

    /// Whether the ledger has events of `operation` that only a COMMIT leaves.
    func hasCommitted(_ operation: OperationRecord) throws -> Bool {
        try world.change(
            """
            SELECT count(*) FROM schema_migration_events
            WHERE operation_id = '\(operation.id)' AND event IN ('applied', 'adopted', 'reverted')
            """) != ["0"]
    }
}

@Suite(
    "A crash beside a PostgreSQL server", .serialized,
    .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct PostgresCrashTests {
    /// Every write with DEMENTIAD_LONG_TESTS; otherwise every third one, and not the same ones before and after.
    private static let step = getenv("DEMENTIAD_LONG_TESTS") != nil ? 1 : 3

    private static func start(_ first: Int, _ moment: JournalWrite.Moment) -> Int {
        step == 1 || moment == .before ? first : first + 1
    }

    /// What a migration that nothing disturbs makes of the same memory.
    private static func migrated() async throws -> String {
        let world = try PostgresWorld()
        let result = try await world.pass()
        guard result.operation?.outcome == .succeeded else {
            throw Unexpected("the undisturbed pass failed: \(String(describing: result.operation))")
        }
        return try world.contents()
    }

    @Test(
        "R12, P12: killed at any write of the journal, the next pass settles it by itself",
        arguments: JournalWrite.Moment.allCases)
    func everyWriteOfAMigration(_ moment: JournalWrite.Moment) async throws {
        let new = try await Self.migrated()
        var ordinal = Self.start(1, moment)
        while true {
            let crash = try PostgresCrash()
            let old = try crash.world.contents()
            guard let point = try crash.run(killedAt: ordinal, moment) else { break }
            try await crash.expect(oneOf: [old, new], point)
            let result = try await crash.world.pass()
            #expect(result.exit == .done, "\(point): \(result.operation.debugDescription)")
            #expect(result.form?.state == .current, "\(point)")
            try await crash.expectSettled(point)
            #expect(try crash.world.contents() == new, "\(point)")
            // The ledger tells of one migration, whoever finished it.
            let applied = try crash.world.events().filter { !$0.hasPrefix("failed") }
            #expect(Set(applied).count == applied.count, "\(point): \(applied)")
            for operation in try await crash.world.operations() where operation.kind == .migrate {
                #expect(
                    try crash.hasCommitted(operation) == (operation.dataState == .migratedVerified),
                    "\(point): \(operation)")
            }
            ordinal += Self.step
        }
        #expect(ordinal > 6, "only \(ordinal) writes were met")
    }

    @Test("R12: killed at any write while a vetoed migration is taken back, the old state is there in the end")
    func everyWriteOfTheWayBack() async throws {
        let new = try await Self.migrated()
        // The first writes are those of a migration, which the test above walks over.
        for moment in JournalWrite.Moment.allCases {
            var ordinal = Self.start(7, moment)
            while true {
                var crash = try PostgresCrash(check: "test $DEMENTIAD_PHASE = rehearsal")
                let old = try crash.world.contents()
                guard let point = try crash.run(killedAt: ordinal, moment) else { break }
                try await crash.expect(oneOf: [old, new], point)
                crash.world.check("test $DEMENTIAD_PHASE = rehearsal")
                let result = try await crash.world.pass()
                #expect([.failedRestored, .done].contains(result.exit), "\(point): \(result)")
                try await crash.expectSettled(point)
                #expect(try crash.world.contents() == old, "\(point)")
                #expect(try await crash.world.operations().contains { $0.outcome == .failedRestored }, "\(point)")
                #expect(try await crash.world.journal.holds().count == 1, "\(point)")
                ordinal += Self.step
            }
            #expect(ordinal > 9, "only \(ordinal) writes were met")
        }
    }

    @Test(
        "R12: killed at any write of a downgrade or a restore on request, the next start settles it",
        arguments: ["downgrade", "restore"])
    func everyWriteOfWorkOnRequest(_ kind: String) async throws {
        let crash = try PostgresCrash()
        let world = crash.world
        let old = try world.contents()
        #expect(try await world.pass().exit == .done)
        let new = try world.contents()
        let backup = try #require(try world.backups().last)
        let target: String
        if kind == "restore" {
            target = old
        } else {
            #expect(try await world.ask(.downgrade, to: 8).outcome == .succeeded)
            target = try world.contents()
            #expect(try await world.ask(.migrate).outcome == .succeeded)
        }
        #expect(target != new)
        let work = kind == "restore" ? "restore:\(backup.id)" : "downgrade:8"
        for moment in JournalWrite.Moment.allCases {
            var ordinal = Self.start(1, moment)
            while let point = try crash.run(killedAt: ordinal, moment, work: work) {
                try await crash.expect(oneOf: [new, target], point)
                let result = try await world.pass()
                try await crash.expectSettled(point)
                #expect(result.recovered.count <= 1, "\(point)")
                let now = try world.contents()
                if let recovered = result.recovered.first {
                    let isDone = recovered.outcome == .succeeded
                    #expect(now == (isDone ? target : new), "\(point): \(recovered)")
                    #expect(
                        recovered.dataState
                            == (!isDone ? .untouched : kind == "restore" ? .restoredVerified : .migratedVerified))
                }
                // What a person took back is not brought again by itself; that he asks for it ends the hold.
                if now == target {
                    #expect(try await world.journal.holds().count == 1, "\(point)")
                    #expect(result.form?.state == .held, "\(point)")
                    #expect(try await world.ask(.migrate).outcome == .succeeded, "\(point)")
                }
                #expect(try world.contents() == new, "\(point)")
                ordinal += Self.step
            }
            #expect(ordinal > 5, "only \(ordinal) writes were met")
            #expect(try world.contents() == target)
            #expect(try await world.ask(.migrate).outcome == .succeeded)
        }
    }

    /// Statements inside the one transaction, and how it is known that the guard is in them.
    @Test("R12, P12: killed in the middle of a statement, the server takes it back, and the next pass migrates")
    func inAStatement() async throws {
        let crash = try PostgresCrash(dropIn: PostgresWorld.barrier)
        let old = try crash.world.contents()
        for _ in 1...2 {
            let barrier = try Barrier(in: crash.world.database)
            let runner = try crash.start(killedAt: 0)
            try await barrier.waitForArrival()
            runner.kill()
            // Its server process still waits for the barrier, and finds out that nobody waits for it.
            try await crash.world.waitUntilUnlocked()
            #expect(try crash.world.contents() == old)
            barrier.open()
        }
        let result = try await crash.world.pass()
        #expect(result.exit == .done)
        #expect(result.recovered.map(\.outcome) == [.failedUntouched])
        #expect(result.operation?.outcome == .succeeded)
        try await crash.expectSettled("in a statement")
        #expect(try crash.world.contents() != old)
    }
}

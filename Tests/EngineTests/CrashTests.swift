// SPDX-License-Identifier: MIT

import ControlAPI
import FoundationEssentials
import Glibc
import GuardCore
import Journal
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

/// A pass that is to be cut short, and what has to become of the memory in the end.
struct Scenario: Sendable, CustomTestStringConvertible {
    enum End { case old, new }

    let testDescription: String
    /// The statements of a fifth migration, given the moment in seconds at which the pass began.
    let dropIn: (@Sendable (Int) -> String)?
    let check: (@Sendable (Int) -> String)?
    let end: End

    static let all = [
        Scenario(testDescription: "success", dropIn: nil, check: nil, end: .new),
        Scenario(
            testDescription: "a veto on the live store, and a restore", dropIn: nil,
            check: { _ in "test $DEMENTIAD_PHASE = rehearsal" }, end: .old),
        Scenario(
            testDescription: "a rehearsal that fails", dropIn: { _ in "DELETE FROM memory_entries" }, check: nil,
            end: .old),
        // Harmless to the rehearsal, which is over before the moment that the check waits for.
        Scenario(
            testDescription: "a migration that fails on the live store",
            dropIn: { start in "DELETE FROM memory_entries WHERE CAST(strftime('%s', 'now') AS INTEGER) > \(start + 1)"
            },
            check: { start in "while test $(date +%s) -le \(start + 1); do sleep 0.05; done" }, end: .old),
    ]
}

/// A memory whose guard is killed, with everything that must be true whenever that happens.
struct CrashWorld {
    let world: World
    let old: LogicalDump
    let new: LogicalDump
    private let scenario: Scenario
    private let migrations: String
    private let check: String?

    init(_ scenario: Scenario, journalMode: String = "wal", new: LogicalDump) throws {
        self.scenario = scenario
        self.new = new
        world = try World()
        try world.change("PRAGMA journal_mode = \(journalMode)")
        old = try world.contents().comparable
        migrations = try world.folder.folder("migrations")
        let start = time(nil)
        check = scenario.check?(start)
        if let up = scenario.dropIn?(start) {
            let (name, text) = World.dropIn(up)
            try write(Array(text.utf8), to: "\(migrations)/\(name)")
        }
    }

    /// What a migration that nothing disturbs makes of the same memory.
    static func expected() async throws -> LogicalDump {
        let world = try World()
        guard try await world.pass().operation?.outcome == .succeeded else {
            throw Unexpected("the undisturbed pass failed")
        }
        return try world.contents().comparable
    }

    /// Runs a pass that ends itself at one write of the journal. nil: it was over before; otherwise the write's name.
    func run(killedAt ordinal: Int, _ moment: JournalWrite.Moment) throws -> String? {
        let result = try Tool.run(
            [
                Place.built("crash-runner"), world.state, world.store, String(ordinal), moment.rawValue,
                scenario.dropIn == nil ? "" : migrations,
            ] + (check.map { [$0] } ?? []))
        guard result.status == -SIGKILL else {
            if result.status != 0 { throw Unexpected("the runner ended with \(result.status): \(result.output)") }
            return nil
        }
        return String(result.output.split(separator: "\n").last ?? "")
    }

    /// The real daemon, with the same migrations and the same check.
    func daemon() throws -> Daemon {
        var configuration = "backup: {minFree: 0}\nmigrations: {paths: ['\(migrations)']}\n"
        if let check { configuration += "verify: {command: '\(check)'}\n" }
        return try Daemon(
            ["once", "--watch", world.store, "--state-dir", world.state, "--json"], configuration: configuration)
    }

    /// Right after a death: what lies on the disk is the old state or the new one, entirely.
    func expectOldOrNew(_ point: String) throws {
        let now = try onDisk().comparable
        #expect(
            now == old || now == new, "\(point): mixed: \(now.differences(from: old)) \(now.differences(from: new))")
    }

    /// After the next run: everything is settled, and everything that is told is true.
    func expectSettled(_ point: String, atMost backups: Int) async throws {
        let result = try daemon().run()
        let allowed: Set<Int32> = scenario.end == .new ? [0] : [0, 4, 8, 11]
        #expect(allowed.contains(result.status), "\(point): exit \(result.status), \(result.output)\(result.errors)")
        #expect(result.errors.isEmpty, "\(point): \(result.errors)")
        let journal = try Journal(path: world.state + "/journal.db", clock: { Timestamp(milliseconds: 0) })
        #expect(try await journal.unsettled().isEmpty, "\(point): something is unsettled")
        let now = try world.contents().comparable
        let expected = scenario.end == .new ? new : old
        #expect(now == expected, "\(point): \(now.differences(from: expected))")
        #expect(try world.lines("PRAGMA integrity_check") == ["ok"], "\(point)")
        let count = try world.backups().count
        #expect(count <= backups, "\(point): \(count) backups")
        #expect(try world.leftovers() == [], "\(point)")
        #expect(try FileStatus.ifPresent(world.store + "-journal") == nil, "\(point): a hot journal is left")
        let operations = try await journal.operations(store: world.id, limit: 100)
        try expectTruth(operations, now, point)
        let holds = try await journal.holds()
        #expect(holds.count == operations.count(where: { $0.outcome == .failedRestored }), "\(point)")
    }

    private func expectTruth(_ operations: [OperationRecord], _ now: LogicalDump, _ point: String) throws {
        let last = try #require(operations.first { $0.outcome != .nothingToDo }, "\(point): no operation")
        switch last.dataState {
        case .migratedVerified: #expect(now == new, "\(point)")
        case .untouched, .restoredVerified: #expect(now == old, "\(point)")
        case .changing, .unverified: Issue.record("\(point): \(last.dataState) in the end")
        }
        for operation in operations where operation.outcome == .failedRestored {
            // B25, invariant 5: what was replaced is in the vault, and the operation says where.
            let kept = try #require(operation.result?.keptState, "\(point): no kept state is named")
            #expect(try world.backups().contains { $0.id == kept && $0.manifest.reason == .failedState }, "\(point)")
        }
    }

    /// The memory as it lies on the disk, read from a copy of its files: nothing is recovered in the original.
    private func onDisk() throws -> LogicalDump {
        let folder = try TemporaryFolder()
        for suffix in ["", "-wal", "-journal"] where try FileStatus.ifPresent(world.store + suffix) != nil {
            try copy(world.store + suffix, to: folder.file("copy.db") + suffix)
        }
        return try LogicalDump(folder.file("copy.db"))
    }
}

extension LogicalDump {
    /// Without the column that holds the time of the run.
    var comparable: LogicalDump {
        keeping((columns["context_locks"] ?? []).filter { $0 != "last_accessed" }, of: "context_locks")
    }
}

@Suite("A crash")
struct CrashTests {
    @Test(
        "R12, P12, B10, B22: killed at any write of the journal, the next start settles everything by itself",
        arguments: Scenario.all)
    func everyWrite(_ scenario: Scenario) async throws {
        let new = try await CrashWorld.expected()
        for moment in JournalWrite.Moment.allCases {
            var ordinal = 1
            while true {
                let world = try CrashWorld(scenario, new: new)
                guard let point = try world.run(killedAt: ordinal, moment) else { break }
                let name = "\(ordinal) \(point)"
                try world.expectOldOrNew(name)
                try await world.expectSettled(name, atMost: 4)
                ordinal += 1
            }
            // Begin, five steps at least, settlement, and what was seen before and after.
            #expect(ordinal > 6, "only \(ordinal) writes were met")
        }
    }

    @Test(
        "B9, B22, P12: killed at random moments, several times in a row, it ends as if nothing had happened",
        arguments: ["wal", "delete"])
    func randomMoments(journalMode: String) async throws {
        let new = try await CrashWorld.expected()
        let isLong = getenv("DEMENTIAD_LONG_TESTS") != nil
        let scenarios = [Scenario.all[0], Scenario.all[1]]
        var longest: [Duration] = []
        for scenario in scenarios {
            let world = try CrashWorld(scenario, journalMode: journalMode, new: new)
            let start = ContinuousClock.now
            _ = try world.daemon().run()
            longest.append(ContinuousClock.now - start)
        }
        var kills = 0
        while kills < (isLong ? 50 : 15) {
            let index = kills % scenarios.count
            let world = try CrashWorld(scenarios[index], journalMode: journalMode, new: new)
            let inARow = Int.random(in: 1...5)
            for _ in 1...inARow {
                let microseconds =
                    longest[index].components.seconds * 1_000_000
                    + longest[index].components.attoseconds / 1_000_000_000_000
                let pause = UInt32.random(in: 0...UInt32(microseconds))
                let tool = try world.daemon().start()
                usleep(pause)
                tool.kill()
                kills += 1
                try world.expectOldOrNew("\(journalMode), killed after \(pause) µs of \(microseconds)")
            }
            try await world.expectSettled("\(journalMode), \(inARow) kills in a row", atMost: 3 * inARow + 3)
        }
        print("\(kills) kills in \(journalMode), spread over \(longest)")
    }

    @Test("R1: a migration that was cut short five times is no failed migration, and the sixth run makes it")
    func interruptionsDoNotCount() async throws {
        let new = try await CrashWorld.expected()
        let world = try CrashWorld(Scenario.all[0], new: new)
        // The writes of a pass: the sighting, begin, preflight, backup, rehearse, migrate. In the next ones nothing new is sighted, and
        // recovery writes in place of that.
        for _ in 1...5 { #expect(try world.run(killedAt: 6, .after) != nil) }
        try await world.expectSettled("five times", atMost: 6)
    }
}

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

@Suite("Single rows brought back")
struct RowReturnTests {
    private let caller = Caller(uid: 1000, pid: 1)

    private func insert(_ world: World, _ label: String, _ content: String, version: String = "1.0") throws {
        try Connection(path: world.store, access: .readWrite).run(
            """
            INSERT INTO context_locks (session_id, label, version, content, content_hash, locked_at)
            VALUES ('s1', ?, ?, ?, 'h', 1754985844.5)
            """, [.text(label), .text(version), .text(content)])
    }

    private func bringBack(
        _ guarded: Guarded, _ backup: BackupID, context: String? = nil, only: [String]? = nil,
        onConflict: ConflictRule? = nil, digest: String? = nil
    ) async throws -> OperationRecord {
        let request = OperationRequest(
            kind: .restore, backup: backup, planDigest: digest, only: only, context: context, onConflict: onConflict)
        let record = try await guarded.service.start(request, key: nil, for: caller)
        return try await guarded.service.operation(record.id, waiting: Patience.limit)
    }

    private func contexts(_ world: World) throws -> [String] {
        try world.lines("SELECT label || '@' || version || '=' || content FROM context_locks ORDER BY 1")
    }

    @Test("A deleted context comes back across an upgrade, with its preview, and nothing else changes")
    func acrossUpgrade() async throws {
        let world = try World(.v4_0)
        try insert(world, "api", "# Rules\nALWAYS ask.")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let row = try world.lines(
            "SELECT id || ' ' || locked_at || ' ' || content_hash FROM context_locks WHERE label = 'api'")
        #expect(try await guarded.run(.migrate).outcome == .succeeded)
        try world.change("DELETE FROM context_locks WHERE label = 'api'")
        try insert(world, "today", "work of today")
        let before = try world.contents()
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup, context: "api"))
        #expect(plan.refusal == nil && plan.rows == [.init(table: "context_locks", name: "api@1.0", action: .insert)])
        let record = try await bringBack(guarded, backup, context: "api", digest: plan.digest)
        #expect(record.outcome == .succeeded && record.dataState == .migratedVerified, "\(record)")
        #expect(
            try world.lines(
                "SELECT id || ' ' || locked_at || ' ' || content_hash FROM context_locks WHERE label = 'api'") == row)
        #expect(
            try world.lines("SELECT preview FROM context_locks WHERE label = 'api'").first?.contains("ALWAYS ask")
                == true)
        // Nothing was taken back, so nothing is held; and what was there before is in the vault.
        #expect(try await guarded.service.holds().isEmpty)
        let kept = try #require(record.result?.keptState)
        #expect(
            try world.contents(of: #require(try world.backups().first { $0.id == kept })).differences(from: before)
                == [])
        try world.change("DELETE FROM context_locks WHERE label = 'api'")
        #expect(try world.contents().differences(from: before) == [])
        await guarded.stop()
    }

    @Test("A context whose session is gone brings its session, and the plan says so")
    func session() async throws {
        let world = try World(.v4_0)
        try world.change("INSERT INTO sessions (id, started_at, summary) VALUES ('s1', 1.5, 'mine')")
        try insert(world, "api", "x")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try world.change("DELETE FROM context_locks WHERE label = 'api'; DELETE FROM sessions WHERE id = 's1'")
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup, context: "api@1.0"))
        #expect(plan.rows?.map(\.action) == [.bring, .insert])
        #expect(try await bringBack(guarded, backup, context: "api@1.0").outcome == .succeeded)
        #expect(try world.lines("SELECT summary FROM sessions WHERE id = 's1'") == ["mine"])
        await guarded.stop()
    }

    @Test("Rows that nothing but their content tells apart come back as often as the backup has them")
    func equalRows() async throws {
        let world = try World(.v4_0)
        try world.change(
            "CREATE TABLE ticks (msg TEXT, n); INSERT INTO ticks VALUES ('t', 1), ('t', 1), ('t', 1), ('u', NULL)")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let rows = try world.lines("SELECT msg || count(*) FROM ticks GROUP BY msg ORDER BY msg")
        // The first time one of three is left, the second time none.
        for left in [1, 0] {
            try world.change(
                "DELETE FROM ticks WHERE msg = 'u'; DELETE FROM ticks WHERE rowid > (SELECT min(rowid) + \(left) - 1 FROM ticks)"
            )
            let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup, only: ["ticks"]))
            #expect(plan.rows?.filter { $0.action == .insert }.count == 4 - left)
            #expect(try await bringBack(guarded, backup, only: ["ticks", "ticks"]).outcome == .succeeded)
            #expect(try world.lines("SELECT msg || count(*) FROM ticks GROUP BY msg ORDER BY msg") == rows)
            #expect(try await bringBack(guarded, backup, only: ["ticks"]).outcome == .nothingToDo)
        }
        await guarded.stop()
    }

    @Test("Where another row has the name, nothing is done before somebody says what is to become of both")
    func conflicts() async throws {
        let world = try World(.v4_0)
        try world.change("DELETE FROM context_locks")
        try insert(world, "api", "old")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try world.change("UPDATE context_locks SET content = 'new'")
        let before = try world.contents()
        let plan = try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup, context: "api"))
        #expect(plan.refusal?.code == .restoreRefused && plan.rows?.map(\.action) == [.conflict])
        let refused = try await bringBack(guarded, backup, context: "api")
        #expect(refused.outcome == .failedUntouched && refused.error?.code == .restoreRefused)
        #expect(try world.contents().differences(from: before) == [])
        #expect(try await bringBack(guarded, backup, context: "api", onConflict: .keep).outcome == .nothingToDo)
        #expect(try contexts(world) == ["api@1.0=new"])
        #expect(try await bringBack(guarded, backup, context: "api", onConflict: .copy).outcome == .succeeded)
        #expect(try contexts(world) == ["api@1.0=new", "api@1.1=old"])
        #expect(try await bringBack(guarded, backup, context: "api", onConflict: .replace).outcome == .succeeded)
        #expect(try contexts(world) == ["api@1.0=old", "api@1.1=old"])
        #expect(try await bringBack(guarded, backup, context: "api").outcome == .nothingToDo)
        await guarded.stop()
    }

    @Test("Rows of any table come back by table or by key, and a number that is taken becomes a new one")
    func anyTable() async throws {
        let world = try World(.v4_0)
        try world.change(
            """
            CREATE TABLE plain (a, b); INSERT INTO plain VALUES (1, 'x'), (1, 'x'), (2, 'y');
            CREATE TABLE keyed (k TEXT PRIMARY KEY, v); INSERT INTO keyed VALUES ('p:q', 1), ('r', 2);
            DELETE FROM context_locks
            """)
        try insert(world, "api", "old")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let id = try #require(try world.lines("SELECT id FROM context_locks").first)
        try world.change("DELETE FROM plain WHERE a = 2; DELETE FROM keyed; DELETE FROM context_locks")
        try world.change("DELETE FROM sqlite_sequence WHERE name = 'context_locks'")
        try insert(world, "other", "took the number")
        try world.change("UPDATE context_locks SET id = \(id)")
        #expect(
            try await bringBack(guarded, backup, context: "api", only: ["plain", "keyed:p:q"]).outcome == .succeeded)
        #expect(try world.lines("SELECT a || b FROM plain ORDER BY 1") == ["1x", "1x", "2y"])
        #expect(try world.lines("SELECT k FROM keyed") == ["p:q"])
        #expect(try contexts(world) == ["api@1.0=old", "other@1.0=took the number"])
        await guarded.stop()
    }

    @Test(
        "What names nothing, or cannot be named, is refused before anything is done",
        arguments: [
            (["nope"], nil, GuardError.Code.notFound), (["plain:1"], nil, .usage), (nil, "nope@1.0", .notFound),
            (["schema_migrations"], nil, .usage), (["sessions:nobody"], nil, .notFound),
        ] as [([String]?, String?, GuardError.Code)])
    func missing(_ only: [String]?, _ context: String?, _ code: GuardError.Code) async throws {
        let world = try World(.v4_0)
        try world.change("CREATE TABLE plain (a); INSERT INTO plain VALUES (1)")
        let guarded = try await Guarded(world)
        #expect(try await guarded.run(.migrate).outcome == .succeeded)
        let backup = try #require(try await guarded.run(.backup).backup)
        await #expect {
            try await guarded.service.plan(PlanRequest(kind: .restore, backup: backup, only: only, context: context))
        } throws: { ($0 as? GuardError)?.code == code }
        let record = try await bringBack(guarded, backup, context: context, only: only)
        #expect(record.outcome == .failedUntouched && record.error?.code == code, "\(record)")
        #expect(try world.leftovers().filter { $0 != "scratch/contents" } == [])
        await guarded.stop()
    }

    @Test("Triggers do not fire, and rows that the table does not take are refused with nothing changed")
    func refusedByTable() async throws {
        let world = try World(.v4_0)
        try world.change(
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE); INSERT INTO t VALUES (1, 'x'), (2, 'y');
            CREATE TABLE seen (a); CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (new.a); END
            """)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try world.change("DELETE FROM t; INSERT INTO t VALUES (7, 'x'); DELETE FROM seen")
        let before = try world.contents()
        let refused = try await bringBack(guarded, backup, only: ["t:1"])
        #expect(refused.outcome == .failedUntouched && refused.error?.code == .restoreRefused, "\(refused)")
        #expect(try world.contents().differences(from: before) == [])
        #expect(try await bringBack(guarded, backup, only: ["t:2"]).outcome == .succeeded)
        #expect(try world.lines("SELECT count(*) FROM seen") == ["0"])
        await guarded.stop()
    }

    @Test("A UNIQUE that would throw another row out does not get the chance")
    func conflictClause() async throws {
        let world = try World(.v4_0)
        try world.change(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE ON CONFLICT REPLACE); INSERT INTO t VALUES (1, 'x')")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try world.change("UPDATE t SET id = 9")
        let refused = try await bringBack(guarded, backup, only: ["t:1"])
        #expect(refused.outcome == .failedUntouched && refused.error?.code == .conservationFailed, "\(refused)")
        #expect(try world.lines("SELECT id FROM t") == ["9"])
        await guarded.stop()
    }

    @Test("Other rows than those that were agreed to are not brought back")
    func agreed() async throws {
        let world = try World(.v4_0)
        try insert(world, "api", "old")
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        try world.change("DELETE FROM context_locks WHERE label = 'api'")
        let request = PlanRequest(kind: .restore, backup: backup, context: "api", onConflict: .replace)
        let digest = try #require(try await guarded.service.plan(request).digest)
        try insert(world, "unrelated", "a write that changes nothing of the plan")
        #expect(
            try await bringBack(guarded, backup, context: "api", onConflict: .replace, digest: digest).outcome
                == .succeeded)
        try world.change("DELETE FROM context_locks WHERE label = 'api'")
        let second = try #require(try await guarded.service.plan(request).digest)
        try insert(world, "api", "new")
        let refused = try await bringBack(guarded, backup, context: "api", onConflict: .replace, digest: second)
        #expect(refused.error?.code == .planChanged && refused.dataState == .untouched, "\(refused)")
        await guarded.stop()
    }

    @Test("Random histories: what comes back is as it was, and every other row stays as it is", arguments: 0..<12)
    func histories(_ seed: Int) async throws {
        let world = try World(.v4_0)
        try world.change("DELETE FROM context_locks")
        var model: [String: String] = [:]
        for number in 0..<8 {
            try insert(world, "c\(number)", "first \(number)")
            model["c\(number)"] = "first \(number)"
        }
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let old = model
        var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
        if random(2) == 0 { #expect(try await guarded.run(.migrate).outcome == .succeeded) }
        for step in 0..<10 {
            let label = "c\(random(10))"
            switch random(3) {
            case 0:
                try world.change("DELETE FROM context_locks WHERE label = '\(label)'")
                model[label] = nil
            case 1 where model[label] == nil:
                try insert(world, label, "again \(step)")
                model[label] = "again \(step)"
            default:
                try world.change("UPDATE context_locks SET content = 'edit \(step)' WHERE label = '\(label)'")
                if model[label] != nil { model[label] = "edit \(step)" }
            }
        }
        let wanted = "c\(random(8))"
        let rule = [ConflictRule.keep, .replace, .copy][random(3)]
        let record = try await bringBack(guarded, backup, context: wanted, onConflict: rule)
        var expected = model.map { "\($0.key)@1.0=\($0.value)" }
        let (then, now) = (try #require(old[wanted]), model[wanted])
        switch (now, rule) {
        case (nil, _): expected.append("\(wanted)@1.0=\(then)")
        case (let now?, .replace) where now != then:
            expected.removeAll { $0.hasPrefix("\(wanted)@") }
            expected.append("\(wanted)@1.0=\(then)")
        case (let now?, .copy) where now != then: expected.append("\(wanted)@1.1=\(then)")
        default: #expect(record.outcome == .nothingToDo)
        }
        #expect([.succeeded, .nothingToDo].contains(record.outcome), "\(record)")
        #expect(try contexts(world) == expected.sorted())
        #expect(try world.lines("PRAGMA integrity_check") == ["ok"])
        await guarded.stop()
    }

    @Test(
        "Killed at any write of the journal, the context is back or not, and what is told is true",
        arguments: ["wal", "delete"])
    func everyWrite(_ mode: String) async throws {
        for moment in JournalWrite.Moment.allCases {
            var (ordinal, met) = (1, Set<String>())
            while true {
                let world = try World(.v4_0)
                try world.change("PRAGMA journal_mode = \(mode); DELETE FROM context_locks")
                try insert(world, "api", "old")
                let guarded = try await Guarded(world)
                let backup = try #require(try await guarded.run(.backup).backup)
                await guarded.stop()
                try world.change("UPDATE context_locks SET content = 'new'")
                let before = try world.contents()
                let end = try Tool.run([
                    Place.built("crash-runner"), world.state, world.store, String(ordinal), moment.rawValue, "", "",
                    "context:\(backup):api",
                ])
                guard end.status == -9 else {
                    #expect(end.status == 0, "\(end.output)")
                    break
                }
                let there = try contexts(world)
                #expect([["api@1.0=new"], ["api@1.0=old"]].contains(there), "\(ordinal) \(end.output)")
                let again = try await Guarded(world)
                let records = try await again.service.operations(of: nil, in: nil, Page()).items
                let record = try #require(records.first { $0.kind == .restore } ?? records.first)
                #expect(record.state == .settled, "\(ordinal) \(end.output)")
                switch record.kind == .restore ? record.dataState : .untouched {
                case .untouched:
                    #expect(try world.contents().differences(from: before) == [], "\(ordinal) \(end.output)")
                case .migratedVerified: #expect(try contexts(world) == ["api@1.0=old"], "\(ordinal) \(end.output)")
                default: Issue.record("\(ordinal) \(end.output): \(record)")
                }
                #expect(try await again.service.holds().isEmpty)
                #expect(try world.leftovers() == [])
                await again.stop()
                met.insert(record.dataState.rawValue)
                ordinal += 1
            }
            #expect(ordinal > 5, "only \(ordinal) writes were met")
            #expect(met.count == 2, "\(met)")
        }
    }
}

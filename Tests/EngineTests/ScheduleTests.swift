// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import GuardCore
import Journal
import LinuxKit
import TestSupport
import Testing
import Vault

@testable import Engine

@Suite("Backups by the clock")
struct ScheduleTests {
    private static let day = Duration.seconds(86_400)

    @Test("A memory without a backup is due at once, then a day later, and backed up again only when it changed")
    func everyDay() async throws {
        let tended = try Tended(try World())
        let (id, place) = (tended.world.id, tended.world.location)
        #expect(try await #require(tended.maintenance.nextBackupDue(id)) <= tended.now)
        let first = try #require(try await tended.maintenance.backUpIfDue(place))
        #expect(first.outcome == .succeeded && first.trigger == "schedule" && first.kind == .backup)
        #expect(try tended.world.backups().map(\.manifest.reason) == [.schedule])
        let due = try #require(try await tended.maintenance.nextBackupDue(id))
        #expect(due == (try tended.world.backups()[0].manifest.createdAt.advanced(by: Self.day)))
        try remember("not yet", in: tended.world.store)
        #expect(try await tended.maintenance.backUpIfDue(place) == nil)
        tended.world.moveClock(by: Self.day)
        #expect(try await tended.maintenance.backUpIfDue(place)?.outcome == .succeeded)
        // Unchanged: looked at, written down without an operation, and not looked at again before the next day, not by a new process either.
        tended.world.moveClock(by: Self.day)
        let before = tended.now
        #expect(try await tended.maintenance.backUpIfDue(place) == nil)
        #expect(try tended.backups() == [1, 2])
        #expect(try await tended.journal.operations(limit: 9).count == 2)
        let later = try Tended(tended.world)
        #expect(try await #require(later.maintenance.nextBackupDue(id)) > before.advanced(by: Self.day))
    }

    @Test("Nothing is due for a missing memory, nor when no backups are wanted by the clock")
    func never() async throws {
        var world = try World()
        world.policy.maintenance.every = nil
        world.policy.maintenance.drillEvery = nil
        let unwanted = try Tended(world)
        #expect(try await unwanted.maintenance.nextBackupDue(world.id) == nil)
        #expect(try await unwanted.maintenance.nextDrillDue() == nil)
        let tended = try Tended(try World())
        try Directory.unlink(tended.world.store)
        // Gone since the last look: no failed backup, its owner sees it missing.
        #expect(try await tended.maintenance.backUpIfDue(tended.world.location) == nil)
        #expect(try await tended.journal.operations(limit: 9).isEmpty)
        try await tended.look()
        try remember("known", in: try tended.world.neighbour("other").name)
        try await tended.journal.remember([
            StoreSighting(location: tended.world.location, at: tended.now, state: StoreState.missing.rawValue)
        ])
        #expect(try await tended.maintenance.nextBackupDue(tended.world.id) == nil)
    }

    @Test("A memory that went away since the last look is asked for again after a while, and not at once")
    func goneSinceTheLastLook() async throws {
        let tended = try Tended(try World())
        try await tended.look()
        #expect(try await #require(tended.maintenance.nextBackupDue(tended.world.id)) <= tended.now)
        let away = tended.world.folder.file("away.db")
        try Directory.rename(noReplace: tended.world.store, to: away)
        #expect(
            try await #require(tended.maintenance.nextBackupDue(tended.world.id))
                > tended.now.advanced(by: .seconds(3000)))
        #expect(try await tended.maintenance.backUpIfDue(tended.world.location) == nil)
        try Directory.rename(noReplace: away, to: tended.world.store)
        #expect(try await tended.maintenance.backUpIfDue(tended.world.location)?.outcome == .succeeded)
    }

    @Test("B23: a backup from a clock that was years ahead puts off nothing")
    func clockAhead() async throws {
        let tended = try Tended(try World())
        tended.world.moveClock(by: Self.day * 3650)
        try await tended.backUp()
        tended.world.moveClock(by: Self.day * -3650)
        #expect(try await #require(tended.maintenance.nextBackupDue(tended.world.id)) <= tended.now)
        #expect(try await tended.maintenance.backUpIfDue(tended.world.location) == nil)
        let due = try #require(try await tended.maintenance.nextBackupDue(tended.world.id))
        #expect(due > tended.now && due < tended.now.advanced(by: Self.day * 2))
    }

    @Test("A memory that cannot be backed up is told, and tried again after a while and not at once")
    func damaged() async throws {
        let tended = try Tended(try World())
        try write(Array("no database, whatever its name says".utf8), to: tended.world.store)
        let record = try #require(try await tended.maintenance.backUpIfDue(tended.world.location))
        #expect(record.outcome == .failedUntouched)
        let due = try #require(try await tended.maintenance.nextBackupDue(tended.world.id))
        #expect(due > tended.now.advanced(by: .seconds(3600)) && due < tended.now.advanced(by: Self.day))
        #expect(try await tended.maintenance.backUpIfDue(tended.world.location) == nil)
    }

    @Test("One backup for one content: a release is met with a backup when the newest does not hold the same already")
    func release() async throws {
        let tended = try Tended(try World())
        let release = Release(
            id: "sha256:1", label: "4.9.0", path: "/opt/dementia", line: .sqlite4, version: nil, isKnown: false)
        let record = try #require(
            try await tended.maintenance.releaseBackup(tended.world.location, release: release))
        #expect(record.outcome == .succeeded && record.trigger == "release")
        let entry = try #require(try tended.world.backups().first)
        #expect(entry.manifest.reason == .release && entry.manifest.release == "4.9.0")
        #expect(try await tended.maintenance.releaseBackup(tended.world.location, release: release) == nil)
        try remember("news", in: tended.world.store)
        #expect(try await tended.maintenance.releaseBackup(tended.world.location, release: release) != nil)
        // One that is known to be bad holds nothing.
        let newest = try #require(try tended.world.backups().first).id
        try await tended.journal.record(ProofRecord(backup: newest, at: tended.now, succeeded: false, seconds: 0))
        #expect(try await tended.maintenance.releaseBackup(tended.world.location, release: release) != nil)
        #expect(try tended.backups() == [1, 2, 3])
    }
}

@Suite("Drills")
struct DrillTests {
    private static let month = Duration.seconds(30 * 86_400)

    @Test("R9, B6: the oldest proof is repeated first, by a restore that is compared, and its date is written down")
    func oldestFirst() async throws {
        let tended = try Tended(try World())
        #expect(try await tended.maintenance.nextDrillDue() == nil)
        let first = try await tended.backUp()
        tended.world.moveClock(by: .seconds(3600))
        let second = try await tended.backUp()
        let due = try #require(try await tended.maintenance.nextDrillDue())
        #expect(due == (try tended.world.backups()[1].manifest.createdAt.advanced(by: Self.month)))
        #expect(try await tended.maintenance.drillNext() == nil)
        tended.world.moveClock(by: Self.month)
        let record = try #require(try await tended.maintenance.drillNext())
        #expect(record.outcome == .succeeded && record.kind == .verify && record.trigger == "schedule")
        #expect(record.backup == first && record.store == tended.world.id)
        let proof = try #require(try await tended.journal.lastProof(of: first))
        #expect(proof.succeeded && proof.detail?.hasPrefix("restored into scratch") == true)
        #expect(try await tended.maintenance.drillNext()?.backup == second)
        #expect(try await tended.maintenance.drillNext() == nil)
        #expect(try tended.world.leftovers() == [])
    }

    @Test("R9, B5: a backup that turns out bad is told, not relied on any more, and its memory is backed up at once")
    func bad() async throws {
        let tended = try Tended(try World())
        let good = try await tended.backUp()
        let bad = try await tended.backUp()
        try tended.damage(bad)
        tended.world.moveClock(by: Self.month)
        #expect(
            try await tended.maintenance.backUpIfDue(tended.world.location) == nil, "unchanged, as far as anybody knows"
        )
        #expect(try await tended.maintenance.drillNext()?.backup == good)
        let record = try #require(try await tended.maintenance.drillNext())
        #expect(record.backup == bad && record.outcome == .failedUntouched && record.dataState == .untouched)
        #expect(record.error?.code == .verificationFailed && record.exitCode == .verificationFailed)
        #expect(record.findings.map(\.code) == ["backupBad"])
        #expect(try await tended.tools.newestProved(of: tended.world.id)?.id == good)
        #expect(try await #require(tended.maintenance.nextBackupDue(tended.world.id)) <= tended.now)
        let again = try #require(try await tended.maintenance.backUpIfDue(tended.world.location))
        let fresh = try #require(again.backup)
        try tended.tools.vault.verifyPayload(of: try tended.tools.vault.entry(fresh))
        #expect(try await tended.tools.newestProved(of: tended.world.id)?.id == fresh)
        #expect(try await #require(tended.maintenance.nextBackupDue(tended.world.id)) > tended.now)
        // It is no reason to drill without a pause, either.
        #expect(try await tended.maintenance.drillNext() == nil)
    }

    @Test("When an older proved backup holds the present content, a look is enough")
    func badButHeldElsewhere() async throws {
        let tended = try Tended(try World())
        let good = try await tended.backUp()
        let bad = try await tended.backUp(nil)
        try await tended.journal.record(ProofRecord(backup: bad, at: tended.now, succeeded: false, seconds: 0))
        #expect(try await #require(tended.maintenance.nextBackupDue(tended.world.id)) <= tended.now)
        #expect(try await tended.maintenance.backUpIfDue(tended.world.location) == nil)
        #expect(try await #require(tended.maintenance.nextBackupDue(tended.world.id)) > tended.now)
        #expect(try await tended.tools.newestProved(of: tended.world.id)?.id == good)
    }

    @Test("A manifest that is damaged fails its drill, and keeps nobody else from its turn")
    func damagedManifest() async throws {
        let tended = try Tended(try World())
        let first = try await tended.backUp()
        let second = try await tended.backUp()
        let entry = try #require(try tended.world.backups().first { $0.id == first })
        try write([1], to: entry.path + "/MANIFEST.json")
        tended.world.moveClock(by: Self.month)
        // Nobody knows any more whose it is: only the folder was read.
        #expect(try await tended.maintenance.drillNext() == nil)
        #expect(try await tended.journal.lastProof(of: first)?.succeeded == false)
        #expect(try await tended.maintenance.drillNext()?.backup == second)
    }

    @Test("R20: without room for it a drill says nothing about a backup, and is tried again later")
    func noRoom() async throws {
        let tended = try Tended(try World())
        try await tended.backUp()
        var world = tended.world
        world.policy.minimumFree = .max / 2
        let tight = try Tended(world)
        world.moveClock(by: Self.month)
        let record = try #require(try await tight.maintenance.drillNext())
        #expect(record.outcome == .failedUntouched && record.error?.code == .noSpace)
        #expect(try await tight.journal.lastProofs().isEmpty)
        let due = try #require(try await tight.maintenance.nextDrillDue())
        #expect(due > tight.now && due < tight.now.advanced(by: .seconds(7200)))
        // One that does not fit keeps no other from its turn.
        try await tended.backUp()
        let second = try #require(try world.backups().first).id
        world.moveClock(by: Self.month)
        let records = [try await tight.maintenance.drillNext(), try await tight.maintenance.drillNext()]
        #expect(Set(records.compactMap { $0?.backup }) == Set([record.backup, second].compactMap(\.self)))
        #expect(try await tight.maintenance.drillNext() == nil)
    }

    @Test(
        "What keeps a drill from its end says nothing against the only backup: a lost connection, a lock, a full disk, a right",
        arguments: [GuardError.Code.serverUnreachable, .storeBusy, .noSpace, .permissionDenied, .notAnswering])
    func notFoundOut(_ code: GuardError.Code) async throws {
        var world = try World()
        let trouble = TroubledStore.Trouble()
        world.opener = { (location) throws(GuardError) in try TroubledStore(location, trouble) }
        let tended = try Tended(world)
        let id = try await tended.backUp()
        world.moveClock(by: Self.month)
        trouble.drillsFail(GuardError(code, "the drill came to no end"))
        let record = try #require(try await tended.maintenance.drillNext())
        #expect(record.backup == id && record.error?.code != .verificationFailed, "\(record)")
        #expect(try await tended.journal.lastProof(of: id)?.succeeded != false)
        #expect(try await tended.journal.failedProofs().isEmpty)
        #expect(try await tended.tools.newestProved(of: world.id)?.id == id)
    }

    @Test("A store whose server is not known any more still has its backups decoded")
    func withoutServer() async throws {
        let tended = try Tended(try World())
        let id = try await tended.backUp()
        var world = tended.world
        world.opener = { (location) throws(GuardError) in
            throw GuardError(.serverUnreachable, "not in the configuration")
        }
        world.moveClock(by: Self.month)
        let later = try Tended(world)
        #expect(try await later.maintenance.drillNext()?.outcome == .succeeded)
        #expect(try await later.journal.lastProof(of: id)?.detail?.hasPrefix("decoded in full") == true)
    }
}

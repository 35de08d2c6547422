// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import GuardCore
import HashKit
import Journal
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

/// Where a backup may be written to with `restore ID --to FILE`, and what a restore that was killed leaves there.
@Suite("A place for a restored file")
struct RestorePlaceTests {
    private let caller = Caller(uid: 1000, pid: 1)

    @Test(
        "A name that is none, or that SQLite takes for its own, is refused",
        arguments: [
            "/srv/.claude-memory.db-wal", "/srv/x.db-shm", "/srv/x.db-journal", "/srv/-wal", "/srv/copy.db/", "/srv//",
            "/srv/caf\u{FFFD}.db", "/caf\u{FFFD}/x.db", "/srv/x-journal/", "/srv/e\u{301}-wal",
        ])
    func names(_ path: String) {
        #expect(RestoreTarget.refusal(of: path) != nil)
    }

    @Test(
        "Other names say nothing against a place",
        arguments: ["/srv/copy.db", "/srv/wal", "/srv/x-wal.db", "/srv/\u{E9}.db", "/x-wal/y"])
    func goodNames(_ path: String) {
        #expect(RestoreTarget.refusal(of: path) == nil)
    }

    /// A daemon over one memory with one backup, and what both ways to name a place answer.
    private func refusals(_ path: (World) throws -> String) async throws -> (world: World, errors: [GuardError?]) {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let place = try path(world)
        let before = try Directory.entries(Directory.parent(of: world.store))
        let plan = await #expect(throws: GuardError.self) {
            try await guarded.service.plan(PlanRequest(kind: .restore, to: .place(place), backup: backup))
        }
        let start = await #expect(throws: GuardError.self) {
            try await guarded.service.start(
                OperationRequest(kind: .restore, to: .place(place), backup: backup), key: nil, for: caller)
        }
        #expect(try Directory.entries(Directory.parent(of: world.store)) == before)
        await guarded.stop()
        return (world, [plan, start])
    }

    @Test(
        "Beside a live memory SQLite's own names are refused as wrong use, and nothing is written",
        arguments: ["-wal", "-shm", "-journal"])
    func sidecar(_ ending: String) async throws {
        for error in try await refusals({ $0.store + ending }).errors {
            #expect(error?.code == .usage && error?.hint != nil && error?.message.contains(ending) == true)
        }
    }

    @Test(
        "The state directory is no place, under whatever name it is reached",
        arguments: ["/copy.db", "/vault/copy.db", "/scratch/x"])
    func stateDirectory(_ path: String) async throws {
        for error in try await refusals({ $0.state + path }).errors {
            #expect(
                error?.code == .usage && error?.message.contains("own files") == true, "\(String(describing: error))")
        }
        let linked = try await refusals { world in
            let link = world.folder.file("link")
            try #require(symlink(world.state, link) == 0)
            return link + path
        }
        for error in linked.errors { #expect(error?.code == .usage) }
    }

    @Test(
        "A folder that is not there, or is a file, is named with the next step",
        arguments: ["nowhere/copy.db", "file/copy.db"])
    func folder(_ path: String) async throws {
        let errors = try await refusals { world in
            try write([1], to: world.folder.file("file"))
            return world.folder.file(path)
        }.errors
        for error in errors {
            #expect(error?.code == .usage && error?.message.contains("folder") == true, "\(String(describing: error))")
            #expect(error?.hint?.hasPrefix("Nothing was changed.") == true)
        }
    }

    @Test(
        "A folder that may not be written is told as a missing right",
        .enabled(if: geteuid() != 0, "root may do everything"))
    func rights() async throws {
        let (world, errors) = try await refusals { world in
            let folder = try world.folder.folder("closed")
            try #require(chmod(folder, 0o500) == 0)
            return folder + "/copy.db"
        }
        chmod(world.folder.file("closed"), 0o700)
        for error in errors {
            #expect(
                error?.code == .permissionDenied && error?.hint?.contains("may write") == true,
                "\(String(describing: error))")
        }
    }

    @Test("A name that is too long is wrong use")
    func tooLong() async throws {
        let errors = try await refusals { $0.folder.file(String(repeating: "n", count: 256)) }.errors
        for error in errors { #expect(error?.code == .usage && error?.message.contains("too long") == true) }
    }

    @Test(
        "On a full disk the restore says so with the next step, and leaves nothing there",
        .enabled(if: SmallFilesystem.isPossible, "only root may mount"))
    func full() async throws {
        let world = try World(.v4_0)
        let guarded = try await Guarded(world)
        let backup = try #require(try await guarded.run(.backup).backup)
        let disk = try SmallFilesystem(kilobytes: 256)
        disk.fill()
        let record = try await guarded.service.start(
            OperationRequest(kind: .restore, to: .place(disk.path + "/copy.db"), backup: backup), key: nil, for: caller)
        let settled = try await guarded.service.operation(record.id, waiting: Patience.limit)
        #expect(settled.outcome == .failedUntouched && settled.error?.code == .noSpace, "\(settled)")
        #expect(settled.error?.hint?.contains("Free some space") == true)
        #expect(settled.error?.detail.contains(disk.path + "/copy.db") == true, "\(settled)")
        #expect(try Directory.entries(disk.path) == ["filler"])
        await guarded.stop()
    }

    // MARK: What a kill leaves

    @Test("A restore that was killed is settled as untouched, and what it had written is removed, and nothing else")
    func killed() async throws {
        let world = try World(.v4_0)
        let tended = try Tended(world)
        let backup = try await tended.backUp()
        let folder = try world.folder.folder("elsewhere")
        let left = folder + "/.dementiad-restore-17"
        let others = [".dementiad-restore-", ".dementiad-restore-x", ".dementiad-restore-1.db", "mine.db"].map {
            folder + "/" + $0
        }
        for path in [left] + others { try write([1], to: path) }
        // One that is at work in another process.
        let busy = folder + "/.dementiad-restore-18"
        try write([1], to: busy)
        let file = try OpenFile.reading(busy)
        #expect(try file.lock())

        let record = tended.tools.newRecord(.restore, on: nil, because: "request")
        let log = try await OperationLog.begin(record, with: tended.tools)
        try await log.step(.restore, detail: "\(backup) to \(folder)/copy.db")
        let settled = try await Recovery(tools: tended.tools).run()
        #expect(settled.map(\.outcome) == [.failedUntouched] && settled.first?.dataState == .untouched)
        #expect(settled.first?.error?.code == .interrupted)
        #expect(try await tended.journal.holds().isEmpty)
        #expect(try FileStatus.ifPresent(left) == nil)
        for path in others + [busy] { #expect(try FileStatus.ifPresent(path) != nil, "\(path)") }
        // And the next restore into the folder removes what came later.
        try write([1], to: left)
        let entry = try tended.tools.vault.entry(backup)
        try tended.tools.vault.restore(entry, to: folder + "/copy.db")
        #expect(try FileStatus.ifPresent(left) == nil && FileStatus.ifPresent(folder + "/copy.db") != nil)
        try file.close()
    }
}

@Suite("Forged backups")
struct ForgedBackupTests {
    /// Edits the manifest of `entry` and computes every checksum again, as whoever may write the vault can.
    private func forge(_ entry: Entry, _ from: String, _ to: String) throws -> BackupID {
        let manifest = "\(entry.path)/MANIFEST.json"
        let text = String(decoding: try content(of: manifest), as: UTF8.self)
        try #require(text.contains(from))
        let script = """
            cd '\(entry.path)' && chmod u+w . * && cat >MANIFEST.json <<'END' && sha256sum MANIFEST.json data.db.zst >SHA256SUMS \
                && r=$(sha256sum SHA256SUMS | cut -c1-12) && cd .. && mv '\(entry.path)' '\(entry.path.dropLast(12))'$r && echo $r
            \(text.replacing(from, with: to).dropLast())
            END
            """
        let end = try Tool.run(["sh", "-c", script])
        try #require(end.status == 0, "\(end.output)")
        let root = try #require(end.output.split(separator: "\n").last)
        return try #require(BackupID(entry.id.description.dropLast(12) + root))
    }

    @Test(
        "One whose digests do not fit its payload is refused by a restore before its first change, and found by a drill"
    )
    func digests() async throws {
        let tended = try Tended(try World(.v4_0))
        let backup = try await tended.backUp()
        let entry = try tended.tools.vault.entry(backup)
        let digest = try #require(entry.manifest.content.tables.first { $0.rows > 0 }?.columns.first?.sha256.hex)
        let forged = try forge(entry, digest, String(digest.reversed()))
        let before = try tended.world.contents()
        let guarded = try await Guarded(tended.world)
        let record = try await guarded.run(.restore, backup: forged)
        #expect(record.outcome == .failedUntouched && record.error?.code == .restoreRefused, "\(record)")
        #expect(try tended.world.contents().differences(from: before) == [])
        await guarded.stop()
        tended.world.moveClock(by: .seconds(31 * 86_400))
        var records: [OperationRecord] = []
        while let record = try await tended.maintenance.drillNext() { records.append(record) }
        let drilled = try #require(records.first { $0.backup == forged })
        #expect(drilled.error?.code == .verificationFailed)
        #expect(try await tended.journal.lastProof(of: forged)?.succeeded == false)
    }

    @Test(
        "One that fits is restored like any other: what is there is backed up first, and a replaced store.json changes nothing"
    )
    func harmless() async throws {
        let tended = try Tended(try World(.v4_0))
        let backup = try await tended.backUp()
        let entry = try tended.tools.vault.entry(backup)
        let forged = try forge(entry, "\"host\" : \"workstation\"", "\"host\" : \"elsewhere\"")
        let card = Directory.parent(of: entry.path) + "/store.json"
        #expect(chmod(card, 0o600) == 0)
        try write(Array("{\"location\":\"/etc/passwd\"}".utf8), to: card)
        try remember("late", in: tended.world.store)
        let guarded = try await Guarded(tended.world)
        let record = try await guarded.run(.restore, backup: forged)
        #expect(record.outcome == .succeeded && record.store == tended.world.id, "\(record)")
        let kept = try #require(record.result?.keptState)
        let late = try #require(try tended.world.backups().first { $0.id == kept })
        #expect(
            try tended.world.contents(of: late).values("memory_entries", "content").contains(.text(Array("late".utf8))))
        await guarded.stop()
    }
}

// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import TestSupport
import Testing

@testable import Engine

@Suite("A full disk", .enabled(if: SmallFilesystem.isPossible, "needs root, to mount a small filesystem"))
struct FullDiskTests {
    @Test("R20: a backup that would not fit is refused before its first byte")
    func refused() async throws {
        var world = try World()
        let disk = try SmallFilesystem(kilobytes: 8000)
        world.state = disk.path + "/state"
        let before = try world.files()
        let result = try await world.pass()
        #expect(result.exit == .noBackup)
        #expect(result.operation?.error?.code == .noSpace)
        #expect(result.operation?.dataState == .untouched)
        #expect(try world.backups() == [])
        #expect(try world.files() == before)
    }

    @Test("B2: a disk that fills up under the backup leaves no part of one, and the store untouched to the byte")
    func duringTheBackup() async throws {
        var world = try World(.v4_0Real)
        let disk = try SmallFilesystem(kilobytes: 100_000)
        world.state = disk.path + "/state"
        let done = Once()
        world.observe = { event in
            guard case .progressed(_, let progress) = event, progress.step == .backup else { return }
            if done.isFirst() { disk.fill() }
        }
        let before = try world.files()
        let exit = try await exitOfPass(in: world)
        #expect(done.happened)
        #expect(exit == .noBackup)
        #expect(try world.files() == before)
        #expect(try world.backups() == [])
        // With room again everything goes on by itself.
        try disk.empty()
        world.observe = { _ in }
        let result = try await world.pass()
        #expect(result.operation?.outcome == .succeeded)
        #expect(try world.backups().count == 1)
        #expect(try world.leftovers() == [])
    }

    @Test("A filesystem of the memory without room for a migration is found out before, and nothing starts")
    func noRoomBesideTheStore() async throws {
        let disk = try SmallFilesystem(kilobytes: 900)
        let world = try World(.v4_0Real, in: disk.path)
        let before = try world.files()
        let result = try await world.pass()
        #expect(result.exit == .noBackup)
        #expect(result.operation?.error?.code == .noSpace)
        #expect(try world.files() == before)
        #expect(try world.backups() == [])
    }

    @Test(
        "One that fills up under the migration rolls it back, and the next pass goes on by itself",
        arguments: ["wal", "delete"])
    func duringTheMigration(journalMode: String) async throws {
        let disk = try SmallFilesystem(kilobytes: 3000)
        var world = try World(.v4_0Real, in: disk.path)
        try world.change("PRAGMA journal_mode = \(journalMode)")
        let before = try world.contents()
        world.when(.migrate) { disk.fill() }
        let result = try await world.pass()
        #expect(result.exit == .noBackup)
        #expect(result.operation?.error?.code == .noSpace)
        #expect(result.operation?.dataState == .untouched)
        try disk.empty()
        #expect(try world.contents().differences(from: before) == [])
        #expect(try world.lines("PRAGMA integrity_check") == ["ok"])
        world.observe = { _ in }
        #expect(try await world.pass().operation?.outcome == .succeeded)
    }

    @Test(
        "A journal that cannot be written after COMMIT is no 'untouched': exit 5, and the next pass verifies what was committed"
    )
    func journalAfterCommit() async throws {
        var world = try World(.v4_0Real)
        let disk = try SmallFilesystem(kilobytes: 100_000)
        world.state = disk.path + "/state"
        let done = Once()
        world.observe = { event in
            guard case .progressed(_, let progress) = event, progress.step == .migrate else { return }
            if done.isFirst() { disk.fill() }
        }
        do {
            let result = try await world.pass()
            // The journal had room left in its file; then all is well, too.
            #expect(result.operation?.dataState == .migratedVerified)
        } catch let error as GuardError {
            #expect(error.dataState == .changing)
        }
        try disk.empty()
        world.observe = { _ in }
        let result = try await world.pass()
        #expect(result.exit == .done)
        #expect(result.form?.state == .current)
        #expect(try await world.operations().first?.dataState == .migratedVerified)
        #expect(try await world.operations().allSatisfy { $0.state == .settled })
    }

    private func exitOfPass(in world: World) async throws -> ExitCode {
        do {
            return try await world.pass().exit
        } catch let error as GuardError {
            #expect(error.dataState == .untouched)
            return ErrorTable.line(for: error.code).exit
        }
    }
}

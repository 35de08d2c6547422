// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing
import Vault

@testable import Engine

/// A Dementia in a plain folder, as far as it is recognised by.
private struct Upstream {
    let path: String

    init(_ world: World, _ name: String = "claude-dementia") throws {
        path = try world.folder.folder(name)
    }

    /// Unpacks a release of the SQLite line over what is there: the 4.0 server, and what each of `markers` names.
    func unpack(_ label: String, _ markers: [String] = []) throws {
        let made = ["CREATE TABLE IF NOT EXISTS context_locks (id INTEGER, label TEXT)"] + markers
        let server = made.map { "    conn.execute(\"\($0)\")" }
        try put("claude_mcp_hybrid.py", server.joined(separator: "\n"))
        try put("README.md", "# Claude Dementia v\(label)\n")
    }

    private func put(_ name: String, _ text: String) throws {
        let file = "\(path)/\(name)"
        if try FileStatus.ifPresent(file) != nil { try Directory.unlink(file) }
        try write(Array(text.utf8), to: file)
    }
}

@Suite("From releases to wanted versions")
struct SupervisorReleaseTests {
    private let rlm = "ALTER TABLE context_locks ADD COLUMN preview TEXT"

    @Test("a memory is wanted where the installed release needs it, and moves when another one is unpacked")
    func another() async throws {
        let world = try World(.v4_0)
        let upstream = try Upstream(world)
        try upstream.unpack("4.0.0")
        let location = world.location
        let guarded = try await Guarded(world, mode: .auto) {
            Discovered(locations: [location], releaseFolders: [upstream.path])
        }
        // What it is already is adopted, and no more.
        var form = try await guarded.eventually { $0.state == .current }
        #expect(form.schemaVersion == 1 && form.wantedVersion == 1 && form.release == "4.0.0")

        try upstream.unpack("4.1.0", [rlm])
        await guarded.service.supervisor.releasesChanged()
        form = try await guarded.eventually { $0.schemaVersion == 2 && $0.state == .current }
        #expect(form.wantedVersion == 2 && form.release == "4.1.0")
        let migration = try #require(try await world.operations().first { $0.kind == .migrate })
        #expect(migration.trigger == "release" && migration.outcome == .succeeded && migration.backup != nil)
        #expect(try world.lines("SELECT release FROM schema_migrations WHERE version = 2") == ["4.1.0"])
        await guarded.stop()
    }

    @Test("a release that needs less than a memory has takes nothing back")
    func older() async throws {
        let world = try World(.v4_4)
        let upstream = try Upstream(world)
        try upstream.unpack("4.0.0")
        let before = try world.contents()
        let location = world.location
        let guarded = try await Guarded(world, mode: .auto) {
            Discovered(locations: [location], releaseFolders: [upstream.path])
        }
        let form = try await guarded.eventually { $0.state == .current }
        #expect(form.wantedVersion == 1)
        #expect(try world.contents() == before)
        await guarded.stop()
    }

    @Test(
        "a release that makes what nobody here knows is met with a backup of every memory, once, and with no migration")
    func unknown() async throws {
        let world = try World(.v4_4)
        let upstream = try Upstream(world)
        try upstream.unpack("5.0.0", [rlm, "CREATE TABLE IF NOT EXISTS dreams (id INTEGER)"])
        let location = world.location
        let guarded = try await Guarded(world, mode: .ask) {
            Discovered(locations: [location], releaseFolders: [upstream.path])
        }
        _ = try await guarded.eventually { $0.lastBackup != nil }
        #expect(try world.backups().map(\.manifest.reason) == [.release])
        let status = try await guarded.service.status()
        #expect(status.findings?.contains { $0.code == "unknownRelease" } == true)

        // The same content and the same release: nothing is left to do.
        _ = try await guarded.run(.rescan)
        #expect(try world.backups().count == 1)
        await guarded.stop()
    }

    @Test("a migration that waits for approval does not keep the backup waiting, when a release asks for it")
    func approval() async throws {
        let world = try World(.v4_0)
        let upstream = try Upstream(world)
        try upstream.unpack("4.1.0", [rlm])
        let location = world.location
        let guarded = try await Guarded(world, mode: .ask) {
            Discovered(locations: [location], releaseFolders: [upstream.path])
        }
        let form = try await guarded.eventually { $0.lastBackup != nil }
        #expect(form.state == .pending && form.schemaVersion == 1)
        #expect(try world.backups().map(\.manifest.reason) == [.release])
        await guarded.stop()
    }
}

// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import SQLiteKit
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// Counts how often each store is opened.
private final class OpenCounter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock(\.self) }

    func open(_ location: StoreLocation) throws(GuardError) -> any Store {
        count.withLock { $0 += 1 }
        return try SQLiteStore.open(location)
    }
}

@Suite("A service that watches")
struct SupervisorWatchingTests {
    /// A service of everything below the world's folder, as the daemon is composed.
    private func guarded(
        _ world: World, mode: MigrationMode = .auto, releases: Set<String> = []
    ) async throws -> Guarded {
        let root = try realPath(Directory.parent(of: Directory.parent(of: world.store)))
        return try await Guarded(world, mode: mode, watching: [root]) { () throws(GuardError) in
            let found: Discovery.Found
            do {
                found = try Discovery(ignored: [".git", "state"], maxDepth: 6).walk([root])
            } catch {
                throw GuardError(.inputOutput, "\(error)")
            }
            return Discovered(
                locations: found.candidates.map { StoreLocation(engine: .sqlite, name: $0) }, releaseFolders: releases)
        }
    }

    @Test("R1: a look at an idle memory in WAL mode leads to no other look")
    func ownReads() async throws {
        let counter = OpenCounter()
        var world = try World(.v4_4)
        world.opener = { (location) throws(GuardError) in try counter.open(location) }
        // The application sits beside it, and its log with it.
        let application = try Connection(path: world.store, access: .readWrite)
        try application.execute("PRAGMA journal_mode=WAL; CREATE TABLE notes (a); INSERT INTO notes VALUES (1)")
        let guarded = try await guarded(world, mode: .ask)
        // Without an application, too: then every look makes a log and takes it away.
        let other = try world.neighbour("quiet", .v4_4)
        let neighbour = try await guarded.eventually(other.id) { $0.state != .missing }
        #expect(neighbour.watch == .inotify)
        try await guarded.isQuiet { counter.value }
        // It is not that nothing is seen any more.
        let before = counter.value
        try application.execute("INSERT INTO notes VALUES (2)")
        try await guarded.eventually("another look") { _ in counter.value > before }
        try await guarded.isQuiet { counter.value }
        await guarded.stop()
    }

    @Test("R3: two hundred folders within folders, each with a memory at once, are two hundred memories")
    func bursts() async throws {
        let world = try World(.v4_4)
        let guarded = try await guarded(world, mode: .off)
        let root = Directory.parent(of: Directory.parent(of: world.store))
        for number in 0..<200 {
            try Directory.createAll("\(root)/n\(number)/a/b/c")
            _ = try Fixture.v4_4.copy(to: "\(root)/n\(number)/a/b/c/.claude-memory.db")
        }
        try await guarded.eventually("201 memories") { try await $0.stores().count == 201 }
        await guarded.stop()
    }

    @Test("a memory that is moved away is missing, and is the same one when it is back")
    func movedAway() async throws {
        let world = try World(.v4_4)
        let guarded = try await guarded(world)
        let project = Directory.parent(of: world.store)
        _ = try await guarded.eventually { $0.state == .current && $0.lastBackup != nil }
        let backups = try world.backups().count
        try Directory.rename(noReplace: project, to: project + "-aside")
        try await guarded.eventually { $0.state == .missing && $0.lastBackup != nil }
        try Directory.rename(noReplace: project + "-aside", to: project)
        try await guarded.eventually { $0.state == .current }
        #expect(try world.backups().count >= backups)
        await guarded.stop()
    }

    @Test("R6: a rebase of fifty commits is one change of the release, at its end")
    func rebase() async throws {
        let world = try World(.v4_0)
        let root = try realPath(Directory.parent(of: Directory.parent(of: world.store)))
        let checkout = root + "/dementia"
        let git = Git(checkout)
        try git.start()
        let base = "conn.execute(\"CREATE TABLE IF NOT EXISTS context_locks (id INTEGER, label TEXT)\")\n"
        try git.commit(base, label: "4.0.0")
        try git("branch topic")
        try git.commit("upstream went on", file: "NEWS.md")
        try git("checkout -q topic")
        for number in 0..<50 {
            let added = "conn.execute(\"ALTER TABLE context_locks ADD COLUMN preview TEXT\")\n# \(number)\n"
            try git.commit(base + added, label: "4.1.0")
        }
        try git("checkout -q master")
        let guarded = try await guarded(world, releases: [checkout])
        _ = try await guarded.eventually { $0.state == .current && $0.wantedVersion == 1 }
        let before = try await world.operations().count { $0.kind == .migrate }
        try git("checkout -q topic && git rebase -q master")
        let form = try await guarded.eventually { $0.schemaVersion == 2 && $0.state == .current }
        #expect(form.release == "4.1.0")
        try await guarded.isQuiet { 0 }
        #expect(try await world.operations().count { $0.kind == .migrate } == before + 1)
        await guarded.stop()
    }
}

/// A repository of the tests' own, apart from whatever git is set up for.
private struct Git {
    let path: String

    init(_ path: String) { self.path = path }

    func start() throws {
        try Directory.createAll(path)
        try self("init -q -b master")
    }

    func commit(_ text: String, label: String? = nil, file: String = "claude_mcp_hybrid.py") throws {
        let readme = label.map { [("README.md", "# Claude Dementia v\($0)\n")] } ?? []
        for (name, text) in [(file, text)] + readme {
            let place = "\(path)/\(name)"
            if try FileStatus.ifPresent(place) != nil { try Directory.unlink(place) }
            try write(Array(text.utf8), to: place)
        }
        try self("add -A && git commit -q --allow-empty -m step")
    }

    func callAsFunction(_ command: String) throws {
        let person = "GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b"
        let settings = "GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_EDITOR=true \(person)"
        let line = "cd '\(path)' && export \(settings) && git \(command)"
        let result = try Tool(["sh", "-c", line]).finish()
        guard result.status == 0 else { throw Unexpected("git \(command): \(result.output)") }
    }
}

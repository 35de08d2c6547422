// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import HashKit
import LinuxKit
import Synchronization
import TestSupport
import Testing

@testable import Releases

/// Readings while git is at work in another process.
@Suite struct RebaseTests {
    /// Set when git has ended.
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private struct Seen: Sendable {
        var releases: [InstalledRelease] = []
        var busy = 0
        var others: [Reading] = []
    }

    /// Reads `trees` over and over while git runs `arguments`, and gives each different release once.
    private func readings(of trees: Trees, during arguments: [String]) async throws -> Seen {
        let flag = Flag()
        let command = ["git", "-C", trees.folder] + arguments
        // Each on a thread of its own: on the pool, other tests may keep the reader waiting until git has ended.
        let threads = (git: try ThreadExecutor(name: "git"), reader: try ThreadExecutor(name: "reader"))
        async let ended = threads.git.run { () throws(SystemCallError) in
            defer { flag.isSet.store(true, ordering: .sequentiallyConsistent) }
            return try ChildProcess.output(of: command, environment: Git.environment, timeout: .seconds(60)).ending
        }
        let seen = try await threads.reader.run { () throws(GuardError) in
            var seen = Seen()
            while !flag.isSet.load(ordering: .sequentiallyConsistent) {
                switch try trees.reader.read(trees.folder) {
                case .release(let installed): if !seen.releases.contains(installed) { seen.releases.append(installed) }
                case .busy: seen.busy += 1
                case let other: seen.others.append(other)
                }
                _ = try trees.reader.foldersToWatch(trees.folder)
            }
            return seen
        }
        #expect(try await ended == .exited(0), "git \(arguments)")
        #expect(seen.others == [])
        return seen
    }

    @Test("R6: during a rebase of 50 commits every reading is busy, old or new; the rebase succeeds", arguments: 1...3)
    func rebase(_ round: Int) async throws {
        let trees = try Trees()
        let git = trees.git
        try git.commit(Upstream.postgres10.files)
        try git.run("checkout", "--quiet", "-b", "topic")
        for number in 1...50 {
            // Each commit changes a version file, so that every step in between would be a release of its own.
            try git.commit(["CHANGELOG.md": "# Changelog\n\n## [4.2.\(number)]\n", "notes": "\(number)"])
        }
        let old = try trees.installed()
        try git.run("checkout", "--quiet", "main")
        try git.commit(["postgres_adapter.py": Upstream.adapter(migrations: 11)])
        try git.run("checkout", "--quiet", "topic")
        #expect(try trees.installed() == old)

        let seen = try await readings(of: trees, during: ["rebase", "--quiet", "main"])
        let new = try trees.installed()
        #expect(try new.release.id == git.head() && new.commit != old.commit)
        #expect(old.release.version == 10 && new.release.version == 11)
        #expect(seen.busy > 0)
        for installed in seen.releases { #expect(installed == old || installed == new) }
        // Nothing of ours stood in its way, and nothing of it is left.
        #expect(try git.run("status", "--porcelain") == "" && git.run("rev-list", "--count", "main..topic") == "50")
    }

    /// What can happen between the first look and the reading of the files.
    enum Disturbance: String, CaseIterable, Sendable {
        case edit, newFile, removal, commit, lock, rebase
    }

    @Test("R6: what changes during a reading makes it busy", arguments: Disturbance.allCases)
    func disturbed(_ disturbance: Disturbance) throws {
        let trees = try Trees()
        try trees.git.commit(Upstream.postgres10.files)
        let other = try trees.git.commit(["notes": "x"])
        try trees.git.run("reset", "--quiet", "--hard", "HEAD~1")
        func disturb() throws {
            switch disturbance {
            case .edit: try put(["README.md": "# Claude Dementia v4.3.0, edited\n"], into: trees.folder)
            case .newFile: try put(["server.py": "claude-dementia-local"], into: trees.folder)
            case .removal: try Directory.unlink(trees.folder + "/postgres_adapter.py")
            case .commit: try put([".git/refs/heads/main": other + "\n"], into: trees.folder)
            case .lock: try put([".git/index.lock": ""], into: trees.folder)
            case .rebase: try Directory.create(trees.folder + "/.git/rebase-merge")
            }
        }
        var trouble: (any Error)?
        let reading = try? trees.reader.read(real: trees.folder) {
            do { try disturb() } catch { trouble = error }
        }
        #expect(trouble == nil)
        // A file that vanished fails the reading here; who calls it hears that the folder is busy.
        if disturbance == .removal {
            #expect(reading == nil)
        } else {
            guard case .busy = reading else { throw Trees.Unexpected(reading: reading ?? .none) }
        }
    }

    @Test("R6: a reading in the middle of many checkouts is busy, old or new")
    func checkouts() async throws {
        let trees = try Trees(isDated: true)
        let git = trees.git
        try git.commit(Upstream.sqliteEmbeddings.files)
        let old = try trees.installed()
        try git.run("checkout", "--quiet", "-b", "next")
        try git.commit(Upstream.postgres11.files)
        let new = try trees.installed()
        for round in 0..<40 {
            let seen = try await readings(of: trees, during: ["checkout", "--quiet", round % 2 == 0 ? "main" : "next"])
            for installed in seen.releases { #expect(installed == old || installed == new) }
            // The moment it is over, nobody has to wait.
            #expect(try trees.installed() == (round % 2 == 0 ? old : new))
        }
    }

    @Test("an index that is younger than HEAD is waited for, a quarter of a second at most")
    func youngIndex() throws {
        let trees = try Trees()
        try trees.git.commit(Upstream.postgres10.files)
        let index = trees.folder + "/.git/index"
        func reading(after milliseconds: Int64) throws -> Reading {
            let written = try FileStatus(of: index).modifiedNanoseconds / 1_000_000
            let now = Timestamp(milliseconds: written + milliseconds)
            return try ReleaseReader(catalogue: try Catalogue(), now: { now }).read(trees.folder)
        }
        // HEAD moved after it.
        #expect(try reading(after: 0).release?.version == 10)
        // An edit alone is none of git's business.
        try put(["postgres_adapter.py": Upstream.adapter(migrations: 11)], into: trees.folder)
        #expect(try reading(after: 0).release?.version == 11)
        try trees.git.run("add", "--all")
        #expect(try reading(after: 0) == .busy(what: "the end of a checkout", path: index))
        #expect(try reading(after: 249) == .busy(what: "the end of a checkout", path: index))
        #expect(try reading(after: 250).release?.version == 11)
        // A clock that was set back keeps nobody waiting for ever.
        #expect(try reading(after: -60_000).release?.version == 11)
    }
}

// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import GuardCore
import LinuxKit
import Releases
import TestSupport
import Testing

/// Releases in a checkout, whose git directory real git made.
@Suite struct CheckoutTests {
    private let trees: Trees
    private let git: Git

    init() throws {
        trees = try Trees()
        git = trees.git
    }

    /// What says why the checkout is busy; nil when it is not.
    private func work(_ folder: String? = nil) throws -> String? {
        guard case .busy(let what, let path) = try trees.reader.read(folder ?? trees.folder) else { return nil }
        // The path that is named is really there, for a person to look at.
        #expect(try FileStatus.ifPresent(path) != nil)
        return what
    }

    @Test("its identity is the commit, with a branch, after a pull, in a packed ref and detached")
    func commits() throws {
        let first = try git.commit(Upstream.sqliteEmbeddings.files)
        #expect(try trees.installed().release.id == first && trees.installed().commit == first)
        // Upstream goes on, and the checkout gets it as a pull does: fetch and merge.
        let origin = Git(folder: try trees.temporary.folder("origin"))
        try origin.run("clone", "--quiet", trees.folder, ".")
        let second = try origin.commit(Upstream.postgres11.files)
        #expect(second != first)
        try git.run("fetch", "--quiet", origin.folder, "main")
        #expect(try trees.installed().release.id == first)
        try git.run("merge", "--quiet", "--ff-only", "FETCH_HEAD")
        let pulled = try trees.installed().release
        #expect(pulled.id == second && pulled.line == .postgres4 && pulled.version == 11)
        try git.run("pack-refs", "--all")
        #expect(try FileStatus.ifPresent(trees.folder + "/.git/refs/heads/main") == nil)
        #expect(try trees.installed().release.id == second)
        try git.run("checkout", "--quiet", "-b", "feature/deep/branch")
        let third = try git.commit(["notes": "x"])
        #expect(try trees.installed().release.id == third)
        try git.run("checkout", "--quiet", first)
        let detached = try trees.installed().release
        #expect(detached.id == first && detached.line == .sqlite4)
        // A name that stands for another name.
        try git.run("symbolic-ref", "refs/heads/alias", "refs/heads/main")
        try git.run("symbolic-ref", "HEAD", "refs/heads/alias")
        #expect(try trees.installed().release.id == second)
    }

    @Test("an edit keeps the commit as identity and changes the fingerprint")
    func edited() throws {
        let commit = try git.commit(Upstream.postgres10.files)
        let clean = try trees.installed()
        try put(["postgres_adapter.py": Upstream.adapter(migrations: 11)], into: trees.folder)
        let edited = try trees.installed()
        #expect(edited.release.id == commit && edited.release.version == 11)
        #expect(edited.fingerprint != clean.fingerprint && edited.content != clean.content)
        #expect(edited.fingerprint.hasPrefix(commit + "+"))
        // A commit without a change of the version files is another release, too.
        try git.run("checkout", "--quiet", ".")
        #expect(try trees.installed() == clean)
        try git.run("commit", "--quiet", "--allow-empty", "--message", "empty")
        #expect(try trees.installed().fingerprint != clean.fingerprint && trees.installed().content == clean.content)
    }

    @Test("before the first commit, and where .git leads nowhere, it is a plain folder")
    func noCommit() throws {
        try put(Upstream.lean.files, into: trees.folder)
        #expect(try trees.installed().release.id.hasPrefix("sha256:"))
        #expect(try trees.installed().commit == nil)
        for text in ["gitdir: /nowhere/at/all", "gitdir: ../gone", "something else", ""] {
            let plain = try Trees(isCheckout: false)
            try put(Upstream.lean.files.merging([".git": text + "\n"]) { $1 }, into: plain.folder)
            #expect(try plain.installed().release.id.hasPrefix("sha256:"))
        }
        try put([".git/commondir": "../nowhere\n"], into: trees.folder)
        #expect(try trees.installed().commit == nil)
        try Directory.unlink(trees.folder + "/.git/commondir")
        // Inside somebody's repository: its commits are not the release's.
        _ = try git.commit([:])
        try put(Upstream.lean.files, into: trees.folder + "/vendor/dementia")
        #expect(try trees.installed(trees.folder + "/vendor/dementia").commit == nil)
    }

    @Test("a worktree has its own HEAD and its own locks, and shares the branches")
    func worktree() throws {
        let main = try git.commit(Upstream.postgres10.files)
        let path = trees.temporary.file("tree")
        try git.run("worktree", "add", "--quiet", "-b", "next", path)
        let tree = Git(folder: path)
        #expect(try trees.installed(path).release.id == main)
        let next = try tree.commit(Upstream.postgres11.files)
        #expect(try trees.installed(path).release.id == next && trees.installed(path).release.version == 11)
        #expect(try trees.installed().release.id == main)
        try tree.run("pack-refs", "--all")
        #expect(try trees.installed(path).release.id == next)
        // Work in one of them is not work in the other.
        let lock = trees.folder + "/.git/index.lock"
        try write([], to: lock)
        #expect(try work() == "the lock .git/index.lock")
        #expect(try work(path) == nil)
        try Directory.unlink(lock)
        let other = trees.folder + "/.git/worktrees/tree/index.lock"
        try write([], to: other)
        #expect(try work(path) == "the lock \(other)" && work() == nil)
        let folders = try trees.reader.foldersToWatch(path)
        for name in [
            "tree", "release/.git/worktrees/tree", "release/.git/worktrees/tree/logs", "release/.git/refs/heads",
        ] {
            #expect(folders.contains(trees.temporary.file(name)), "\(name)")
        }
    }

    @Test("a submodule's git directory lies elsewhere")
    func submodule() throws {
        _ = try git.commit(Upstream.lean.files)
        let outer = Git(folder: try trees.temporary.folder("outer"))
        try outer.run("init", "--quiet")
        try outer.run("submodule", "--quiet", "add", trees.folder, "dementia")
        #expect(try trees.installed(outer.folder + "/dementia").release.id == git.head())
    }

    @Test("every lock and every operation that stopped halfway is busy, and says which")
    func busy() throws {
        _ = try git.commit(Upstream.postgres10.files)
        for name in ["index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock"] {
            let path = "\(trees.folder)/.git/\(name)"
            try write([], to: path)
            #expect(try work() == "the lock .git/\(name)")
            try Directory.unlink(path)
        }
        #expect(try work() == nil)
        // Two branches that both change README, so that each way of joining them stops.
        try git.run("checkout", "--quiet", "-b", "other")
        let other = try git.commit(["README.md": "# Claude Dementia v4.3.0\n"])
        try git.run("checkout", "--quiet", "main")
        let main = try git.commit(["README.md": "# Claude Dementia v4.4.0\n"])
        try git.run("merge", "--quiet", "other", failing: true)
        #expect(try work() == "a merge")
        try git.run("merge", "--abort")
        try git.run("cherry-pick", "other", failing: true)
        #expect(try work() == "a cherry-pick")
        try git.run("cherry-pick", "--abort")
        try git.run("revert", "--no-edit", "HEAD~1", failing: true)
        #expect(try work() == "a revert")
        try git.run("revert", "--abort")
        try git.run("rebase", "--quiet", "--apply", "other", failing: true)
        #expect(try work() == "a rebase or git am")
        try git.run("rebase", "--abort")
        #expect(try trees.installed().release.id == main)
        try git.run("rebase", "--quiet", "other", failing: true)
        #expect(try work() == "a rebase")
        try git.run("rebase", "--skip")
        #expect(try trees.installed().release.id == other && trees.installed().release.label == "4.3.0")
    }

    @Test("where branches are kept in a table, git itself is asked, with nobody's settings")
    func table() throws {
        _ = try git.commit(Upstream.lean.files)
        try Directory.create(trees.folder + "/.git/reftable")
        let asked = trees.temporary.file("asked")
        let commit = String(repeating: "0123456789abcdef", count: 4)
        func reader(_ script: String) throws -> ReleaseReader {
            let program = trees.temporary.file("git-\(script.utf8.count)")
            try write(Array("#!/bin/sh\n{ echo \"$@\"; env; } >\(asked)\n\(script)\n".utf8), to: program)
            #expect(chmod(program, 0o700) == 0)
            return ReleaseReader(catalogue: try Catalogue(), git: program)
        }
        #expect(try reader("echo \(commit)").read(trees.folder).release?.id == commit)
        let question = String(decoding: try content(of: asked), as: UTF8.self)
        #expect(question.hasPrefix("--git-dir=\(trees.folder)/.git rev-parse --verify --quiet HEAD\n"))
        #expect(question.contains("GIT_OPTIONAL_LOCKS=0\n") && !question.contains("HOME="))
        #expect(try reader("exit 1").read(trees.folder).release?.id.hasPrefix("sha256:") == true)
        for script in ["exit 128", "echo hello", "kill -9 $$"] {
            let reader = try reader(script)
            let error = #expect(throws: GuardError.self) { try reader.read(trees.folder) }
            #expect(error?.code == .inputOutput && error?.causes.count == 1)
        }
        let missing = ReleaseReader(catalogue: try Catalogue(), git: trees.temporary.file("no-git"))
        let error = #expect(throws: GuardError.self) { try missing.read(trees.folder) }
        #expect(error?.causes.first?.contains("no-git") == true)
        #expect(try trees.reader.foldersToWatch(trees.folder).contains(trees.folder + "/.git/reftable"))
        // And the real one: the folder alone does not mislead it.
        #expect(try trees.installed().release.id == git.head())
    }

    @Test("links inside a git directory are followed, an old-fashioned HEAD with git's help")
    func links() throws {
        let commit = try git.commit(Upstream.lean.files)
        // As git-new-workdir makes them.
        let shared = Git(folder: try trees.temporary.folder("shared"))
        try put(Upstream.lean.files, into: shared.folder)
        try put([".git/HEAD": "ref: refs/heads/main\n"], into: shared.folder)
        for name in ["refs", "packed-refs"] {
            #expect(symlink("../../release/.git/\(name)", "\(shared.folder)/.git/\(name)") == 0)
        }
        #expect(try trees.installed(shared.folder).release.id == commit)
        try git.run("pack-refs", "--all")
        #expect(try trees.installed(shared.folder).release.id == commit)
        // The branch is packed: as a file, what HEAD leads to is not there.
        try Directory.unlink(trees.folder + "/.git/HEAD")
        #expect(symlink("refs/heads/main", trees.folder + "/.git/HEAD") == 0)
        #expect(try trees.installed().release.id == commit)
        #expect(try trees.reader.foldersToWatch(trees.folder).contains(trees.folder + "/.git/refs/heads"))
    }

    @Test("the folders to watch see a pull, on the branch that is checked out")
    func folders() throws {
        _ = try git.commit(Upstream.lean.files)
        let inside = ["", "/.git", "/.git/logs", "/.git/refs/heads"].map { trees.folder + $0 }
        #expect(try trees.reader.foldersToWatch(trees.folder) == inside)
        try git.run("checkout", "--quiet", "-b", "feature/x")
        #expect(try trees.reader.foldersToWatch(trees.folder) == (inside + [trees.folder + "/.git/refs/heads/feature"]))
        // Packed, the branch has no folder until somebody commits to it.
        try git.run("pack-refs", "--all")
        #expect(try trees.reader.foldersToWatch(trees.folder) == inside)
    }

    @Test("reading changes nothing: neither git's files nor their times")
    func untouched() throws {
        _ = try git.commit(Upstream.postgres11.files)
        // git status would write an index whose files have another time.
        try put(Upstream.postgres11.files, into: trees.folder)
        func look() throws -> [String: FileStatus] {
            var all: [String: FileStatus] = [:]
            for folder in ["", "/.git", "/.git/refs/heads", "/.git/logs"] {
                for name in try Directory.entries(trees.folder + folder) {
                    all[folder + "/" + name] = try FileStatus(ofLink: "\(trees.folder)\(folder)/\(name)")
                }
            }
            return all
        }
        let before = try look()
        _ = try trees.installed()
        _ = try trees.reader.foldersToWatch(trees.folder)
        #expect(try look() == before)
    }
}

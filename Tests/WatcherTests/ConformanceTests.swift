// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@testable import Watcher

@Suite("What both ways of watching have to do")
struct ConformanceTests {
    @Test(
        "a file of an interesting name is told, at once and below new folders; others are not", arguments: Way.allCases)
    func tree(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        try scene.put("memory.db")
        try await scene.expect([tree: ["memory.db"]])
        try scene.put("a/b/c/memory.db")
        try await scene.expect([tree: ["a/b/c/memory.db"]])
        try scene.put("a/b/c/other.db")
        try scene.put("node_modules/memory.db")
        #expect(try await scene.isSilent())
        try Directory.unlink(scene.path("a/b/c/memory.db"))
        try await scene.expect([tree: ["a/b/c/memory.db"]])
    }

    @Test("no folder deeper than the rules say", arguments: Way.allCases)
    func depth(way: Way) async throws {
        let scene = try Scene(way) { $0.maxDepth = 1 }
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        try scene.put("a/b/memory.db")
        #expect(try await scene.isSilent())
        try scene.put("a/memory.db")
        try await scene.expect([tree: ["a/memory.db"]])
    }

    @Test("a folder that is moved takes its files along", arguments: Way.allCases)
    func moved(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.root)
        try scene.put("one/deep/memory.db")
        await scene.watcher.watch([tree])
        try Directory.rename(noReplace: scene.path("one"), to: scene.path("two"))
        try await scene.expect([tree: ["two/deep/memory.db"]])
        try await scene.drain()
        // It is watched where it is now.
        try Directory.unlink(scene.path("two/deep/memory.db"))
        try await scene.expect([tree: ["two/deep/memory.db"]])
        let aside = Directory.parent(of: scene.root) + "/aside-\(getpid())-\(way)"
        try Directory.rename(noReplace: scene.path("two"), to: aside)
        defer { try? Directory.removeTree(aside) }
        try await scene.drain()
        let descriptor = open(aside + "/deep/memory.db", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        close(descriptor)
        #expect(try await scene.isSilent())
    }

    @Test("a root that goes and comes again is watched again", arguments: Way.allCases)
    func root(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.path("home"))
        try scene.put("home/memory.db")
        await scene.watcher.watch([tree])
        try Directory.removeTree(scene.path("home"))
        #expect(try await !scene.changes(of: tree).isEmpty)
        try scene.put("home/p/memory.db")
        try await scene.expect([tree: ["home/p/memory.db"]])
        try await scene.drain()
        try scene.put("home/q/memory.db")
        try await scene.expect([tree: ["home/q/memory.db"]])
    }

    @Test(
        "a database is told when it, its log or its journal is written, replaced, gone and back",
        arguments: Way.allCases)
    func file(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("memory.db")
        let file = Subject.file(scene.path("memory.db"))
        await scene.watcher.watch([file])
        for name in ["memory.db", "memory.db-wal", "memory.db-journal"] {
            try scene.put(name, "more")
            #expect(try await !scene.changes(of: file).isEmpty, "\(name)")
        }
        try scene.put("memory.db-shm", "more")
        try scene.put("memory.db.backup", "more")
        try scene.put("neighbour.db", "more")
        #expect(try await scene.isSilent())
        try scene.put("new.db", "quite another one")
        try await scene.drain()
        #expect(rename(scene.path("new.db"), scene.path("memory.db")) == 0)
        #expect(try await !scene.changes(of: file).isEmpty)
        try Directory.unlink(scene.path("memory.db"))
        #expect(try await !scene.changes(of: file).isEmpty)
        try scene.put("memory.db")
        #expect(try await !scene.changes(of: file).isEmpty)
    }

    @Test("a release's folder is told of its entries, and not of what is below them", arguments: Way.allCases)
    func folder(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("git/objects/x")
        let folder = Subject.folder(scene.path("git"))
        await scene.watcher.watch([folder])
        try scene.put("git/HEAD", "ref")
        #expect(try await !scene.changes(of: folder).isEmpty)
        try await scene.drain()
        try scene.put("git/objects/x", "more")
        #expect(try await scene.isSilent())
    }

    @Test(
        "one folder may be a tree, a release and the place of a database, each with its own events",
        arguments: Way.allCases)
    func shared(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("memory.db")
        let (tree, folder, file) = (
            Subject.tree(scene.root), Subject.folder(scene.root), Subject.file(scene.path("memory.db"))
        )
        await scene.watcher.watch([tree, folder, file])
        try scene.put("memory.db", "more")
        #expect(try await !scene.changes(of: file).isEmpty)
        await scene.watcher.watch([tree])
        try await scene.drain()
        try scene.put("p/memory.db")
        try await scene.expect([tree: ["p/memory.db"]])
        #expect(scene.watcher.method(of: file) == nil)
    }

    @Test("what is not watched any more is not told, and holds no watch", arguments: Way.allCases)
    func disarmed(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("a/b/memory.db")
        let subjects: Set<Subject> = [.tree(scene.root), .file(scene.path("a/b/memory.db"))]
        for _ in 0..<50 {
            await scene.watcher.watch(subjects)
            await scene.watcher.watch([])
        }
        #expect(scene.watcher.watches == 0)
        try scene.put("a/b/memory.db", "more")
        #expect(try await scene.isSilent())
    }
}

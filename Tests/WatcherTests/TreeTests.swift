// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@testable import Watcher

@Suite("Trees, whichever way they are watched")
struct TreeTests {
    @Test("trees that overlap are each told of what they share", arguments: Way.allCases)
    func overlapping(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("a/b/c/keep")
        let (outer, inner) = (Subject.tree(scene.root), Subject.tree(scene.path("a/b")))
        await scene.watcher.watch([outer, inner])
        try scene.put("a/b/c/memory.db")
        try await scene.expect([outer: ["a/b/c/memory.db"], inner: ["a/b/c/memory.db"]])
        try scene.put("a/b/new/memory.db")
        try await scene.expect([outer: ["a/b/new/memory.db"], inner: ["a/b/new/memory.db"]])
        // The one that stays keeps its watches.
        await scene.watcher.watch([outer])
        try Directory.unlink(scene.path("a/b/c/memory.db"))
        try await scene.expect([outer: ["a/b/c/memory.db"]])
        await scene.watcher.watch([outer, inner])
        await scene.watcher.watch([inner])
        try Directory.unlink(scene.path("a/b/new/memory.db"))
        try await scene.expect([inner: ["a/b/new/memory.db"]])
    }

    @Test(
        "a folder that comes from outside is told with what it holds, and watched from then on", arguments: Way.allCases
    )
    func movedIn(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("aside/x/memory.db")
        let tree = Subject.tree(scene.path("home"))
        try scene.put("home/p/keep")
        await scene.watcher.watch([tree])
        try Directory.rename(noReplace: scene.path("aside"), to: scene.path("home/p/in"))
        try await scene.expect([tree: ["home/p/in/x/memory.db"]])
        try scene.put("home/p/in/y/memory.db")
        try await scene.expect([tree: ["home/p/in/y/memory.db"]])
        try Directory.rename(noReplace: scene.path("home/p"), to: scene.path("out"))
        let told = try await scene.changes(of: tree)
        // Either the folder or what it held.
        let ends = Set([scene.path("home/p"), scene.path("home/p/in/x/memory.db")])
        #expect(told.contains { $0.isWhole || !$0.paths.isDisjoint(with: ends) }, "\(told)")
        try await scene.drain()
        try scene.put("out/in/z/memory.db")
        #expect(try await scene.isSilent())
    }

    @Test(
        "a file that is moved is told at both its places; two folders that change places as well",
        arguments: Way.allCases)
    func movedFiles(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.root)
        for name in ["a", "b", "c/d", "c/e"] { try scene.put(name + "/keep") }
        try scene.put("a/memory.db")
        try scene.put("c/d/memory.db")
        await scene.watcher.watch([tree])
        #expect(rename(scene.path("a/memory.db"), scene.path("b/memory.db")) == 0)
        try await scene.expect([tree: ["a/memory.db", "b/memory.db"]])
        for (from, to) in [("c/d", "c/t"), ("c/e", "c/d"), ("c/t", "c/e")] {
            try Directory.rename(noReplace: scene.path(from), to: scene.path(to))
        }
        try await scene.expect([tree: ["c/e/memory.db"]])
        try await scene.drain()
        try scene.put("c/d/memory.db")
        try await scene.expect([tree: ["c/d/memory.db"]])
        try Directory.unlink(scene.path("c/e/memory.db"))
        try await scene.expect([tree: ["c/e/memory.db"]])
    }

    @Test("R3: two hundred nested folders with a file each, made at once, are all told", arguments: Way.allCases)
    func nested(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        let names = (0..<200).map { "n\($0)/a/b/c/memory.db" }
        for name in names { try scene.put(name) }
        try await scene.expect([tree: Set(names)])
        if way == .inotify { try await scene.holds(1 + 200 * 4) }
        // And every one of them is watched.
        try await scene.drain()
        for name in names { try Directory.unlink(scene.path(name)) }
        try await scene.expect([tree: Set(names)])
    }

    @Test("folders made, removed and made again in a hurry are watched as they are in the end")
    func churn() async throws {
        let scene = try Scene()
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        for _ in 0..<100 {
            try scene.put("x/y/z/keep")
            try Directory.removeTree(scene.path("x"))
            try scene.put("x/y/z/keep")
            try Directory.rename(noReplace: scene.path("x/y"), to: scene.path("y\(UInt32.random(in: 0 ... .max))"))
        }
        try await scene.drain()
        let folders = try Directory.entries(scene.root)
        for folder in folders { try scene.put(folder + "/z/memory.db") }
        try await scene.expect([tree: Set(folders.map { $0 + "/z/memory.db" })])
        // The root, x, x/z and each y… with its z; no more than there are.
        try await scene.holds(1 + 2 * folders.count)
    }

    @Test("names and whole paths that are ignored are not entered, also when they come later", arguments: Way.allCases)
    func ignored(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        var rules = Scene.rules
        rules.ignored = ["node_modules", scene.path("a/secret")]
        await scene.watcher.watch([tree], by: rules)
        try await scene.drain()
        for name in ["node_modules", "a/secret", "a/node_modules/deep"] { try scene.put(name + "/memory.db") }
        #expect(try await scene.isSilent())
        try scene.put("secret/memory.db")
        try await scene.expect([tree: ["secret/memory.db"]])
    }

    @Test("by new rules other names count, and what happened meanwhile is not lost", arguments: Way.allCases)
    func newRules(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        try scene.put("memory.db")
        var rules = WatchRules { name, folder in name == "other.db" && folder == "q" }
        (rules.settle, rules.pollEvery) = (.milliseconds(50), .milliseconds(50))
        await scene.watcher.watch([tree], by: rules)
        #expect(try await scene.changes(of: tree).contains { $0.isWhole })
        try await scene.drain()
        try scene.put("q/memory.db")
        try scene.put("other.db")
        #expect(try await scene.isSilent())
        try scene.put("q/other.db")
        try await scene.expect([tree: ["q/other.db"]])
    }

    @Test("a link is a file, and what it leads to is not entered", arguments: Way.allCases)
    func links(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("aside/keep")
        try scene.put("home/keep")
        let tree = Subject.tree(scene.path("home"))
        await scene.watcher.watch([tree])
        #expect(symlink(scene.path("aside"), scene.path("home/link")) == 0)
        try scene.put("aside/memory.db")
        #expect(try await scene.isSilent())
        #expect(symlink(scene.path("aside/memory.db"), scene.path("home/memory.db")) == 0)
        try await scene.expect([tree: ["home/memory.db"]])
    }

    @Test("a name that is not UTF-8 disturbs nobody", arguments: Way.allCases)
    func names(way: Way) async throws {
        let scene = try Scene(way)
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree, .folder(scene.root)])
        let bad = scene.root.utf8.map { CChar(bitPattern: $0) } + [47, -1, -2, 0]
        #expect(mkdir(bad, 0o700) == 0)
        try scene.put("p/memory.db")
        try await scene.expect([tree: ["p/memory.db"]])
        #expect(rmdir(bad) == 0)
    }
}

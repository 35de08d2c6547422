// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@testable import Watcher

@Suite("Databases and releases, whichever way they are watched")
struct SubjectTests {
    @Test("each kind of change of a database is told, and its -shm never", arguments: Way.allCases)
    func kinds(way: Way) async throws {
        let scene = try Scene(way)
        for name in ["memory.db", "memory.db-wal", "memory.db-shm"] { try scene.put(name) }
        let file = Subject.file(scene.path("memory.db"))
        await scene.watcher.watch([file])
        func told(_ what: String, _ body: () throws -> Void) async throws {
            try body()
            #expect(try await !scene.changes(of: file).isEmpty, "\(what)")
            try await scene.drain()
        }
        try await told("written") { try scene.put("memory.db", "more") }
        try await told("only the log written") { try scene.put("memory.db-wal", "more") }
        for _ in 0..<5 { try scene.put("memory.db-shm", "more") }
        try Directory.unlink(scene.path("memory.db-shm"))
        #expect(try await scene.isSilent())
        try await told("log gone") { try Directory.unlink(scene.path("memory.db-wal")) }
        try await told("moved away") { #expect(rename(scene.path("memory.db"), scene.path("away.db")) == 0) }
        try await told("back") { #expect(rename(scene.path("away.db"), scene.path("memory.db")) == 0) }
        try await told("shorter") { #expect(truncate(scene.path("memory.db"), 1) == 0) }
    }

    @Test("a database whose folder does not exist yet is told when it is there", arguments: Way.allCases)
    func later(way: Way) async throws {
        let scene = try Scene(way)
        let file = Subject.file(scene.path("not/yet/memory.db"))
        await scene.watcher.watch([file])
        #expect(scene.watcher.method(of: file) == .poll(way == .inotify ? "not there" : "no inotify instance"))
        try scene.put("not/yet/memory.db")
        #expect(try await !scene.changes(of: file).isEmpty)
        if way == .inotify { try await scene.becomes(.inotify, file) }
        try await scene.drain()
        try scene.put("not/yet/memory.db", "more")
        #expect(try await !scene.changes(of: file).isEmpty)
    }

    @Test("a database is found again after its folder was made anew while somebody worked in the old one")
    func held() async throws {
        let scene = try Scene()
        try scene.put("app/memory.db")
        let file = Subject.file(scene.path("app/memory.db"))
        await scene.watcher.watch([file])
        let old = open(scene.path("app"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(old) }
        try Directory.removeTree(scene.path("app"))
        #expect(try await !scene.changes(of: file).isEmpty)
        try scene.put("app/memory.db")
        await scene.watcher.watch([file])
        #expect(try await !scene.changes(of: file).isEmpty)
        try await scene.drain()
        try scene.put("app/memory.db", "more")
        #expect(try await !scene.changes(of: file).isEmpty)
    }

    @Test("what happens in a folder of a release's folder is not told", arguments: Way.allCases)
    func below(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("git/refs/x")
        let folder = Subject.folder(scene.path("git"))
        await scene.watcher.watch([folder])
        try scene.put("git/refs/y")
        try Directory.unlink(scene.path("git/refs/x"))
        #expect(try await scene.isSilent())
        try scene.put("git/logs/z")
        #expect(try await !scene.changes(of: folder).isEmpty)
        try await scene.drain()
        try scene.put("git/index.lock")
        #expect(rename(scene.path("git/index.lock"), scene.path("git/index")) == 0)
        #expect(try await !scene.changes(of: folder).isEmpty)
    }

    @Test("a database in a watched tree goes on being told of its writes when the tree is watched anew")
    func masks() async throws {
        let scene = try Scene()
        try scene.put("memory.db")
        let (file, tree) = (Subject.file(scene.path("memory.db")), Subject.tree(scene.root))
        for set in [[file, tree], [file], [tree, file]] as [Set<Subject>] {
            await scene.watcher.watch(set)
            try scene.put("memory.db", "more")
            #expect(try await !scene.changes(of: file).isEmpty)
        }
        await scene.watcher.watch([tree])
        await scene.watcher.watch([tree, file])
        try scene.put("memory.db", "more")
        #expect(try await !scene.changes(of: file).isEmpty)
        #expect(scene.watcher.watches == 1)
    }

    @Test("a steady stream of writes is told after the longest wait, again and again", arguments: Way.allCases)
    func stream(way: Way) async throws {
        let scene = try Scene(way) {
            $0.settle = .milliseconds(300)
            $0.maxWait = .milliseconds(500)
        }
        try scene.put("memory.db")
        let file = Subject.file(scene.path("memory.db"))
        await scene.watcher.watch([file])
        let writing = Task {
            while !Task.isCancelled {
                try scene.put("memory.db", "more")
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        defer { writing.cancel() }
        for _ in 0..<3 { #expect(try await !scene.changes(of: file).isEmpty) }
    }

    @Test(
        "a database whose folder is moved away, or removed, is told, and again when it is back", arguments: Way.allCases
    )
    func folder(way: Way) async throws {
        let scene = try Scene(way)
        try scene.put("app/memory.db")
        let file = Subject.file(scene.path("app/memory.db"))
        await scene.watcher.watch([file])
        try Directory.rename(noReplace: scene.path("app"), to: scene.path("away"))
        #expect(try await !scene.changes(of: file).isEmpty)
        try Directory.rename(noReplace: scene.path("away"), to: scene.path("app"))
        try await scene.drain()
        if way == .inotify { try await scene.becomes(.inotify, file) }
        try scene.put("app/memory.db", "more")
        #expect(try await !scene.changes(of: file).isEmpty)
        try Directory.removeTree(scene.path("app"))
        #expect(try await !scene.changes(of: file).isEmpty)
        try scene.put("app/memory.db")
        #expect(try await !scene.changes(of: file).isEmpty)
        try await scene.drain()
        try scene.put("app/memory.db", "more")
        #expect(try await !scene.changes(of: file).isEmpty)
    }
}

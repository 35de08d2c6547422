// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@testable import Watcher

@Suite("At the limits of the system", .serialized)
struct LimitTests {
    static let queue = "/proc/sys/fs/inotify/max_queued_events"
    static let isRoot = geteuid() == 0 && access(queue, W_OK) == 0

    @Test(
        "R2: with room for sixteen events and ten thousand around one change, the change is seen, and the next one too",
        .enabled(if: isRoot, "only root may make the queue that short"))
    func overflow() async throws {
        let before = String(decoding: try content(of: Self.queue), as: UTF8.self)
        try setQueue("16")
        let scene = try Scene()
        // It is read when the instance is made, and that is made by now.
        await scene.watcher.watch([])
        try setQueue(before)
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        for number in 0..<10_000 {
            try scene.put("f\(number % 50)", "x")
            if number % 50 == 49 { for name in 0..<50 { try Directory.unlink(scene.path("f\(name)")) } }
            if number == 5000 { try scene.put("p/q/memory.db") }
        }
        try await scene.expect([tree: ["p/q/memory.db"]])
        #expect(scene.watcher.overflows >= 1)
        // Without a restart: what was lost is watched again, and tells by its path.
        try await scene.tellsPaths(of: tree, in: "x")
    }

    private func setQueue(_ value: String) throws { try set(Self.queue, value) }

    private func set(_ file: String, _ value: String) throws {
        #expect(try Tool(["sh", "-c", "echo \(value.filter(\.isNumber)) >\(file)"]).finish().status == 0)
    }

    @Test(
        "R4: without a watch to be had it is looked at from time to time, and said which limit it is and what raises it"
    )
    func watches() async throws {
        let folder = try TemporaryFolder()
        for name in 0..<20 { try Directory.createAll(folder.file("p\(name)")) }
        let root = try realPath(folder.path)
        let watcher = try Watcher(Scene.rules, events: { () throws(SystemCallError) in try ScarceEvents(5) })
        await watcher.watch([.tree(root)])
        #expect(watcher.method(of: .tree(root)) == .poll("limit of inotify watches"))
        #expect(watcher.watches == 0)
        let problem = try #require(watcher.problems.first)
        let limit = String(decoding: try content(of: "/proc/sys/fs/inotify/max_user_watches"), as: UTF8.self).filter(
            \.isNumber)
        for part in [
            "fs.inotify.max_user_watches", "(\(limit))", "5 of them are dementiad's",
            "sysctl -w fs.inotify.max_user_watches=",
        ] {
            #expect(problem.message.contains(part), "\(problem.message)")
        }
        try write([1], to: root + "/p7/memory.db")
        var changes = watcher.changes.makeAsyncIterator()
        #expect(await changes.next()?.paths == [root + "/p7/memory.db"])
        watcher.stop()
    }

    @Test("R4: without an instance to be had everything is looked at from time to time, and it is said")
    func instances() async throws {
        let folder = try TemporaryFolder()
        let root = try realPath(folder.path)
        let watcher = try Watcher(
            Scene.rules,
            events: { () throws(SystemCallError) in throw SystemCallError(call: "inotify_init1", errno: EMFILE) })
        await watcher.watch([.tree(root)])
        #expect(watcher.problems.first?.message.contains("sysctl -w fs.inotify.max_user_instances=") == true)
        try write([1], to: root + "/memory.db")
        var changes = watcher.changes.makeAsyncIterator()
        #expect(await changes.next()?.paths == [root + "/memory.db"])
        watcher.stop()
    }

    @Test("R4: a tree that outgrows the limit later is looked at from then on, and small ones keep their watches")
    func growth() async throws {
        let scene = try Scene(events: { () throws(SystemCallError) in try ScarceEvents(4) })
        let (tree, file) = (Subject.tree(scene.path("home")), Subject.file(scene.path("else/memory.db")))
        try scene.put("home/keep")
        try scene.put("else/memory.db")
        await scene.watcher.watch([tree, file])
        #expect(scene.watcher.method(of: tree) == .inotify)
        for number in 0..<5 { try scene.put("home/p\(number)/memory.db") }
        try await scene.expect([tree: Set((0..<5).map { "home/p\($0)/memory.db" })])
        try await scene.becomes(.poll("limit of inotify watches"), tree)
        #expect(scene.watcher.problems.first?.message.contains("4 of them are dementiad's") == true)
        #expect(scene.watcher.method(of: file) == .inotify)
        try await scene.drain()
        try scene.put("home/p9/memory.db")
        try await scene.expect([tree: ["home/p9/memory.db"]])
    }

    @Test(
        "R4: when the limit is raised the kernel tells again, and the problem is none any more",
        .enabled(if: isRoot, "only root may raise a limit"))
    func raised() async throws {
        let file = "/proc/sys/fs/inotify/max_user_instances"
        let before = try #require(Int(String(decoding: try content(of: file), as: UTF8.self).filter(\.isNumber)))
        let isFull = Flag(true)
        let scene = try Scene(events: { () throws(SystemCallError) in
            guard !isFull.value else { throw SystemCallError(call: "inotify_init1", errno: EMFILE) }
            return try KernelEvents()
        })
        let tree = Subject.tree(scene.root)
        await scene.watcher.watch([tree])
        #expect(scene.watcher.problems.count == 1)
        isFull.value = false
        try set(file, "\(before + 1)")
        defer { try? set(file, "\(before)") }
        try await scene.becomes(.inotify, tree)
        #expect(scene.watcher.problems.isEmpty)
        try await scene.tellsPaths(of: tree, in: "x")
    }

    @Test("R4: one inotify instance, whatever is watched and however often the rules change; none in the end")
    func oneInstance() async throws {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            for name in 0..<20 { try Directory.createAll(folder.file("p\(name)/q")) }
            do {
                let watcher = try Watcher(Scene.rules)
                for depth in 1...5 {
                    var rules = Scene.rules
                    rules.maxDepth = depth
                    let places = (0..<20).map { folder.file("p\($0)") }
                    await watcher.watch(Set(places.map { .tree($0) } + places.map { .folder($0) }), by: rules)
                    #expect(watcher.watches == 40)
                    #expect(try Descriptors.inotify().count == 1)
                }
                watcher.stop()
            }
            try await Descriptors.inotify(become: 0)
        }
    }

    @Test("a watch in vain leaves none in the kernel: a hundred times watched and not watched any more")
    func leaks() async throws {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            for name in 0..<20 { try Directory.createAll(folder.file("p\(name)/q")) }
            try write([1], to: folder.file("p7/memory.db"))
            let watcher = try Watcher(Scene.rules)
            let root = try realPath(folder.path)
            for _ in 0..<100 {
                await watcher.watch([.tree(root), .tree(root + "/p7"), .file(root + "/p7/memory.db"), .folder(root)])
                await watcher.watch([.file(root + "/p7/memory.db")])
            }
            let instance = try #require(try Descriptors.inotify().first)
            #expect(try Descriptors.watches(of: instance) == 1)
            await watcher.watch([])
            #expect(try Descriptors.watches(of: instance) == 0)
            await watcher.watch([.tree(root)])
            #expect(try Descriptors.watches(of: instance) == 41)
            // Moved about, removed and made again: what the kernel holds is what is there.
            for name in 0..<10 {
                try Directory.rename(noReplace: root + "/p\(name)", to: root + "/p1\(name)/in")
            }
            try Directory.removeTree(root + "/p19")
            try await Descriptors.watches(of: instance, become: 41 - 4)
            // Said when the turn is over.
            try await eventually("the watcher has counted them") { watcher.watches == 41 - 4 }
            watcher.stop()
        }
    }

    @Test("nothing ticks while nothing happens")
    func idle() async throws {
        let scene = try Scene()
        try scene.put("memory.db")
        await scene.watcher.watch([.tree(scene.root), .file(scene.path("memory.db")), .folder(scene.root)])
        try await scene.drain()
        // What others mount wakes it for a moment: hence one quiet second of several.
        try await eventually("a quiet second") {
            let before = scene.watcher.turns
            try await Task.sleep(for: .seconds(1))
            return scene.watcher.turns == before
        }
        // It sleeps, and is not dead.
        try scene.put("memory.db", "more")
        #expect(try await !scene.changes(of: .file(scene.path("memory.db"))).isEmpty)
    }
}

// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Synchronization
import TestSupport
import Testing

@testable import Watcher

/// Events of the kernel, with a limit of watches of the test's own.
private final class ScarceEvents: EventSource {
    private let kernel: KernelEvents
    private let limit: Int
    private var numbers: Set<Int32> = []

    init(_ limit: Int) throws(SystemCallError) {
        kernel = try KernelEvents()
        self.limit = limit
    }

    var descriptor: Int32 { kernel.descriptor }

    func watch(_ path: String, for mask: Inotify.Mask) throws(SystemCallError) -> Int32 {
        guard numbers.count < limit else { throw SystemCallError(call: "inotify_add_watch", errno: ENOSPC, path: path) }
        let number = try kernel.watch(path, for: mask)
        numbers.insert(number)
        return number
    }

    func unwatch(_ watch: Int32) throws(SystemCallError) {
        numbers.remove(watch)
        try kernel.unwatch(watch)
    }

    func read() throws(SystemCallError) -> [Inotify.Event] { try kernel.read() }
}

@Suite("At the limits of the system", .serialized)
struct LimitTests {
    private static let queue = "/proc/sys/fs/inotify/max_queued_events"
    private static let isRoot = geteuid() == 0 && access(queue, W_OK) == 0

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
        #expect(try await scene.tells(["p/q/memory.db"], of: tree))
        #expect(scene.watcher.overflows >= 1)
        // Without a restart: what was lost is watched again.
        let end = ContinuousClock.now + .seconds(20)
        var isSeen = false
        var number = 0
        while !isSeen, ContinuousClock.now < end {
            number += 1
            try scene.put("later\(number)/memory.db")
            isSeen = try await scene.changes(of: tree, within: .seconds(2)).contains { change in
                change.paths.contains(scene.path("later\(number)/memory.db"))
            }
        }
        #expect(isSeen)
    }

    private func setQueue(_ value: String) throws {
        #expect(try Tool(["sh", "-c", "echo \(value.filter(\.isNumber)) >\(Self.queue)"]).finish().status == 0)
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
        let problem = try #require(watcher.problems.first)
        let limit = String(decoding: try content(of: "/proc/sys/fs/inotify/max_user_watches"), as: UTF8.self).filter(
            \.isNumber)
        for part in ["fs.inotify.max_user_watches", limit, "dementiad's", "sysctl -w fs.inotify.max_user_watches="] {
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

    @Test(
        "R5: on a FUSE mount it is looked at from time to time, as a folder of its own and below a watched one",
        .enabled(
            if: access("/dev/fuse", R_OK | W_OK) == 0 && access("/usr/bin/bindfs", X_OK) == 0,
            "needs /dev/fuse and bindfs"))
    func fuse() async throws {
        let folder = try TemporaryFolder()
        for name in ["below", "home/mounted"] { try Directory.createAll(folder.file(name)) }
        let mount = try realPath(folder.file("home/mounted"))
        let result = try Tool(["bindfs", folder.file("below"), mount]).finish()
        try #require(result.status == 0, "\(result.output)")
        defer { _ = try? Tool(["fusermount3", "-u", mount]).finish() }
        let scene = try Scene(in: folder.file("home"))
        let (home, mounted) = (Subject.tree(scene.root), Subject.tree(mount))
        await scene.watcher.watch([home, mounted])
        #expect(scene.watcher.method(of: mounted) == .poll("fuse"))
        // From below, as another machine would: no event comes of it.
        try write([1], to: folder.file("below/memory.db"))
        #expect(try await scene.tells(["mounted/memory.db"], of: home))
    }

    @Test("nothing ticks while nothing happens")
    func idle() async throws {
        let scene = try Scene()
        try scene.put("memory.db")
        await scene.watcher.watch([.tree(scene.root), .file(scene.path("memory.db")), .folder(scene.root)])
        _ = try await scene.isSilent()
        let before = scene.watcher.turns
        try await Task.sleep(for: .seconds(1))
        #expect(scene.watcher.turns == before)
    }
}

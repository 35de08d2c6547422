// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@testable import Watcher

/// A folder that is seen at another place through FUSE: from below, as another machine would, it is changed without an event.
private final class Bound {
    let below: String
    let mount: String
    private var isOver = false
    /// bindfs comes with either of them.
    private static let unmounter = access("/usr/bin/fusermount3", X_OK) == 0 ? "fusermount3" : "fusermount"

    init(_ below: String, at mount: String) throws {
        for path in [below, mount] { try Directory.createAll(path) }
        (self.below, self.mount) = (below, mount)
        let result = try Tool(["bindfs", below, mount]).finish()
        try #require(result.status == 0, "\(result.output)")
    }

    /// Unmounts. The kernel refuses for as long as somebody looks at it, and the watcher does so all the time: then once more.
    func end() {
        guard !isOver else { return }
        do {
            try waitUntil("\(mount) is unmounted") { try Tool([Self.unmounter, "-u", mount]).finish().status == 0 }
            isOver = true
        } catch {
            Issue.record("\(error)")
        }
    }

    deinit { end() }
}

extension LimitTests {
    private static let hasBindfs = access("/dev/fuse", R_OK | W_OK) == 0 && access("/usr/bin/bindfs", X_OK) == 0

    @Test(
        "R5: on a FUSE mount it is looked at from time to time, as a subject of its own and below a watched tree",
        .enabled(if: hasBindfs, "needs /dev/fuse and bindfs"))
    func fuse() async throws {
        let scene = try Scene { $0.pollEvery = .milliseconds(300) }
        let bound = try Bound(scene.path("below"), at: scene.path("home/mounted"))
        defer { bound.end() }
        try scene.put("below/p/memory.db")
        let (home, mounted) = (Subject.tree(scene.path("home")), Subject.tree(bound.mount))
        let (file, folder) = (Subject.file(bound.mount + "/p/memory.db"), Subject.folder(bound.mount + "/p"))
        await scene.watcher.watch([home, mounted, file, folder])
        for subject in [mounted, file, folder] { #expect(scene.watcher.method(of: subject) == .poll("fuse")) }
        #expect(scene.watcher.method(of: home) == .inotify)
        try scene.put("below/memory.db")
        try scene.put("below/p/memory.db", "more")
        try await scene.expect(
            [
                home: ["home/mounted/memory.db"], mounted: ["home/mounted/memory.db"],
                file: ["?"], folder: ["?"],
            ])
        // Without the tree of its own the other still tells.
        await scene.watcher.watch([home])
        try Directory.unlink(scene.path("below/memory.db"))
        try await scene.expect([home: ["home/mounted/memory.db"]])
        bound.end()
        try await scene.expect([home: ["?"]])
    }

    @Test(
        "a FUSE mount that is mounted below a watched tree later is looked at as well",
        .enabled(if: hasBindfs, "needs /dev/fuse and bindfs"))
    func fuseLater() async throws {
        let scene = try Scene()
        try scene.put("home/keep")
        let home = Subject.tree(scene.path("home"))
        await scene.watcher.watch([home])
        let bound = try Bound(scene.path("below"), at: scene.path("home/mounted"))
        defer { bound.end() }
        try await scene.expectWhole(home)
        try await scene.tellsPaths(of: home, in: "below", as: "home/mounted")
    }

    @Test(
        "what is unmounted is told, and watched again when it is back", .enabled(if: isRoot, "only root may mount"))
    func unmount() async throws {
        let scene = try Scene()
        let place = scene.path("home")
        try Directory.createAll(place)
        func mount() throws { try #require(Tool(["mount", "-t", "tmpfs", "none", place]).finish().status == 0) }
        func unmount() { _ = try? Tool(["umount", place]).finish() }
        try mount()
        defer { unmount() }
        try scene.put("home/p/memory.db")
        let (tree, file, outer) = (
            Subject.tree(place), Subject.file(scene.path("home/p/memory.db")), Subject.tree(scene.root)
        )
        await scene.watcher.watch([tree, file, outer])
        unmount()
        try await scene.expect([tree: ["?"], file: ["?"], outer: ["?"]])
        try mount()
        try await scene.tellsPaths(of: tree, in: "home")
        try await scene.tellsPaths(of: outer, in: "home")
        #expect(scene.watcher.method(of: tree) == .inotify)
        try scene.put("home/p/memory.db")
        try await scene.becomes(.inotify, file)
        try await scene.drain()
        try scene.put("home/p/memory.db", "more")
        try await scene.expect([file: ["?"]])
    }

    @Test("mounts elsewhere wake nobody for long", .enabled(if: isRoot, "only root may mount"))
    func elsewhere() async throws {
        let scene = try Scene { ($0.ignored, $0.maxDepth) = (["node_modules"], 1) }
        let names = ["home/node_modules", "home/a/b", "beside"]
        for name in names { try Directory.createAll(scene.path(name)) }
        await scene.watcher.watch([.tree(scene.path("home"))])
        for name in names {
            try #require(Tool(["mount", "-t", "tmpfs", "none", scene.path(name)]).finish().status == 0)
        }
        defer {
            for name in names { _ = try? Tool(["umount", scene.path(name)]).finish() }
        }
        #expect(try await scene.isSilent())
    }
}

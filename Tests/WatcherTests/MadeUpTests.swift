// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import TestSupport
import Testing

@testable import Watcher

@Suite("What the kernel seldom tells")
struct MadeUpTests {
    private func scene(_ hand: MadeUpEvents.Hand) throws -> Scene {
        try Scene(events: { () throws(SystemCallError) in MadeUpEvents(hand) })
    }

    @Test("R2: an overflow is told as all of every subject, counted, and watched anew, again and again")
    func overflow() async throws {
        let hand = try MadeUpEvents.Hand()
        let scene = try scene(hand)
        try scene.put("p/memory.db")
        let subjects: [Subject] = [.tree(scene.root), .file(scene.path("p/memory.db")), .folder(scene.path("p"))]
        await scene.watcher.watch(Set(subjects))
        let before = hand.counts[scene.path("p")] ?? 0
        hand.tell(.init(watch: -1, mask: .overflow, name: nil))
        try await scene.expect([subjects[0]: ["?"], subjects[1]: ["?"], subjects[2]: ["?"]])
        #expect(scene.watcher.overflows == 1)
        // Then by watches that are new.
        try await eventually("everything is watched anew") { hand.counts[scene.path("p")] == before + 3 }
        // By new rules the count goes on.
        await scene.watcher.watch(Set(subjects), by: Scene.rules)
        #expect(scene.watcher.overflows == 1)
    }

    @Test("an event of a watch that nobody knows is nothing")
    func unknown() async throws {
        let hand = try MadeUpEvents.Hand()
        let scene = try scene(hand)
        await scene.watcher.watch([.tree(scene.root)])
        for mask in [.create, .ignored, .deleteSelf, [.create, .isDirectory], .unmount] as [Inotify.Mask] {
            hand.tell(.init(watch: 4711, mask: mask, name: "memory.db"))
        }
        #expect(try await scene.isSilent())
    }

    @Test("what is lost all the time is watched anew less and less often, and soon again after a quiet time")
    func backOff() {
        var backOff = BackOff()
        var now = ContinuousClock.now
        var pauses: [Duration] = []
        for _ in 0..<8 {
            backOff.plan(at: now)
            let due = backOff.due ?? now
            pauses.append(now.duration(to: due))
            backOff.plan(at: now)
            #expect(backOff.due == due)
            let isEarly = backOff.isDue(at: due - .milliseconds(1))
            #expect(!isEarly)
            let isDue = backOff.isDue(at: due)
            #expect(isDue)
            now = due
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        backOff.plan(at: now + .seconds(61))
        #expect(backOff.due == now + .seconds(62))
    }

    @Test(
        "a change is told once it is quiet, and where it never is, after the longest wait; many names are as good as all"
    )
    func settling() {
        var rules = Scene.rules
        (rules.settle, rules.maxWait) = (.milliseconds(400), .seconds(1))
        let start = ContinuousClock.now
        let (tree, file) = (Subject.tree("/t"), Subject.file("/t/memory.db"))
        var dirt = PendingChanges()
        dirt.mark(file, nil, at: start)
        #expect(dirt.nextDue(rules) == start + .milliseconds(400))
        for step in 1...9 { dirt.mark(file, nil, at: start + .milliseconds(100 * step)) }
        #expect(dirt.nextDue(rules) == start + .seconds(1))
        let early = dirt.take(rules, at: start + .milliseconds(999))
        let ripe = dirt.take(rules, at: start + .seconds(1))
        #expect(early.isEmpty)
        #expect(ripe == [Change(subject: file, paths: [], isWhole: true)])
        #expect(dirt.nextDue(rules) == nil)
        for number in 0..<1000 { dirt.mark(tree, "/t/\(number)", at: start) }
        let some = dirt.take(rules, at: start + .seconds(1))
        #expect(some.first?.paths.count == 1000)
        for number in 0...1000 { dirt.mark(tree, "/t/\(number)", at: start) }
        dirt.mark(tree, "/t/x", at: start)
        let all = dirt.take(rules, at: start + .seconds(1))
        #expect(all == [Change(subject: tree, paths: [], isWhole: true)])
        dirt.mark(tree, "/t/x", at: start)
        dirt.drop(tree)
        #expect(dirt.nextDue(rules) == nil)
    }
}

// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Synchronization
import TestSupport

@testable import Watcher

/// Something that a test changes while others look.
final class Flag<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value {
        get { state.withLock(\.self) }
        set { state.withLock { $0 = newValue } }
    }
}

/// Events of the kernel, with a limit of watches of the test's own.
final class ScarceEvents: EventSource {
    private let kernel: KernelEvents
    private let limit: Int
    private var numbers: Set<Int32> = []

    init(_ limit: Int) throws(SystemCallError) {
        kernel = try KernelEvents()
        self.limit = limit
    }

    var descriptor: Int32 { kernel.descriptor }

    func watch(_ path: String, for mask: Inotify.Mask) throws(SystemCallError) -> Int32 {
        let number = try kernel.watch(path, for: mask)
        guard numbers.contains(number) || numbers.count < limit else {
            try kernel.unwatch(number)
            throw SystemCallError(call: "inotify_add_watch", errno: ENOSPC, path: path)
        }
        numbers.insert(number)
        return number
    }

    func unwatch(_ watch: Int32) throws(SystemCallError) {
        numbers.remove(watch)
        try kernel.unwatch(watch)
    }

    func read() throws(SystemCallError) -> [Inotify.Event] { try kernel.read() }
}

/// Events that a test makes up. Nothing else is told.
final class MadeUpEvents: EventSource {
    /// What a test hands over, from any thread.
    final class Hand: Sendable {
        fileprivate let waker: Waker
        fileprivate let events = Mutex<[Inotify.Event]>([])
        private let watched = Mutex<[String: Int]>([:])

        init() throws { waker = try Waker() }

        func tell(_ event: Inotify.Event) {
            events.withLock { $0.append(event) }
            waker.wake()
        }

        /// How often each folder was watched.
        var counts: [String: Int] { watched.withLock(\.self) }

        fileprivate func count(_ path: String) -> Int32 {
            watched.withLock { watched in
                watched[path, default: 0] += 1
                return Int32(watched.values.reduce(0, +))
            }
        }
    }

    private let hand: Hand

    init(_ hand: Hand) { self.hand = hand }

    var descriptor: Int32 { hand.waker.descriptor }

    func watch(_ path: String, for mask: Inotify.Mask) throws(SystemCallError) -> Int32 { hand.count(path) }

    func unwatch(_ watch: Int32) throws(SystemCallError) {}

    func read() throws(SystemCallError) -> [Inotify.Event] {
        hand.waker.rest()
        return hand.events.withLock { events in
            defer { events = [] }
            return events
        }
    }
}

/// What this process has open.
enum Descriptors {
    static func inotify() throws -> [String] {
        try Directory.entries("/proc/self/fd").filter { name in
            var target = [CChar](repeating: 0, count: 64)
            let count = readlink("/proc/self/fd/" + name, &target, target.count)
            return count > 0 && String(decoding: target[..<count].map(UInt8.init), as: UTF8.self).contains("inotify")
        }
    }

    /// Waits until there are so many.
    static func inotify(become wanted: Int) async throws {
        try await eventually("\(wanted) instances of inotify") { try inotify().count == wanted }
    }

    /// How many watches the kernel holds for an instance.
    static func watches(of instance: String) throws -> Int {
        let text = String(decoding: try content(of: "/proc/self/fdinfo/" + instance), as: UTF8.self)
        return text.split(separator: "\n").count { $0.hasPrefix("inotify wd:") }
    }

    /// Waits until there are so many.
    static func watches(of instance: String, become wanted: Int) async throws {
        try await eventually("\(wanted) watches of the kernel") { try watches(of: instance) == wanted }
    }
}

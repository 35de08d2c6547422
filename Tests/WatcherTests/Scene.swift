// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Synchronization
import TestSupport
import Testing

@testable import Watcher

/// How the watcher of a test finds out.
enum Way: CaseIterable, Sendable {
    case inotify, polling
}

/// A folder, and a watcher of what a test names in it.
final class Scene: Sendable {
    let root: String
    let watcher: Watcher
    private let folder: TemporaryFolder
    private let told = Mutex<[Change]>([])
    private let listening: Mutex<Task<Void, Never>?>

    convenience init(
        _ way: Way = .inotify, in place: String? = nil, _ change: (inout WatchRules) -> Void = { _ in }
    ) throws {
        switch way {
        case .inotify: try self.init(in: place, change, events: { () throws(SystemCallError) in try KernelEvents() })
        case .polling: try self.init(in: place, change, events: { () throws(SystemCallError) in nil })
        }
    }

    init(
        in place: String? = nil, _ change: (inout WatchRules) -> Void = { _ in },
        events: @escaping @Sendable () throws(SystemCallError) -> (any EventSource)?
    ) throws {
        let folder = try TemporaryFolder()
        var rules = Self.rules
        change(&rules)
        let watcher = try Watcher(rules, events: events)
        self.folder = folder
        self.watcher = watcher
        root = try realPath(place ?? folder.path)
        listening = Mutex(nil)
        let changes = watcher.changes
        listening.withLock {
            $0 = Task { [weak self] in
                for await change in changes { self?.told.withLock { $0.append(change) } }
            }
        }
    }

    deinit {
        watcher.stop()
    }

    static var rules: WatchRules {
        var rules = WatchRules { name, _ in name == "memory.db" }
        rules.settle = .milliseconds(50)
        rules.maxWait = .seconds(2)
        rules.pollEvery = .milliseconds(50)
        rules.rest = 1
        rules.ignored = ["node_modules"]
        return rules
    }

    func path(_ name: String) -> String { root + "/" + name }

    /// Makes or changes a file, and every folder above it.
    func put(_ name: String, _ text: String = "x") throws {
        try Directory.createAll(Directory.parent(of: path(name)))
        let descriptor = open(path(name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError(call: "open", errno: errno, path: path(name)) }
        defer { close(descriptor) }
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw SystemCallError(call: "write", errno: errno, path: path(name))
        }
    }

    /// What was told since the last time, once there is something for `subject`; empty when there is nothing within `limit`.
    func changes(of subject: Subject, within limit: Duration = .seconds(10)) async throws -> [Change] {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let found = told.withLock { told in
                let found = told.filter { $0.subject == subject }
                if !found.isEmpty { told = [] }
                return found
            }
            if !found.isEmpty { return found }
            try await Task.sleep(for: .milliseconds(10))
        }
        return []
    }

    /// Whether `path` is told of the tree, or everything is, within a time that is long.
    func tells(_ names: Set<String>, of tree: Subject) async throws -> Bool {
        var missing = Set(names.map(path))
        let end = ContinuousClock.now + .seconds(15)
        while !missing.isEmpty, ContinuousClock.now < end {
            for change in try await changes(of: tree, within: .seconds(1)) {
                missing = change.isWhole ? [] : missing.subtracting(change.paths)
            }
        }
        return missing.isEmpty
    }

    /// Fails unless all these paths are told of these trees, or everything is.
    func expect(
        _ wanted: [Subject: Set<String>], within limit: Duration = .seconds(15),
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        var missing = wanted.mapValues { Set($0.map(path)) }
        let end = ContinuousClock.now + limit
        while !missing.isEmpty, ContinuousClock.now < end {
            for change in told.withLock({ told in
                defer { told = [] }
                return told
            }) {
                missing[change.subject]?.subtract(change.paths)
                if change.isWhole || missing[change.subject]?.isEmpty == true { missing[change.subject] = nil }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(missing.isEmpty, sourceLocation: place)
    }

    /// Fails unless all of `subject` is told.
    func expectWhole(_ subject: Subject, at place: SourceLocation = #_sourceLocation) async throws {
        // No path is like that: only all of it will do.
        try await expect([subject: ["?"]], at: place)
    }

    /// Fails unless files that are made in `folder` are told by their paths in `shown` within a time that is long: after something was
    /// lost it takes a while until everything is watched anew.
    func tellsPaths(
        of tree: Subject, in folder: String, as shown: String? = nil, at place: SourceLocation = #_sourceLocation
    ) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let name = "/later\(UInt32.random(in: 0 ... .max))/memory.db"
            try put(folder + name)
            let told = try await changes(of: tree, within: .seconds(1))
            if told.contains(where: { $0.paths.contains(path((shown ?? folder) + name)) }) { return }
        }
        Issue.record("they are not told", sourceLocation: place)
    }

    /// Whether `subject` is noticed in this way within a time that is long.
    func becomes(_ method: Method, _ subject: Subject) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while watcher.method(of: subject) != method, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
        }
        return watcher.method(of: subject) == method
    }

    /// Whether the kernel holds so many watches within a time that is long.
    func holds(_ count: Int) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while watcher.watches != count, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(10)) }
        return watcher.watches == count
    }

    /// Takes what is still told of the past, until nothing is.
    func drain() async throws {
        for _ in 0..<20 where try await isSilent(for: .milliseconds(300)) { return }
        Issue.record("it is never quiet")
    }

    /// Whether nothing is told for much longer than a change takes.
    func isSilent(for time: Duration = .milliseconds(600)) async throws -> Bool {
        told.withLock { $0 = [] }
        try await Task.sleep(for: time)
        return told.withLock(\.isEmpty)
    }
}

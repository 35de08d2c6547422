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

    /// What was told since the last time; it waits until something is for `subject`.
    func changes(of subject: Subject) async throws -> [Change] {
        var found: [Change] = []
        try await eventually("a change of \(subject) is told") {
            found = taken(of: subject)
            return !found.isEmpty
        }
        return found
    }

    /// What was told of `subject` since the last time. What was told of others is forgotten when there is something.
    private func taken(of subject: Subject) -> [Change] {
        told.withLock { told in
            let found = told.filter { $0.subject == subject }
            if !found.isEmpty { told = [] }
            return found
        }
    }

    /// Waits until all these paths are told of these trees, or everything is.
    func expect(_ wanted: [Subject: Set<String>], at place: SourceLocation = #_sourceLocation) async throws {
        var missing = wanted.mapValues { Set($0.map(path)) }
        do {
            try await eventually("the changes are told") {
                for change in told.withLock({ told in
                    defer { told = [] }
                    return told
                }) {
                    missing[change.subject]?.subtract(change.paths)
                    if change.isWhole || missing[change.subject]?.isEmpty == true { missing[change.subject] = nil }
                }
                return missing.isEmpty
            }
        } catch let ended as Patience.Ended {
            Issue.record("\(ended): \(missing)", sourceLocation: place)
        }
    }

    /// Fails unless all of `subject` is told.
    func expectWhole(_ subject: Subject, at place: SourceLocation = #_sourceLocation) async throws {
        // No path is like that: only all of it will do.
        try await expect([subject: ["?"]], at: place)
    }

    /// Waits until files that are made in `folder` are told by their paths in `shown`: after something was lost it takes a while until
    /// everything is watched anew.
    func tellsPaths(
        of tree: Subject, in folder: String, as shown: String? = nil, at place: SourceLocation = #_sourceLocation
    ) async throws {
        var made: Set<String> = []
        do {
            try await eventually("new files in \(folder) are told") {
                let name = "/later\(UInt32.random(in: 0 ... .max))/memory.db"
                try put(folder + name)
                made.insert(path((shown ?? folder) + name))
                // What is not told within a second is asked for with another file.
                for _ in 1...100 {
                    if taken(of: tree).contains(where: { !made.isDisjoint(with: $0.paths) }) { return true }
                    try await Task.sleep(for: .milliseconds(10))
                }
                return false
            }
        } catch let ended as Patience.Ended {
            Issue.record("\(ended)", sourceLocation: place)
        }
    }

    /// Waits until `subject` is noticed in this way.
    func becomes(_ method: Method, _ subject: Subject) async throws {
        try await eventually("\(subject) is noticed by \(method)") { watcher.method(of: subject) == method }
    }

    /// Waits until the kernel holds so many watches.
    func holds(_ count: Int) async throws {
        try await eventually("the kernel holds \(count) watches") { watcher.watches == count }
    }

    /// Takes what is still told of the past, until nothing is.
    func drain() async throws {
        try await eventually("nothing is told any more") { try await isSilent(for: .milliseconds(300)) }
    }

    /// Whether nothing is told for much longer than a change takes. Many short sleeps last longer on a machine on which a change takes
    /// longer, too.
    func isSilent(for time: Duration = .milliseconds(600)) async throws -> Bool {
        told.withLock { $0 = [] }
        for _ in 0..<20 { try await Task.sleep(for: time / 20) }
        return told.withLock(\.isEmpty)
    }
}

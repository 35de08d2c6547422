// SPDX-License-Identifier: MIT

internal import LinuxKit

/// Finds out by comparing what is there with what was there: the only truth on a filesystem that other machines write to.
final class PollingBackEnd {
    /// What was seen of one subject: each path that matters, with what tells whether it is still the same.
    private typealias Seen = [String: Fact]

    /// Which file stands behind a name, and when something about it changed last; nil where that is told of another subject.
    private struct Fact: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64?
        let changed: Int64?

        init(_ status: FileStatus, isIdentity: Bool = false) {
            device = status.device
            inode = status.inode
            size = isIdentity ? nil : status.size
            changed = isIdentity ? nil : status.changedNanoseconds
        }
    }

    /// One subject.
    private struct Look {
        var seen: Seen
        /// When it is looked at next.
        var due: Instant
        /// How many folders deep it is in a tree.
        let depth: Int
    }

    typealias Instant = ContinuousClock.Instant

    var rules: WatchRules
    private var looks: [Subject: Look] = [:]
    private let clock = ContinuousClock()

    init(_ rules: WatchRules) {
        self.rules = rules
    }

    /// When there is something to look at, or nil.
    var due: Instant? { looks.values.map(\.due).min() }

    /// Begins to look at `subject`. What is there now counts as seen.
    ///
    /// - Parameter depth: how many folders deep it is in a tree
    func arm(_ subject: Subject, depth: Int = 0) {
        let start = clock.now
        let seen = look(at: subject, depth)
        looks[subject] = Look(seen: seen, due: start + pause(since: start), depth: depth)
    }

    func disarm(_ subject: Subject) {
        looks[subject] = nil
    }

    /// Looks at everything whose time has come, and tells what is not as it was; nil for a path means all of the subject.
    func collect(_ mark: (Subject, String?) -> Void) {
        let start = clock.now
        // Those that are nearly due too: one turn for many.
        let end = start + rules.pollEvery / 10
        for (subject, look) in looks where look.due <= end {
            let begin = clock.now
            let now = self.look(at: subject, look.depth)
            looks[subject] = Look(seen: now, due: start + pause(since: begin), depth: look.depth)
            guard now != look.seen else { continue }
            guard subject.isTree else {
                mark(subject, nil)
                continue
            }
            for path in Set(now.keys).union(look.seen.keys) where now[path] != look.seen[path] { mark(subject, path) }
        }
    }

    private func pause(since begin: Instant) -> Duration {
        max(rules.pollEvery, begin.duration(to: clock.now) * rules.rest)
    }

    /// What cannot be looked at is as good as not there; when that changes, it is a change.
    private func look(at subject: Subject, _ depth: Int) -> Seen {
        var seen: Seen = [:]
        switch subject {
        case .tree(let path):
            walk(path, depth: depth, &seen)
        case .file(let path):
            for suffix in ["", "-wal", "-journal"] {
                guard let status = try? FileStatus(ofLink: path + suffix), suffix.isEmpty || status.size > 0 else {
                    continue
                }
                seen[path + suffix] = Fact(status)
            }
        case .folder(let path):
            guard let names = try? Directory.entries(path) else { break }
            for name in names {
                let entry = joined(path, name)
                // What is in a folder below is not told.
                if let status = try? FileStatus(ofLink: entry) {
                    seen[entry] = Fact(status, isIdentity: status.kind == .directory)
                }
            }
        }
        return seen
    }

    private func walk(_ folder: String, depth: Int, _ seen: inout Seen) {
        guard let listing = try? DirectoryListing(folder) else { return }
        let name = Directory.name(of: folder)
        for other in listing.others where rules.isInteresting(other, name) {
            // Who and where it is, and not what is in it: that is told of the file.
            let path = joined(folder, other)
            if let status = try? FileStatus(ofLink: path) { seen[path] = Fact(status, isIdentity: true) }
        }
        guard depth < rules.maxDepth else { return }
        for name in listing.directories {
            let path = joined(folder, name)
            if rules.enters(name, path) { walk(path, depth: depth + 1, &seen) }
        }
    }
}

// SPDX-License-Identifier: MIT

internal import LinuxKit

/// Finds out by comparing what is there with what was there: the only truth on a filesystem that other machines write to.
final class PollingBackEnd: BackEnd {
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

    private let rules: WatchRules
    private var seen: [Subject: Seen] = [:]

    init(_ rules: WatchRules) {
        self.rules = rules
    }

    var isIdle: Bool { seen.isEmpty }

    func arm(_ subject: Subject) {
        seen[subject] = look(at: subject)
    }

    func disarm(_ subject: Subject) {
        seen[subject] = nil
    }

    func collect(_ mark: (Subject, String?) -> Void) {
        for (subject, before) in seen {
            let now = look(at: subject)
            guard now != before else { continue }
            seen[subject] = now
            guard case .tree = subject else {
                mark(subject, nil)
                continue
            }
            for path in Set(now.keys).union(before.keys) where now[path] != before[path] { mark(subject, path) }
        }
    }

    /// What cannot be looked at is as good as not there; when that changes, it is a change.
    private func look(at subject: Subject) -> Seen {
        var seen: Seen = [:]
        switch subject {
        case .tree(let path):
            walk(path, depth: 0, &seen)
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
                if let status = try? FileStatus(ofLink: entry) { seen[entry] = Fact(status) }
            }
        }
        return seen
    }

    private func walk(_ folder: String, depth: Int, _ seen: inout Seen) {
        guard let listing = try? DirectoryListing(folder) else { return }
        let name = folder.split(separator: "/").last ?? ""
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

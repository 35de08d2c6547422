// SPDX-License-Identifier: MIT

import FoundationEssentials
import GuardCore
import LinuxKit
import TestSupport
import Testing

/// A project of a user's with a memory in it, and a state directory beside it.
struct Project {
    let folder: TemporaryFolder
    let root: String
    let memory: String
    let state: String

    /// A copy of `fixture`; none for nil.
    init(_ fixture: Fixture? = .v4_0, in parent: String? = nil) throws {
        folder = try TemporaryFolder()
        root = (parent ?? folder.path) + "/shop"
        try Directory.create(root)
        memory = root + "/.claude-memory.db"
        state = folder.file("state")
        try fixture?.copy(to: memory)
    }

    /// Runs `dementiad once` on it.
    func once(
        _ arguments: [String] = [], configuration: String = "backup: {minFree: 0}\n", user: UInt32? = nil
    ) throws -> Daemon.Result {
        try Daemon(
            ["once", "--watch", root, "--state-dir", state] + arguments, configuration: configuration, user: user
        ).run()
    }

    /// The bytes of everything in the project's folder; only while nobody has a memory open.
    func files() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try Directory.entries(root) where try FileStatus(ofLink: "\(root)/\(name)").kind == .file {
            files[name] = try content(of: "\(root)/\(name)")
        }
        return files
    }

    /// The folders of its backups, oldest first.
    func backups() throws -> [String] {
        let stores = state + "/vault/stores"
        guard try FileStatus.ifPresent(stores) != nil else { return [] }
        return try Directory.entries(stores).flatMap { store in
            try Directory.entries("\(stores)/\(store)").filter { $0 != "store.json" && $0 != ".incoming" }.sorted()
                .map { "\(stores)/\(store)/\($0)" }
        }
    }
}

// SPDX-License-Identifier: MIT

internal import Glibc
public import GuardCore
internal import LinuxKit

/// The daemon's own folder: journal, vault and scratch, for one process at a time.
///
/// The lock is the kernel's (flock) and dies with its process, so nothing is ever stale.
public struct StateDirectory: ~Copyable, Sendable {
    /// The folder, without symbolic links, 0700 from birth.
    public let path: String
    /// What was not as it has to be, and was put right before anything was read or written, as sentences.
    public let amendments: [String]
    private let lock: FileLock

    /// The journal's file.
    public var journal: String { path + "/journal.db" }
    /// The vault's folder.
    public var vault: String { path + "/vault" }
    /// Where restores prove and rehearse.
    public var scratch: String { path + "/scratch" }

    /// Makes the folder when it is missing, and takes it for this process. It may lie behind symbolic links to a folder of the same user.
    ///
    /// A folder that others may write is closed to them; where that is not enough it is refused (``GuardError/Code/permissionDenied``).
    /// Fails with ``GuardError/Code/stateDirectoryBusy`` and the pid when another process has it.
    public init(_ path: String) throws(GuardError) {
        let prepared = try Self.prepare(path)
        lock = try Self.take(prepared.path)
        self.path = prepared.path
        amendments = prepared.amendments
    }

    private static func take(_ path: String) throws(GuardError) -> FileLock {
        do throws(FileLock.Failure) {
            return try FileLock(path + "/lock")
        } catch {
            switch error {
            case .heldBy(let pid):
                let who = pid.map { " (pid \($0))" } ?? ""
                throw GuardError(
                    .stateDirectoryBusy, "another dementiad\(who) is at work in \(path)",
                    hint: "Wait until it is done, or ask it with dementiactl.")
            case .system(let error):
                throw GuardError(
                    .permissionDenied, "the state directory \(path) cannot be locked",
                    hint: "Look at the rights of its file lock, or name another folder with --state-dir.",
                    causes: [error.description])
            }
        }
    }

    /// Makes what is missing and closes what is open; gives the real path, and what was put right.
    private static func prepare(_ path: String) throws(GuardError) -> (path: String, amendments: [String]) {
        do {
            try Directory.createAll(path)
            let real = try Directory.resolved(path)
            let amendments = try close(real)
            try Directory.createAll(real + "/scratch")
            return (real, amendments)
        } catch let error as GuardError {
            throw error
        } catch let error as SystemCallError {
            throw GuardError(
                error.isNoSpace ? .noSpace : .permissionDenied,
                "the state directory \(path) cannot be made or written", hint: "Name another with --state-dir.",
                causes: [error.description])
        } catch {
            throw GuardError(.internalError, "the state directory \(path) cannot be made", causes: ["\(error)"])
        }
    }

    /// What lies in a state directory; everything else is somebody else's.
    private static let ours = [
        "damaged", "journal.db", "journal.db-shm", "journal.db-wal", "lock", "scratch", "search", "transfers",
        "vault",
    ]

    /// Takes the right to write in the folder away from everybody but this user, and gives what was done.
    private static func close(_ path: String) throws -> [String] {
        let status = try FileStatus(of: path)
        // Root is asked for by name (--allow-root), and may work in a user's folder: in a container there is no other way.
        guard status.uid == geteuid() || geteuid() == 0 else {
            throw refusal(path, "belongs to another user (\(status.uid))")
        }
        guard status.mode & 0o022 != 0 else { return [] }
        let mode = String(status.mode, radix: 8)
        func refuseStrangers() throws {
            for name in try Directory.entries(path) {
                guard ours.contains(name) else {
                    throw refusal(path, "can be written by others (mode \(mode)), and holds \(name), which is not ours")
                }
                guard try FileStatus(ofLink: "\(path)/\(name)").uid == status.uid else {
                    throw refusal(path, "can be written by others (mode \(mode)), and \(name) was made by one of them")
                }
            }
        }
        // A folder that is shared with others on purpose is left as it is.
        try refuseStrangers()
        try Directory.makePrivate(path)
        // What came in between the look and the closing.
        try refuseStrangers()
        return ["the state directory \(path) could be written by others (mode \(mode)) and was closed to them"]
    }

    private static func refusal(_ path: String, _ why: String) -> GuardError {
        GuardError(
            .permissionDenied, "the state directory \(path) \(why)",
            hint: "Nothing was done. Name a folder that is only yours with --state-dir.")
    }
}

// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit

/// The daemon's own folder: journal, vault and scratch, for one process at a time.
///
/// The lock is the kernel's (flock) and dies with its process, so nothing is ever stale.
public struct StateDirectory: ~Copyable, Sendable {
    /// The folder, 0700 from birth.
    public let path: String
    private let lock: FileLock

    /// The journal's file.
    public var journal: String { path + "/journal.db" }
    /// The vault's folder.
    public var vault: String { path + "/vault" }
    /// Where restores prove and rehearse.
    public var scratch: String { path + "/scratch" }

    /// Makes the folder when it is missing, and takes it for this process.
    ///
    /// Fails with ``GuardError/Code/stateDirectoryBusy`` and the pid when another process has it.
    public init(_ path: String) throws(GuardError) {
        self.path = path
        do {
            try Directory.createAll(path)
            try Directory.createAll(path + "/scratch")
        } catch {
            throw GuardError(
                error.isNoSpace ? .noSpace : .permissionDenied, "the state directory \(path) cannot be made or written",
                hint: "Name another with --state-dir.", causes: [error.description])
        }
        do throws(FileLock.Failure) {
            lock = try FileLock(path + "/lock")
        } catch {
            switch error {
            case .heldBy(let pid):
                let who = pid.map { " (pid \($0))" } ?? ""
                throw GuardError(
                    .stateDirectoryBusy, "another dementiad\(who) is at work in \(path)",
                    hint: "Wait until it is done, or ask it with dementiactl.")
            case .system(let error):
                throw GuardError(
                    .permissionDenied, "the state directory \(path) cannot be locked", causes: [error.description])
            }
        }
    }
}

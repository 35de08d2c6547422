// SPDX-License-Identifier: MIT

public import GuardCore
public import LinuxKit
public import ZstdKit

/// Why the vault could not do its work.
public enum VaultError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The filesystem has no room, or not as much as was asked for beforehand (`needed` and `free` in bytes).
    case noSpace(path: String, needed: Int64? = nil, free: Int64? = nil)
    /// The user may not do this.
    case permission(SystemCallError)
    /// A backup, or the named file of one, is not what was published. It is never used and never deleted by itself.
    case damaged(path: String, reason: String)
    /// There is no such backup: the words that were looked for.
    case notFound(String)
    /// The words fit several backups.
    case ambiguous(String, [BackupID])
    /// Something of that name is there, and nothing is ever overwritten.
    case alreadyExists(path: String)
    /// The directory is no vault of ours, or one that only a newer dementiad reads.
    case foreign(path: String, reason: String)
    /// Another process works in the vault: its process id, when it is known.
    case busy(pid: Int32?)
    /// The payload could not be compressed.
    case compression(ZstdError)
    /// A system call failed in another way.
    case io(SystemCallError)

    init(_ error: SystemCallError) {
        if error.isNoSpace {
            self = .noSpace(path: error.path ?? "the vault")
        } else if error.isPermission {
            self = .permission(error)
        } else if error.alreadyExists {
            self = .alreadyExists(path: error.path ?? "the target")
        } else {
            self = .io(error)
        }
    }

    init(_ failure: FileLock.Failure) {
        switch failure {
        case .heldBy(let pid): self = .busy(pid: pid)
        case .system(let error): self.init(error)
        }
    }

    /// One sentence that names the thing, without a full stop.
    public var description: String {
        switch self {
        case .noSpace(let path, .some(let needed), .some(let free)):
            "\(path): \(needed) bytes are needed and \(free) are free"
        case .noSpace(let path, _, _): "\(path): no space is left"
        case .permission(let error): error.description
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        case .notFound(let text): "there is no backup \(text)"
        case .ambiguous(let text, let ids):
            "\(text) fits several backups: \(ids.map(\.description).joined(separator: ", "))"
        case .alreadyExists(let path): "\(path) is there already and is not overwritten"
        case .foreign(let path, let reason): "\(path) cannot be used as a vault: \(reason)"
        case .busy(.some(let pid)): "the vault is in use by process \(pid)"
        case .busy(nil): "the vault is in use by another process"
        case .compression(let error): error.description
        case .io(let error): error.description
        }
    }
}

/// Runs `body` and lets its system call errors leave the module as the vault's own.
func translated<T: ~Copyable>(_ body: () throws(SystemCallError) -> T) throws(VaultError) -> T {
    do {
        return try body()
    } catch {
        throw VaultError(error)
    }
}

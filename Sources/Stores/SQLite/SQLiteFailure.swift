// SPDX-License-Identifier: MIT

internal import Glibc
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit

/// Says in our words what SQLite said, about one file.
struct SQLiteFailure {
    let location: StoreLocation

    private var path: String { location.name }
    private var store: StoreID { location.id }

    /// `error`, which happened while `doing` something.
    func translate(_ error: SQLiteError, _ doing: String) -> GuardError {
        let causes = [error.description]
        switch error.code {
        case .busy, .locked:
            return busy(doing, causes: causes)
        case .notADatabase:
            return GuardError(
                .notADatabase, "\(path) is not a SQLite database", store: store,
                hint: "It is left alone. If it is encrypted or another program's, keep it out with discover.ignore.",
                causes: causes)
        case .corrupt:
            return GuardError(
                .damaged, "\(path) is damaged", store: store,
                hint: "Restore the newest good backup, or rescue what is left with: sqlite3 FILE .recover",
                causes: causes)
        case .readOnly:
            return GuardError(
                .readOnlyStore, "\(path) cannot be written", store: store,
                hint: "Look at the rights of the file and of its folder: SQLite writes beside it too.", causes: causes)
        case _ where error.isNoSpace:
            return GuardError(
                .noSpace, "there is no room left on the filesystem of \(path)", store: store,
                hint: Self.makeRoom, causes: causes)
        case .cannotOpen where ![0, EACCES, EPERM].contains(error.systemError):
            // Too many open files, say. The number tells more than SQLite's word.
            let failed = SystemCallError(call: "open", errno: error.systemError, path: path)
            // SQLite's own sentence has the two lengths.
            return translate(failed, doing, because: failed.isNameTooLong ? causes : nil)
        case .cannotOpen, .permission:
            return GuardError(
                .permissionDenied, "\(path) cannot be opened", store: store,
                hint: "Look at the rights of the file and of the folders above it.", causes: causes)
        case .inputOutput:
            return GuardError(
                .inputOutput, "the system reported an input or output error on \(path)", store: store,
                hint: "Look at the kernel's messages (journalctl -k) for the disk.", causes: causes)
        default:
            return GuardError(
                .migrationFailed, "\(path): \(doing) failed: \(error.message)", store: store,
                hint: "Look whether the memory is whole: dementiactl verify \(store)", causes: causes)
        }
    }

    /// `error`, which the system gave for the file or something beside it.
    func translate(_ error: SystemCallError, _ doing: String, because causes: [String]? = nil) -> GuardError {
        let causes = causes ?? [error.description]
        if error.isNotFound {
            return GuardError(
                .storeMissing, "\(path) is not there", store: store,
                hint: "If the project moved, nothing is lost: its backups stay in the vault.", causes: causes)
        }
        if error.isPermission {
            return GuardError(
                .permissionDenied, "\(path): \(doing) is not permitted", store: store,
                hint: "Look at the rights of the file and of the folders above it.", causes: causes)
        }
        if error.isNoSpace {
            return GuardError(
                .noSpace, "there is no room left for \(doing) of \(path)", store: store,
                hint: Self.makeRoom, causes: causes)
        }
        if error.isNameTooLong {
            return GuardError(
                .pathTooLong, "\(path): \(doing) failed: the path is too long", store: store,
                hint: "It is left alone. Move it to a shorter path.", causes: causes)
        }
        return GuardError(.inputOutput, "\(path): \(doing) failed", store: store, causes: causes)
    }

    /// The next step where a write found no room, whichever limit it was.
    static let makeRoom =
        "Free some space there and try again; or raise the limit: a quota, ulimit -f, LimitFSIZE= of the service."

    /// Somebody else has a lock; names who has the file open.
    func busy(_ doing: String, causes: [String] = []) -> GuardError {
        let holders = holders()
        let who = holders.isEmpty ? "another process" : holders.map(\.description).joined(separator: ", ")
        return GuardError(
            .storeBusy, "\(path) is busy: \(who) kept it locked during \(doing)", store: store,
            hint: "Nothing was changed. It will be tried again; or end that process first.", causes: causes)
    }

    /// The store is not in the state of the snapshot any more.
    func moved(_ why: String) -> GuardError {
        GuardError(
            .storeMoved, "\(path) changed after it was backed up: \(why)", store: store,
            hint: "Nothing was changed. It will be tried again on the new state.")
    }

    private func holders() -> [OpenHolders.Holder] {
        guard let status = try? FileStatus(of: path) else { return [] }
        return OpenHolders.find(device: status.device, inode: status.inode).filter { $0.pid != getpid() }
    }
}

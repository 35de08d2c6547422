// SPDX-License-Identifier: MIT

internal import Glibc
public import GuardCore
internal import LinuxKit
internal import SQLiteKit

/// Why the journal did not do as asked. Nothing of a write that threw will be found in the journal, except after
/// ``Code/inputOutput``.
public struct JournalError: Error, Sendable, CustomStringConvertible {
    /// What a caller may want to tell apart.
    public enum Code: Sendable, Hashable, CaseIterable {
        /// A newer dementiad wrote the journal. It was not changed.
        case newer
        /// Another program's database lies where the journal should be. It was not changed.
        case foreign
        /// The file is no database any more, or what it holds contradicts itself.
        case damaged
        /// The disk or the user's quota is full. Later writes may succeed.
        case noSpace
        /// The system does not let us read or write the file.
        case notPermitted
        /// Somebody else kept the file locked for too long.
        case busy
        /// The system reported an input or output error. Whether the write is in the file is not known until it is
        /// opened again, and every later write throws the same error.
        case inputOutput
        /// There is no such operation or hold.
        case notFound
        /// A prefix fits more than one operation.
        case ambiguous
        /// The caller's mistake: a settled operation cannot change, a step that does not run cannot finish.
        case misuse
    }

    /// What went wrong.
    public let code: Code
    /// One sentence that names the thing.
    public let message: String
    /// The next step, for a person.
    public let hint: String?
    /// What lies below.
    public let causes: [String]

    init(_ code: Code, _ message: String, hint: String? = nil, causes: [String] = []) {
        self.code = code
        self.message = message
        self.hint = hint
        self.causes = causes
    }

    /// The message, and in brackets what lies below it.
    public var description: String { causes.isEmpty ? message : "\(message) (\(causes.joined(separator: "; ")))" }

    /// The same failure as its reader meets it, about `store` with its data in `dataState`.
    public func guardError(store: StoreID? = nil, dataState: DataState = .untouched) -> GuardError {
        let word: GuardError.Code =
            switch code {
            case .newer: .newerVersion
            case .foreign: .notADatabase
            case .damaged: .damaged
            case .noSpace: .noSpace
            case .notPermitted: .permissionDenied
            case .busy: .stateDirectoryBusy
            case .inputOutput: .inputOutput
            case .notFound: .notFound
            case .ambiguous: .usage
            case .misuse: .internalError
            }
        return GuardError(word, message, store: store, dataState: dataState, hint: hint, causes: causes)
    }
}

// MARK: From below

extension JournalError {
    /// The journal at `path` is damaged, which shows in `reason`.
    static func damaged(_ path: String, _ reason: String) -> JournalError {
        JournalError(
            .damaged,
            "the journal \(path) is damaged",
            hint: """
                Stop dementiad, keep \(path) with its -wal and -shm aside for inspection, and start again with a \
                new journal. Backups are not affected; holds, pins and the history of operations stay in the old file.
                """,
            causes: [reason]
        )
    }

    /// What `error` means for the journal at `path`.
    init(_ error: SQLiteError, path: String) {
        let causes = [error.description]
        let noSpace = error.systemError == ENOSPC || error.systemError == EDQUOT
        switch error.code {
        case .full:
            self.init(.noSpace, "no room to write the journal \(path)", hint: Self.roomHint, causes: causes)
        case .inputOutput where noSpace && !error.code.isFailedSync:
            self.init(.noSpace, "no room to write the journal \(path)", hint: Self.roomHint, causes: causes)
        case .corrupt, .notADatabase:
            self = .damaged(path, error.description)
        case .readOnly, .permission, .authorization:
            self.init(.notPermitted, "the journal \(path) cannot be written", hint: Self.ownerHint, causes: causes)
        case .cannotOpen where error.systemError == EACCES || error.systemError == EPERM:
            self.init(.notPermitted, "the journal \(path) cannot be opened", hint: Self.ownerHint, causes: causes)
        case .busy, .locked:
            self.init(
                .busy, "another program keeps the journal \(path) locked",
                hint: "Close programs that have it open for writing.", causes: causes)
        case .constraint:
            self.init(.misuse, "the journal refused a row that contradicts another", causes: causes)
        default:
            // What nobody foresaw counts as the worst: nothing more is written.
            self.init(
                .inputOutput, "the journal \(path) could not be read or written",
                hint: "Look at the kernel's log for errors of the disk, then restart dementiad.", causes: causes)
        }
    }

    /// What `error` means for the journal at `path`.
    init(_ error: SystemCallError, path: String) {
        let causes = [error.description]
        if error.isNoSpace {
            self.init(.noSpace, "no room to make the journal \(path)", hint: Self.roomHint, causes: causes)
        } else if error.isPermission {
            self.init(.notPermitted, "the journal \(path) cannot be made", hint: Self.ownerHint, causes: causes)
        } else {
            self.init(
                .inputOutput, "the journal \(path) could not be made",
                hint: "Check that the state directory exists.", causes: causes)
        }
    }

    private static let roomHint = "Free some space on the filesystem of the state directory."
    private static let ownerHint =
        "The state directory and the files in it have to belong to the user that dementiad runs as."
}

extension ResultCode {
    /// `SQLITE_IOERR_FSYNC` and `SQLITE_IOERR_DIR_FSYNC`: what was written may have reached the disk or not.
    var isFailedSync: Bool { rawValue == 10 | 4 << 8 || rawValue == 10 | 5 << 8 }
}

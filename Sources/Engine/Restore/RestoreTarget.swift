// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit

/// A file that a backup is to be written to: whether that is a place for it.
struct RestoreTarget {
    /// Its absolute path, as a person named it.
    let path: String
    /// The backup's store, for errors.
    let store: StoreID

    /// Fails when the backup cannot or must not be written to the file, with the next step.
    ///
    /// Blocks: it looks at the folder, which may lie on a mount that does not answer.
    ///
    /// - Parameter state: the state directory, in which dementiad's own files lie
    func check(state: String) throws(GuardError) {
        if let reason = Self.refusal(of: path) {
            throw refused(reason, "Name the absolute path of a file that is not there yet.")
        }
        let folder = Directory.parent(of: path)
        let (real, kind) = try translating(folder) { () throws(SystemCallError) in
            let real = try realPath(folder)
            return (real, try FileStatus(of: real).kind)
        }
        guard kind == .directory else {
            throw refused("\(folder) is not a folder", "Name a file in a folder that is there.")
        }
        // A state directory that cannot be resolved is compared as it was named.
        guard !Directory.isBelow(real, (try? realPath(state)) ?? state) else {
            throw refused("dementiad's own files lie in \(folder)", "Name a file outside of the state directory.")
        }
        try translating(folder) { () throws(SystemCallError) in
            try Access.checkReadableAndWritable(real)
            _ = try FileStatus.ifPresent(link: path)
        }
    }

    /// Why the name of the file speaks against it; nil when it does not. Pure.
    static func refusal(of path: String) -> String? {
        if path.utf8.last == UInt8(ascii: "/") { return "the path ends with a slash and names no file" }
        if SQLiteSidecar.isName(path) {
            return "SQLite takes a file whose name ends with \(list) for a part of the database beside it"
        }
        if path.unicodeScalars.contains("\u{FFFD}") {
            return "the path holds bytes that are not UTF-8, or the character U+FFFD that stands for them"
        }
        return nil
    }

    private static var list: String { SQLiteSidecar.endings.joined(separator: " or ") }

    private func refused(_ reason: String, _ hint: String) -> GuardError {
        GuardError(
            .usage, "the backup cannot be written to \(path): \(reason)", store: store,
            hint: "Nothing was changed. \(hint)")
    }

    private func translating<Value>(
        _ folder: String, _ body: () throws(SystemCallError) -> Value
    ) throws(GuardError) -> Value {
        do {
            return try body()
        } catch {
            throw translated(error, folder)
        }
    }

    private func translated(_ error: SystemCallError, _ folder: String) -> GuardError {
        if error.isNotFound {
            return refused(
                "there is no folder \(folder)", "Make the folder first, or name a file in one that is there.")
        }
        if error.isNameTooLong { return refused("the path is too long", "Name a shorter one.") }
        return GuardError(
            error.isPermission ? .permissionDenied : .inputOutput,
            "the backup cannot be written to \(path): the folder \(folder) cannot be written by the daemon's user",
            store: store,
            hint: "Nothing was changed. Name a file in a folder that this user may write.", causes: [error.description])
    }
}

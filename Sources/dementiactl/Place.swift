// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Glibc
internal import GuardCore
internal import LinuxKit

/// A place on the command line: a path, or a schema of a server, as `URL#SCHEMA` or in a shorter way.
enum Place {
    /// The place as the daemon takes it: an absolute path, because the daemon has another working directory, or the server's schema as it
    /// stands. A place with a password in it is refused.
    static func name(_ text: String) throws(GuardError) -> String {
        isSchema(text) ? try server(text) : Selection.resolved(text)
    }

    /// The place of a memory: of a folder the one memory file in it.
    static func memory(_ text: String) throws(GuardError) -> String {
        let place = try name(text)
        guard !isSchema(text), let entries = try? Directory.entries(place) else { return place }
        let files = entries.filter { $0 == ".claude-memory.db" || ($0.hasSuffix(".db") && !$0.hasPrefix(".")) }
        guard let file = files.first(where: { $0.hasPrefix(".") }) ?? (files.count == 1 ? files.first : nil) else {
            throw CommandText.noMemory(in: place, files)
        }
        return place == "/" ? "/\(file)" : "\(place)/\(file)"
    }

    /// A database or a schema of a server, as it stands.
    static func server(_ text: String) throws(GuardError) -> String {
        // A command line is for everybody to read: in `ps`, and in the shell's history.
        guard !ConnectionText(text).holdsPassword else { throw CommandText.passwordOnCommandLine }
        return text
    }

    /// The target of an operation.
    static func target(_ text: String) throws(GuardError) -> OperationTarget { .place(try name(text)) }

    /// A `#` may stand in the name of a file too; then the file exists, or the text is clearly a path.
    private static func isSchema(_ text: String) -> Bool {
        if text.contains("://") { return true }
        return text.contains("#") && !text.hasPrefix("/") && !text.hasPrefix(".") && access(text, F_OK) != 0
    }
}

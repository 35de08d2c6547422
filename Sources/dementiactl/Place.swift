// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Glibc
internal import GuardCore

/// A place that a person names: a path, or a schema of a server, as `URL#SCHEMA` or in a shorter way.
enum Place {
    /// How the daemon is told: a path made absolute, because it works elsewhere, or the server's schema as it stands. What has a password
    /// in it is refused.
    static func name(_ text: String) throws(GuardError) -> String {
        isSchema(text) ? try server(text) : Selection.resolved(text)
    }

    /// A database or a schema of a server, as it stands.
    static func server(_ text: String) throws(GuardError) -> String {
        // A command line is for everybody to read: in `ps`, and in the shell's history.
        guard !ConnectionText(text).holdsPassword else { throw CommandText.passwordOnCommandLine }
        return text
    }

    /// Where an operation is to lead.
    static func target(_ text: String) throws(GuardError) -> OperationTarget { .place(try name(text)) }

    /// A `#` may stand in a file's name too; then the file is there, or the name says that it is a path.
    private static func isSchema(_ text: String) -> Bool {
        if text.contains("://") { return true }
        return text.contains("#") && !text.hasPrefix("/") && !text.hasPrefix(".") && access(text, F_OK) != 0
    }
}

// SPDX-License-Identifier: MIT

internal import GuardConfiguration
internal import GuardCore

/// Passwords that somebody typed where every user of the machine can read them: refused, and never repeated.
enum CommandLineSecrets {
    /// The refusal, which tells nothing of the password.
    static let refusal = GuardError(
        .usage, "a password stands on the command line, where every user of this machine can read it",
        hint: "Nothing was done. Name a service, or keep it in ~/.pgpass or in a --postgres-file.")

    /// Fails when a URL with a password is among `arguments`, whatever it was meant for: no later message then can repeat it.
    static func refuse(in arguments: [String]) throws(GuardError) {
        if arguments.contains(where: { $0.contains("://") && ConnectionText($0).holdsPassword }) { throw refusal }
    }

    /// Whether a complaint about `arguments` could repeat a password, also one that the shell has cut into several of them.
    static func mayStand(in arguments: [String]) -> Bool {
        (arguments + [arguments.joined(separator: " ")]).contains { ConnectionText($0).holdsPassword }
    }
}

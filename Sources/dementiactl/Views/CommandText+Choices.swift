// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// What is said when something has to be confirmed, or cannot be told apart or found.
extension CommandText {
    static let question = "Go on? [y/N] "
    static let changedMeanwhile = "Meanwhile it has become something else:"

    static func confirmationNeeded(_ change: Change, command: String) -> GuardError {
        GuardError(
            .confirmationNeeded, "\(change.headline) needs a yes, and there is no terminal to ask at",
            store: change.store, hint: "Say it in advance: \(command) --yes", causes: change.lines)
    }

    static func declined(_ change: Change, look: String) -> GuardError {
        GuardError(
            .confirmationNeeded, "Not confirmed; nothing was changed", store: change.store, hint: "Look closer: \(look)"
        )
    }

    static func planChanged(_ error: GuardError, look: String) -> GuardError {
        GuardError(
            .planChanged, "What would be done is no longer what was shown; nothing was changed", store: error.store,
            dataState: error.dataState, hint: "Look again: \(look)", causes: [error.message] + error.causes)
    }

    // MARK: Restore

    static func nothingToRestore(_ name: String) -> GuardError {
        GuardError(
            .notFound, "There is no backup and no store '\(name)'",
            hint: "See which backups there are: dementiactl backup list")
    }

    static func beforeNeedsStore(_ name: String) -> GuardError {
        GuardError(
            .usage, "--before chooses among the backups of a store, and '\(name)' is one backup",
            hint: "Name the store: dementiactl stores list")
    }

    static func noGoodBackup(_ store: StoreID, _ name: String) -> GuardError {
        GuardError(
            .notFound, "There is no good backup of '\(name)'", store: store,
            hint: "See those that are not: dementiactl backup list \(store)")
    }

    static func noBackup(before version: String, of store: StoreID, _ versions: [Int]) -> GuardError {
        GuardError(
            .notFound, "There is no good backup of store \(store) from before \(version); \(those(versions))",
            store: store, hint: "See them: dementiactl backup list \(store)")
    }

    static func noRelease(_ text: String, _ versions: [Int]) -> GuardError {
        GuardError(
            .usage, "'\(text)' is neither a version of a schema nor a release that is known; \(those(versions))",
            hint: "See the releases: dementiactl releases list")
    }

    private static func those(_ versions: [Int]) -> String {
        versions.isEmpty
            ? "no backup tells its version"
            : "the backups are of version \(versions.map(String.init).joined(separator: ", "))"
    }

    // MARK: Places

    static let passwordOnCommandLine = GuardError(
        .usage, "A password does not belong on a command line, where everybody can read it",
        hint: "Leave it out; the daemon has it from its service file, .pgpass or --postgres-file.")

    // MARK: Stores

    static func forgetting(_ store: StoreForm, backups: Int) -> Change {
        Change(
            headline: "Forgetting store \(store.id)", subject: PrintableText.line(store.location),
            lines: [
                "it is no longer backed up, migrated or watched",
                backups == 0
                    ? "there is no backup of it"
                    : "its \(Phrases.count(backups, "backup stays", "backups stay")) in the vault",
                "the store itself stays as it is",
            ], store: store.id)
    }

    static func forgotten(_ store: StoreForm, backups: Int) -> String {
        "\(store.id) is no longer guarded: \(PrintableText.line(store.location))\n"
            + (backups == 0 ? "" : "Its backups: dementiactl backup list\n")
            + "To guard it again: dementiactl stores adopt \(PrintableText.line(ShellText.word(store.location)))"
    }
}

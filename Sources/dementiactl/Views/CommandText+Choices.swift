// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// Questions, and the errors of names that mean nothing or too much.
extension CommandText {
    static let question = "Go on? [y/N] "
    static let changedMeanwhile = "The plan has changed meanwhile:"

    static func confirmationNeeded(_ change: Change, command: String) -> GuardError {
        GuardError(
            .confirmationNeeded, "\(change.headline) has to be confirmed, and there is no terminal to ask on",
            store: change.store, hint: "Confirm it in advance: \(command) --yes", causes: change.lines)
    }

    static func declined(_ change: Change, look: String) -> GuardError {
        GuardError(
            .confirmationNeeded, "Not confirmed; nothing was changed", store: change.store,
            hint: "See the plan again: \(look)"
        )
    }

    static func planChanged(_ error: GuardError, look: String) -> GuardError {
        GuardError(
            .planChanged, "The plan is no longer the one that was shown; nothing was changed", store: error.store,
            dataState: error.dataState, hint: "See the new plan: \(look)", causes: [error.message] + error.causes)
    }

    // MARK: Restore

    static func nothingToRestore(_ name: String) -> GuardError {
        GuardError(
            .notFound, "There is no backup and no memory '\(name)'",
            hint: "List the backups: dementiactl backup list")
    }

    static func beforeNeedsStore(_ name: String) -> GuardError {
        GuardError(
            .usage, "--before chooses among the backups of a memory, and '\(name)' is a single backup",
            hint: "Name the memory instead: dementiactl stores list")
    }

    static func noGoodBackup(_ store: StoreID, _ name: String) -> GuardError {
        GuardError(
            .notFound, "There is no good backup of '\(name)'", store: store,
            hint: "List every backup of it: dementiactl backup list \(store)")
    }

    static func noBackup(
        before version: String, of store: StoreID, _ name: String, _ versions: [Int], line: String?
    ) -> GuardError {
        GuardError(
            .notFound, "There is no good backup of '\(name)' from before \(version); \(list(versions, line))",
            store: store, hint: "List the backups: dementiactl backup list \(store)")
    }

    static func noRelease(_ text: String, _ versions: [Int], line: String?) -> GuardError {
        GuardError(
            .usage,
            "'\(text)' is not a version. There are \(VersionText.list(line: line)); \(list(versions, line))",
            hint: "See the table of versions: dementiactl releases list")
    }

    private static func list(_ versions: [Int], _ line: String?) -> String {
        guard !versions.isEmpty else { return "no backup tells its version" }
        return "the backups are of \(versions.map { VersionText.name($0, line: line) }.joined(separator: ", "))"
    }

    // MARK: Places

    static func noMemory(in folder: String, _ files: [String]) -> GuardError {
        let found =
            files.isEmpty ? "no memory file" : "several database files: \(files.prefix(5).joined(separator: ", "))"
        return GuardError(
            .notFound, "\(folder) holds \(found)", hint: "Name the file itself: dementiactl stores adopt FILE")
    }

    static let passwordOnCommandLine = GuardError(
        .usage, "A password on a command line is visible to every user of this machine",
        hint: "Leave it out; the daemon takes it from its service file, .pgpass or --postgres-file.")

    // MARK: Stores

    static func forgetting(_ store: StoreForm, backups: Int) -> Change {
        Change(
            headline: "Forgetting \(store.project)", subject: PrintableText.line(store.location),
            lines: [
                "the memory is no longer backed up, migrated or watched",
                backups == 0
                    ? "there is no backup of the memory"
                    : "its \(Phrases.count(backups, "backup stays", "backups stay")) in the vault",
                "the memory itself stays as it is",
            ], store: store.id)
    }

    static func notHeld(_ store: StoreForm, isHeldWithAll: Bool) -> GuardError {
        GuardError(
            .notFound,
            isHeldWithAll
                ? "\(store.project) has no hold of its own; a hold on every memory is in force"
                : "\(store.project) is not on hold",
            store: store.id, hint: "List the holds: dementiactl hold list")
    }

    static func forgotten(_ store: StoreForm, backups: Int) -> String {
        "\(PrintableText.line(store.project)) is no longer guarded: \(PrintableText.line(store.location))\n"
            + (backups == 0
                ? "" : "\(Phrases.count(backups, "backup stays", "backups stay")): dementiactl backup list\n")
            + "To guard it again: dementiactl stores adopt \(PrintableText.line(ShellText.word(store.location)))"
    }
}

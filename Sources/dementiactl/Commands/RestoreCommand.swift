// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl restore`
struct RestoreCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup back in its place, or elsewhere with --to.",
        discussion: """
            Of a store the newest good backup is taken: proved, and neither of a state that had failed nor of one that a restore \
            replaced. With --before 4 or --before 4.1 it is the newest of those from before that version.

            What is there now is backed up first. Shows what would change, table by table, and asks.
            """)

    @Argument(
        help: ArgumentHelp(
            "The backup: its id, the beginning of one, or its number. Or a store: its id, the beginning of one, or its path.",
            valueName: "id"), completion: Completions.backupsAndStores)
    var id: String
    @Option(
        help: ArgumentHelp(
            "Of a store: the newest good backup from before this version of its schema, or before this release.",
            valueName: "version"), completion: Completions.versions)
    var before: String?
    @Option(
        help: ArgumentHelp("Restore to this path or URL#SCHEMA, and leave the store alone.", valueName: "place"),
        completion: .file())
    var to: String?
    @Flag(help: "Only show what would be done: rows gained and lost, table by table.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let target = try to.map { text throws(GuardError) in try Place.target(text) }
        let backup = try await RestoreChoice(client: session.client).backup(id, before: before)
        let command = "dementiactl restore \(backup)" + (to.map { " --to \(ShellText.word($0))" } ?? "")
        return try await OperationRunner(session: session).confirmed(
            PlanRequest(kind: .restore, to: target, backup: backup), as: .restore, named: "backup \(backup)",
            command: command, isDryRun: dryRun
        ) { plan in
            // A place where nothing is yet loses nothing.
            target == nil || !plan.wouldLose.isEmpty || plan.tables?.contains { $0.rowsNow != nil } == true
        }
    }
}

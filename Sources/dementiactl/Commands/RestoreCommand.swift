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
            Of a memory the newest good backup is restored: proved, and neither of a failed state nor of one that a restore replaced. \
            --before 4.1 takes the newest good one from before that version.

            The present state is backed up first, and can be put back with: dementiactl undo STORE. Shows the changes, table by table, and asks.

            With --only or --context single rows are put back into the memory, and nothing else of it changes. A context whose \
            session is gone brings its session.
            """)

    @Argument(
        help: ArgumentHelp(
            "The backup: its number, its id, or the beginning of its id. Or a memory: its name, folder, file or id.",
            valueName: "id"), completion: Completions.backupsAndStores)
    var id: String
    @Option(
        help: ArgumentHelp(
            "Of a memory: the newest good backup from before this version, such as 4.1 or 2.",
            valueName: "version"), completion: Completions.versions)
    var before: String?
    @Option(
        help: ArgumentHelp("Restore to this path or URL#SCHEMA, and leave the memory alone.", valueName: "place"),
        completion: .file())
    var to: String?
    @Option(
        help: ArgumentHelp(
            "Only the rows of this table, or the one with this primary key. May be repeated.", valueName: "table[:key]")
    )
    var only: [String] = []
    @Option(help: ArgumentHelp("Only this context.", valueName: "label[@version]"))
    var context: String?
    @Option(
        help: ArgumentHelp(
            "With --only or --context: what becomes of a row that is there under the same name: keep, replace or copy.",
            valueName: "rule"), completion: .list(ConflictRule.allCases.map(\.rawValue)), transform: OptionWord.value)
    var onConflict: ConflictRule?
    @Flag(help: "Only show the plan: rows gained and lost, table by table.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        if !only.isEmpty || context != nil { return try await bringBack(in: session) }
        let target = try to.map { text throws(GuardError) in try Place.target(text) }
        let backup = try await RestoreChoice(client: session.client).backup(id, before: before)
        let command = "dementiactl restore \(backup.sequence)" + (to.map { " --to \(ShellText.word($0))" } ?? "")
        return try await OperationRunner(session: session).confirmed(
            PlanRequest(kind: .restore, to: target, backup: backup), as: .restore, named: "backup \(backup)",
            command: command, isDryRun: dryRun
        ) { plan in
            // An empty place loses nothing.
            target == nil || !plan.wouldLose.isEmpty || plan.tables?.contains { $0.rowsNow != nil } == true
        }
    }

    func validate() throws {
        let isPart = !only.isEmpty || context != nil
        guard !isPart || to == nil else {
            throw ValidationError("--only and --context put rows into the memory that they are of: leave out --to.")
        }
        guard isPart || onConflict == nil else { throw ValidationError("--on-conflict needs --only or --context.") }
    }

    /// Puts single rows into the memory as it is now.
    private func bringBack(in session: Session) async throws(GuardError) -> Status {
        let backup = try await RestoreChoice(client: session.client).backup(id, before: before)
        let words =
            only.map { "--only \(ShellText.word($0))" } + (context.map { ["--context \(ShellText.word($0))"] } ?? [])
            + (onConflict.map { ["--on-conflict \($0.rawValue)"] } ?? [])
        let wish = PlanRequest(
            kind: .restore, backup: backup, only: only.isEmpty ? nil : only, context: context, onConflict: onConflict)
        return try await OperationRunner(session: session).confirmed(
            wish, as: .restore, named: "backup \(backup)",
            command: "dementiactl restore \(backup)" + words.map { " \($0)" }.joined(), isDryRun: dryRun
        ) { plan in
            plan.rows?.contains { [.insert, .bring, .replace, .copy].contains($0.action) } == true
        }
    }
}

/// The values of an option, by their words.
enum OptionWord {
    /// The value that `text` spells.
    static func value<Value: CaseIterable & RawRepresentable<String>>(_ text: String) throws -> Value {
        guard let value = Value(rawValue: text) else {
            throw ValidationError(
                "'\(text)' is none of: \(Value.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return value
    }
}

// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl undo`
struct UndoCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Put back the state that the last restore or downgrade replaced.",
        discussion: """
            Every restore and every downgrade backs up the state that it replaces; this restores that backup. The present state is backed \
            up first, so a second undo goes forth again. Shows the changes, table by table, and asks.
            """)

    @Argument(help: "The memory: its name, its folder or file, or its id.", completion: Completions.stores)
    var store: String
    @Flag(help: "Only show the plan: rows gained and lost, table by table.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = try await Selection(client: session.client).store(store)
        let word = ShellText.word(store)
        let done = try await session.client.operations(of: chosen.id, atMost: 1) { $0.replacedState != nil }
        guard let backup = done.first?.replacedState else {
            throw CommandText.nothingToUndo(chosen.project, chosen.id, word)
        }
        return try await OperationRunner(session: session).confirmed(
            PlanRequest(kind: .restore, backup: backup), as: .restore, named: chosen.project,
            command: "dementiactl undo \(word)", isDryRun: dryRun
        ) { _ in true }
    }
}

extension OperationRecord {
    /// The backup of the state that a restore or a downgrade replaced; nil for every other operation, and for one that did not succeed.
    var replacedState: BackupID? {
        guard outcome == .succeeded else { return nil }
        switch kind {
        case .restore: return result?.keptState
        case .downgrade: return backup
        default: return nil
        }
    }
}

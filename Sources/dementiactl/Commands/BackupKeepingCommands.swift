// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

// How long backups are kept.
extension BackupCommand {
    struct Pin: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a backup until it is unpinned, whatever retention says.")

        @Argument(help: "The backup: its id, the beginning of one, or its number.", completion: Completions.backups)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status { try await session.pin(id, true) }
    }

    struct Unpin: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let retention decide again how long a backup is kept.")

        @Argument(help: "The backup: its id, the beginning of one, or its number.", completion: Completions.backups)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status { try await session.pin(id, false) }
    }

    struct Prune: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the backups that retention does not keep.",
            discussion: "Shows which backups would be removed, and why, and asks.")

        @Flag(help: "Only show the plan.")
        var dryRun = false
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            try await OperationRunner(session: session).confirmed(
                PlanRequest(kind: .prune), as: .prune, named: "the vault", command: "dementiactl backup prune",
                isDryRun: dryRun
            ) { $0.removals?.isEmpty != true }
        }
    }
}

extension Session {
    /// Pins or unpins the backup that `text` means, and prints the result.
    fileprivate func pin(_ text: String, _ isPinned: Bool) async throws(GuardError) -> Status {
        let id = try await Selection(client: client).backup(text)
        let backup = try await client.setPin(isPinned, of: id)
        try await show("backup", backup, backups: [backup]) { memories, _ in OperationText.pinned(backup, memories) }
        return .done
    }
}

// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

// How long backups stay.
extension BackupCommand {
    struct Pin: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a backup for ever: retention passes it by until it is unpinned.")

        @Argument(help: "The backup: its id, the beginning of one, or its number.", completion: Completions.backups)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status { try await session.pin(id, true) }
    }

    struct Unpin: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Let retention decide on a backup again.")

        @Argument(help: "The backup: its id, the beginning of one, or its number.", completion: Completions.backups)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status { try await session.pin(id, false) }
    }

    struct Prune: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take out of the vault what retention keeps no longer.",
            discussion: "Shows which backups would go, and why, and asks.")

        @Flag(help: "Only show what would be done.")
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
    /// Pins the backup that `text` means, or lets it go, and prints it.
    fileprivate func pin(_ text: String, _ isPinned: Bool) async throws(GuardError) -> Status {
        let id = try await Selection(client: client).backup(text)
        let backup = try await client.setPin(isPinned, of: id)
        try show("backup", backup) { CommandText.backup(backup, $0) }
        return .done
    }
}

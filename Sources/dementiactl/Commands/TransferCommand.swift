// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl transfer`
struct TransferCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Take a memory from its SQLite file into a PostgreSQL schema.",
        discussion: """
            A proved backup of the file, and of the schema where there is one; one transaction that loads every row and reads it back; a \
            verification. The file is only read. What PostgreSQL cannot hold is kept beside, in tables dementia_kept_..., and counted. \
            Exit status 15: some rows were rejected, or a table could not be read whole.
            """)

    @Argument(help: "The store: its id, the beginning of one, or its path.", completion: Completions.stores)
    var store: String
    @Option(
        help: ArgumentHelp(
            "Where to: a database's URL or service, and the schema. Without #SCHEMA the one named after the project.",
            valueName: "URL#SCHEMA"))
    var to: String
    @Flag(help: "Only count what would be done, to the last row.")
    var dryRun = false
    @Flag(help: "It is for good: pin the file's backup, and mark the file as moved.")
    var archive = false
    @Option(help: "Take numbers that are too large for seconds as milliseconds: auto.")
    var epoch: Epoch?
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        // As it stands: the name of a service is no path.
        let target = OperationTarget.place(try Place.server(to))
        let chosen = try await Selection(client: session.client).store(store)
        if dryRun {
            let plan = try await session.client.plan(
                PlanRequest(
                    kind: .transfer, store: chosen.id, to: target, archive: archive ? true : nil, epoch: epoch?.rule))
            let shown = try session.show(plan)
            return shown == .done && plan.result?.leftRowsBehind == true ? .rejectedRows : shown
        }
        let request = OperationRequest(
            kind: .transfer, store: chosen.id, to: target, archive: archive ? true : nil,
            epoch: epoch?.rule)
        return try await OperationRunner(session: session).run(request, named: chosen.project)
    }

    /// What `--epoch` takes.
    enum Epoch: String, ExpressibleByArgument, CaseIterable {
        case auto

        var rule: EpochRule { .auto }
    }
}

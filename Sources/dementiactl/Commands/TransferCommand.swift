// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl transfer`
struct TransferCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Copy a memory from its SQLite file into a PostgreSQL schema.",
        discussion: """
            Takes a proved backup of the file, and of the schema where one exists, loads every row in one transaction, reads it back, and \
            verifies. The file is only read. Rows and values that PostgreSQL cannot hold are kept in tables dementia_kept_..., and counted. \
            Exit status 15: some rows were rejected, or a table could not be read to its end.
            """)

    @Argument(help: "The memory: its name, its folder or file, or its id.", completion: Completions.stores)
    var store: String
    @Option(
        help: ArgumentHelp(
            "The database as a URL or service, and the schema; by default the schema is named after the project.",
            valueName: "URL#SCHEMA"))
    var to: String
    @Flag(help: "Only show the plan: every row is converted and counted, and none is written.")
    var dryRun = false
    @Flag(help: "The move is final: pin the backup of the file, and mark the file as moved.")
    var archive = false
    @Option(help: "Read numbers that are too large for seconds as milliseconds: auto.")
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
            let shown = try await session.show(plan)
            return shown == .done && plan.result?.leftRowsBehind == true ? .rejectedRows : shown
        }
        let request = OperationRequest(
            kind: .transfer, store: chosen.id, to: target, archive: archive ? true : nil,
            epoch: epoch?.rule)
        return try await OperationRunner(session: session).run(request, named: chosen.project)
    }

    /// The values of `--epoch`.
    enum Epoch: String, ExpressibleByArgument, CaseIterable {
        case auto

        var rule: EpochRule { .auto }
    }
}

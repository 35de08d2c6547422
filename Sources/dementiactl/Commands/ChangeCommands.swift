// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl migrate`
struct MigrateCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Upgrade memories to the version that the installed Dementia needs.",
        discussion: """
            Takes a proved backup, rehearses the upgrade on a restored copy, runs it in one transaction, and verifies the result. A failed upgrade is \
            reverted.
            """)

    @Argument(
        help: "The memories; without a name every one that waits, and none that is on hold.",
        completion: Completions.stores)
    var store: [String] = []
    @Option(
        help: ArgumentHelp(
            "The version to upgrade to, such as 4.2; by default the one that is needed.", valueName: "version"),
        completion: Completions.versions)
    var to: VersionChoice?
    @Flag(help: "Only show the plan.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        if dryRun { return try await session.plan(store, to: to) }
        let stores = try await Selection(client: session.client).stores(store)
        if store.count == 1, let only = stores.first {
            let request = OperationRequest(kind: .migrate, store: only.id, to: try to?.target(for: only))
            return try await OperationRunner(session: session).run(request, named: only.project)
        }
        // Named ones as they are; of all others those with something to do that can be done. A hold ends when its memory is named.
        var requests: [(String, OperationRequest)] = []
        for chosen in stores {
            let schema = try to?.schema(line: chosen.line)
            guard !store.isEmpty || isBehind(chosen, schema) else { continue }
            requests.append(
                (chosen.project, OperationRequest(kind: .migrate, store: chosen.id, to: schema.map { .version($0) })))
        }
        let held = store.isEmpty ? stores.filter { $0.state == .held } : []
        return try await OperationRunner(session: session).run(requests, leaving: held)
    }

    private func isBehind(_ store: StoreForm, _ schema: Int?) -> Bool {
        switch store.state {
        case .current: schema.map { $0 > store.schemaVersion ?? 0 } ?? false
        case .pending, .failed, .busy: true
        case .held, .drifted, .unknown, .missing, .notAnswering: false
        }
    }
}

/// `dementiactl downgrade`
struct DowngradeCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "downgrade", abstract: "Take a memory back to an earlier version, with a backup first.",
        discussion:
            "Shows the losses and asks. Afterwards the memory is on hold, so that it is not upgraded again without a command."
    )

    @Argument(help: "The memory: its name, its folder or file, or its id.", completion: Completions.stores)
    var store: String
    @Option(
        help: ArgumentHelp("The version to go back to, such as 4.1.", valueName: "version"),
        completion: Completions.versions)
    var to: VersionChoice
    @Flag(help: "Only show the plan.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = try await Selection(client: session.client).store(store)
        return try await OperationRunner(session: session).confirmed(
            PlanRequest(kind: .downgrade, store: chosen.id, to: try to.target(for: chosen)), as: .downgrade,
            named: chosen.project,
            command: "dementiactl downgrade \(ShellText.word(store)) --to \(ShellText.word(to.text))", isDryRun: dryRun
        ) { !$0.steps.isEmpty }
    }
}

/// `dementiactl repair`
struct RepairCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Complete a half-migrated or drifted memory, with a backup first."
    )

    @Argument(help: "The memory: its name, its folder or file, or its id.", completion: Completions.stores)
    var store: String
    @Flag(help: "Only show the plan.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = try await Selection(client: session.client).store(store)
        if dryRun {
            return try await session.show(try await session.client.plan(PlanRequest(kind: .repair, store: chosen.id)))
        }
        return try await OperationRunner(session: session).run(
            OperationRequest(kind: .repair, store: chosen.id), named: chosen.project)
    }
}

/// `dementiactl verify`
struct VerifyCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the tables, the ledger and the integrity of a memory; exit with 6 when a check fails.")

    @Argument(help: "The memory: its name, its folder or file, or its id.", completion: Completions.stores)
    var store: String
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = try await Selection(client: session.client).store(store)
        return try await OperationRunner(session: session).run(
            OperationRequest(kind: .verify, store: chosen.id), named: chosen.project)
    }
}

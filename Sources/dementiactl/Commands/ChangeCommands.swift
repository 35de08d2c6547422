// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl migrate`
struct MigrateCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Take stores up to the wanted version.",
        discussion: """
            A proved backup, a rehearsal on the restored copy, one transaction, a verification. What fails is put back.
            """)

    @Argument(
        help: "The stores; all that wait when none is named, which leaves out those on hold.",
        completion: Completions.stores)
    var store: [String] = []
    @Option(help: ArgumentHelp("The version to end at; the wanted one when it is not given.", valueName: "version"))
    var to: Int?
    @Flag(help: "Only show what would be done.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        if dryRun { return try await session.plan(store, to: to) }
        let stores = try await Selection(client: session.client).stores(store)
        let target = to.map { OperationTarget.version($0) }
        if store.count == 1, let only = stores.first {
            let request = OperationRequest(kind: .migrate, store: only.id, to: target)
            return try await OperationRunner(session: session).run(request, named: only.project)
        }
        // Named ones as they are; of all others those with something to do that can be done. A hold ends when its memory is named.
        let chosen = store.isEmpty ? stores.filter(isBehind) : stores
        let held = store.isEmpty ? stores.filter { $0.state == .held } : []
        return try await OperationRunner(session: session).run(
            chosen.map { ($0.project, OperationRequest(kind: .migrate, store: $0.id, to: target)) }, leaving: held)
    }

    private func isBehind(_ store: StoreForm) -> Bool {
        switch store.state {
        case .current: to.map { $0 > store.schemaVersion ?? 0 } ?? false
        case .pending, .failed, .busy: true
        case .held, .drifted, .unknown, .missing, .notAnswering: false
        }
    }
}

/// `dementiactl downgrade`
struct DowngradeCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "downgrade", abstract: "Take a store back to an earlier version, with a backup first.",
        discussion:
            "Shows what would be lost and asks. Afterwards the store is on hold, so that it is not migrated again by itself."
    )

    @Argument(help: "The store: its id, the beginning of one, or its path.", completion: Completions.stores)
    var store: String
    @Option(help: ArgumentHelp("The version to end at.", valueName: "version"))
    var to: Int
    @Flag(help: "Only show what would be done.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = try await Selection(client: session.client).store(store)
        return try await OperationRunner(session: session).confirmed(
            PlanRequest(kind: .downgrade, store: chosen.id, to: .version(to)), as: .downgrade, named: chosen.project,
            command: "dementiactl downgrade \(chosen.id) --to \(to)", isDryRun: dryRun
        ) { !$0.steps.isEmpty }
    }
}

/// `dementiactl repair`
struct RepairCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Bring a half-migrated or drifted store to a known shape, with a backup first."
    )

    @Argument(help: "The store: its id, the beginning of one, or its path.", completion: Completions.stores)
    var store: String
    @Flag(help: "Only show what would be done.")
    var dryRun = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = try await Selection(client: session.client).store(store)
        if dryRun {
            return try session.show(try await session.client.plan(PlanRequest(kind: .repair, store: chosen.id)))
        }
        return try await OperationRunner(session: session).run(
            OperationRequest(kind: .repair, store: chosen.id), named: chosen.project)
    }
}

/// `dementiactl verify`
struct VerifyCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check a store's shape, ledger and integrity; exit with 6 when they fail.")

    @Argument(help: "The store: its id, the beginning of one, or its path.", completion: Completions.stores)
    var store: String
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = try await Selection(client: session.client).store(store)
        return try await OperationRunner(session: session).run(
            OperationRequest(kind: .verify, store: chosen.id), named: chosen.project)
    }
}

// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl status`
struct StatusCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show at a glance how everything stands.")

    @Flag(help: "Go on showing it: each change as it happens. Ctrl-C ends it.")
    var watch = false
    @OptionGroup var findings: ExitCodeOption
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        if watch { return try await StatusWatch(session: session).run() }
        let status = try await session.client.status()
        try session.show("status", status) { CommandText.status(status, socket: session.client.socket, $0) }
        return findings.exitCode && status.verdict != .safe ? .findings : .done
    }
}

/// `dementiactl plan`
struct PlanCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a migration would do. Nothing is changed.")

    @Argument(help: "The stores; all of them when none is named.", completion: Completions.stores)
    var store: [String] = []
    @Option(help: ArgumentHelp("The version to plan for; the wanted one when it is not given.", valueName: "version"))
    var to: Int?
    @Flag(help: "Show every statement that would run.")
    var sql = false
    @OptionGroup var findings: ExitCodeOption
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        try await session.plan(store, to: to, showingSQL: sql, reportsFindings: findings.exitCode)
    }
}

extension Session {
    /// Plans the migration of the stores that `names` mean, and prints what would happen.
    func plan(
        _ names: [String], to version: Int?, showingSQL: Bool = false, reportsFindings: Bool = false
    ) async throws(GuardError) -> Status {
        var plans: [PlanForm] = []
        for store in try await Selection(client: client).stores(names) {
            let request = PlanRequest(kind: .migrate, store: store.id, to: version.map { .version($0) })
            plans.append(try await client.plan(request))
        }
        let isPending = plans.contains { !$0.steps.isEmpty || $0.refusal != nil }
        let end: Status = reportsFindings && isPending ? .findings : .done
        // One store that was named gives one plan, and then its refusal is the answer.
        if names.count == 1, let plan = plans.first {
            let shown = try show(plan, showingSQL: showingSQL)
            return shown == .done ? end : shown
        }
        try show("plans", ItemList(plans)) { style in
            plans.isEmpty
                ? "No store is known."
                : plans.map { CommandText.plan($0, showingSQL: showingSQL, style) }.joined(separator: "\n")
        }
        return end
    }

    /// Prints one plan, and says how a run that was only to show it ends.
    func show(_ plan: PlanForm, showingSQL: Bool = false) throws(GuardError) -> Status {
        try show("plan", plan) { CommandText.plan(plan, showingSQL: showingSQL, $0) }
        return plan.refusal.map { ErrorTable.line(for: $0.code).exit } ?? .done
    }
}

/// `dementiactl history`
struct HistoryCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show every attempt on a store, also the failed ones, and its ledger.")

    @Argument(help: "The store; all of them when none is named.", completion: Completions.stores)
    var store: String?
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let selection = Selection(client: session.client)
        if let store {
            let history = try await session.client.history(of: selection.store(store).id)
            try session.show("history", history) { CommandText.history(history, $0) }
            return .done
        }
        var histories: [HistoryForm] = []
        for store in try await selection.stores([]) {
            histories.append(try await session.client.history(of: store.id))
        }
        try session.show("histories", ItemList(histories)) { style in
            histories.isEmpty
                ? "No store is known." : histories.map { CommandText.history($0, style) }.joined(separator: "\n\n")
        }
        return .done
    }
}

/// `dementiactl version`
struct VersionCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the versions of this command and of the daemon, and which socket is used.")

    @OptionGroup var global: GlobalOptions

    struct Versions: Codable, Sendable {
        let client: String
        /// nil when no daemon answers.
        let daemon: String?
        let socket: String
        /// Who named the socket.
        let origin: ControlSocket.Origin
        /// Why no daemon answers.
        let problem: Problem?
    }

    func run(in session: Session) async throws(GuardError) -> Status {
        let chosen = session.client.socket.chosen
        var daemon: String?
        var problem: Problem?
        do {
            daemon = try await session.client.status().version
        } catch {
            // The version of this command is known all the same, and it is what was asked for.
            problem = Problem(error)
        }
        let versions = Versions(
            client: ProductVersion.current, daemon: daemon, socket: chosen.path, origin: chosen.origin, problem: problem
        )
        try session.show("version", versions) { _ in
            CommandText.facts([
                ("dementiactl", versions.client),
                ("dementiad", versions.daemon ?? "not reachable: \(versions.problem?.detail ?? "")"),
                ("socket", "\(chosen.path) (\(chosen.origin.rawValue))"),
            ])
        }
        return .done
    }
}

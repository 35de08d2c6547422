// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl status`
struct StatusCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show whether every memory is safe, which one is not, and what happened last.")

    @Flag(help: "Show each change as it happens, until Ctrl-C.")
    var watch = false
    @OptionGroup var findings: ExitCodeOption
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        if watch { return try await StatusWatch(session: session).run() }
        let status = try await session.client.status()
        if session.console.isJSON {
            try session.console.document("status", status)
        } else {
            let picture = await session.picture(of: status)
            let text = CommandText.status(picture, socket: session.client.socket, session.console.style)
            session.console.say(text)
        }
        return findings.exitCode && status.verdict != .safe ? .findings : .done
    }
}

/// `dementiactl plan`
struct PlanCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show the steps of an upgrade. Nothing is changed.")

    @Argument(help: "The memories; all of them when none is named.", completion: Completions.stores)
    var store: [String] = []
    @Option(
        help: ArgumentHelp(
            "The version to upgrade to, such as 4.2; by default the one that is needed.", valueName: "version"),
        completion: Completions.versions)
    var to: VersionChoice?
    @Flag(help: "Show every statement that would run.")
    var sql = false
    @OptionGroup var findings: ExitCodeOption
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        try await session.plan(store, to: to, showingSQL: sql, reportsFindings: findings.exitCode)
    }
}

extension Session {
    /// The status with the names and the last operation that its text tells. When those cannot be had, only they are missing.
    func picture(of status: StatusForm) async -> CommandText.StatusPicture {
        async let stores = try? client.stores()
        async let operations = try? client.operations(atMost: 20)
        return await CommandText.StatusPicture(status, stores ?? [], operations ?? [])
    }

    /// Plans the upgrade of the stores that `names` mean, and prints the plans.
    func plan(
        _ names: [String], to version: VersionChoice?, showingSQL: Bool = false, reportsFindings: Bool = false
    ) async throws(GuardError) -> Status {
        var plans: [PlanForm] = []
        for store in try await Selection(client: client).stores(names) {
            let request = PlanRequest(kind: .migrate, store: store.id, to: try version?.target(for: store))
            plans.append(try await client.plan(request))
        }
        let isPending = plans.contains { !$0.steps.isEmpty || $0.refusal != nil }
        let end: Status = reportsFindings && isPending ? .findings : .done
        // One store that was named gives one plan, and then its refusal is the answer.
        if names.count == 1, let plan = plans.first {
            let shown = try await show(plan, showingSQL: showingSQL)
            return shown == .done ? end : shown
        }
        try await show("plans", ItemList(plans)) { memories, style in
            plans.isEmpty
                ? "No memory is known."
                : plans.map { CommandText.plan($0, isWhole: isVerbose, showingSQL: showingSQL, memories, style) }
                    .joined(separator: "\n")
        }
        return end
    }

    /// Prints one plan. Returns the exit status of a run that only shows it.
    func show(_ plan: PlanForm, showingSQL: Bool = false) async throws(GuardError) -> Status {
        try await show("plan", plan) {
            CommandText.plan(plan, isWhole: isVerbose, showingSQL: showingSQL, $0, $1)
        }
        return plan.refusal.map { ErrorTable.line(for: $0.code).exit } ?? .done
    }
}

/// `dementiactl history`
struct HistoryCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show every attempt to change a memory, also the failed ones.")

    @Argument(help: "The memory; all of them when none is named.", completion: Completions.stores)
    var store: String?
    @Flag(help: "Show the rows of the ledger and the raw events instead.")
    var events = false
    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws(GuardError) -> Status {
        let stores = try await Selection(client: session.client).stores(store.map { [$0] } ?? [])
        var histories: [HistoryForm] = []
        for store in stores { histories.append(try await session.client.history(of: store.id)) }
        if session.console.isJSON {
            if store != nil, let only = histories.first {
                try session.console.document("history", only)
            } else {
                try session.console.document("histories", ItemList(histories))
            }
            return .done
        }
        guard !histories.isEmpty else {
            session.console.say("No memory is known.")
            return .done
        }
        let memories = await session.memories()
        var blocks: [String] = []
        for history in histories {
            if events {
                blocks.append(OperationText.events(of: history, memories, session.console.style))
            } else {
                let operations = try await session.client.operations(of: history.store)
                blocks.append(OperationText.history(history, operations, memories, session.console.style))
            }
        }
        session.console.say(blocks.joined(separator: "\n\n"))
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
        /// The origin of the socket's path.
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

// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores

/// What the engine may do by itself.
public enum MigrationMode: String, Sendable, CaseIterable, Codable, Comparable {
    /// Only look.
    case off
    /// Report what is pending, and wait for approval.
    case ask
    /// Migrate what is pending.
    case auto

    /// Whether it permits less.
    public static func < (left: MigrationMode, right: MigrationMode) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// The result of one pass over all memories.
public struct PassResult: Sendable {
    /// Every memory, in the order in which they were found, each once, and what was done with it.
    public let items: [PassItem]
    /// What an earlier process had left open, and was settled first.
    public let recovered: [OperationRecord]
    /// Places and releases that could not be looked into.
    public let problems: [GuardError]
    /// The results of the search.
    public let discovered: Discovered

    public init(
        items: [PassItem], recovered: [OperationRecord] = [], problems: [GuardError] = [],
        discovered: Discovered = Discovered(locations: [])
    ) {
        self.items = items
        self.recovered = recovered
        self.problems = problems
        self.discovered = discovered
    }

    /// The worst of all memories and of what could not be looked into, memories that only the recovery met included. What a crash had
    /// cut short before COMMIT is no result: the pass did it again.
    public var exitCode: ExitCode {
        let settled = recovered.filter { $0.outcome != .failedUntouched }
        return ExitCode.worst(
            of: (items.compactMap(\.operation) + settled).map(\.exitCode)
                + problems.map { ErrorTable.line(for: $0.code).exit })
    }
}

/// `dementiad once`: the daemon's engine without clock, watcher and requests, run until nothing is left to do.
public struct SinglePass: Sendable {
    private let supervisor: Supervisor

    /// - Parameter relay: the one whose `send` is `context.observe`
    public init(_ context: EngineContext, _ settings: SupervisorSettings, relay: EventRelay) {
        var settings = settings
        settings.isSinglePass = true
        supervisor = Supervisor(context, settings, relay: relay)
    }

    /// Settles what an earlier process left, looks at everything, does what is due, and stops.
    ///
    /// A failure of one memory is that memory's result. Journal and vault are needed for everything: when one of them cannot be used, that
    /// is thrown once everything that is under way has ended.
    public func run() async throws(GuardError) -> PassResult {
        let relaying = Task { await supervisor.relayEvents() }
        let result: Result<PassResult, GuardError>
        do throws(GuardError) {
            let recovered = try await supervisor.recover(Set(StoreEngine.allCases))
            try await supervisor.rescan(startingWork: true)
            await untilIdle()
            result = .success(try await self.result(recovered))
        } catch {
            await untilIdle()
            result = .failure(error)
        }
        await supervisor.stop(patience: .seconds(1))
        await relaying.value
        return try result.get()
    }

    /// Waits until nothing is at work, or only what does not answer.
    private func untilIdle() async {
        while await !supervisor.operations.isIdle {
            let tasks = await supervisor.operations.all
            let everything = Task {
                for task in tasks { await task.value }
            }
            if await value(of: everything, within: .seconds(1)) != nil { continue }
            if await supervisor.stores.isIdleOrSilent { return }
        }
    }

    private func result(_ recovered: [OperationRecord]) async throws(GuardError) -> PassResult {
        let (tools, stores, scan) = await (supervisor.tools, supervisor.stores, supervisor.scan)
        if let failure = scan.stateFailure { throw failure }
        let open = try await tools.journaling { (journal) throws(JournalError) in try await journal.unsettled() }
        var known: Set<StoreLocation> = []
        var items: [PassItem] = []
        for location in scan.discovered.locations where known.insert(location).inserted {
            let id = location.id
            var operation =
                stores[id].lastOperation ?? open.last { $0.store == id }
                ?? recovered.last { $0.store == id && $0.outcome != .failedUntouched }
            if let failure = stores[id].lookFailure {
                guard let operation else { throw failure }
                items.append(Self.item(of: location, unseenAfter: operation, failure))
                continue
            }
            guard var form = stores.form(id) else { continue }
            if operation == nil, form.state == .held { operation = try await untreated(id, tools) }
            if operation?.outcome == .busy { form.state = .busy }
            // Tried as often as it may be: it waits for a person.
            if operation?.error?.code == .held { form.state = .held }
            items.append(PassItem(store: form, operation: operation))
        }
        // What an operation tells of is told already.
        let told = Set(items.filter { $0.operation != nil }.map(\.store.id))
        let silent = stores.silences.filter { $0.store.map { !told.contains($0) } ?? true }
        let unreadable = await supervisor.releaseMonitor.problems
        return PassResult(
            items: items, recovered: recovered,
            problems: scan.discovered.problems + unreadable + silent + tools.calls.silences.map { GuardError($0) },
            discovered: scan.discovered)
    }

    /// What is told of a memory that could not be looked at after `operation`. What was done stands; nothing of what was seen before is told,
    /// and the error says which state the data has.
    private static func item(
        of location: StoreLocation, unseenAfter operation: OperationRecord, _ failure: GuardError
    ) -> PassItem {
        var form = StoreForm(location: location, project: location.name, state: .failed, sizeBytes: 0)
        form.problem = Problem(failure.with(dataState: operation.dataState))
        return PassItem(store: form, operation: operation)
    }

    /// The last operation on the memory `id` when it waits for a person because of it: its data is no better for another pass.
    private func untreated(_ id: StoreID, _ tools: EngineContext) async throws(GuardError) -> OperationRecord? {
        let last = try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.operations(store: id, limit: 1).first
        }
        return last?.outcome == .needsAttention ? last : nil
    }
}

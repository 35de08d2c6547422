// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal
internal import LinuxKit
public import Stores

/// What the engine may do by itself.
public enum MigrationMode: String, Sendable, CaseIterable, Codable {
    /// Migrate what is pending.
    case auto
    /// Report what is pending, and wait for approval.
    case ask
    /// Only look.
    case off
}

/// One pass over stores: examine each, migrate what is pending, and tell what became of it.
public struct Pass: Sendable {
    private let tools: Toolbox
    private let mode: MigrationMode
    private let limits: SQLiteStore.Limits

    public init(_ tools: Toolbox, mode: MigrationMode, limits: SQLiteStore.Limits = .init()) {
        self.tools = tools
        self.mode = mode
        self.limits = limits
    }

    /// Settles what an earlier process left unsettled. Before anything else, once per start.
    public func recover() async throws(GuardError) -> [OperationRecord] {
        try await Recovery(tools: tools, open: { [limits] location throws(GuardError) in try Guardian.open(location, limits) }).run()
    }

    /// Takes care of the stores in the SQLite files at `paths`, one after the other.
    ///
    /// A failure of one store is that store's result; only a journal that cannot be written ends the pass.
    public func run(over paths: [String]) async throws(GuardError) -> [PassItem] {
        var items: [PassItem] = []
        for path in paths {
            items.append(try await care(for: StoreLocation(engine: .sqlite, name: path)))
        }
        return items
    }

    /// The exit code of a pass with `items`: the worst of its stores.
    public static func exitCode(of items: [PassItem]) -> ExitCode {
        ExitCode.worst(of: items.map { $0.operation?.exitCode ?? .done })
    }

    // MARK: One store

    private func care(for location: StoreLocation) async throws(GuardError) -> PassItem {
        let store = try Guardian.open(location, limits)
        let examiner = StoreExaminer(tools: tools)
        let examination = try await examiner.examine(store)
        try await examiner.remember(examination.form)
        if let refusal = examination.refusal {
            return PassItem(store: examination.form, operation: try await settleRefused(refusal, location))
        }
        guard let plan = examination.plan, !plan.isEmpty, examination.hold == nil, mode == .auto else {
            return PassItem(store: examination.form, operation: nil)
        }
        let operation = try await migrate(store)
        var form = try await examiner.examine(store).form
        if operation.outcome == .busy { form.state = .busy }
        if [.failedUntouched, .needsAttention].contains(operation.outcome), form.state == .pending { form.state = .failed }
        try await examiner.remember(form)
        // Nothing to do after all: somebody else did it between our look and our lock.
        return PassItem(store: form, operation: operation)
    }

    private func migrate(_ store: any Store) async throws(GuardError) -> OperationRecord {
        let record = newRecord(.migrate, store.location.id)
        let log = try await OperationLog.begin(record, with: tools)
        let scratch: ScratchFolder
        do {
            scratch = try ScratchFolder(record.id.value, in: tools.scratch)
        } catch {
            let error = EngineFailure(store.location).system(error, "making scratch for a migration")
            return try await log.settle(.failedUntouched, .untouched, error: error)
        }
        defer { scratch.remove() }
        return try await MigrationRun(
            tools: tools, store: store, log: log, scratch: scratch, release: nil, isExplicit: false
        ).run(.upgrade(to: nil))
    }

    /// A refusal is an operation too, so that its owner finds it in the history; the same one is not written twice in a row.
    private func settleRefused(_ refusal: GuardError, _ location: StoreLocation) async throws(GuardError) -> OperationRecord {
        let last = try await tools.journaling(about: location.id) { (journal) throws(JournalError) in
            try await journal.operations(store: location.id, limit: 1).first
        }
        let isBusy = refusal.code == .storeBusy || refusal.code == .storeMoved
        if let last, last.error?.code == refusal.code, last.error?.detail == refusal.message { return last }
        let log = try await OperationLog.begin(newRecord(.migrate, location.id), with: tools)
        return try await log.settle(isBusy ? .busy : .failedUntouched, .untouched, error: refusal)
    }

    private func newRecord(_ kind: OperationKind, _ store: StoreID) -> OperationRecord {
        OperationRecord(
            id: tools.newOperationID(), kind: kind, store: store, state: .running, trigger: "once",
            actor: .init(uid: tools.uid), startedAt: tools.clock())
    }

}

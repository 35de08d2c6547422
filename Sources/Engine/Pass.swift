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
        try await recovery.run()
    }

    private var recovery: Recovery {
        Recovery(tools: tools, open: { [limits] location throws(GuardError) in try Guardian.open(location, limits) })
    }

    /// Takes care of the stores in the SQLite files at `paths`, one after the other.
    ///
    /// A failure of one store is that store's result; only a journal that cannot be written ends the pass. Where nothing is left to do
    /// because ``recover()`` has just done it, that is the result: `recovered` is what it gave.
    public func run(
        over paths: [String], recovered: [OperationRecord] = []
    ) async throws(GuardError) -> [PassItem] {
        var items: [PassItem] = []
        for path in paths {
            let item = try await care(for: StoreLocation(engine: .sqlite, name: path))
            let before = recovered.last { $0.store == item.store.id && $0.outcome != .failedUntouched }
            items.append(PassItem(store: item.store, operation: item.operation ?? before))
        }
        return items
    }

    /// The exit code of a pass: the worst of its stores, those that only ``recover()`` met included. What a crash had cut short before
    /// COMMIT is no result: the pass did it again.
    public static func exitCode(of items: [PassItem], recovered: [OperationRecord] = []) -> ExitCode {
        let settled = recovered.filter { $0.outcome != .failedUntouched }
        return ExitCode.worst(of: (items.compactMap(\.operation) + settled).map(\.exitCode))
    }

    // MARK: One store

    private func care(for location: StoreLocation) async throws(GuardError) -> PassItem {
        let store = try Guardian.open(location, limits)
        let examiner = StoreExaminer(tools: tools)
        let examination = try await examiner.examine(store)
        try await examiner.remember(examination.form)
        if let operation = try await Safekeeping(tools: tools, trigger: "once").care(for: store, examination) {
            return PassItem(store: try await examiner.examine(store).form, operation: operation)
        }
        if let open = try await unsettled(location.id) {
            // Recovery could not look at the store a moment ago; one piece of work at a time, so this one comes first.
            return PassItem(store: examination.form, operation: open)
        }
        guard let plan = examination.plan, !plan.isEmpty, examination.hold == nil, mode == .auto else {
            return PassItem(store: examination.form, operation: try await untreated(examination, location.id))
        }
        if let refusal = try await Repetition(tools: tools, location: location).refusal(of: plan, store) {
            var form = examination.form
            form.state = .held
            try await examiner.remember(form)
            return PassItem(
                store: form,
                operation: try await Safekeeping(tools: tools, trigger: "once").record(refusal, of: location.id))
        }
        let operation = try await migrate(store)
        var form = try await examiner.examine(store).form
        if operation.outcome == .busy { form.state = .busy }
        if [.failedUntouched, .needsAttention].contains(operation.outcome), form.state == .pending {
            form.state = .failed
        }
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

    /// An operation on `store` that still waits for its evidence, after another try to settle it.
    private func unsettled(_ store: StoreID) async throws(GuardError) -> OperationRecord? {
        let open = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.unsettled()
        }
        for record in open where record.store == store {
            guard let settled = try await recovery.settle(record) else { return record }
            if settled.outcome != .failedUntouched { return settled }
        }
        return nil
    }

    /// The last operation on a store that still waits for a person because of it: its data is no better for another pass.
    private func untreated(_ examination: Examination, _ store: StoreID) async throws(GuardError) -> OperationRecord? {
        guard examination.hold != nil else { return nil }
        let last = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.operations(store: store, limit: 1).first
        }
        return last?.outcome == .needsAttention ? last : nil
    }

    private func newRecord(_ kind: OperationKind, _ store: StoreID) -> OperationRecord {
        OperationRecord(
            id: tools.newOperationID(), kind: kind, store: store, state: .running, trigger: "once",
            actor: .init(uid: tools.uid), startedAt: tools.clock())
    }

}

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
        Recovery(tools: tools, open: { [limits] location throws(GuardError) in try Self.open(location, limits) })
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
        let store = try Self.open(location, limits)
        let examiner = StoreExaminer(tools: tools)
        let examination = try await examiner.examine(store)
        try await remember(examination.form, location)
        if let refusal = examination.refusal {
            return PassItem(store: examination.form, operation: try await settleRefused(refusal, location))
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
            try await remember(form, location)
            return PassItem(store: form, operation: try await settleRefused(refusal, location))
        }
        let operation = try await migrate(store)
        var form = try await examiner.examine(store).form
        if operation.outcome == .busy { form.state = .busy }
        if [.failedUntouched, .needsAttention].contains(operation.outcome), form.state == .pending { form.state = .failed }
        try await remember(form, location)
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
        let last = try await reading { journal throws(JournalError) in
            try await journal.operations(store: location.id, limit: 1).first
        }
        let isBusy = refusal.code == .storeBusy || refusal.code == .storeMoved
        if let last, last.error?.code == refusal.code, last.error?.detail == refusal.message { return last }
        let log = try await OperationLog.begin(newRecord(.migrate, location.id), with: tools)
        return try await log.settle(isBusy ? .busy : .failedUntouched, .untouched, error: refusal)
    }

    /// An operation on `store` that still waits for its evidence, after another try to settle it.
    private func unsettled(_ store: StoreID) async throws(GuardError) -> OperationRecord? {
        let open = try await reading { (journal) throws(JournalError) in try await journal.unsettled() }
        for record in open where record.store == store {
            guard let settled = try await recovery.settle(record) else { return record }
            if settled.outcome != .failedUntouched { return settled }
        }
        return nil
    }

    /// The last operation on a store that still waits for a person because of it: its data is no better for another pass.
    private func untreated(_ examination: Examination, _ store: StoreID) async throws(GuardError) -> OperationRecord? {
        guard examination.hold != nil else { return nil }
        let last = try await reading { (journal) throws(JournalError) in
            try await journal.operations(store: store, limit: 1).first
        }
        return last?.outcome == .needsAttention ? last : nil
    }

    private func newRecord(_ kind: OperationKind, _ store: StoreID) -> OperationRecord {
        OperationRecord(
            id: tools.newOperationID(), kind: kind, store: store, state: .running, trigger: "once",
            actor: .init(uid: tools.uid), startedAt: tools.clock())
    }

    private func remember(_ form: StoreForm, _ location: StoreLocation) async throws(GuardError) {
        let now = tools.clock()
        try await reading { journal throws(JournalError) in
            var sighting = StoreSighting(location: location, at: now, state: form.state.rawValue)
            sighting.project = form.project
            sighting.line = form.line
            sighting.schemaVersion = form.schemaVersion
            sighting.sizeBytes = form.sizeBytes
            try await journal.remember([sighting])
        }
    }

    private func reading<Result: Sendable>(
        _ body: (Journal) async throws(JournalError) -> Result
    ) async throws(GuardError) -> Result {
        do {
            return try await body(tools.journal)
        } catch {
            throw GuardError(.inputOutput, "the journal cannot be used: \(error)")
        }
    }

    private static func open(_ location: StoreLocation, _ limits: SQLiteStore.Limits) throws(GuardError) -> any Store {
        do {
            return try SQLiteStore(path: location.name, limits: limits)
        } catch {
            throw EngineFailure(location).system(error, "making a thread for the work")
        }
    }
}

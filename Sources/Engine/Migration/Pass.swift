// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal
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

/// One pass over stores: examine each, migrate what is pending, and tell what became of it.
public struct Pass: Sendable {
    let tools: EngineContext
    private let mode: MigrationMode
    private let parallel: Int

    /// - Parameter parallel: how many stores are worked on at the same time
    public init(_ tools: EngineContext, mode: MigrationMode, parallel: Int = 1) {
        self.tools = tools
        self.mode = mode
        self.parallel = max(1, parallel)
    }

    /// Settles what an earlier process left unsettled. Before anything else, once per start.
    public func recover() async throws(GuardError) -> [OperationRecord] {
        try await recovery.run()
    }

    private var recovery: Recovery { Recovery(tools: tools) }

    /// Takes care of the stores at `locations`, a few at the same time, and tells of them in the order in which they are named.
    ///
    /// Those that are `asking` are not changed, whatever the mode. A failure of one store is that store's result; only a journal that cannot be written ends the pass, once what is under way has
    /// ended. Where nothing is left to do because ``recover()`` has just done it, that is the result: `recovered` is what it gave.
    public func run(
        over locations: [StoreLocation], asking: Set<StoreLocation> = [], recovered: [OperationRecord] = []
    ) async throws(GuardError) -> [PassItem] {
        // One store named twice must not be worked on twice at once.
        var known: Set<StoreLocation> = []
        let stores = locations.filter { known.insert($0).inserted }
        var items: [Int: PassItem] = [:]
        var failure: GuardError?
        await withTaskGroup(of: (Int, Result<PassItem, GuardError>).self) { group in
            var waiting = stores.enumerated().makeIterator()
            func startNext() {
                guard failure == nil, let (number, location) = waiting.next() else { return }
                group.addTask {
                    (number, await outcome(of: location, asking.contains(location) ? min(mode, .ask) : mode))
                }
            }
            for _ in 0..<parallel { startNext() }
            for await (number, outcome) in group {
                switch outcome {
                case .success(let item): items[number] = item
                case .failure(let error): failure = failure ?? error
                }
                startNext()
            }
        }
        if let failure { throw failure }
        return stores.indices.compactMap { items[$0] }.map { item in
            let before = recovered.last { $0.store == item.store.id && $0.outcome != .failedUntouched }
            return PassItem(store: item.store, operation: item.operation ?? before)
        }
    }

    private func outcome(of location: StoreLocation, _ mode: MigrationMode) async -> Result<PassItem, GuardError> {
        do throws(GuardError) {
            return .success(try await care(for: location, mode))
        } catch {
            return .failure(error)
        }
    }

    /// The exit code of a pass: the worst of its stores and of what could not be looked into, stores that only ``recover()`` met
    /// included. What a crash had cut short before COMMIT is no result: the pass did it again.
    public static func exitCode(
        of items: [PassItem], recovered: [OperationRecord] = [], problems: [GuardError] = []
    ) -> ExitCode {
        let settled = recovered.filter { $0.outcome != .failedUntouched }
        return ExitCode.worst(
            of: (items.compactMap(\.operation) + settled).map(\.exitCode)
                + problems.map { ErrorTable.line(for: $0.code).exit })
    }

    // MARK: One store

    private func care(for location: StoreLocation, _ mode: MigrationMode) async throws(GuardError) -> PassItem {
        let examiner = StoreExaminer(tools: tools)
        let reconciler = Reconciler(tools: tools, trigger: "once", mode: mode, tellsAbsence: true)
        let examination = try await examiner.examine(location)
        try await examiner.remember(examination.form)
        if examination.form.state != .missing { await reconciler.discardScratch(of: location) }
        let next = try await reconciler.next(for: location, examination)
        if case .done(let operation) = next { return await item(of: location, after: operation) }
        if let open = try await unsettled(location.id) {
            // Recovery could not look at the store a moment ago; one piece of work at a time, so this one comes first.
            return PassItem(store: examination.form, operation: open)
        }
        guard case .migrate(let plan) = next else {
            return PassItem(store: examination.form, operation: try await untreated(examination, location.id))
        }
        let store = try tools.open(location)
        if let refusal = try await RetryLimit(tools: tools, location: location).refusal(of: plan, store) {
            var form = examination.form
            form.state = .held
            try await examiner.remember(form)
            let operation = try await UnmanagedBackup(tools: tools, trigger: "once").record(refusal, of: location.id)
            return PassItem(store: form, operation: operation)
        }
        // Nothing to do after all, when another process did it between our look and our lock.
        return await item(of: location, after: try await migrate(store))
    }

    /// What is told of a store after `operation`. What was done stands, also when the store, the vault or the journal cannot be read any
    /// more: then nothing of what was seen before is told, and the error says which state the data has.
    private func item(of location: StoreLocation, after operation: OperationRecord) async -> PassItem {
        let examiner = StoreExaminer(tools: tools)
        do throws(GuardError) {
            var form = try await examiner.examine(location).form
            if operation.outcome == .busy { form.state = .busy }
            try await examiner.remember(form)
            return PassItem(store: form, operation: operation)
        } catch {
            var form = StoreForm(location: location, project: location.name, state: .failed, sizeBytes: 0)
            form.problem = Problem(error.with(dataState: operation.dataState))
            return PassItem(store: form, operation: operation)
        }
    }

    private func migrate(_ store: any Store) async throws(GuardError) -> OperationRecord {
        let record = newRecord(.migrate, store.location.id)
        let log = try await OperationLog.begin(record, with: tools)
        return try await ScratchFolder.use(
            for: record.id, on: store, in: tools.scratch,
            { (scratch) throws(GuardError) in
                try await MigrationRun(
                    tools: tools, store: store, log: log, scratch: scratch, isExplicit: false
                ).run(.upgrade(to: nil))
            },
            orElse: { (error) throws(GuardError) in
                try await log.settle(.untouched, because: error)
            })
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

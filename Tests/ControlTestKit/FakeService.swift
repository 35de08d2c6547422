// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// A service without an engine: it answers with samples, records what it was asked, and fails where it is told to.
public actor FakeService: ControlService {
    /// One thing that it was asked to do.
    public struct Started: Sendable, Equatable {
        public let request: OperationRequest
        public let key: String?
        public let caller: Caller
    }

    /// What it was asked to start, in order.
    public private(set) var started: [Started] = []
    /// The stores that it was asked to forget, in order.
    public private(set) var forgotten: [StoreID] = []
    private var gone: Set<StoreID> = []
    private var failures: [Route.Name: GuardError] = [:]
    private var nextFailures: [Route.Name: GuardError] = [:]
    private var delays: [Route.Name: Duration] = [:]
    private var sleeping: [Task<Void, Never>] = []
    private var brokenAt: Int64?
    private var kept = [Samples.backup]
    private var known = Samples.stores
    private var refusal: Problem?
    private var feeds: [OperationID: OperationFeed] = [:]
    private var asked: [OperationID: OperationRequest] = [:]
    private var order: [OperationID] = []
    private var held: [Hold] = []
    private var entries = Samples.entries
    private let grown = ChangeSignal()
    private var ending: (Outcome, GuardError?)?
    private var damagesContent = false
    private var dies: Set<Route.Name> = []
    private let exit: @Sendable () -> Void
    private var arrivals: [Route.Name: Int] = [:]
    private var expected: [(Route.Name, Int, CheckedContinuation<Void, Never>)] = []

    /// A service whose operations succeed at once.
    ///
    /// - Parameter exit: how it dies, when it is told to
    public init(exit: @escaping @Sendable () -> Void = {}) {
        self.exit = exit
        ending = (.succeeded, nil)
    }

    // MARK: What tests tell it

    /// Answers `route` with `error` from now on.
    public func fail(_ route: Route.Name, with error: GuardError) { failures[route] = error }

    /// Adds an entry about `store` to the audit.
    public func record(_ store: StoreID) {
        entries.append(Samples.entry(Int64(entries.count + 1), store))
        grown.ring()
    }

    /// Answers `route` with `error` the next time, and then as before.
    public func failOnce(_ route: Route.Name, with error: GuardError) { nextFailures[route] = error }

    /// Says from now on that the audit was changed at the entry `id`.
    public func breakAudit(at id: Int64) { brokenAt = id }

    /// Knows these stores from now on.
    public func know(_ stores: [StoreForm]) { known = stores }

    /// Knows these backups from now on, newest first.
    public func keep(_ backups: [BackupForm]) { kept = backups }

    /// Waits that long before it answers `route` from now on.
    public func dawdle(_ route: Route.Name, for time: Duration) { delays[route] = time }

    /// Ends every delay of ``dawdle(_:for:)``, also those that are waited for.
    public func hurry() {
        delays = [:]
        for sleep in sleeping { sleep.cancel() }
    }

    /// Plans say from now on that it cannot be done.
    public func refusePlans(_ error: GuardError) { refusal = Problem(error) }

    /// Operations end so from now on; nil: not before ``settle(_:_:_:)``.
    public func end(_ outcome: Outcome?, _ error: GuardError? = nil) { ending = outcome.map { ($0, error) } }

    /// Hands out archives that are not what their checksum says.
    public func damageContent() { damagesContent = true }

    /// The process ends in the middle of answering `route`.
    public func die(on route: Route.Name) { dies.insert(route) }

    /// Tells the watchers of `id` how far it has come.
    public func report(_ progress: Progress, of id: OperationID) async { await feeds[id]?.report(progress) }

    /// Ends `id`.
    public func settle(_ id: OperationID, _ outcome: Outcome, _ error: GuardError? = nil) async {
        guard let feed = feeds[id] else { return }
        await feed.report(Samples.settled(await feed.record, outcome, error, of: asked[id]))
    }

    /// Returns when `route` was asked for `count` times.
    public func arrival(at route: Route.Name, count: Int = 1) async {
        if arrivals[route, default: 0] >= count { return }
        await withCheckedContinuation { expected.append((route, count, $0)) }
    }

    func arrive(_ route: Route.Name) throws(GuardError) {
        let count = arrivals[route, default: 0] + 1
        arrivals[route] = count
        let met = expected.filter { $0.0 == route && $0.1 <= count }
        expected.removeAll { $0.0 == route && $0.1 <= count }
        for (_, _, continuation) in met { continuation.resume() }
        if dies.contains(route) { exit() }
        if let error = nextFailures.removeValue(forKey: route) ?? failures[route] { throw error }
    }

    // MARK: ControlService

    public func status() async throws(GuardError) -> StatusForm {
        try arrive(.status)
        return Samples.status(Samples.stores, await records(in: .running), held)
    }

    public func health() async throws(GuardError) -> HealthForm {
        try arrive(.health)
        return HealthForm(checks: [.init(name: "journal", ok: true)])
    }

    public func stores() async throws(GuardError) -> [StoreForm] {
        try arrive(.stores)
        // Whoever has hung up meanwhile does not read the answer.
        if let delay = delays[.stores] {
            let sleep = Task { () async -> Void in try? await Task.sleep(for: delay) }
            sleeping.append(sleep)
            await sleep.value
        }
        return known.filter { !gone.contains($0.id) }
    }

    public func store(_ id: StoreID) async throws(GuardError) -> StoreForm {
        try arrive(.store)
        return try find(id)
    }

    public func history(of store: StoreID) async throws(GuardError) -> HistoryForm {
        try arrive(.history)
        let form = try find(store)
        var row = HistoryForm.LedgerRow(version: 1, name: "base", appliedAt: Samples.moment, success: true)
        row.operation = Samples.operationID(1)
        row.origin = "applied"
        return HistoryForm(
            store: store, location: form.location, ledger: [row],
            events: [.init(at: Samples.moment, kind: "applied", version: 1, operation: Samples.operationID(1))])
    }

    public func migrations() async throws(GuardError) -> [MigrationForm] {
        try arrive(.migrations)
        return [.init(line: "sqlite-4", version: 1, name: "base", checksum: "00", reversible: true)]
    }

    public func backups(of store: StoreID?, _ page: Page) async throws(GuardError) -> ItemList<BackupForm> {
        try arrive(.backups)
        return ItemList(kept.filter { store == nil || $0.store == store })
    }

    public func backup(_ id: BackupID) async throws(GuardError) -> BackupForm {
        try arrive(.backup)
        guard let backup = kept.first(where: { $0.id == id }) else {
            throw GuardError(.notFound, "There is no backup \(id)", hint: "See: dementiactl backup list")
        }
        return backup
    }

    public func content(of id: BackupID) async throws(GuardError) -> BackupContent {
        try arrive(.content)
        let pieces = Pieces(damagesContent ? Array("not what was promise?".utf8) : Samples.archive)
        return BackupContent(name: "data.db.zst", sizeBytes: Int64(Samples.archive.count)) { await pieces.next() }
    }

    public func operations(
        of store: StoreID?, in state: OperationState?, _ page: Page
    ) async throws(GuardError) -> ItemList<OperationRecord> {
        try arrive(.operations)
        let all = await records(in: state).filter { store == nil || $0.store == store }
        let rest = page.after.map { after in all.drop { $0.id.value != after }.dropFirst() } ?? all[...]
        let items = Array(rest.prefix(page.limit))
        return ItemList(items, next: rest.count > items.count ? items.last?.id.value : nil)
    }

    public func operation(_ id: OperationID, waiting: Duration) async throws(GuardError) -> OperationRecord {
        try arrive(.operation)
        return try await feed(id).settled(within: waiting)
    }

    public func events(of id: OperationID, after: UInt64?, waiting: Duration) async throws(GuardError) -> EventBatch {
        try arrive(.operationEvents)
        return try await feed(id).batch(after: after, waiting: waiting)
    }

    public func start(
        _ request: OperationRequest, key: String?, for caller: Caller
    ) async throws(GuardError) -> OperationRecord {
        try arrive(.start)
        started.append(Started(request: request, key: key, caller: caller))
        let record = Samples.operation(order.count + 1, request.kind, on: subject(of: request))
        let feed = OperationFeed(record)
        feeds[record.id] = feed
        asked[record.id] = request
        order.insert(record.id, at: 0)
        if let (outcome, error) = ending {
            let isDone = outcome == .succeeded && isThereAlready(request)
            await settle(record.id, isDone ? .nothingToDo : outcome, error)
        }
        // As the engine does: the answer is how it stood when it was begun.
        return record
    }

    public func cancel(_ id: OperationID, for caller: Caller) async throws(GuardError) -> OperationRecord {
        try arrive(.cancel)
        let record = try await feed(id).record
        guard record.state != .settled else {
            throw GuardError(
                .notCancellable, "the operation \(id) is over", store: record.store, dataState: record.dataState,
                hint: "See: dementiactl operations watch \(id)")
        }
        // As the engine does: the answer is how it stood when it was told to stop.
        await settle(id, .cancelled, Samples.interrupted)
        return record
    }

    public func plan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        try arrive(.plan)
        var plan =
            request.kind == .prune
            ? Samples.prune : Samples.plan(request, of: try find(request.store ?? Samples.backup.store))
        if let refusal {
            plan.steps = []
            plan.refusal = refusal
        }
        return plan
    }

    public func holds() async throws(GuardError) -> [Hold] {
        try arrive(.holds)
        return held
    }

    public func addHold(_ request: HoldRequest, for caller: Caller) async throws(GuardError) -> Hold {
        try arrive(.addHold)
        let hold = Hold(
            id: "h\(held.count + 1)", store: request.store, reason: request.reason ?? "", createdAt: Samples.moment,
            until: request.until)
        held.insert(hold, at: 0)
        return hold
    }

    public func metrics() async throws(GuardError) -> [MetricFamily] {
        try arrive(.metrics)
        return [MetricFamily("dementia_stores", .gauge, "How many stores are known.", Double(Samples.stores.count))]
    }

    public func diagnostics() async throws(GuardError) -> [Diagnosis] {
        try arrive(.diagnostics)
        return Samples.diagnoses
    }

    public func adopt(_ request: StoreRequest, for caller: Caller) async throws(GuardError) -> StoreForm {
        try arrive(.adopt)
        guard let store = Samples.stores.first(where: { $0.location == request.location }) else {
            throw GuardError(
                .storeMissing, "There is nothing at \(request.location)", hint: "Name a file that is there.")
        }
        gone.remove(store.id)
        return store
    }

    public func forget(_ id: StoreID, for caller: Caller) async throws(GuardError) {
        try arrive(.forget)
        forgotten.append(try find(id).id)
        gone.insert(id)
    }

    public func setPin(_ isPinned: Bool, of id: BackupID, for caller: Caller) async throws(GuardError) -> BackupForm {
        try arrive(isPinned ? .pin : .unpin)
        _ = try await backup(id)
        kept = kept.map { $0.id == id ? Samples.backup(id, pinned: isPinned) : $0 }
        return try await backup(id)
    }

    public func audit(of store: StoreID?, _ page: Page) async throws(GuardError) -> ItemList<JournalEvent> {
        try arrive(.audit)
        let entries = self.entries.reversed().filter { store == nil || $0.store == store }
        let rest = page.after.map { after in entries.filter { $0.id < Int64(after) ?? 0 } } ?? entries
        let shown = Array(rest.prefix(page.limit))
        return ItemList(shown, next: rest.count > shown.count ? shown.last.map { String($0.id) } : nil)
    }

    public func auditEvents(
        of store: StoreID?, after: Int64?, waiting: Duration
    ) async throws(GuardError) -> AuditBatch {
        try arrive(.events)
        var newest: Int64 { Int64(entries.count) }
        guard let after else { return AuditBatch(entries: [], last: newest) }
        guard after <= newest else { return AuditBatch(entries: [], last: newest, hasGap: true) }
        func later() -> [JournalEvent] { entries.filter { $0.id > after && (store == nil || $0.store == store) } }
        let deadline = ContinuousClock.now + waiting
        while later().isEmpty, ContinuousClock.now < deadline, !Task.isCancelled {
            await grown.wait(after: grown.count, before: deadline)
        }
        return AuditBatch(entries: later(), last: newest)
    }

    public func verifyAudit() async throws(GuardError) -> AuditVerification {
        try arrive(.auditVerification)
        if let brokenAt { return AuditVerification(.broken(id: brokenAt)) }
        return AuditVerification(.intact(events: Int64(entries.count), head: entries.last?.hash ?? ""))
    }

    public func releases() async throws(GuardError) -> [ReleaseForm] {
        try arrive(.releases)
        return Samples.status(Samples.stores, [], held).releases
    }

    public func configuration() async throws(GuardError) -> ConfigForm {
        try arrive(.config)
        return Samples.config
    }

    public func reloadConfiguration(for caller: Caller) async throws(GuardError) -> ConfigReloadForm {
        try arrive(.reload)
        return ConfigReloadForm(changed: ["log.level"], config: Samples.config)
    }

    public func removeHold(_ id: String, for caller: Caller) async throws(GuardError) {
        try arrive(.removeHold)
        guard held.contains(where: { $0.id == id }) else {
            throw GuardError(.notFound, "There is no hold \(id)", hint: "See: dementiactl hold list")
        }
        held.removeAll { $0.id == id }
    }

    // MARK: Details

    func find(_ id: StoreID) throws(GuardError) -> StoreForm {
        guard let store = known.first(where: { $0.id == id }), !gone.contains(id) else {
            throw GuardError(.notFound, "There is no store \(id)", hint: "See: dementiactl stores list")
        }
        return store
    }

    /// The store that `request` is about: a restore leads to where its backup is from, unless it leads elsewhere.
    private func subject(of request: OperationRequest) -> StoreID? {
        guard request.kind == .restore else { return request.store }
        return request.to == nil ? kept.first { $0.id == request.backup }?.store ?? request.store : nil
    }

    /// Whether the store that `request` names is where it is to be brought.
    private func isThereAlready(_ request: OperationRequest) -> Bool {
        guard request.kind == .migrate || request.kind == .repair,
            let store = Samples.stores.first(where: { $0.id == request.store })
        else { return false }
        if case .version(let version)? = request.to { return store.schemaVersion == version }
        return store.schemaVersion == store.wantedVersion
    }

    private func feed(_ id: OperationID) throws(GuardError) -> OperationFeed {
        guard let feed = feeds[id] else {
            throw GuardError(.notFound, "There is no operation \(id)", hint: "See: dementiactl operations list")
        }
        return feed
    }

    private func records(in state: OperationState?) async -> [OperationRecord] {
        var records: [OperationRecord] = []
        for id in order {
            if let record = await feeds[id]?.record, state == nil || record.state == state { records.append(record) }
        }
        return records
    }
}

/// Hands bytes out a few at a time.
private actor Pieces {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func next() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(8) }
        return Array(rest.prefix(8))
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
public import GuardCore
internal import Journal
internal import LinuxKit
internal import Releases
internal import Stores
internal import Vault
internal import Watcher

/// The engine of the daemon: knows the stores, starts operations, one mutating operation per store, and tells what becomes of them.
///
/// Everything that it decides is durable in the journal before it has an effect; what it keeps in memory is rebuilt at the next start.
public actor Supervisor {
    var tools: EngineContext
    var settings: SupervisorSettings
    let startedAt: Timestamp
    private let relay: EventRelay
    /// The memories.
    var stores: StoreRegistry
    /// What is at work.
    var operations = OperationRegistry()
    /// Knows the installed releases.
    let releaseMonitor: ReleaseMonitor
    /// What is known of the watching.
    var watching = WatchState()
    /// What the last look at everything gave.
    var scan = Scan()
    /// What is to be done by the clock.
    let schedule = ScheduleKeeper()
    /// Memories that are to be looked at soon, and why.
    let requests = RequestQueue()
    /// What was told last of how everything stands.
    var toldSummary: String?
    private(set) var isStopping = false
    /// How many migrations that nobody asked for may be at work at the same time.
    let migrations: Turnstile
    /// How many memories may be looked at at the same time.
    let looks = Turnstile(width: 4)

    /// - Parameter relay: the one whose `send` is `tools.observe`
    public init(_ tools: EngineContext, _ settings: SupervisorSettings, relay: EventRelay) {
        self.tools = tools
        self.settings = settings
        self.relay = relay
        startedAt = tools.clock()
        stores = StoreRegistry(clock: tools.clock, patience: settings.silence)
        releaseMonitor = ReleaseMonitor(tools)
        migrations = Turnstile(width: settings.parallel)
    }

    // MARK: Life

    /// Settles what an earlier process left, before anybody can ask for anything, and gives what was settled.
    ///
    /// - Parameter engines: whose evidence is looked at now; the rest is settled when the memory is looked at, so that a server that does
    ///   not answer keeps nobody waiting
    @discardableResult
    public func recover(_ engines: Set<StoreEngine> = [.sqlite]) async throws(GuardError) -> [OperationRecord] {
        try await readOverrides()
        let (known, failed) = try await tools.journaling { (journal) throws(JournalError) in
            (try await journal.knownStores(), Set(try await journal.failedProofs().keys))
        }
        // What was backed up before is backed up now: a memory that was not looked at yet is not one without a backup.
        let backups = try await tools.reading { (vault) throws(VaultError) -> [StoreID: StoreForm.LastBackup] in
            var backups: [StoreID: StoreForm.LastBackup] = [:]
            for store in known {
                let newest = try vault.lastBackup(of: store.id, except: failed)
                backups[store.id] = newest.map { .init(id: $0.id, createdAt: $0.manifest.createdAt) }
            }
            return backups
        }
        for known in known {
            let sighting = known.lastSighting
            var form = StoreForm(
                location: sighting.location, project: sighting.project ?? sighting.location.name,
                state: StoreState(rawValue: sighting.state) ?? .unknown, sizeBytes: sighting.sizeBytes ?? 0)
            form.line = sighting.line
            form.schemaVersion = sighting.schemaVersion
            form.lastBackup = backups[known.id]
            stores[known.id].form = form
            stores[known.id].seenAt = sighting.at
            tools.observe(.noticed(.storeKnown(form)))
        }
        return try await Recovery(tools: tools).run(engines)
    }

    /// Tells every operation's listeners what happens, until the relay ends.
    public func relayEvents() async {
        for await event in relay.events {
            switch event {
            case .began(let record):
                operations.note(record)
                if let store = record.store { goesOn(store) }
                await operations.feeds[record.id]?.report(record)
            // Told by `ended(_:)`, once the store was looked at: who waits for the end finds the new state shown.
            case .settled(let record): operations.note(record)
            // For the log.
            case .noticed: break
            case .progressed(let id, let progress):
                if let store = operations.store(of: id) { goesOn(store) }
                await operations.feeds[id]?.report(progress)
            }
        }
    }

    /// Notes that the work on `store` goes on.
    private func goesOn(_ store: StoreID) {
        if stores.queue(of: store).goesOn(), let form = stores.form(store) {
            tools.observe(.noticed(.storeAnswers(form)))
            tell()
        }
    }

    /// Takes no more work, stops what may still be stopped, and waits for the rest: for what has changed nothing yet as long as
    /// `patience`, for what is past its point of no return as long as `limit`.
    ///
    /// - Returns: what did not come back, in words. The next start settles it from evidence.
    @discardableResult
    public func stop(
        patience: Duration = .seconds(8), atMost limit: Duration = .seconds(75)
    ) async -> [String] {
        isStopping = true
        let start = ContinuousClock.now
        for task in operations.all { task.cancel() }
        let ending = Task { [tasks = operations.all] in
            for task in tasks { await task.value }
        }
        var isOver = await value(of: ending, within: patience) != nil
        while !isOver, ContinuousClock.now - start < limit, await operations.isPastReturn {
            isOver = await value(of: ending, within: .seconds(1)) != nil
        }
        requests.finish()
        settings.watcher?.stop()
        relay.finish()
        return isOver ? [] : leftBehind
    }

    /// Whether nothing has its turn at any memory.
    var isIdle: Bool { stores.isIdle }

    /// What is still at work, in words.
    private var leftBehind: [String] {
        stores.turns
            + WorkerThreads.busy.filter { $0.time > .seconds(5) && $0.name != "watcher" }.map { "thread \($0)" }
    }

    /// Goes by other rules from now on, and looks at everything by them. What is under way ends by the old ones.
    public func reconfigure(_ tools: EngineContext, _ settings: SupervisorSettings) async {
        self.tools = tools
        self.settings = settings
        migrations.setWidth(settings.parallel)
        watching.newRules = settings.watchRules
        schedule.plan { $0.set(.rescan, in: .zero) }
        await releaseMonitor.reconfigure(tools)
    }

    /// Comes back once engine and journal have done something: whoever waits for it knows that neither hangs. Not the vault's thread,
    /// which a large backup may keep for minutes.
    ///
    /// - Throws: the journal takes no more lines, so that nothing can be done before a restart
    public func answer() async throws(GuardError) {
        _ = try await tools.journaling { (journal) throws(JournalError) in
            try await journal.checkWritable()
            return try await journal.lastEventID()
        }
        await settings.watcher?.checkAlive()
    }

    // MARK: What is known

    /// How everything stands now.
    func snapshot() async -> EngineSnapshot {
        let findings = await releaseMonitor.findings(about: stores.forms)
        let rivals = await settings.rivals()
        for rival in rivals where !scan.rivals.contains(rival) { tools.observe(.noticed(.rival(rival.message))) }
        scan.rivals = rivals
        return snapshot(findings)
    }

    private func snapshot(_ releaseFindings: [Finding]) -> EngineSnapshot {
        EngineSnapshot(
            startedAt: startedAt, stores: stores.forms, silences: silences,
            unreached: scan.discovered.problems.filter { $0.code != .notAnswering }.map { Problem($0) },
            scanFailure: scan.failure.map { Problem($0) }, isScanned: scan.isComplete,
            releaseFindings: releaseFindings, scanFindings: scan.discovered.findings, rivals: scan.rivals,
            watchProblems: settings.watcher?.problems ?? watching.problems,
            watches: settings.watcher?.watches ?? 0, overflows: settings.watcher?.overflows ?? 0,
            running: operations.tasks.count)
    }

    /// Everything that does not answer, with what is waited for, since when, and what to do.
    private var silences: [Problem] {
        (stores.silences + tools.calls.silences.map { GuardError($0) }).map { Problem($0) }
    }

    /// Where the known store `id` is.
    func location(of id: StoreID?) throws(GuardError) -> StoreLocation {
        guard let id else { throw GuardError(.usage, "this needs the id of a store") }
        guard let form = stores.form(id) else {
            throw GuardError(.notFound, "there is no store \(id)", hint: "Every store: dementiactl stores list")
        }
        return StoreLocation(engine: form.engine, name: form.location)
    }

    /// How everything stands, as a line.
    public var summary: String {
        let now = snapshot([])
        let count = now.stores.count
        guard count > 0 else { return now.standing.summary }
        return "\(count == 1 ? "1 memory" : "\(count) memories") · " + now.standing.summary
    }

    // MARK: Operations

    /// How long who asks for work waits for a look or a backup of the daemon's own to end.
    var patience: Duration { min(.seconds(30), stores.patience) }

    /// Begins an operation of `kind` on no single memory and runs `body` for it in the background.
    func begin(
        _ kind: OperationKind, _ origin: Origin,
        _ body: @escaping @Sendable (OperationLog) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        try await begin(tools.newRecord(kind, on: nil, origin), origin, turn: nil, body)
    }

    /// Writes `record` into the journal and runs `body` for it in the background.
    ///
    /// - Parameter turn: at the memory's queue, which ends with the operation; it stays the caller's when this throws
    private func begin(
        _ record: OperationRecord, _ origin: Origin, turn: Int?,
        _ body: @escaping @Sendable (OperationLog) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        guard !isStopping else { throw Self.stopping(record.store) }
        operations.open(record)
        do throws(GuardError) {
            _ = try await tools.journaling(about: record.store) { (journal) throws(JournalError) in
                try await journal.begin(record, key: origin.key)
            }
        } catch {
            operations.close(record.id)
            throw error
        }
        let tools = tools
        operations.run(
            record.id,
            Task {
                let log = OperationLog.resume(record, with: tools)
                do throws(GuardError) {
                    let settled = try await body(log)
                    await self.ended(settled, turn)
                } catch {
                    // The journal cannot be written. The operation stays open there, and the next start settles it from evidence.
                    self.noteStateFailure(error)
                    var unsettled = record
                    unsettled.error = Problem(error, operation: record.id)
                    await self.ended(unsettled, turn)
                }
            })
        if record.store != nil { watchSilences() }
        return record
    }

    private func ended(_ record: OperationRecord, _ turn: Int?) async {
        // What a transfer or a restore decided about its store holds from now on. Best effort: the next decision reads it again.
        if [.transfer, .restore].contains(record.kind) { try? await readOverrides() }
        if let store = record.store {
            stores[store].lastOperation = record
            if let form = stores.form(store) {
                // A memory that does not answer any more keeps nobody from hearing how the work on it ended.
                let look = Task { await self.examine(form.place) != nil }
                _ = await value(of: look, within: patience)
            }
            if let turn { stores.queue(of: store).leave(turn) }
        }
        operations.end(record.id)
        await operations.feeds[record.id]?.report(record)
        planAfter(record)
        tell()
        if operations.isIdle { ProcessMemory.release() }
    }

    private func noteStateFailure(_ error: GuardError) { scan.stateFailure = scan.stateFailure ?? error }

    private static func stopping(_ store: StoreID?) -> GuardError {
        GuardError(.notReachable, "dementiad is stopping", store: store, hint: "Ask again in a moment.")
    }

    /// Asks the operation `id` to stop.
    func stop(_ id: OperationID) throws(GuardError) {
        try operations.cancel(id)
    }

    // MARK: Work

    /// Starts a migration, repair or downgrade of the store at `location`.
    func startMigration(
        _ wish: MigrationGoal, _ kind: OperationKind, _ location: StoreLocation, _ origin: Origin, isExplicit: Bool
    ) async throws(GuardError) -> OperationRecord {
        let migrations = migrations
        let supervisor = self
        return try await dispatch(kind, location, origin) { (work) throws(GuardError) in
            // Whoever asks by name does not stand in line.
            if isExplicit { return try await work.migrate(wish, isExplicit: true) }
            let place = await migrations.enter()
            // One that hangs must not keep the others: its place is free again as soon as it was found silent.
            await supervisor.hold(place, for: location.id)
            let result: Result<OperationRecord, GuardError>
            do throws(GuardError) {
                result = .success(try await work.migrate(wish, isExplicit: false))
            } catch {
                result = .failure(error)
            }
            place.release()
            await supervisor.hold(nil, for: location.id)
            return try result.get()
        }
    }

    /// Remembers the place in line that the migration of `store` has.
    private func hold(_ place: Turnstile.Place?, for store: StoreID) {
        stores[store].place = place
        stores.queue(of: store).goesOn()
    }

    /// Starts work on the store at `location`, with a scratch folder of its own.
    func dispatch(
        _ kind: OperationKind, _ location: StoreLocation, _ origin: Origin,
        _ body: @escaping @Sendable (StoreOperation) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        let tools = tools
        return try await start(kind, at: location, origin) { (log) throws(GuardError) in
            try await StoreOperation.run(at: location, log, with: tools, body)
        }
    }

    /// Starts an operation of `kind` on the store at `location`, in its turn at the store's queue.
    func start(
        _ kind: OperationKind, at location: StoreLocation, _ origin: Origin,
        _ body: @escaping @Sendable (OperationLog) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        guard !isStopping else { throw Self.stopping(location.id) }
        let record = tools.newRecord(kind, on: location.id, origin)
        let turn = try await takeTurn(at: location, for: .operation(record.id))
        do throws(GuardError) {
            guard try await settleWaiting(location.id) else {
                throw GuardError(
                    .storeBusy, "an earlier operation on \(location.name) still waits for its server",
                    store: location.id,
                    hint: "It is settled as soon as the server answers. See: dementiactl status")
            }
            return try await begin(record, origin, turn: turn, body)
        } catch {
            stores.queue(of: location.id).leave(turn)
            throw error
        }
    }

    /// Waits for a turn at the queue of the store at `location`, or says why there is none.
    func takeTurn(at location: StoreLocation, for occupant: StoreQueue.Owner) async throws(GuardError) -> Int {
        stores[location.id].location = location
        let queue = stores.queue(of: location.id)
        if let turn = await queue.enter(occupant, within: patience) { return turn }
        throw StoreRegistry.refusal(of: location, queue)
    }
}

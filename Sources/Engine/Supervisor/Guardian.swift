// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
public import GuardCore
internal import Journal
internal import LinuxKit
internal import Releases
public import Stores
internal import Vault
public import Watcher

/// The engine of the daemon: knows the stores, starts operations, one mutating operation per store, and tells what becomes of them.
///
/// Everything that it decides is durable in the journal before it has an effect; what it keeps in memory is rebuilt at the next start.
public actor Guardian {
    /// What it guards, and what it may do by itself.
    public struct Settings: Sendable {
        /// What may happen to a store without asking.
        public var mode: @Sendable (StoreLocation) -> MigrationMode
        /// How many memories are migrated at the same time when nobody asked for it by name.
        public var parallel: Int
        /// The time between two looks at everything, the safety net below events.
        public var rescanEvery: Duration = .seconds(3600)
        /// Real paths of the folders in which memories may appear.
        public var trees: @Sendable () -> Set<String> = { [] }
        /// Tells of changes on disk; nil for a guardian that only looks by the clock.
        public var watcher: Watcher?
        /// How it watches; nil for as it was made.
        public var watchRules: WatchRules?
        /// What a person means by a place: an absolute path, or a schema of a server that is configured.
        public var locate: @Sendable (String) async throws(GuardError) -> StoreLocation = { place throws(GuardError) in
            StoreLocation(engine: .sqlite, name: place)
        }
        /// The schema that a person names as the target of a restore or a transfer.
        public var target: @Sendable (String) async throws(GuardError) -> PostgresStore = { _ throws(GuardError) in
            throw GuardError(.usage, "no PostgreSQL server can be reached from here")
        }
        /// Looks for memories, in folders and on servers. Fails when the folders themselves cannot be looked into.
        public var discover: @Sendable () async throws(GuardError) -> Discovered

        public init(
            mode: @escaping @Sendable (StoreLocation) -> MigrationMode, parallel: Int = 2,
            discover: @escaping @Sendable () async throws(GuardError) -> Discovered
        ) {
            self.mode = mode
            self.parallel = max(1, parallel)
            self.discover = discover
        }
    }

    var tools: Toolbox
    var settings: Settings
    let startedAt: Timestamp
    private let relay: EventRelay
    /// The stores of the last look, by id.
    var forms: [StoreID: StoreForm] = [:]
    /// What the last look at everything gave.
    var discovered = Discovered(locations: [])
    /// Whether everything was looked at since the start.
    var hasLooked = false
    /// The mutating operation of each store that has one.
    var busy: [StoreID: Occupant] = [:]
    /// Those who wait until the daemon's own work on a store ends.
    var idlers: [StoreID: [CheckedContinuation<Void, Never>]] = [:]
    /// Stores that are being looked at, with the looks that wait for their turn.
    var attending: [StoreID: [CheckedContinuation<Void, Never>]] = [:]
    /// Stores that something was to be done about while an operation was at work on them.
    var neglected: Set<StoreID> = []
    /// What each store's files looked like before the last look at it.
    var footprints: [StoreID: StoreFootprint] = [:]
    /// What the last look at each release's folder gave.
    var readings: [String: Reading] = [:]
    /// The folders whose entries tell that a release changed.
    var releaseFolders: Set<String> = []
    /// Knows the releases by today's catalogue.
    var releaseReader: ReleaseReader
    /// Releases in the middle of something, by folder.
    var busyCheckouts: [String: BusyCheckout] = [:]
    /// What was told of the watching.
    var watchProblems: Set<WatchProblem> = []
    var toldOverflows = 0
    /// Rules that the watcher has not heard of.
    var newWatchRules: WatchRules?
    /// How full the vault was when that was last asked for.
    var knownVaultUse: VaultUse?
    /// Knows the configuration.
    var configuring: Configuring?
    /// Knows what is wrong and what mends it.
    var diagnosing: Diagnosing?
    /// What is to be done by the clock, and who sleeps until then.
    var agenda = Agenda()
    var sleeper: Task<Void, Never>?
    /// How often in a row each store's operations could not go on.
    var backOffs: [StoreID: BackOff] = [:]
    /// The releases that each store was backed up for.
    var preparedFor: [StoreID: String] = [:]
    /// When each store was looked at last.
    var seenAt: [StoreID: Timestamp] = [:]
    /// Stores that are to be looked at soon, and why.
    let requests: AsyncStream<(StoreLocation, String)>
    let requesting: AsyncStream<(StoreLocation, String)>.Continuation
    /// What was told last of how everything stands.
    var toldSummary: String?
    /// What everybody hears of each operation of this run.
    var feeds: [OperationID: OperationFeed] = [:]
    var tasks: [OperationID: Task<Void, Never>] = [:]
    /// Requests with a name that are being begun: the same one, sent again meanwhile, waits for the first.
    var beginning: [RequestKey: Task<Result<OperationRecord, GuardError>, Never>] = [:]
    /// What people decided about places.
    var choices: [StoreID: StoreChoice] = [:]
    /// The plans that somebody may agree to.
    var issuedPlans = IssuedPlans()
    private(set) var isStopping = false
    /// How many operations that nobody asked for are at work, and those that wait for one of them to end.
    private var turns = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter relay: the one whose `send` is `tools.observe`
    public init(_ tools: Toolbox, _ settings: Settings, relay: EventRelay) {
        self.tools = tools
        self.settings = settings
        self.relay = relay
        startedAt = tools.clock()
        releaseReader = ReleaseReader(catalogue: tools.catalogue, now: tools.clock)
        (requests, requesting) = AsyncStream.makeStream()
    }

    // MARK: Life

    /// Settles what an earlier process left, before anybody can ask for anything.
    public func recover() async throws(GuardError) {
        try await readChoices()
        for known in try await tools.journaling({ (journal) throws(JournalError) in try await journal.knownStores() }) {
            let sighting = known.lastSighting
            var form = StoreForm(
                location: sighting.location, project: sighting.project ?? sighting.location.name,
                state: StoreState(rawValue: sighting.state) ?? .unknown, sizeBytes: sighting.sizeBytes ?? 0)
            form.line = sighting.line
            form.schemaVersion = sighting.schemaVersion
            // Best effort: a vault that cannot be read is told by its own checks, and must not keep the daemon from its start.
            form.lastBackup = try? await StoreExaminer(tools: tools).lastBackup(of: known.id)
            forms[known.id] = form
            seenAt[known.id] = sighting.at
            tools.observe(.noticed(.storeKnown(form)))
        }
        _ = try await Recovery(tools: tools).run([.sqlite])
    }

    /// Tells every operation's listeners what happens, until the relay ends.
    public func relayEvents() async {
        for await event in relay.events {
            switch event {
            case .began(let record): await feeds[record.id]?.report(record)
            // Told by `ended(_:)`, once the store was looked at: who waits for the end finds the new state shown.
            case .settled: break
            // For the log.
            case .noticed: break
            case .progressed(let id, let progress): await feeds[id]?.report(progress)
            }
        }
    }

    /// Takes no more work, stops what may still be stopped, and waits for the rest, which ends at a safe point.
    public func stop() async {
        isStopping = true
        for task in tasks.values { task.cancel() }
        for task in tasks.values { await task.value }
        requesting.finish()
        settings.watcher?.stop()
        relay.finish()
    }

    /// Goes by other rules from now on, and looks at everything by them. What is under way ends by the old ones.
    public func reconfigure(_ tools: Toolbox, _ settings: Settings) {
        self.tools = tools
        self.settings = settings
        releaseReader = ReleaseReader(catalogue: tools.catalogue, now: tools.clock)
        newWatchRules = settings.watchRules
        plan { $0.set(.rescan, in: .zero) }
    }

    /// Comes back once engine and journal have done something: whoever waits for it knows that neither hangs. Not the vault's thread,
    /// which a large backup may keep for minutes.
    public func answer() async throws(GuardError) {
        _ = try await tools.journaling { (journal) throws(JournalError) in try await journal.lastEventID() }
    }

    // MARK: Operations

    /// Begins an operation of `kind` and runs `body` for it in the background.
    func begin(
        _ kind: OperationKind, on store: StoreID?, _ origin: Origin,
        _ body: @escaping @Sendable (OperationLog) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        guard !isStopping else {
            throw GuardError(.notReachable, "dementiad is stopping", store: store, hint: "Ask again in a moment.")
        }
        if let store, let other = busy[store] {
            switch other {
            case .operation(let id):
                throw GuardError(
                    .storeBusy, "another operation, \(id), is at work on this memory", store: store,
                    hint: "Wait for it with: dementiactl operations watch \(id)")
            case .upkeep:
                throw GuardError(
                    .storeBusy, "dementiad itself is at work on this memory", store: store,
                    hint: "It takes a moment. See what it does with: dementiactl operations list")
            }
        }
        let record = OperationRecord(
            id: tools.newOperationID(), kind: kind, store: store, state: .running, trigger: origin.trigger,
            actor: .init(uid: origin.uid),
            startedAt: tools.clock())
        // Before the first suspension: two requests at once must not both find the store free.
        if let store { busy[store] = .operation(record.id) }
        feeds[record.id] = OperationFeed(record)
        do throws(GuardError) {
            _ = try await tools.journaling(about: store) { (journal) throws(JournalError) in
                try await journal.begin(record, key: origin.key)
            }
        } catch {
            if let store { busy[store] = nil }
            feeds[record.id] = nil
            throw error
        }
        let tools = tools
        tasks[record.id] = Task {
            let log = OperationLog.resume(record, with: tools)
            do throws(GuardError) {
                let settled = try await body(log)
                await self.ended(settled)
            } catch {
                // The journal cannot be written. The operation stays open there, and the next start settles it from evidence.
                var unsettled = record
                unsettled.error = Problem(error, operation: record.id)
                await self.ended(unsettled)
            }
        }
        return record
    }

    private func ended(_ record: OperationRecord) async {
        // What a transfer or a restore decided about its store holds from now on. Best effort: the next decision reads it again.
        if [.transfer, .restore].contains(record.kind) { try? await readChoices() }
        if let store = record.store {
            busy[store] = nil
            await look(at: store)
        }
        tasks[record.id] = nil
        await feeds[record.id]?.report(record)
        planAfter(record)
        tell()
        if tasks.isEmpty { ProcessMemory.release() }
    }

    /// Asks the operation `id` to stop.
    func stop(_ id: OperationID) throws(GuardError) {
        guard let task = tasks[id] else {
            throw GuardError(
                .notCancellable, "the operation \(id) is over", hint: "See: dementiactl operations show \(id)")
        }
        task.cancel()
    }

    // MARK: Work

    /// Starts a migration, repair or downgrade of the store at `location`.
    func startMigration(
        _ wish: Wish, _ kind: OperationKind, _ location: StoreLocation, _ origin: Origin, isExplicit: Bool
    ) async throws(GuardError) -> OperationRecord {
        let guardian = self
        return try await startWork(kind, location, origin) { (work) throws(GuardError) in
            // Whoever asks by name does not stand in line.
            if isExplicit { return try await work.migrate(wish, isExplicit: true) }
            await guardian.takeTurn()
            let result: Result<OperationRecord, GuardError>
            do throws(GuardError) {
                result = .success(try await work.migrate(wish, isExplicit: false))
            } catch {
                result = .failure(error)
            }
            await guardian.endTurn()
            return try result.get()
        }
    }

    /// Waits until there is room for one more. A stop cancels those at work and those that wait alike; each then ends at its first step.
    private func takeTurn() async {
        guard turns >= settings.parallel else {
            turns += 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands the turn on.
    private func endTurn() {
        if waiting.isEmpty { turns -= 1 } else { waiting.removeFirst().resume() }
    }

    /// Starts work on the store at `location`, with a scratch folder of its own.
    func startWork(
        _ kind: OperationKind, _ location: StoreLocation, _ origin: Origin,
        _ body: @escaping @Sendable (Work) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        await waitForUpkeep(of: location.id)
        guard try await settleWaiting(location.id) else {
            throw GuardError(
                .storeBusy, "an earlier operation on \(location.name) still waits for its server", store: location.id,
                hint: "It is settled as soon as the server answers. See: dementiactl status")
        }
        let tools = tools
        return try await begin(kind, on: location.id, origin) { (log) throws(GuardError) in
            try await Work.run(at: location, log, with: tools, body)
        }
    }
}

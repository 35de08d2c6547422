// SPDX-License-Identifier: MIT

public import ControlAPI
internal import Dementia
public import GuardCore
internal import HashKit
internal import Journal
internal import Stores
internal import Vault

/// What the socket asks for.
extension EngineService: ControlService {
    // MARK: Starting and stopping work

    public func start(
        _ request: OperationRequest, key: String?, for caller: Caller
    ) async throws(GuardError) -> OperationRecord {
        if request.dryRun == true {
            throw GuardError(
                .usage, "an operation changes something; what it would do is a plan",
                hint: "Ask POST /v1/plans, or dementiactl plan.")
        }
        try request.check()
        guard let key else { return try await dispatch(request, .request(of: caller)) }
        let digest = SHA256.digest(of: try ControlJSON.encode(request)).hex
        return try await startOnce(request, caller, RequestKey(uid: caller.uid, key: key, request: digest))
    }

    /// Starts what `key` names, or gives what it has started already.
    private func startOnce(
        _ request: OperationRequest, _ caller: Caller, _ key: RequestKey
    ) async throws(GuardError) -> OperationRecord {
        if let earlier = beginning.first(where: { $0.key.uid == key.uid && $0.key.key == key.key }) {
            guard earlier.key.request == key.request else { throw Self.keyReused }
            return try await earlier.value.value.get()
        }
        let service = self
        let task = Task { () -> Result<OperationRecord, GuardError> in
            do throws(GuardError) {
                if let earlier = try await service.operation(begunBy: key) { return .success(earlier) }
                return .success(try await service.dispatch(request, .request(of: caller, key)))
            } catch {
                return .failure(error)
            }
        }
        beginning[key] = task
        let result = await task.value
        beginning[key] = nil
        return try result.get()
    }

    private func operation(begunBy key: RequestKey) async throws(GuardError) -> OperationRecord? {
        let earlier = try await tools.journaling { (journal) throws(JournalError) in
            try await journal.operation(begunBy: key)
        }
        guard let earlier else { return nil }
        guard earlier.request == key.request else { throw Self.keyReused }
        return try await operation(earlier.id, waiting: .zero)
    }

    private static let keyReused = GuardError(
        .keyReused, "this Idempotency-Key belongs to another request", hint: "Use a new key for a new request.")

    private func dispatch(_ request: OperationRequest, _ origin: Origin) async throws(GuardError) -> OperationRecord {
        switch request.kind {
        case .migrate, .repair, .downgrade:
            let location = try await supervisor.location(of: request.store)
            let wish = try Self.wish(request.kind, request.to)
            if let digest = request.planDigest { try await check(digest, wish, location) }
            return try await supervisor.startMigration(wish, request.kind, location, origin, isExplicit: true)
        case .backup:
            return try await supervisor.dispatch(.backup, try await supervisor.location(of: request.store), origin) {
                (work) throws(GuardError) in
                try await work.backup(.manual)
            }
        case .restore:
            return try await startRestore(request, origin)
        case .prune:
            return try await startPrune(request, origin)
        case .verify where request.store != nil && request.backup == nil:
            return try await supervisor.dispatch(.verify, try await supervisor.location(of: request.store), origin) {
                (work) throws(GuardError) in
                try await work.verify()
            }
        case .verify:
            return try await startProof(of: request.backup, origin)
        case .rescan:
            let supervisor = supervisor
            return try await supervisor.begin(.rescan, origin) { log throws(GuardError) in
                do throws(GuardError) {
                    try await supervisor.rescan(startingWork: true)
                } catch {
                    return try await log.settle(.untouched, because: error)
                }
                return try await log.settle(.done)
            }
        case .transfer:
            return try await startTransfer(request, origin)
        }
    }

    private func startRestore(_ request: OperationRequest, _ origin: Origin) async throws(GuardError) -> OperationRecord
    {
        guard let id = request.backup else { throw GuardError(.usage, "a restore needs the id of a backup") }
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let location = StoreLocation(engine: entry.manifest.store.engine, name: entry.manifest.store.location)
        try Self.check(request.store, against: entry)
        let terms = try issuedPlans.terms(of: request, at: tools.clock())
        if let wish = request.rowWish {
            try Self.checkRows(request.to, at: location)
            return try await supervisor.dispatch(.restore, location, origin) { (work) throws(GuardError) in
                try await work.bringBack(wish, from: entry, terms)
            }
        }
        if case .place(let path)? = request.to {
            let (tools, place) = (tools, try await place(path, for: entry))
            return try await supervisor.begin(.restore, origin) { (log) throws(GuardError) in
                try await RestoreElsewhere(tools: tools, log: log, entry: entry).run(to: place)
            }
        }
        return try await supervisor.dispatch(.restore, location, origin) { (work) throws(GuardError) in
            try await work.restore(entry, terms)
        }
    }

    /// On a disk so full that the journal cannot take another line, what the rules condemn goes first, until there is room for a few: a
    /// prune that waits for room would wait for ever.
    private func startPrune(_ request: OperationRequest, _ origin: Origin) async throws(GuardError) -> OperationRecord {
        var agreed: Set<BackupID>?
        if case .removes(let backups)? = try issuedPlans.terms(of: request, at: tools.clock()) { agreed = backups }
        let (tools, only) = (tools, agreed)
        do throws(GuardError) {
            return try await supervisor.begin(.prune, origin) { (log) throws(GuardError) in
                try await PruneRun(tools: tools, log: log, only: only).run()
            }
        } catch {
            let gone = try await PruneRun.makeRoomForJournal(after: error, try await RetentionView(tools), only, tools)
            return try await supervisor.begin(.prune, origin) { (log) throws(GuardError) in
                try await PruneRun(tools: tools, log: log, only: only).run(after: gone)
            }
        }
    }

    private func startProof(of id: BackupID?, _ origin: Origin) async throws(GuardError) -> OperationRecord {
        if let id { _ = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) } }
        let tools = tools
        return try await supervisor.begin(.verify, origin) { (log) throws(GuardError) in
            do throws(GuardError) {
                try await log.step(.verify)
                let bad = try await VaultProof(tools).run(only: id).filter { !$0.ok }
                guard bad.isEmpty else {
                    throw GuardError(
                        .verificationFailed, "\(bad.count == 1 ? "a backup is" : "\(bad.count) backups are") damaged",
                        hint: "A damaged backup is never used.",
                        causes: bad.map { "\($0.path): \($0.reason ?? "damaged")" })
                }
            } catch {
                return try await log.settle(.untouched, because: error)
            }
            return try await log.settle(.done)
        }
    }

    public func cancel(_ id: OperationID, for caller: Caller) async throws(GuardError) -> OperationRecord {
        let record = try await operation(id, waiting: .zero)
        // Until COMMIT nothing of a transfer is there for anybody, and the file is only read.
        let isLoading = record.kind == .transfer && record.steps.last?.kind == .transfer
        guard record.state != .settled, record.dataState == .untouched || isLoading else {
            throw GuardError(
                .notCancellable,
                record.state == .settled
                    ? "the operation \(id) is over" : "the operation \(id) is past the point of no return",
                store: record.store, dataState: record.dataState, hint: "See: dementiactl operations watch \(id)")
        }
        try await supervisor.stop(id)
        return record
    }

    // MARK: Operations

    public func operations(
        of store: StoreID?, in state: OperationState?, _ page: Page
    ) async throws(GuardError) -> ItemList<OperationRecord> {
        if let store { _ = try await supervisor.location(of: store) }
        var before: OperationID?
        if let after = page.after {
            guard let id = OperationID(after) else { throw GuardError(.usage, "there is no page after \(after)") }
            before = id
        }
        let earliest = before
        let records = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.operations(store: store, limit: page.limit, before: earliest)
        }
        let items = state.map { state in records.filter { $0.state == state } } ?? records
        return ItemList(items, next: records.count == page.limit ? records.last?.id.value : nil)
    }

    public func operation(_ id: OperationID, waiting: Duration) async throws(GuardError) -> OperationRecord {
        if let feed = await supervisor.operations.feeds[id] { return await feed.settled(within: waiting) }
        let found = try await tools.journaling { (journal) throws(JournalError) in try await journal.operation(id) }
        guard let record = found else {
            throw GuardError(
                .notFound, "there is no operation \(id)", hint: "Every operation: dementiactl operations list")
        }
        return record
    }

    public func events(
        of id: OperationID, after: UInt64?, waiting: Duration
    ) async throws(GuardError) -> EventBatch {
        if let feed = await supervisor.operations.feeds[id] { return await feed.batch(after: after, waiting: waiting) }
        let record = try await operation(id, waiting: .zero)
        return EventBatch(
            events: [OperationEvent(id: 1, change: .operation(record))], isLast: record.state == .settled)
    }

    // MARK: Holds

    public func holds() async throws(GuardError) -> [Hold] {
        try await tools.journaling { (journal) throws(JournalError) in try await journal.holds() }
    }

    public func addHold(_ request: HoldRequest, for caller: Caller) async throws(GuardError) -> Hold {
        if let store = request.store { _ = try await supervisor.location(of: store) }
        guard (request.reason?.utf8.count ?? 0) <= 1024 else {
            throw GuardError(.usage, "the reason of a hold is longer than 1024 bytes", hint: "Say it in fewer words.")
        }
        let hold = Hold(
            of: tools.newOperationID(), on: request.store, because: request.reason ?? "added on request",
            at: tools.clock(), until: request.until)
        try await tools.journaling(about: request.store) { (journal) throws(JournalError) in try await journal.add(hold)
        }
        await lookAgain(at: request.store)
        return hold
    }

    public func removeHold(_ id: String, for caller: Caller) async throws(GuardError) {
        let hold = try await tools.journaling { (journal) throws(JournalError) in try await journal.removeHold(id) }
        await lookAgain(at: hold.store)
    }

    private func lookAgain(at store: StoreID?) async {
        for form in await supervisor.stores.forms where store == nil || form.id == store {
            await supervisor.lookInTurn(at: form.place)
        }
    }

    // MARK: Parts

    static func wish(_ kind: OperationKind, _ target: OperationTarget?) throws(GuardError) -> MigrationGoal {
        let version: Int? =
            switch target {
            case .version(let version): version
            case nil: nil
            case .place: throw GuardError(.usage, "\(kind.rawValue) goes to a version, not to a place")
            }
        switch (kind, version) {
        case (.downgrade, let version?): return .downgrade(to: version)
        case (.downgrade, nil):
            throw GuardError(.usage, "a downgrade needs the version to go back to", hint: "Use --to N.")
        case (.repair, _): return .repair
        default: return .upgrade(to: version)
        }
    }

    /// Refuses when the plan is another one than the caller agreed to.
    private func check(_ digest: String, _ wish: MigrationGoal, _ location: StoreLocation) async throws(GuardError) {
        let plan = try await MigrationForecast(tools: tools, location: location).plan(wish)
        guard plan.digest.hex == digest else {
            throw GuardError(
                .planChanged, "\(location.name) is not as it was when this was planned", store: location.id,
                hint: "Look at the plan again: dementiactl plan \(location.id)")
        }
    }
}

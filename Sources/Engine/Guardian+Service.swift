// SPDX-License-Identifier: MIT

public import ControlAPI
internal import Dementia
public import GuardCore
internal import HashKit
internal import Journal
internal import Stores
internal import Vault

/// What the socket asks for.
extension Guardian: ControlService {
    // MARK: Starting and stopping work

    public func start(
        _ request: OperationRequest, key: String?, for caller: Caller
    ) async throws(GuardError) -> OperationRecord {
        if let key, let id = try operation(startedBy: key, request) { return try await operation(id, waiting: .zero) }
        if request.dryRun == true {
            throw GuardError(
                .usage, "an operation changes something; what it would do is a plan",
                hint: "Ask POST /v1/plans, or dementiactl plan.")
        }
        let record = try await startWork(request, caller)
        if let key { remember(key, request, record.id) }
        return record
    }

    private func startWork(_ request: OperationRequest, _ caller: Caller) async throws(GuardError) -> OperationRecord {
        let uid = caller.uid
        switch request.kind {
        case .migrate, .repair, .downgrade:
            let location = try location(of: request.store)
            let wish = try Self.wish(request.kind, request.to)
            if let digest = request.planDigest { try await check(digest, wish, location) }
            return try await startMigration(
                wish, request.kind, location, trigger: "request", uid: uid, isExplicit: true)
        case .backup:
            return try await startWork(.backup, try location(of: request.store), uid: uid) {
                (work) throws(GuardError) in
                try await work.backup(.manual)
            }
        case .restore:
            return try await startRestore(request, uid)
        case .verify where request.store != nil && request.backup == nil:
            return try await startWork(.verify, try location(of: request.store), uid: uid) {
                (work) throws(GuardError) in
                try await work.verify()
            }
        case .verify:
            return try await startProof(of: request.backup, uid)
        case .rescan:
            let guardian = self
            return try await begin(.rescan, on: nil, trigger: "request", uid: uid) { log throws(GuardError) in
                do throws(GuardError) {
                    try await guardian.rescan(startingWork: true)
                } catch {
                    return try await log.settle(.failedUntouched, .untouched, error: error)
                }
                return try await log.settle(.succeeded, .untouched)
            }
        case .transfer, .prune:
            throw GuardError(.usage, "this dementiad cannot \(request.kind.rawValue) yet")
        }
    }

    private func startRestore(_ request: OperationRequest, _ uid: UInt32) async throws(GuardError) -> OperationRecord {
        guard let id = request.backup else { throw GuardError(.usage, "a restore needs the id of a backup") }
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let location = StoreLocation(engine: entry.manifest.store.engine, name: entry.manifest.store.location)
        if case .place(let path)? = request.to {
            try Self.refuseServer(path)
            let tools = tools
            return try await begin(.restore, on: nil, trigger: "request", uid: uid) { (log) throws(GuardError) in
                do throws(GuardError) {
                    try await log.step(.restore, detail: "\(id) to \(path)")
                    try await tools.reading { (vault) throws(VaultError) in try vault.restore(entry, to: path) }
                } catch {
                    return try await log.settle(.failedUntouched, .untouched, error: error)
                }
                return try await log.settle(.succeeded, .untouched)
            }
        }
        return try await startWork(.restore, location, uid: uid) { (work) throws(GuardError) in
            try await work.restore(entry)
        }
    }

    private func startProof(of id: BackupID?, _ uid: UInt32) async throws(GuardError) -> OperationRecord {
        if let id { _ = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) } }
        let tools = tools
        return try await begin(.verify, on: nil, trigger: "request", uid: uid) { (log) throws(GuardError) in
            do throws(GuardError) {
                try await log.step(.verify)
                let bad = try await VaultCheck(tools).run(only: id).filter { !$0.ok }
                guard bad.isEmpty else {
                    throw GuardError(
                        .verificationFailed, "\(bad.count == 1 ? "a backup is" : "\(bad.count) backups are") damaged",
                        hint: "A damaged backup is never used.",
                        causes: bad.map { "\($0.path): \($0.reason ?? "damaged")" })
                }
            } catch {
                return try await log.settle(.failedUntouched, .untouched, error: error)
            }
            return try await log.settle(.succeeded, .untouched)
        }
    }

    public func cancel(_ id: OperationID, for caller: Caller) async throws(GuardError) -> OperationRecord {
        let record = try await operation(id, waiting: .zero)
        guard record.state != .settled, record.dataState == .untouched else {
            throw GuardError(
                .notCancellable,
                record.state == .settled
                    ? "the operation \(id) is over" : "the operation \(id) is past the point of no return",
                store: record.store, dataState: record.dataState, hint: "See: dementiactl operations watch \(id)")
        }
        try stop(id)
        return record
    }

    // MARK: Operations

    public func operations(
        of store: StoreID?, in state: OperationState?, _ page: Page
    ) async throws(GuardError) -> ItemList<OperationRecord> {
        if let store { _ = try location(of: store) }
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
        if let feed = feeds[id] { return await feed.settled(within: waiting) }
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
        if let feed = feeds[id] { return await feed.batch(after: after, waiting: waiting) }
        let record = try await operation(id, waiting: .zero)
        return EventBatch(
            events: [OperationEvent(id: 1, change: .operation(record))], isLast: record.state == .settled)
    }

    // MARK: Holds

    public func holds() async throws(GuardError) -> [Hold] {
        try await tools.journaling { (journal) throws(JournalError) in try await journal.holds() }
    }

    public func addHold(_ request: HoldRequest, for caller: Caller) async throws(GuardError) -> Hold {
        if let store = request.store { _ = try location(of: store) }
        let hold = Hold(
            id: "hold_" + tools.newOperationID().value.dropFirst(3), store: request.store,
            reason: request.reason ?? "added on request", createdAt: tools.clock(), until: request.until)
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
        for form in forms.values where store == nil || form.id == store {
            await examine(StoreLocation(engine: form.engine, name: form.location))
        }
    }

    // MARK: Parts

    /// Where the known store `id` is.
    func location(of id: StoreID?) throws(GuardError) -> StoreLocation {
        guard let id else { throw GuardError(.usage, "this needs the id of a store") }
        guard let form = forms[id] else {
            throw GuardError(.notFound, "there is no store \(id)", hint: "Every store: dementiactl stores list")
        }
        return StoreLocation(engine: form.engine, name: form.location)
    }

    static func wish(_ kind: OperationKind, _ target: OperationTarget?) throws(GuardError) -> Wish {
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
    private func check(_ digest: String, _ wish: Wish, _ location: StoreLocation) async throws(GuardError) {
        let plan = try await plan(wish, location)
        guard plan.digest.hex == digest else {
            throw GuardError(
                .planChanged, "\(location.name) is not as it was when this was planned", store: location.id,
                hint: "Look at the plan again: dementiactl plan \(location.id)")
        }
    }

    func plan(_ wish: Wish, _ location: StoreLocation) async throws(GuardError) -> Plan {
        let store = try tools.open(location)
        do throws(GuardError) {
            let survey = try await store.survey(tools.catalogue)
            let plan = try wish.plan(with: tools.planner, for: location.id, at: location.name, survey)
            await store.close()
            return plan
        } catch {
            await store.close()
            throw error
        }
    }
}

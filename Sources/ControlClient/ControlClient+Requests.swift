// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import NIOCore
internal import NIOHTTP1

// One function for each thing that can be asked. All throw what the daemon says, or what ``ControlClient`` tells of the way there.
extension ControlClient {
    /// The daemon at a glance.
    public func status() async throws(GuardError) -> StatusForm { try await ask(.GET, Target("status")) }

    /// Whether every part of it works.
    public func health() async throws(GuardError) -> HealthForm {
        try await ask(.GET, Target("health"), accepting: [503])
    }

    /// Every store that is known.
    public func stores() async throws(GuardError) -> [StoreForm] {
        let list: ItemList<StoreForm> = try await ask(.GET, Target("stores"))
        return list.items
    }

    /// One store, examined now.
    public func store(_ id: StoreID) async throws(GuardError) -> StoreForm {
        try await ask(.GET, Target("stores", id.value))
    }

    /// Guards the store at `location`, which lies outside of the watched folders.
    public func adopt(_ location: String) async throws(GuardError) -> StoreForm {
        try await ask(.POST, Target("stores"), sending: StoreRequest(location: location))
    }

    /// Guards the store `id` no longer.
    public func forget(_ id: StoreID) async throws(GuardError) { try await tell(.DELETE, Target("stores", id.value)) }

    /// What ever happened to one store.
    public func history(of store: StoreID) async throws(GuardError) -> HistoryForm {
        try await ask(.GET, Target("stores", store.value, "history"))
    }

    /// The catalogue.
    public func migrations() async throws(GuardError) -> [MigrationForm] {
        let list: ItemList<MigrationForm> = try await ask(.GET, Target("migrations"))
        return list.items
    }

    /// Every backup, of one store or of all, newest first.
    public func backups(of store: StoreID? = nil) async throws(GuardError) -> [BackupForm] {
        try await pages { after, limit in
            Target("backups", query: [("store", store?.value), ("limit", limit), ("after", after)])
        }
    }

    /// One backup.
    public func backup(_ id: BackupID) async throws(GuardError) -> BackupForm {
        try await ask(.GET, Target("backups", id.description))
    }

    /// Keeps retention from removing a backup, or lets it decide again.
    public func setPin(_ isPinned: Bool, of id: BackupID) async throws(GuardError) -> BackupForm {
        try await ask(isPinned ? .PUT : .DELETE, Target("backups", id.description, "pin"))
    }

    /// The archive of one backup, piece by piece.
    ///
    /// - Parameter take: gets each piece in order; what it throws ends the transfer
    public func content(
        of id: BackupID, _ take: @Sendable @escaping ([UInt8]) throws(GuardError) -> Void
    ) async throws(GuardError) {
        try await stream(Target("backups", id.description, "content")) { pieces in
            while let piece = try await pieces.next() { try take(Array(piece.readableBytesView)) }
        }
    }

    /// Operations, newest first, at most `count`.
    ///
    /// - Parameters:
    ///   - moment: only operations that were started then or later
    ///   - isWanted: only operations for which this is true; nil for all
    public func operations(
        of store: StoreID? = nil, in state: OperationState? = nil, since moment: Timestamp? = nil,
        atMost count: Int = .max, where isWanted: ((OperationRecord) -> Bool)? = nil
    ) async throws(GuardError) -> [OperationRecord] {
        let isRecent = moment.map { moment in { @Sendable (record: OperationRecord) in record.startedAt >= moment } }
        let filter: ((OperationRecord) -> Bool)? =
            isRecent == nil && isWanted == nil ? nil : { isRecent?($0) != false && isWanted?($0) != false }
        func target(_ after: String?, _ limit: String) -> Target {
            Target(
                "operations",
                query: [("store", store?.value), ("state", state?.rawValue), ("limit", limit), ("after", after)])
        }
        return try await pages(atMost: count, until: { isRecent?($0) == false }, where: filter, target)
    }

    /// One operation, once it is settled or `time` is over.
    public func operation(
        _ id: OperationID, waiting time: Duration = .zero
    ) async throws(GuardError) -> OperationRecord {
        let milliseconds = time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
        return try await ask(
            .GET, Target("operations", id.value, query: [("wait", milliseconds > 0 ? "\(milliseconds)ms" : nil)]),
            extraTime: time)
    }

    /// Starts an operation.
    ///
    /// - Parameter key: two requests with the same key start one operation
    public func start(_ request: OperationRequest, key: String? = nil) async throws(GuardError) -> OperationRecord {
        try await ask(.POST, Target("operations"), sending: request, key: key)
    }

    /// Asks an operation to stop.
    public func cancel(_ id: OperationID) async throws(GuardError) -> OperationRecord {
        try await ask(.POST, Target("operations", id.value, "cancel"), sending: EmptyRequest())
    }

    /// What an operation would do.
    public func plan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        try await ask(.POST, Target("plans"), sending: request)
    }

    /// Whether the audit is whole.
    public func verifyAudit() async throws(GuardError) -> AuditVerification {
        try await ask(.GET, Target("audit", "verification"))
    }

    /// What the daemon finds wrong, each with what mends it.
    public func diagnostics() async throws(GuardError) -> [Diagnosis] {
        let list: ItemList<Diagnosis> = try await ask(.GET, Target("diagnostics"))
        return list.items
    }

    /// The holds.
    public func holds() async throws(GuardError) -> [Hold] {
        let list: ItemList<Hold> = try await ask(.GET, Target("holds"))
        return list.items
    }

    /// Adds a hold.
    public func addHold(_ request: HoldRequest) async throws(GuardError) -> Hold {
        try await ask(.POST, Target("holds"), sending: request)
    }

    /// Ends a hold.
    public func removeHold(_ id: String) async throws(GuardError) {
        try await tell(.DELETE, Target("holds", id))
    }

    /// The releases that are installed.
    public func releases() async throws(GuardError) -> [ReleaseForm] {
        let list: ItemList<ReleaseForm> = try await ask(.GET, Target("releases"))
        return list.items
    }

    /// The configuration that is in force.
    public func configuration() async throws(GuardError) -> ConfigForm { try await ask(.GET, Target("config")) }

    /// Has the daemon take over what its configuration says now; comes back when it has.
    public func reloadConfiguration() async throws(GuardError) -> ConfigReloadForm {
        try await ask(.POST, Target("config", "reload"), sending: EmptyRequest())
    }

    /// The items of a list, page by page, up to `count` of them.
    ///
    /// - Parameters:
    ///   - enough: no page is asked for after the first one that ends with such an item
    ///   - isWanted: only items for which this is true count; nil for all
    func pages<Item: Codable & Sendable>(
        atMost count: Int = .max, until enough: (Item) -> Bool = { _ in false },
        where isWanted: ((Item) -> Bool)? = nil,
        _ target: (_ after: String?, _ limit: String) -> Target
    ) async throws(GuardError) -> [Item] {
        var items: [Item] = []
        var after: String?
        var isOver = false
        repeat {
            let limit = isWanted == nil ? min(count - items.count, Page.limits.upperBound) : Page.limits.upperBound
            let page: ItemList<Item> = try await ask(.GET, target(after, String(limit)))
            items += isWanted.map { page.items.filter($0) } ?? page.items
            after = page.next
            isOver = page.items.last.map(enough) ?? false
        } while after != nil && items.count < count && !isOver
        return Array(items.prefix(count))
    }
}

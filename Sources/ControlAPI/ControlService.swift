// SPDX-License-Identifier: MIT

public import GuardCore

/// On whose behalf a request is made: what the kernel says of the other end of the socket.
public struct Caller: Sendable, Equatable {
    /// The user.
    public let uid: UInt32
    /// The process that connected. For messages only: numbers are used again.
    public let pid: Int32

    public init(uid: UInt32, pid: Int32) {
        self.uid = uid
        self.pid = pid
    }
}

/// Which part of a list is wanted.
public struct Page: Sendable, Equatable {
    /// At most that many.
    public let limit: Int
    /// The `next` of the page before, or nil for the first one.
    public let after: String?

    public init(limit: Int = 100, after: String? = nil) {
        self.limit = limit
        self.after = after
    }

    /// What `limit` may be.
    public static let limits = 1...1000
}

/// The bytes of a backup's archive, in pieces.
public struct BackupContent: Sendable {
    /// The archive's file name, such as `data.db.zst`.
    public let name: String
    /// How many bytes there are.
    public let sizeBytes: Int64
    /// The next piece, or nil at the end.
    public let next: @Sendable () async throws(GuardError) -> [UInt8]?

    public init(name: String, sizeBytes: Int64, next: @escaping @Sendable () async throws(GuardError) -> [UInt8]?) {
        self.name = name
        self.sizeBytes = sizeBytes
        self.next = next
    }
}

/// What stands behind the control socket.
///
/// The server has read, checked and authorised a request before it calls, and turns every error into its problem document. Lists are
/// newest first. How to implement it:
///
/// 1. `start` writes the operation to the journal before it returns; the work goes on after it.
/// 2. Methods with `waiting` come back when there is something to tell, when that time is over, or when the task is cancelled (the
///    client hung up, the daemon stops), whichever is first, and then with what is true at that moment. They never throw because of it.
/// 3. `events` is asked again and again with the last id that the client has taken. Keep an ``OperationFeed`` for each unsettled
///    operation, and it has the answer.
public protocol ControlService: ContentService {
    /// The daemon at a glance.
    func status() async throws(GuardError) -> StatusForm
    /// Figures of how everything stands and what was done, for Prometheus.
    func metrics() async throws(GuardError) -> [MetricFamily]
    /// What is not as it should be, each with what mends it.
    func diagnostics() async throws(GuardError) -> [Diagnosis]
    /// Whether every part works.
    func health() async throws(GuardError) -> HealthForm

    /// Every store that is known.
    func stores() async throws(GuardError) -> [StoreForm]
    /// One store, examined now. Throws `notFound`.
    func store(_ id: StoreID) async throws(GuardError) -> StoreForm
    /// What ever happened to one store. Throws `notFound`.
    func history(of store: StoreID) async throws(GuardError) -> HistoryForm
    /// Guards the store at a place that nobody looks into. Throws `notFound` when nothing is there, and what keeps it from being a
    /// store. One that is guarded already is fine.
    func adopt(_ request: StoreRequest, for caller: Caller) async throws(GuardError) -> StoreForm
    /// Guards a store no longer; nothing else is removed. Throws `notFound`, and `storeBusy` while an operation is at work on it.
    func forget(_ id: StoreID, for caller: Caller) async throws(GuardError)
    /// The catalogue.
    func migrations() async throws(GuardError) -> [MigrationForm]

    /// Backups, of one store or of all.
    func backups(of store: StoreID?, _ page: Page) async throws(GuardError) -> ItemList<BackupForm>
    /// One backup. Throws `notFound`.
    func backup(_ id: BackupID) async throws(GuardError) -> BackupForm
    /// Keeps retention from removing a backup, or lets it decide again. Throws `notFound`.
    func setPin(_ isPinned: Bool, of id: BackupID, for caller: Caller) async throws(GuardError) -> BackupForm
    /// The archive of one backup. Throws `notFound`.
    func content(of id: BackupID) async throws(GuardError) -> BackupContent

    /// Operations, of one store or of all, in one state or in any.
    func operations(
        of store: StoreID?, in state: OperationState?, _ page: Page
    ) async throws(GuardError) -> ItemList<OperationRecord>
    /// One operation, once it is settled or the time is over. Throws `notFound`.
    func operation(_ id: OperationID, waiting: Duration) async throws(GuardError) -> OperationRecord
    /// What happened to one operation after the event `after`; nil asks for how it stands now. Throws `notFound`.
    func events(of id: OperationID, after: UInt64?, waiting: Duration) async throws(GuardError) -> EventBatch
    /// Starts an operation. The same key with the same request gives the same operation, with another request `keyReused`.
    func start(
        _ request: OperationRequest, key: String?, for caller: Caller
    ) async throws(GuardError) -> OperationRecord
    /// Asks an operation to stop. Throws `notFound`, and `notCancellable` after the point of no return.
    func cancel(_ id: OperationID, for caller: Caller) async throws(GuardError) -> OperationRecord
    /// What an operation would do. A store that would be refused is no error: the plan says why.
    func plan(_ request: PlanRequest) async throws(GuardError) -> PlanForm

    /// The audit, newest first, of one store or of everything.
    func audit(of store: StoreID?, _ page: Page) async throws(GuardError) -> ItemList<JournalEvent>
    /// What was added to the audit after the entry `after`, oldest first; nil asks for nothing but the id of the newest one. An `after`
    /// that was never given out is answered with a gap.
    func auditEvents(of store: StoreID?, after: Int64?, waiting: Duration) async throws(GuardError) -> AuditBatch
    /// Reads the audit from its beginning and computes every hash again.
    func verifyAudit() async throws(GuardError) -> AuditVerification

    /// The holds.
    func holds() async throws(GuardError) -> [Hold]
    /// Adds a hold.
    func addHold(_ request: HoldRequest, for caller: Caller) async throws(GuardError) -> Hold
    /// Ends a hold. Throws `notFound`.
    func removeHold(_ id: String, for caller: Caller) async throws(GuardError)

    /// The releases that are installed.
    func releases() async throws(GuardError) -> [ReleaseForm]
    /// The configuration that is in force.
    func configuration() async throws(GuardError) -> ConfigForm
    /// Takes over what the configuration says now. Throws `configuration` with every fault as a cause, and the old one stays.
    func reloadConfiguration(for caller: Caller) async throws(GuardError) -> ConfigReloadForm
}

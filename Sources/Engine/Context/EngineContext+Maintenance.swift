// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
public import Vault

extension EngineContext.Policy {
    /// When backups are made and proved by the clock, and how long they are kept.
    public struct Maintenance: Sendable {
        /// The age at which a store that changed is backed up again; nil: never by the clock.
        public var every: Duration? = .seconds(86_400)
        /// Which backups survive a prune.
        public var keep = Retention.Rules()
        /// The most bytes that the vault may take; nil: the smaller of 10 GiB and 10 % of its filesystem. What stays free beside it is
        /// ``EngineContext/Policy/minimumFree``.
        public var budget: Int64?
        /// The age at which a backup's proof is repeated; nil: never by the clock.
        public var drillEvery: Duration? = .seconds(30 * 86_400)

        public init() {}
    }
}

extension EngineContext {
    /// The newest backup of `store` that nobody has found bad since it was published, or nil.
    func newestProved(of store: StoreID) async throws(GuardError) -> Entry? {
        let failed = try await journaling(about: store) { (journal) throws(JournalError) in
            try await journal.failedProofs()
        }
        return try await reading { (vault) throws(VaultError) in try vault.newest(of: store, except: Set(failed.keys)) }
    }

    /// The last backup of `store`: the newest proved one that holds a good state. What had failed, or was replaced, is in the vault, too,
    /// and is no backup to go back to.
    func lastBackup(of store: StoreID) async throws(GuardError) -> Entry? {
        let failed = try await journaling(about: store) { (journal) throws(JournalError) in
            try await journal.failedProofs()
        }
        return try await reading { (vault) throws(VaultError) in
            try vault.lastBackup(of: store, except: Set(failed.keys))
        }
    }

    /// A new operation that the daemon itself begins, not yet in the journal.
    func newRecord(_ kind: OperationKind, on store: StoreID?, because trigger: String) -> OperationRecord {
        newRecord(kind, on: store, Origin(trigger: trigger, uid: uid))
    }

    /// A new operation, not yet in the journal.
    func newRecord(_ kind: OperationKind, on store: StoreID?, _ origin: Origin) -> OperationRecord {
        OperationRecord(
            id: newOperationID(), kind: kind, store: store, state: .running, trigger: origin.trigger,
            actor: .init(uid: origin.uid), startedAt: clock())
    }
}

extension Timestamp {
    /// The moment `duration` later.
    func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflows) = milliseconds.addingReportingOverflow(duration.milliseconds)
        return Timestamp(milliseconds: overflows ? .max : sum)
    }
}

extension Vault {
    /// The newest backup of `store` that holds a good state and is none of `unfit`.
    func lastBackup(of store: StoreID, except unfit: Set<BackupID>) throws(VaultError) -> Entry? {
        let other = try index(store: store).compactMap(\.name).filter { !$0.reason.holdsGoodState }.map(\.id)
        return try newest(of: store, except: unfit.union(other))
    }
}

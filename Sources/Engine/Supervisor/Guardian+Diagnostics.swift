// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal
internal import Releases
internal import Stores
internal import Vault
public import Watcher

extension Guardian {
    /// Knows what is wrong and what mends it, which is judged outside of the engine.
    public struct Diagnosing: Sendable {
        /// Everything that is found, by what the engine knows and by what a look shows.
        public var diagnose: @Sendable (Known) async throws(GuardError) -> [Diagnosis]

        public init(diagnose: @escaping @Sendable (Known) async throws(GuardError) -> [Diagnosis]) {
            self.diagnose = diagnose
        }
    }

    /// What the engine knows at one moment, for whoever judges it.
    public struct Known: Sendable {
        /// A backup that can be used, and what became of its last proof.
        public struct Backup: Sendable, Equatable {
            public let id: BackupID
            public let store: StoreID
            public let createdAt: Timestamp
            /// When it was proved again after it had been published; nil for never.
            public let provedAt: Timestamp?
            /// Whether that failed.
            public let isBad: Bool
        }

        /// Something in the vault that cannot be used.
        public struct Damage: Sendable, Equatable {
            public let path: String
            public let reason: String
        }

        /// What the newest backup of a store says of it: what is not there any more tells nothing itself.
        public struct Kept: Sendable, Equatable {
            public let project: String
            public let sizeBytes: Int64
        }

        /// What retention leaves missing, in bytes.
        public struct Room: Sendable, Equatable {
            public let overBudget: Int64
            public let budget: Int64
            public let shortOfFloor: Int64
            public let floor: Int64
        }

        public let now: Timestamp
        public let startedAt: Timestamp
        public let stores: [StoreForm]
        public let releases: [ReleaseForm]
        /// What the status tells of the releases.
        public let releaseFindings: [Finding]
        /// Servers and settings that could not be used at the last look.
        public let unreached: [Problem]
        public let holds: [Hold]
        public let watchProblems: Set<WatchProblem>
        /// How many watches the kernel holds for the daemon.
        public let watches: Int
        public let backups: [Backup]
        public let damages: [Damage]
        /// By store.
        public let kept: [StoreID: Kept]
        public let room: Room
        /// When the last change of each store's schema was settled; a store that was never changed is left out.
        public let changedAt: [StoreID: Timestamp]
        /// The vault's folder.
        public let vault: String
        /// The folder for restores that prove and rehearse.
        public let scratch: String
        /// How often each backup is to be proved; nil when the clock proves none.
        public let drillEvery: Duration?
    }

    /// Has `diagnosing` asked for what is wrong from now on.
    public func diagnose(with diagnosing: Diagnosing) {
        self.diagnosing = diagnosing
    }

    public func diagnostics() async throws(GuardError) -> [Diagnosis] {
        guard let diagnosing else {
            throw GuardError(.notReachable, "dementiad is still starting", hint: "Ask again in a moment.")
        }
        return try await diagnosing.diagnose(try await known())
    }

    /// What is known now. Everything is looked at again: whoever has mended something asks to see it gone.
    func known() async throws(GuardError) -> Known {
        for form in forms.values.sorted(by: { $0.location < $1.location }) { await examine(form.place) }
        let holds = try await holds()
        let (proofs, records) = try await tools.journaling { (journal) throws(JournalError) in
            (try await journal.lastProofs(), try await journal.operations(limit: 500))
        }
        let (backups, damages, kept) = try await tools.reading { (vault) throws(VaultError) in
            var backups: [Known.Backup] = []
            var damages: [Known.Damage] = []
            var kept: [StoreID: Known.Kept] = [:]
            for line in try vault.index() {
                switch (vault.listing(of: line), line.name) {
                case (.good(let entry), let name?):
                    let (manifest, proof) = (entry.manifest, proofs[name.id])
                    // The newest comes first.
                    if kept[manifest.store.id] == nil {
                        kept[manifest.store.id] = .init(
                            project: manifest.project, sizeBytes: manifest.payload.rawBytes)
                    }
                    backups.append(
                        .init(
                            id: name.id, store: manifest.store.id, createdAt: name.createdAt,
                            provedAt: proof?.at, isBad: proof.map { !$0.succeeded } ?? false))
                case (.damaged(let path, let reason), _): damages.append(.init(path: path, reason: reason))
                case (.good, nil): break
                }
            }
            return (backups, damages, kept)
        }
        let missing = try await RetentionView(tools).missing
        return Known(
            now: tools.clock(), startedAt: startedAt, stores: forms.values.sorted { $0.location < $1.location },
            releases: tools.installed.now.releases.map(ReleaseForm.init), releaseFindings: releaseFindings,
            unreached: discovered.problems.map { Problem($0) }, holds: holds,
            watchProblems: settings.watcher?.problems ?? watchProblems, watches: settings.watcher?.watches ?? 0,
            backups: backups, damages: damages, kept: kept, room: missing, changedAt: Self.changes(records),
            vault: tools.vault.path, scratch: tools.scratch, drillEvery: tools.policy.upkeep.drillEvery)
    }

    /// When each store was last brought to another schema by `records`.
    private static func changes(_ records: [OperationRecord]) -> [StoreID: Timestamp] {
        records.reduce(into: [:]) { changes, record in
            guard let store = record.store, let end = record.settledAt, record.outcome == .succeeded,
                [.migrate, .repair, .downgrade].contains(record.kind)
            else { return }
            changes[store] = max(changes[store] ?? end, end)
        }
    }
}

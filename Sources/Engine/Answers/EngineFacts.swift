// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
public import Watcher

/// What the engine knows at one moment, for whoever judges it.
public struct EngineFacts: Sendable {
    public let now: Timestamp
    public let startedAt: Timestamp
    public let stores: [StoreForm]
    public let releases: [ReleaseForm]
    /// What the status tells of the releases.
    public let releaseFindings: [Finding]
    /// The places that the last look met and did not examine.
    public let scanFindings: [Finding]
    /// Servers and settings that could not be used at the last look.
    public let unreached: [Problem]
    /// What does not answer: a call to it has not come back. What it is, what is waited for and since when, and what to do.
    public let silent: [Problem]
    /// Other daemons that guard one of the watched folders, too.
    public let rivals: [Finding]
    /// Why the journal takes no more lines; nil when it does.
    public let journalProblem: String?
    public let holds: [Hold]
    public let watching: WatchFacts
    public let vault: VaultFacts
    /// When the last change of each store's schema was settled; a store that was never changed is left out.
    public let changedAt: [StoreID: Timestamp]
    /// The folder for restores that prove and rehearse.
    public let scratch: String
}

/// What the engine knows of the watcher.
public struct WatchFacts: Sendable {
    public let problems: Set<WatchProblem>
    /// How many watches the kernel holds for the daemon.
    public let watches: Int
}

/// What the engine knows of the vault.
public struct VaultFacts: Sendable {
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

    /// The vault's folder.
    public let path: String
    /// The newest first.
    public internal(set) var backups: [Backup] = []
    public internal(set) var damages: [Damage] = []
    /// By store.
    public internal(set) var kept: [StoreID: Kept] = [:]
    public let room: Room
    /// How often each backup is to be proved; nil when the clock proves none.
    public let drillEvery: Duration?
}

// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Terminal

/// Backups that nobody tried to restore for too long, or that are not good.
public struct VaultCheck: Check {
    /// A backup in the vault.
    public struct Backup: Sendable, Equatable {
        let id: BackupID
        let store: StoreID
        let createdAt: Timestamp
        let provedAt: Timestamp?
        let isBad: Bool

        /// - Parameters:
        ///   - id: its id
        ///   - store: whose it is
        ///   - createdAt: when it was published, which proved it
        ///   - provedAt: when it was proved again; nil for never
        ///   - isBad: whether that failed
        public init(id: BackupID, store: StoreID, createdAt: Timestamp, provedAt: Timestamp?, isBad: Bool) {
            self.id = id
            self.store = store
            self.createdAt = createdAt
            self.provedAt = provedAt
            self.isBad = isBad
        }
    }

    /// Something in the vault that cannot be used.
    public struct Damage: Sendable, Equatable {
        let path: String
        let reason: String

        public init(path: String, reason: String) {
            self.path = path
            self.reason = reason
        }
    }

    private let backups: [Backup]
    private let damages: [Damage]
    private let drillEvery: Duration?
    private let now: Timestamp
    private let attic: String

    /// - Parameters:
    ///   - backups: all that can be used
    ///   - damages: all that cannot
    ///   - drillEvery: how often each is to be proved; nil when the clock proves none
    ///   - now: the moment
    ///   - attic: the folder beside the vault that damaged backups may be moved to
    public init(_ backups: [Backup], _ damages: [Damage], drillEvery: Duration?, now: Timestamp, attic: String) {
        self.backups = backups
        self.damages = damages
        self.drillEvery = drillEvery
        self.now = now
        self.attic = attic
    }

    public var diagnoses: [Diagnosis] { bad + drills + damages.map(damaged) }

    // MARK: Proofs

    /// Nothing is wrong with a bad backup that has a good one after it: nobody relies on it, and a prune takes it.
    private var bad: [Diagnosis] {
        Dictionary(grouping: backups, by: \.store).values.compactMap { backups in
            backups.max { $0.id.sequence < $1.id.sequence }
        }.filter(\.isBad).sorted { $0.id < $1.id }.map { backup in
            Diagnosis(
                .backupBad, .failure, "Backup \(backup.id) could not be restored in a proof, and is the newest one.",
                store: backup.store,
                remedy: .init(
                    "Back the memory up again, and look at the disk: journalctl -k.",
                    command: "dementiactl backup create \(backup.store)"))
        }
    }

    /// Thirty days, where the clock proves nothing.
    private var period: Int64 { (drillEvery ?? .seconds(30 * 86_400)).components.seconds * 1000 }

    private var drills: [Diagnosis] {
        // One after the other, when nothing else is to be done: a day late is not late.
        let late = backups.filter { backup in
            let last = max(backup.createdAt, backup.provedAt ?? backup.createdAt)
            return !backup.isBad && now.milliseconds - last.milliseconds > period + 86_400_000
        }
        let never = late.filter { $0.provedAt == nil }
        let overdue = late.filter { $0.provedAt != nil }
        let remedy = Diagnosis.Remedy(
            "Prove every backup now"
                + (drillEvery == nil
                    ? ", and have the clock do it: backup.drillEvery." : ", if the daemon was off for long."),
            command: "dementiactl backup verify --all")
        var diagnoses: [Diagnosis] = []
        if !never.isEmpty {
            diagnoses.append(
                Diagnosis(
                    .neverDrilled, .degraded,
                    "\(Phrases.count(never.count, "backup is", "backups are")) older than \(days) days and never proved "
                        + "again since.", remedy: remedy))
        }
        if let oldest = overdue.compactMap(\.provedAt).min() {
            diagnoses.append(
                Diagnosis(
                    .drillOverdue, .degraded,
                    "\(Phrases.count(overdue.count, "backup was", "backups were")) last proved more than \(days) days "
                        + "ago, one of them at \(oldest).", remedy: remedy))
        }
        return diagnoses
    }

    private var days: Int64 { period / 86_400_000 }

    // MARK: Damage

    private func damaged(_ damage: Damage) -> Diagnosis {
        // Written by a newer dementiad: not damaged for whoever can read it.
        if damage.reason.contains("newer dementiad") {
            return Diagnosis(
                .vaultDamaged, .degraded, "\(damage.path) cannot be read: \(damage.reason).",
                remedy: .init("Install that version of dementiad again."))
        }
        let (path, attic) = (ShellText.word(damage.path), ShellText.word(attic))
        return Diagnosis(
            .vaultDamaged, .degraded,
            "\(damage.path) is no backup any more: \(damage.reason). It is never used and never removed.",
            remedy: .init(
                "Move it out of the vault, and keep it for an examination.",
                command: "mkdir -p -m 700 \(attic) && chmod u+w \(path) && mv -- \(path) \(attic)/"))
    }
}

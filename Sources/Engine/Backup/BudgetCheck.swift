// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import Vault

/// Refuses a backup that the vault's budget has no room for, before its first byte.
///
/// The budget is what the vault takes after a prune: until the next one, a minute later, the backup that the new one replaces is there
/// too. What rescues a memory (the failed or replaced state, before it is overwritten) is never refused for a budget's sake.
struct BudgetCheck {
    let tools: EngineContext
    let location: StoreLocation

    /// Fails with ``GuardCore/GuardError/Code/noSpace`` when the vault would be over its budget with a backup of a store of `bytes`, though
    /// everything went that may.
    func run(for reason: BackupReason, bytes: Int64) async throws(GuardError) {
        guard ![.failedState, .beforeRestore, .forensic].contains(reason) else { return }
        let (id, budget) = (location.id, tools.policy.maintenance.budget)
        let (estimate, fits) = try await tools.reading { (vault) throws(VaultError) in
            let estimate = Self.estimate(for: bytes, like: try vault.newest(of: id)?.manifest.payload)
            let room = try vault.room(besides: [], budget: budget, floor: 0)
            return (estimate, room.otherBytes + estimate <= room.budget)
        }
        // Only now every manifest is worth reading.
        guard !fits else { return }
        let excess = try await RetentionView(tools).excess(withBackupOf: id, bytes: estimate, at: tools.clock())
        guard excess > 0 else { return }
        throw GuardError(
            .noSpace,
            "a backup of \(location.name) would take about \(estimate) bytes, and the vault would be \(excess) over its budget",
            store: id,
            hint: "Nothing was changed. Raise backup.budget, or unpin old backups: dementiactl backup list")
    }

    /// How much of `bytes` is left after compression: as much as last time, or a third, as of most memories.
    private static func estimate(for bytes: Int64, like last: PayloadFacts?) -> Int64 {
        guard let last, last.rawBytes > 0 else { return bytes / 3 }
        return Int64((Double(bytes) * Double(last.storedBytes) / Double(last.rawBytes)).rounded(.up))
    }
}

extension RetentionView {
    /// By how many bytes the vault would be over its budget after one more backup of `store` and a prune.
    func excess(withBackupOf store: StoreID, bytes: Int64, at now: Timestamp) -> Int64 {
        let sequence = (candidates.map(\.id.sequence).max() ?? 0) + 1
        let next = Retention.Candidate(
            id: BackupID(sequence: sequence, root: "000000000000"), store: store, createdAt: now, reason: .schedule,
            // No file has the inode 0.
            payload: 0, payloadBytes: bytes, ownBytes: 0)
        var others = candidates
        // The operation that wants the backup keeps nothing of its store: what may go after it is the question.
        for index in others.indices where others[index].store == store { others[index].isNeeded = false }
        return judge(others + [next]).overBudget
    }
}

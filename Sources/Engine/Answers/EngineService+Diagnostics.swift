// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import Releases
internal import Stores
internal import Vault

/// What is known, for doctor's checks.
extension EngineService {
    /// What is known now. Everything is looked at again: whoever has mended something asks to see it gone.
    func facts() async throws(GuardError) -> EngineFacts {
        await supervisor.lookAtAll()
        let holds = try await holds()
        let (proofs, records) = try await tools.journaling { (journal) throws(JournalError) in
            (try await journal.lastProofs(), try await journal.operations(limit: 500))
        }
        let (backups, damages, kept) = try await tools.reading { (vault) throws(VaultError) in
            var backups: [EngineFacts.Backup] = []
            var damages: [EngineFacts.Damage] = []
            var kept: [StoreID: EngineFacts.Kept] = [:]
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
        let now = await supervisor.snapshot()
        return EngineFacts(
            now: tools.clock(), startedAt: now.startedAt, stores: now.stores,
            releases: tools.installed.now.releases.map(ReleaseForm.init), releaseFindings: now.releaseFindings,
            scanFindings: now.scanFindings,
            unreached: now.unreached, silent: now.silences, rivals: now.rivals, journalProblem: await journalProblem(),
            holds: holds,
            watchProblems: now.watchProblems, watches: now.watches,
            backups: backups, damages: damages, kept: kept, room: missing, changedAt: Self.changes(records),
            vault: tools.vault.path, scratch: tools.scratch, drillEvery: tools.policy.maintenance.drillEvery)
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

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
        let vault = try await VaultFacts(reading: tools, proofs)
        let now = await supervisor.snapshot()
        return EngineFacts(
            now: tools.clock(), startedAt: now.startedAt, stores: now.stores,
            releases: tools.installed.now.releases.map(ReleaseForm.init), releaseFindings: now.releaseFindings,
            scanFindings: now.scanFindings,
            unreached: now.unreached, silent: now.silences, rivals: now.rivals, journalProblem: await journalProblem(),
            holds: holds,
            watching: WatchFacts(problems: now.watchProblems, watches: now.watches),
            vault: vault, changedAt: Self.changes(records), scratch: tools.scratch)
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

extension VaultFacts {
    /// - Parameter proofs: what became of the last proof of each backup
    init(reading tools: EngineContext, _ proofs: [BackupID: ProofRecord]) async throws(GuardError) {
        let empty = VaultFacts(
            path: tools.vault.path, room: try await RetentionView(tools).missing,
            drillEvery: tools.policy.maintenance.drillEvery)
        self = try await tools.reading { (vault) throws(VaultError) in
            var facts = empty
            for line in try vault.index() {
                switch (vault.listing(of: line), line.name) {
                case (.good(let entry), let name?):
                    let (manifest, proof) = (entry.manifest, proofs[name.id])
                    // The newest comes first.
                    if facts.kept[manifest.store.id] == nil {
                        facts.kept[manifest.store.id] = .init(
                            project: manifest.project, sizeBytes: manifest.payload.rawBytes)
                    }
                    facts.backups.append(
                        .init(
                            id: name.id, store: manifest.store.id, createdAt: name.createdAt,
                            provedAt: proof?.at, isBad: proof.map { !$0.succeeded } ?? false))
                case (.damaged(let path, let reason), _): facts.damages.append(.init(path: path, reason: reason))
                case (.good, nil): break
                }
            }
            return facts
        }
    }
}

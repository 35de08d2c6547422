// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Stores
internal import Vault

/// Finds out what became of a restore on request that a crash cut short.
///
/// A restore into a live store is one transaction: it happened or it did not, and the content tells which, even when
/// somebody has written since: the few tables he wrote to differ from both sides, and all others from one side only. A store that
/// was made anew is made anew again.
struct RestoreRecovery {
    let tools: Toolbox
    let log: OperationLog

    /// nil when the evidence cannot be read now.
    func settle(_ store: any Store, _ interrupted: GuardError) async throws(GuardError) -> OperationRecord? {
        let record = log.record
        guard record.lastWork?.kind == .restore, let id = record.backup else {
            return try await log.settle(.failedUntouched, .untouched, error: interrupted)
        }
        return try await ScratchFolder.use(for: record.id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) in
            try await settle(record, store, backup: id, interrupted, scratch)
        }
    }

    private func settle(
        _ record: OperationRecord, _ store: any Store, backup id: BackupID, _ interrupted: GuardError,
        _ scratch: ScratchFolder
    ) async throws(GuardError) -> OperationRecord? {
        let backup = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let content: StoreDigest
        do throws(GuardError) {
            content = try await store.snapshot(into: scratch.copy("look", of: store), progress: nil).content
            await store.close()
        } catch {
            await store.close()
            guard record.lastWork?.detail == Restorer.replacement(of: store.location.engine) else { return nil }
            do throws(GuardError) {
                try await Restorer(tools: tools, store: store, log: log, scratch: scratch).replace(backup)
            } catch {
                guard error.code == .serverUnreachable else { throw error }
                return nil
            }
            return try await settleRestored(backup, difference: 0)
        }
        let fromBackup = ContentDifference(from: backup.manifest.content, to: content).tables.count
        guard let kept = try await kept(record) else {
            return fromBackup == 0
                ? try await settleRestored(backup, difference: 0)
                : try await log.settle(.needsAttention, .unverified, error: interrupted)
        }
        let fromKept = ContentDifference(from: kept.manifest.content, to: content).tables.count
        if fromBackup == 0 || fromBackup < fromKept {
            return try await settleRestored(backup, difference: fromBackup, kept)
        }
        if fromKept < fromBackup { return try await log.settle(.failedUntouched, .untouched, error: interrupted) }
        return try await log.settle(.needsAttention, .unverified, error: interrupted)
    }

    private func settleRestored(
        _ backup: Entry, difference: Int, _ kept: Entry? = nil
    ) async throws(GuardError) -> OperationRecord {
        if difference > 0 {
            log.add([
                Finding(code: "writtenSince", message: "somebody wrote to the memory after the restore, as they may")
            ])
        }
        var result = OperationResult()
        result.keptState = kept?.id
        result.toVersion = backup.manifest.schemaVersion
        if let store = log.record.store { try await tools.takeBackMove(of: store) }
        return try await log.settle(.succeeded, .restoredVerified, result: result, hold: log.restoreHold(of: backup.id))
    }

    /// The backup of the state that was to be replaced.
    private func kept(_ record: OperationRecord) async throws(GuardError) -> Entry? {
        try await tools.reading { (vault) throws(VaultError) in
            try vault.list(store: record.store).lazy.compactMap(\.entry)
                .first { $0.manifest.operation == record.id && $0.manifest.reason == .beforeRestore }
        }
    }
}

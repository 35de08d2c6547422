// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import Journal
internal import Stores
internal import Vault

/// Takes care of a memory that is not to be migrated: unknown is not old, so it is backed up, reported, and left alone.
struct Safekeeping {
    let tools: Toolbox
    let trigger: String

    /// Refusals of a store that is a memory all the same, or may be one.
    private static let keptAll: Set<GuardError.Code> = [.unknownShape, .newerVersion, .drift, .foreignLedger]

    /// Looks after what `examination` says will not be migrated: the operation that tells of a refusal, or of a backup that was due.
    func care(at location: StoreLocation, _ examination: Examination) async throws(GuardError) -> OperationRecord? {
        guard let refusal = examination.refusal else {
            // A line without migrations is as it should be, once its content is in the vault.
            guard examination.form.line == Line.lean3.rawValue else { return nil }
            return try await backUpIfChanged(location, line: Line.lean3.rawValue)
        }
        if Self.keptAll.contains(refusal.code) {
            _ = try await backUpIfChanged(location, line: examination.form.line ?? "unknown")
        }
        return try await record(refusal, of: location.id)
    }

    /// A refusal is an operation too, so that its owner finds it in the history; the same one is not written twice in a row.
    func record(_ refusal: GuardError, of id: StoreID) async throws(GuardError) -> OperationRecord {
        let last = try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.operations(store: id, limit: 5).first { $0.kind == .migrate }
        }
        if let last, last.error?.code == refusal.code, last.error?.detail == refusal.message { return last }
        let log = try await OperationLog.begin(newRecord(.migrate, id), with: tools)
        let isBusy = refusal.code == .storeBusy || refusal.code == .storeMoved
        return try await log.settle(isBusy ? .busy : .failedUntouched, .untouched, error: refusal)
    }

    /// Backs up the store unless its content is in the newest backup already; then there is nothing to tell.
    private func backUpIfChanged(_ location: StoreLocation, line: String) async throws(GuardError) -> OperationRecord? {
        let store = try tools.open(location)
        let id = location.id
        let record = newRecord(.backup, id)
        return try await ScratchFolder.use(for: record.id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) -> OperationRecord? in
            do throws(GuardError) {
                let now = try await store.snapshot(into: scratch.copy("look", of: store), progress: nil)
                let newest = try await tools.reading { (vault) throws(VaultError) in try vault.newest(of: id) }
                if newest?.manifest.content == now.content {
                    await store.close()
                    return nil
                }
            } catch {
                // Whatever is in the way will be in the way of the backup too, which tells it properly.
            }
            let log = try await OperationLog.begin(record, with: tools)
            return try await Work(tools: tools, store: store, log: log, scratch: scratch).backup(.schedule)
        }
    }

    private func newRecord(_ kind: OperationKind, _ store: StoreID) -> OperationRecord {
        OperationRecord(
            id: tools.newOperationID(), kind: kind, store: store, state: .running, trigger: trigger,
            actor: .init(uid: tools.uid),
            startedAt: tools.clock())
    }
}

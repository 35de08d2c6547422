// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import Journal

/// Takes care of a memory that is not to be migrated: unknown is not old, so it is backed up, reported, and left alone.
struct UnmanagedBackup {
    let tools: EngineContext
    let trigger: String

    /// Refusals of a store that is a memory all the same, or may be one.
    private static let keptAll: Set<GuardError.Code> = [.unknownShape, .newerVersion, .drift, .foreignLedger]

    private var turn: BackupTurn { BackupTurn(tools: tools, trigger: trigger) }

    /// Looks after what `examination` says will not be migrated: the operation that tells of a refusal, or of a backup that was due.
    func care(at location: StoreLocation, _ examination: Examination) async throws(GuardError) -> OperationRecord? {
        guard let refusal = examination.refusal else {
            // A line without migrations is as it should be, once its content is in the vault.
            guard examination.form.line == Line.lean3.rawValue else { return nil }
            return try await turn.run(.schedule, of: location)
        }
        if Self.keptAll.contains(refusal.code) {
            _ = try await turn.run(.schedule, of: location)
        }
        return try await record(refusal, of: location.id)
    }

    /// A refusal is an operation too, so that its owner finds it in the history; the same one is not written twice in a row.
    func record(_ refusal: GuardError, of id: StoreID) async throws(GuardError) -> OperationRecord {
        let last = try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.operations(store: id, limit: 5).first { $0.kind == .migrate }
        }
        if let last, last.error?.code == refusal.code, last.error?.detail == refusal.message { return last }
        let log = try await OperationLog.begin(tools.newRecord(.migrate, on: id, because: trigger), with: tools)
        return try await log.settle(.untouched, because: refusal)
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Stores
internal import Vault

/// Finds out what became of a transfer that a crash cut short.
///
/// | last durable step | evidence | what it means |
/// |---|---|---|
/// | preflight, backup, keep | – | nothing was begun |
/// | transfer, verify, recover | the schema's register does not have it | COMMIT did not happen; the server took everything back |
/// | transfer, verify, recover | the register has it | COMMIT happened: verify now |
struct TransferRecovery {
    let tools: EngineContext
    let log: OperationLog

    /// Whether only its server can tell what became of `record`.
    static func needsServer(_ record: OperationRecord) -> Bool {
        record.kind == .transfer
            && record.lastWork.map { [.transfer, .verify, .recover].contains($0.kind) } ?? false
    }

    /// The step that says where it led.
    private static func step(of record: OperationRecord) -> StepRecord? {
        record.steps.last { [.keep, .transfer].contains($0.kind) }
    }

    /// What the proof of the schema's backup has left on its server. Best effort.
    private func discardScratch() async {
        guard let (text, _) = Self.step(of: log.record)?.detail.flatMap(TransferEnd.reading),
            let store = try? TransferDestination.again(text, with: tools).store
        else { return }
        await store.discardScratch(of: log.record.id)
        await store.close()
    }

    /// nil when the evidence cannot be read now.
    func settle(_ source: StoreLocation, _ interrupted: GuardError) async throws(GuardError) -> OperationRecord? {
        guard Self.needsServer(log.record) else {
            await discardScratch()
            return try await settleUntouched(interrupted)
        }
        guard let (text, isArchiving) = Self.step(of: log.record)?.detail.flatMap(TransferEnd.reading) else {
            return try await log.settle(.unproved, because: interrupted)
        }
        let destination: TransferDestination
        let report: TransferReport?
        let end: TransferEnd
        do throws(GuardError) {
            // Without its server in the configuration there is no evidence to look at.
            destination = try TransferDestination.again(text, with: tools)
            end = TransferEnd(tools: tools, log: log, destination: destination)
            report = try await end.committedReport()
        } catch {
            return nil
        }
        let store = destination.store
        await store.discardScratch(of: log.record.id)
        await store.close()
        guard let report else { return try await settleUntouched(interrupted) }
        if log.record.lastWork?.kind == .transfer { log.endStep(as: .done) }
        try await log.step(.recover, detail: "the schema shows that it was committed")
        let ended = try await end.verifyAndSettle(
            report, of: source, isArchiving: isArchiving, kept: try await kept(destination.location.id)
        ) { await store.close() }
        return ended.state == .settled ? ended : nil
    }

    private func settleUntouched(_ interrupted: GuardError) async throws(GuardError) -> OperationRecord {
        TransferRejects.remove(for: log.record.id, in: tools)
        return try await log.settle(.untouched, because: interrupted)
    }

    /// The backup of the schema as it was before.
    private func kept(_ target: StoreID) async throws(GuardError) -> BackupID? {
        let id = log.record.id
        return try await tools.reading { (vault) throws(VaultError) in
            try vault.list(store: target).lazy.compactMap(\.entry).first { $0.manifest.operation == id }?.id
        }
    }
}

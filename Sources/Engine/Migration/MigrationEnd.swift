// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import Stores
internal import Vault

/// What follows a COMMIT: verification from a new connection and, when it fails, the way back. Recovery enters here too.
struct MigrationEnd {
    let tools: EngineContext
    let store: any Store
    let log: OperationLog
    let scratch: ScratchFolder

    private var place: String { store.location.name }

    /// Verifies what was committed and settles; restores `backup` when it does not hold.
    ///
    /// - Parameter token: the state right after the COMMIT; nil when that connection died with an earlier process
    func verifyAndSettle(
        _ plan: Plan, _ entry: LedgerEntry, since token: StateToken?, backup: Entry
    ) async throws(GuardError) -> OperationRecord {
        try await log.step(.verify)
        let failure: GuardError?
        do throws(GuardError) {
            failure = try await problem(plan, entry, since: token)
        } catch {
            // Could not look: not the same as having seen a fault, so nothing is overwritten.
            await store.close()
            return try await log.settle(Evidence(afterCommit: error), because: error)
        }
        if let failure {
            log.endStep(as: .failed)
            return try await restore(backup, because: failure)
        }
        await store.close()
        try await log.releaseHolds()
        // After a crash nobody has noted where it led.
        var result = log.record.result ?? OperationResult()
        result.toVersion = result.toVersion ?? plan.shownTo
        return try await log.settle(.done, result: result)
    }

    private func problem(
        _ plan: Plan, _ entry: LedgerEntry, since token: StateToken?
    ) async throws(GuardError) -> GuardError? {
        let verification = try await store.verify(plan, entry: entry, since: token)
        if verification.wasWrittenSince {
            log.add([
                Finding(
                    code: "writtenSince",
                    message: "another program wrote to the memory right after the migration, as it may"
                )
            ])
        }
        if !verification.problems.isEmpty {
            return GuardError(
                .verificationFailed, "\(place): after the migration \(verification.problems.joined(separator: "; "))",
                store: store.location.id)
        }
        let target = await store.checkTarget(rehearsedOn: nil)
        if let veto = await CheckRunner(tools: tools, log: log).veto(target, .live) {
            return GuardError(
                .checkVetoed, "the check command vetoed the migrated memory \(place) with exit status \(veto.exit)",
                store: store.location.id, causes: veto.said)
        }
        return nil
    }

    /// Backs up the failed state, puts the old one back, and pauses automation.
    func restore(_ backup: Entry, because failure: GuardError) async throws(GuardError) -> OperationRecord {
        let replaced: Restorer.Replaced
        do throws(GuardError) {
            replaced = try await Restorer(tools: tools, store: store, log: log, scratch: scratch)
                .restore(backup, keeping: .failedState)
        } catch {
            await store.close()
            return try await log.settle(Evidence(afterCommit: error), because: error)
        }
        note(kept: replaced.kept, insteadOf: backup, replaced.changes)
        return try await settleRestored(failure, backup)
    }

    /// Notes that `kept` holds what `backup` was restored over.
    func note(kept: Entry, insteadOf backup: Entry, _ changes: [TableChange]? = nil) {
        var result = log.record.result ?? OperationResult()
        result.fromVersion = result.fromVersion ?? backup.manifest.schemaVersion
        result.toVersion = result.fromVersion
        result.note(kept: kept, insteadOf: backup, changes)
        log.note(result: result)
    }

    /// The old state is back: writes the failure where a restored ledger can tell of it, and pauses automation.
    func settleRestored(_ failure: GuardError, _ backup: Entry) async throws(GuardError) -> OperationRecord {
        await recordFailure(failure, backup)
        await store.close()
        return try await log.settle(.takenBack, because: failure.hinting(hint))
    }

    /// Failure history survives the restore that it describes: the restored ledger has not heard of it.
    private func recordFailure(_ failure: GuardError, _ backup: Entry) async {
        do {
            let survey = try await store.survey(tools.catalogue)
            let plan = try tools.planner.plan(for: store.location.id, at: place, survey)
            try await store.recordFailure(
                failure, of: plan, entry: LedgerEntry(operation: log.record.id, backup: backup.id, release: nil))
        } catch {
            log.add([
                Finding(code: "ledgerNotWritten", message: "the failure could not be written into the ledger: \(error)")
            ])
        }
    }

    private var hint: String {
        let kept = log.record.result?.keptState.map { ", and the failed one is kept as backup \($0)" } ?? ""
        return "The old state is back\(kept). Automation for this memory is on hold."
    }
}

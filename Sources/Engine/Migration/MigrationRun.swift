// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import Journal
internal import Releases
internal import Stores
internal import Vault

/// Where a store is to be taken.
enum MigrationGoal: Sendable, Equatable {
    /// Up to this version, or to the one that is wanted of its line.
    case upgrade(to: Int?)
    /// To the known shape that it should have at its version.
    case repair
    /// Back to this version.
    case downgrade(to: Int)

    /// The plan that fulfils it.
    func plan(
        with planner: Planner, for store: StoreID, at place: String, _ survey: Survey
    ) throws(GuardError) -> Plan {
        switch self {
        case .upgrade(let version): try planner.plan(for: store, at: place, survey, wanted: version)
        case .repair: try planner.repair(for: store, at: place, survey)
        case .downgrade(let version): try planner.downgrade(for: store, at: place, survey, to: version)
        }
    }
}

/// The life of one migration (`docs/design/migration-sqlite.md`, `docs/design/migration-postgres.md`): backup, rehearsal, migration,
/// verification, and the way back when the verification fails.
///
/// Each step's intent is in the journal before its first effect. If the power fails
/// - before `migrate` is written down: the store was not touched;
/// - between `migrate` and settling: the ledger inside the store tells whether COMMIT happened, see ``Recovery``;
/// - in `keep` or `restore`: SQLite leaves the file entirely old or entirely restored, and the ledger again tells which.
struct MigrationRun {
    let tools: EngineContext
    let store: any Store
    let log: OperationLog
    let scratch: ScratchFolder
    /// Whether the wish is a person's, who knows what failed before.
    let isExplicit: Bool

    private var place: String { store.location.name }

    /// How a round ended that did not fail.
    private enum Round {
        case settled(OperationRecord)
        /// From here on "untouched" would be a lie.
        /// Without a token the COMMIT was ambiguous, and the ledger has told that it happened.
        case committed(Plan, LedgerEntry, StateToken?, ProvedBackup)
    }

    /// Takes the store where `wish` says, and settles the operation. Throws only when the journal cannot be written: every other
    /// failure is settled and told in the record.
    func run(_ wish: MigrationGoal) async throws(GuardError) -> OperationRecord {
        var round = 0
        var preparation: Duration?
        while true {
            round += 1
            let isLocked = round > tools.policy.rounds
            let end: Round
            do throws(GuardError) {
                // The writers would have to wait for as long as it took without the lock; what was never measured may be too long.
                if isLocked, preparation.map({ $0 > tools.policy.lockedBackup }) ?? true { throw keepsChanging }
                end = try await attempt(wish, underLock: isLocked, &preparation)
            } catch {
                await store.close()
                // The state moved away from its backup: plan again on what is there now. Under the lock nothing moves.
                if error.code == .storeMoved, error.dataState == .untouched, !isLocked {
                    log.endStep(as: .failed)
                    continue
                }
                return try await log.settle(failed: error)
            }
            switch end {
            case .settled(let record): return record
            case .committed(let plan, let entry, let token, let backup):
                return try await MigrationEnd(tools: tools, store: store, log: log, scratch: scratch)
                    .verifyAndSettle(plan, entry, since: token, backup: backup.entry)
            }
        }
    }

    // MARK: One round

    /// - Parameter preparation: is told how long backup and rehearsal took
    private func attempt(
        _ wish: MigrationGoal, underLock isLocked: Bool, _ preparation: inout Duration?
    ) async throws(GuardError) -> Round {
        try await log.step(.preflight, dataState: .untouched)
        let clock = ContinuousClock()
        if isLocked { try await store.lock() }
        let start = clock.now
        let survey = try await store.survey(tools.catalogue)
        let plan = try wish.plan(with: tools.planner, for: store.location.id, at: place, survey)
        guard !plan.isEmpty else {
            await store.close()
            try await log.releaseHolds()
            return .settled(try await log.settle(.alreadySo))
        }
        log.add(try await store.preflight())
        try await log.step(.backup)
        let repetition = RetryLimit(tools: tools, location: store.location)
        let backup = try await BackupTaker(tools: tools, store: store, log: log, scratch: scratch)
            .take(
                .migration, line: plan.line.rawValue, version: plan.shownFrom,
                beginningBy: isLocked ? start + tools.policy.lockedBackup : nil
            ) {
                [isExplicit] snapshot throws(GuardError) in
                if !isExplicit { try refuseLongOutage(snapshot) }
                // Before anything is put into the vault: what fails for ever must not fill it.
                if !isExplicit { try await repetition.refuse(plan, on: snapshot.content) }
            }
        let attempt = RetryLimit.name(of: plan, on: backup.snapshot.content)
        let entry = LedgerEntry(
            operation: log.record.id, backup: backup.entry.id,
            release: tools.installed.now.deciding(for: plan.line)?.label)
        try await log.step(.rehearse, backup: backup.entry.id)
        do throws(GuardError) {
            try await rehearse(plan, backup, entry, lockedSince: isLocked ? start : nil)
            preparation = clock.now - start
            let token = try await migrate(plan, backup, entry, lockedSince: isLocked ? start : nil)
            log.note(attempt: attempt)
            return .committed(plan, entry, token, backup)
        } catch {
            var failure = error
            if error.dataState == .changing {
                if try await hasCommitted() { return .committed(plan, entry, nil, backup) }
                failure = error.with(dataState: .untouched)
            }
            guard RetryLimit.counts(failure) else { throw failure }
            // Ends a transaction that is still open: the row that tells of the failure has one of its own.
            await store.close()
            let isRecorded = await recordFailure(failure, plan, entry)
            try await log.fail(attempt: attempt)
            throw isRecorded ? failure.tellingOfLedger : failure
        }
    }

    private var keepsChanging: GuardError {
        GuardError(
            .storeMoved, "\(place) keeps changing, and a backup of it takes too long to keep its writers waiting",
            store: store.location.id, hint: "Nothing was changed. Close the applications that use it and try again.")
    }

    /// - Parameter lock: since when writers wait, when they do; the rehearsal ends when they have waited long enough
    private func rehearse(
        _ plan: Plan, _ backup: ProvedBackup, _ entry: LedgerEntry, lockedSince lock: ContinuousClock.Instant?
    ) async throws(GuardError) {
        let rehearsal = try await store.rehearse(
            plan, on: backup.restored, of: backup.snapshot, entry: entry, progress: progress(of: .rehearse))
        let deadline = lock.map { $0 + tools.policy.lockedBackup }
        var veto: CheckRunner.Veto?
        if let rehearsal {
            log.add(rehearsal.findings)
            let target = await store.checkTarget(rehearsedOn: backup.restored)
            veto = await CheckRunner(tools: tools, log: log).veto(target, .rehearsal, until: deadline)
        } else {
            log.add([
                Finding(
                    code: "notRehearsed", message: "the migration was not rehearsed: there is no place to try it in")
            ])
        }
        if let deadline, ContinuousClock.now > deadline { throw keepsChanging }
        if let veto {
            throw GuardError(
                .checkVetoed,
                "the check command vetoed the rehearsed migration of \(place) with exit status \(veto.exit)",
                store: store.location.id, hint: "Nothing was changed. The check looked at a copy.", causes: veto.said)
        }
    }

    private func migrate(
        _ plan: Plan, _ backup: ProvedBackup, _ entry: LedgerEntry, lockedSince lock: ContinuousClock.Instant?
    ) async throws(GuardError) -> StateToken {
        let clock = ContinuousClock()
        try await log.step(.migrate, detail: plan.summary, dataState: .changing)
        let start = clock.now
        let record = try await store.migrate(
            plan, from: backup.snapshot, entry: entry, progress: progress(of: .migrate))
        var result = OperationResult()
        result.line = plan.line.rawValue
        result.fromVersion = plan.shownFrom
        result.toVersion = plan.shownTo
        result.applied = record.applied
        result.lost = plan.isDowngrade ? record.lost : nil
        result.lockedMilliseconds = lock.map { (clock.now - $0).milliseconds } ?? record.lockedMilliseconds
        result.seconds = backup.seconds.merging(["migrate": (clock.now - start).seconds]) { first, _ in first }
        log.note(result: result)
        return record.token
    }

    /// What became of a COMMIT that answered with an error: the ledger tells, or nobody can.
    private func hasCommitted() async throws(GuardError) -> Bool {
        await store.close()
        do throws(GuardError) {
            return try await store.hasCommitted(log.record.id)
        } catch {
            throw error.with(dataState: .changing)
        }
    }

    /// Fails when the application would have to wait for long: everything in a schema is counted again under the locks.
    private func refuseLongOutage(_ snapshot: Snapshot) throws(GuardError) {
        guard store.location.engine == .postgres, let seconds = snapshot.seconds["digest"],
            Duration.seconds(seconds) > tools.policy.outage
        else { return }
        throw GuardError(
            .held, "a migration of \(place) would keep the application waiting for about \(Int(seconds.rounded())) s",
            store: store.location.id,
            hint: "Nothing was changed. When it suits you: dementiactl migrate \(store.location.id)")
    }

    // MARK: The ends

    /// Writes the ledger's failure row: only now, when a proved backup exists, and in a transaction of its own. Whether it was written.
    private func recordFailure(_ error: GuardError, _ plan: Plan, _ entry: LedgerEntry) async -> Bool {
        do {
            try await store.recordFailure(error, of: plan, entry: entry)
            return true
        } catch {
            // The journal has the failure in any case; the ledger's row is a courtesy to readers of the store.
            log.add([
                Finding(
                    code: "ledgerNotWritten",
                    message: "the failure could not be written into the ledger: \(error.message)")
            ])
            return false
        }
    }

    private func progress(of step: StepKind) -> ProgressSink {
        { [tools, id = log.record.id] progress in
            var progress = progress
            progress.step = step
            tools.observe(.progressed(id, progress))
        }
    }
}

extension GuardError {
    /// The same error where the ledger of the store keeps the failure, for which its tables may have been made: then "nothing was changed" is
    /// true of everything else.
    fileprivate var tellingOfLedger: GuardError {
        let nothing = "Nothing was changed."
        guard let hint, hint.hasPrefix(nothing) else { return self }
        return hinting(
            "Nothing was changed but the ledger (schema_migrations), which keeps this failure."
                + hint.dropFirst(nothing.count))
    }
}

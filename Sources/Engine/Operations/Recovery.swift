// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores
internal import Vault

/// Settles what a crash cut short, from evidence: the journal's last durable step, the ledger inside the store, the vault.
///
/// | last durable step | evidence | what it means |
/// |---|---|---|
/// | preflight, backup, rehearse | – | the store was not touched |
/// | migrate, verify, recover | no ledger row of the operation | COMMIT did not happen; SQLite rolled back, or does at our open |
/// | migrate, verify, recover | ledger rows of the operation | COMMIT happened: verify now, restore if that fails |
/// | keep, restore | ledger rows of the operation | the failed state is still there: restore now |
/// | keep, restore | no ledger row, and the whole content of the backup | the restore happened: the old state is back |
/// | keep, restore | no ledger row, and another content | nothing is proved: a person has to look |
///
/// A store that is not there stays as it is: its operation waits until the evidence can be looked at.
struct Recovery {
    let tools: EngineContext

    /// Settles every unsettled operation whose evidence can be read. To be called before anything else, once per start.
    ///
    /// - Parameter engines: whose evidence is looked at. What is left out waits: a server that does not answer must not keep anybody
    ///   from the memories in files.
    func run(_ engines: Set<StoreEngine> = Set(StoreEngine.allCases)) async throws(GuardError) -> [OperationRecord] {
        try sweep()
        var settled: [OperationRecord] = []
        for record in try await unsettled() {
            if let id = record.store, let engine = try await location(of: id)?.engine,
                !engines.contains(engine) || TransferRecovery.needsServer(record) && !engines.contains(.postgres)
            {
                try await wait(record)
                continue
            }
            if let record = try await settle(record) { settled.append(record) }
        }
        return settled
    }

    /// Staging and scratch belong to nobody any more.
    private func sweep() throws(GuardError) {
        do {
            try ScratchFolder.sweep(tools.scratch)
        } catch {
            throw GuardError(.inputOutput, "scratch could not be cleared: \(error)")
        }
        do {
            try tools.vault.sweep()
        } catch {
            throw GuardError(.inputOutput, "the vault's staging could not be cleared: \(error)")
        }
    }

    private func unsettled() async throws(GuardError) -> [OperationRecord] {
        do {
            return try await tools.journal.unsettled()
        } catch {
            throw GuardError(.inputOutput, "the journal cannot be read: \(error)")
        }
    }

    /// nil when the evidence cannot be read now.
    func settle(_ record: OperationRecord) async throws(GuardError) -> OperationRecord? {
        let ended = try await end(of: record)
        // The server may go away while it is asked.
        if let ended, ended.state == .settled { return ended }
        try await wait(record)
        return nil
    }

    /// Writes down that `record` waits for its evidence, once.
    private func wait(_ record: OperationRecord) async throws(GuardError) {
        // The try itself may have begun a step.
        let id = record.id
        let now = try await tools.journaling { (journal) throws(JournalError) in try await journal.operation(id) }
        guard let now, now.state != .settled, now.steps.last?.kind != .awaitingEvidence else { return }
        try await OperationLog.recover(now, with: tools)
            .step(.awaitingEvidence, detail: "its server does not answer, or was not asked yet")
    }

    private func end(of record: OperationRecord) async throws(GuardError) -> OperationRecord? {
        let log = OperationLog.recover(record, with: tools)
        let interrupted = GuardError(
            .interrupted, "dementiad was ended in the middle of it", store: record.store,
            hint: "Nothing has to be done: it is tried again.")
        // Nothing that these do changes a store: there is no evidence to wait for.
        if record.kind == .prune { return try await PruneRun.finish(log, with: tools, because: interrupted) }
        if record.kind == .verify {
            await discardScratch(of: record)
            return try await log.settle(.untouched, because: interrupted)
        }
        if record.kind == .transfer {
            guard let id = record.store, let location = try await location(of: id) else {
                return try await log.settle(.unproved, because: interrupted)
            }
            return try await TransferRecovery(tools: tools, log: log).settle(location, interrupted)
        }
        if record.kind == .restore, record.store == nil {
            return try await RestoreElsewhere.settle(log, with: tools, because: interrupted)
        }
        guard let last = record.lastWork, [.migrate, .verify, .recover, .keep, .restore].contains(last.kind) else {
            await discardScratch(of: record)
            return try await log.settle(.untouched, because: interrupted)
        }
        guard let id = record.store, let location = try await location(of: id) else {
            return try await log.settle(.unproved, because: interrupted)
        }
        if record.kind == .restore {
            // Without its server in the configuration there is no evidence to look at.
            guard let store = try? tools.open(location) else { return nil }
            return try await RestoreEnd(tools: tools, log: log).recover(store, interrupted)
        }
        let store: any Store
        let hasCommitted: Bool
        do throws(GuardError) {
            store = try tools.open(location)
            hasCommitted = try await store.hasCommitted(record.id)
        } catch {
            return nil
        }
        return try await ScratchFolder.use(for: record.id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) in
            try await settle(record, log, store, hasCommitted: hasCommitted, interrupted, scratch)
        }
    }

    /// Settles an operation that may have changed `store`.
    private func settle(
        _ record: OperationRecord, _ log: OperationLog, _ store: any Store, hasCommitted: Bool,
        _ interrupted: GuardError, _ scratch: ScratchFolder
    ) async throws(GuardError) -> OperationRecord? {
        let location = store.location
        let end = MigrationEnd(tools: tools, store: store, log: log, scratch: scratch)
        if let kind = record.lastWork?.kind, [.migrate, .verify, .recover].contains(kind) {
            guard hasCommitted else {
                await store.close()
                return try await log.settle(.untouched, because: interrupted)
            }
            return try await finish(record, end, location)
        }
        guard let backup = try backup(of: record, location) else {
            await store.close()
            return try await log.settle(.unproved, because: interrupted)
        }
        let failure = GuardError(
            .verificationFailed, "\(location.name): its migration was found wrong before dementiad was ended",
            store: location.id)
        if hasCommitted {
            log.endStep(as: .failed)
            return try await end.restore(backup, because: failure)
        }
        let kept = try keptState(of: record, location.id)
        let state: RestoredState
        do throws(GuardError) {
            state = try await RestoredState(of: store, backup, kept: kept, scratch)
        } catch {
            return RestoredState.isFinal(error) ? try await log.settle(.unproved, because: error) : nil
        }
        guard case .restored = state else { return try await log.settle(.unproved, because: failure) }
        if let kept { end.note(kept: kept, insteadOf: backup) }
        return try await end.settleRestored(failure, backup)
    }

    /// What the operation left outside of the scratch folder, when it took a backup: nothing else of it is left.
    private func discardScratch(of record: OperationRecord) async {
        guard record.steps.contains(where: { [.backup, .verify].contains($0.kind) }), let id = record.store else {
            return
        }
        // Best effort: a place that cannot be reached now is cleared with a later operation.
        guard let location = try? await location(of: id), let store = try? tools.open(location) else { return }
        await store.discardScratch(of: record.id)
        await store.close()
    }

    /// The backup of the failed state that was restored over: the report has to tell what it holds.
    private func keptState(of record: OperationRecord, _ store: StoreID) throws(GuardError) -> Entry? {
        do {
            return try tools.vault.list(store: store).lazy.compactMap(\.entry)
                .first { $0.manifest.operation == record.id && $0.manifest.reason == .failedState }
        } catch {
            throw GuardError(.inputOutput, "the vault cannot be read: \(error)", store: store)
        }
    }

    /// COMMIT happened and nobody verified it.
    private func finish(
        _ record: OperationRecord, _ end: MigrationEnd, _ location: StoreLocation
    ) async throws(GuardError) -> OperationRecord? {
        if record.lastWork?.kind == .migrate { end.log.endStep(as: .done) }
        try await end.log.step(.recover, detail: "the ledger shows that it was committed")
        let plan: Plan
        do throws(GuardError) {
            plan = try await committedPlan(of: end.store, location)
        } catch {
            if error.code == .serverUnreachable { return nil }
            // Drift right after our commit, or a file that cannot be read: somebody has to look.
            return try await end.log.settle(.unproved, because: error)
        }
        guard let backup = try backup(of: record, location) else {
            return try await end.log.settle(
                .unproved,
                because: GuardError(
                    .backupFailed, "the backup of \(location.name) is not in the vault", store: location.id))
        }
        let entry = LedgerEntry(operation: record.id, backup: record.backup, release: nil)
        return try await end.verifyAndSettle(plan, entry, since: nil, backup: backup)
    }

    /// Every migration that the store's ledger records, as a plan to verify.
    private func committedPlan(of store: any Store, _ location: StoreLocation) async throws(GuardError) -> Plan {
        let survey = try await store.survey(tools.catalogue)
        let line = try tools.planner.line(of: location.id, at: location.name, survey)
        let recorded = Set((survey.ledger ?? []).filter(\.success).map(\.version))
        let steps = tools.catalogue.migrations(of: line).filter { recorded.contains($0.version) }
        let version = tools.planner.version(of: survey, in: line)
        return Plan(
            store: location.id, line: line, from: version, to: version,
            steps: steps.map { Plan.Step(migration: $0, action: .apply) })
    }

    private func backup(of record: OperationRecord, _ location: StoreLocation) throws(GuardError) -> Entry? {
        guard let id = record.backup else { return nil }
        do {
            return try tools.vault.entry(id)
        } catch .notFound {
            return nil
        } catch {
            throw EngineFailure(location).reading(error)
        }
    }

    private func location(of id: StoreID) async throws(GuardError) -> StoreLocation? {
        do {
            return try await tools.journal.knownStore(id)?.lastSighting.location
        } catch {
            throw GuardError(.inputOutput, "the journal cannot be read: \(error)")
        }
    }
}

extension OperationRecord {
    /// The last step that may have had an effect.
    var lastWork: StepRecord? { steps.last { $0.kind != .awaitingEvidence } }
}

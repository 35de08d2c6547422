// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import LinuxKit
internal import Stores
internal import Vault

/// One store's explicit work: what `dementiactl` asks for by name. Each kind settles its operation and tells everything in the record.
struct StoreOperation {
    let tools: EngineContext
    let store: any Store
    let log: OperationLog
    let scratch: ScratchFolder

    private var id: StoreID { store.location.id }
    private var place: String { store.location.name }

    /// Upgrades, repairs and downgrades: one life for all three.
    func migrate(_ wish: MigrationGoal, isExplicit: Bool) async throws(GuardError) -> OperationRecord {
        try await MigrationRun(
            tools: tools, store: store, log: log, scratch: scratch, isExplicit: isExplicit
        ).run(wish)
    }

    /// A backup because somebody wants one.
    ///
    /// - Parameter release: the one that is about to use the store, for the manifest
    func backup(_ reason: BackupReason, release: String? = nil) async throws(GuardError) -> OperationRecord {
        do throws(GuardError) {
            try await log.step(.backup)
            let (line, version) = try await lineAndVersion()
            let backup = try await BackupTaker(tools: tools, store: store, log: log, scratch: scratch)
                .take(reason, line: line, version: version, release: release)
            log.note(backup: backup.entry.id)
        } catch {
            return try await settle(error)
        }
        await store.close()
        return try await log.settle(.done)
    }

    /// Puts the state of `backup` back into the store, after the present state is in the vault too. Leaves a hold: what a person took
    /// back must not be brought again by the next pass.
    ///
    /// - Parameter terms: what somebody agreed to, when he did: anything else is not done
    func restore(_ backup: Entry, _ terms: IssuedPlans.Terms? = nil) async throws(GuardError) -> OperationRecord {
        let replaced: Restorer.Replaced
        do throws(GuardError) {
            try await log.step(.preflight, backup: backup.id)
            replaced = try await Restorer(tools: tools, store: store, log: log, scratch: scratch)
                .restore(backup, keeping: .beforeRestore, agreedTo: terms)
        } catch {
            if Self.isMadeAnew(after: error), error.dataState == .untouched {
                guard case .replaces? = terms else { return try await replace(with: backup) }
                return try await settle(IssuedPlans.moved(store.location))
            }
            return try await settleRestore(error, backup)
        }
        await store.close()
        return try await RestoreEnd(tools: tools, log: log).settleRestored(
            backup, insteadOf: replaced.kept, replaced.changes)
    }

    /// Settles a restore that `error` ended: as untouched when the store says so, and otherwise by what is there.
    private func settleRestore(_ error: GuardError, _ backup: Entry) async throws(GuardError) -> OperationRecord {
        guard Evidence(error) == .unproved else { return try await settle(error) }
        return try await RestoreEnd(tools: tools, log: log).settle(store, backup, after: error, scratch)
    }

    /// Whether a store that cannot be looked at because of `error` is made anew by a restore.
    static func isMadeAnew(after error: GuardError) -> Bool {
        [.storeMissing, .notADatabase, .damaged].contains(error.code)
    }

    /// The store is missing, or no database any more: it is made anew, and what was there stays beside it.
    private func replace(with backup: Entry) async throws(GuardError) -> OperationRecord {
        do throws(GuardError) {
            try await Restorer(tools: tools, store: store, log: log, scratch: scratch).replace(backup)
        } catch {
            return try await settleRestore(error, backup)
        }
        await store.close()
        return try await RestoreEnd(tools: tools, log: log).settleRestored(backup, insteadOf: nil)
    }

    /// Shape, ledger and integrity; what changed since the newest backup, as information.
    func verify() async throws(GuardError) -> OperationRecord {
        do throws(GuardError) {
            try await log.step(.verify)
            let survey = try await store.survey(tools.catalogue)
            _ = try tools.planner.plan(for: id, at: place, survey)
            let copy = scratch.copy("verify", of: store)
            let snapshot = try await store.snapshot(into: copy, progress: nil)
            log.add(try await changes(in: snapshot))
        } catch {
            await store.close()
            return try await log.settle(failed: Self.faults.contains(error.code) ? error.asVerification() : error)
        }
        await store.close()
        return try await log.settle(.done)
    }

    /// Codes that are a verdict on a store that was looked at. Any other means that it could not be found out.
    private static let faults: Set<GuardError.Code> = [
        .notADatabase, .damaged, .foreignSchema, .foreignLedger, .drift, .unknownShape, .newerVersion, .migrationFailed,
    ]

    /// Does `body` on the store at `location` with a scratch folder of its own, as the operation of `log`.
    static func run(
        at location: StoreLocation, _ log: OperationLog, with tools: EngineContext,
        _ body: (StoreOperation) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        let store: any Store
        do throws(GuardError) {
            store = try tools.open(location)
        } catch {
            return try await log.settle(.untouched, because: error)
        }
        return try await ScratchFolder.use(
            for: log.record.id, on: store, in: tools.scratch,
            { (scratch) throws(GuardError) in
                try await body(StoreOperation(tools: tools, store: store, log: log, scratch: scratch))
            },
            orElse: { (error) throws(GuardError) in
                try await log.settle(.untouched, because: error)
            })
    }

    // MARK: Parts

    private func changes(in snapshot: Snapshot) async throws(GuardError) -> [Finding] {
        guard let newest = try await tools.lastBackup(of: id) else {
            return [Finding(code: "noBackup", message: "there is no backup of it yet")]
        }
        let difference = ContentDifference(from: newest.manifest.content, to: snapshot.content)
        return difference.sentences.map {
            Finding(code: "changedSinceBackup", message: "since backup \(newest.id): \($0)")
        }
    }

    private func lineAndVersion() async throws(GuardError) -> (String, Int?) {
        let survey = try await store.survey(tools.catalogue)
        guard case .memory(let line) = survey.recognition else { return ("unknown", nil) }
        return (line.rawValue, tools.planner.shownVersion(of: survey, in: line))
    }

    private func settle(_ error: GuardError) async throws(GuardError) -> OperationRecord {
        await store.close()
        return try await log.settle(failed: error)
    }
}

extension GuardError {
    /// The same fault as the answer to "is it all right?".
    fileprivate func asVerification() -> GuardError {
        GuardError(.verificationFailed, message, store: store, hint: hint, causes: causes)
    }
}

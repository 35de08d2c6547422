// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import Journal
internal import LinuxKit
internal import Stores
internal import Vault

/// Where a store is to be taken.
enum Wish: Sendable, Equatable {
    /// Up to this version, or to the head of its line.
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

/// The life of one migration, design §5: backup, rehearsal, migration, verification, and the way back when the verification fails.
///
/// Each step's intent is in the journal before its first effect. If the power fails
/// - before `migrate` is written down: the store was not touched;
/// - between `migrate` and settling: the ledger inside the store tells whether COMMIT happened, see ``Recovery``;
/// - in `keep` or `restore`: SQLite leaves the file entirely old or entirely restored, and the ledger again tells which.
struct MigrationRun {
    let tools: Toolbox
    let store: any Store
    let log: OperationLog
    let scratch: ScratchFolder
    let release: String?
    /// Whether the wish is a person's, who knows what failed before.
    let isExplicit: Bool

    private var place: String { store.location.name }

    /// How a round ended that did not fail.
    private enum Round {
        case settled(OperationRecord)
        /// From here on "untouched" would be a lie.
        case committed(Plan, LedgerEntry, StateToken, ProvedBackup)
    }

    /// Takes the store where `wish` says, and settles the operation. Throws only when the journal cannot be written: every other
    /// failure is settled and told in the record.
    func run(_ wish: Wish) async throws(GuardError) -> OperationRecord {
        var round = 0
        while true {
            round += 1
            let isLocked = round > tools.policy.rounds
            let end: Round
            do throws(GuardError) {
                end = try await attempt(wish, underLock: isLocked)
            } catch {
                await store.close()
                // The state moved away from its backup: plan again on what is there now. Under the lock nothing moves.
                if error.code == .storeMoved, !isLocked { continue }
                return try await settleUntouched(error)
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

    private func attempt(_ wish: Wish, underLock isLocked: Bool) async throws(GuardError) -> Round {
        try await log.step(.preflight)
        if isLocked { try await store.lock() }
        let survey = try await store.survey(tools.catalogue)
        let plan = try wish.plan(with: tools.planner, for: store.location.id, at: place, survey)
        guard !plan.isEmpty else {
            await store.close()
            return .settled(try await log.settle(.nothingToDo, .untouched))
        }
        try await checkRoom()
        try await log.step(.backup)
        let clock = ContinuousClock()
        let start = clock.now
        let backup = try await BackupTaker(tools: tools, store: store, operation: log.record.id, folder: scratch.path)
            .take(.migration, line: plan.line.rawValue, version: plan.from)
        let attempt = "\(plan.digest.short):\(backup.snapshot.content.fingerprint.short)"
        log.note(attempt: attempt)
        let entry = LedgerEntry(operation: log.record.id, backup: backup.entry.id, release: release)
        try await log.step(.rehearse, backup: backup.entry.id)
        do throws(GuardError) {
            if !isExplicit { try await refuseRepetition(attempt) }
            try await rehearse(plan, backup, entry)
            if isLocked, clock.now - start > tools.policy.lockedBackup {
                throw GuardError(
                    .storeMoved, "\(place) keeps changing, and a backup of it takes too long to keep its writers waiting",
                    store: store.location.id, hint: "Nothing was changed. Close the applications that use it and try again.")
            }
            return .committed(plan, entry, try await migrate(plan, backup, entry), backup)
        } catch {
            switch error.code {
            case .storeMoved, .storeBusy, .noSpace, .held, .interrupted, .restoreFailed: break
            default: await recordFailure(error, plan, entry)
            }
            throw error
        }
    }

    /// The WAL, or the rollback journal, grows beside the store by about what the migration rewrites.
    private func checkRoom() async throws(GuardError) {
        let bytes = try await store.describe().sizeBytes
        let needed = bytes + bytes / 5
        let filesystem: Filesystem
        do {
            filesystem = try Filesystem(holding: Directory.parent(of: place))
        } catch {
            throw EngineFailure(store.location).system(error, "looking for room for the migration")
        }
        guard filesystem.freeBytes >= needed else {
            throw GuardError(
                .noSpace, "a migration of \(place) needs \(needed) bytes beside it and \(filesystem.freeBytes) are free",
                store: store.location.id, hint: "Nothing was changed. Free some space on that filesystem.")
        }
        guard filesystem.isLocal else {
            throw GuardError(
                .remoteFilesystem, "\(place) lies on a network filesystem (\(filesystem.type)), where SQLite's locks cannot be trusted",
                store: store.location.id, hint: "Nothing was changed. Move it to a local filesystem.")
        }
    }

    private func refuseRepetition(_ attempt: String) async throws(GuardError) {
        let failures: Int
        do {
            failures = try await tools.journal.failedAttempts(store: store.location.id, attempt: attempt)
        } catch {
            throw GuardError(.inputOutput, "the journal cannot be read: \(error)", store: store.location.id)
        }
        guard failures < tools.policy.attempts else {
            throw GuardError(
                .held, "the same migration of \(place) failed \(failures) times on the same content and is not tried again by itself",
                store: store.location.id, hint: "Look at why: dementiactl history \(store.location.id)")
        }
    }

    private func rehearse(_ plan: Plan, _ backup: ProvedBackup, _ entry: LedgerEntry) async throws(GuardError) {
        let record = try await store.rehearse(
            plan, on: backup.restored, of: backup.snapshot, entry: entry, progress: progress(of: .rehearse))
        log.add(record.findings)
        if let veto = await check(backup.restored, .rehearsal) {
            throw GuardError(
                .checkVetoed, "the check command vetoed the rehearsed migration of \(place) with exit status \(veto)",
                store: store.location.id, hint: "Nothing was changed: the check looked at a copy.")
        }
    }

    private func migrate(
        _ plan: Plan, _ backup: ProvedBackup, _ entry: LedgerEntry
    ) async throws(GuardError) -> StateToken {
        let clock = ContinuousClock()
        try await log.step(.migrate, detail: "\(plan.line.rawValue) \(plan.from) → \(plan.to)", dataState: .changing)
        let start = clock.now
        let record = try await store.migrate(plan, from: backup.snapshot, entry: entry, progress: progress(of: .migrate))
        var result = OperationResult()
        result.fromVersion = plan.from
        result.toVersion = plan.to
        result.applied = record.applied
        result.lost = plan.isDowngrade ? record.lost : nil
        result.lockedMilliseconds = record.lockedMilliseconds
        result.seconds = backup.seconds.merging(["migrate": (clock.now - start).seconds]) { first, _ in first }
        log.note(result: result)
        return record.token
    }

    // MARK: The ends

    private func check(_ path: String, _ phase: CheckCommand.Phase) async -> Int32? {
        await CheckAsking(tools: tools, log: log).veto(path, phase)
    }

    /// The ledger's failure row: only now, when a proved backup exists, and in a transaction of its own.
    private func recordFailure(_ error: GuardError, _ plan: Plan, _ entry: LedgerEntry) async {
        do {
            try await store.recordFailure(error, of: plan, entry: entry)
        } catch {
            // The journal has the failure in any case; the ledger's row is a courtesy to readers of the store.
            log.add([Finding(code: "ledgerNotWritten", message: "the failure could not be written into the ledger: \(error.message)")])
        }
    }

    /// Settles a failure that left the store as it was.
    private func settleUntouched(_ error: GuardError) async throws(GuardError) -> OperationRecord {
        switch error.code {
        case .storeBusy, .storeMoved: try await log.settle(.busy, .untouched, error: error)
        case .interrupted: try await log.settle(.cancelled, .untouched, error: error)
        default: try await log.settle(.failedUntouched, .untouched, error: error)
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

/// Asks the check command and notes what only deserves a finding.
struct CheckAsking {
    let tools: Toolbox
    let log: OperationLog

    /// The exit status of a veto; nil when it accepted, could not run, or there is none.
    func veto(_ path: String, _ phase: CheckCommand.Phase) async -> Int32? {
        guard let command = tools.policy.check else { return nil }
        switch await command.ask(about: path, phase) {
        case .accepted: return nil
        case .vetoed(let exit): return exit
        case .couldNotRun(let why):
            log.add([Finding(code: "checkNotRun", message: "the check command could not run on the \(phase.rawValue): \(why)")])
            return nil
        }
    }
}

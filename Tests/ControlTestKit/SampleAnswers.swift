// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// How operations of each kind end. `FakeAnswerTests` of the doctor's tests hold them against the engine's.
extension Samples {
    /// The backup that a sample operation takes.
    public static let newBackupID = BackupID(sequence: 43, root: "5d0c8e21f7a4")

    /// What a cancelled operation ends with.
    public static let interrupted = GuardError(
        .interrupted, "it was stopped on request before anything was changed",
        hint: "Nothing was changed. It can be started again at any time.")

    /// The migrations of the line `sqlite-4`, by version.
    private static let migrations = [1: "base", 2: "rlm", 3: "files", 4: "embeddings"]

    /// `record`, ended with `outcome`.
    ///
    /// - Parameters:
    ///   - error: why it failed, where it did
    ///   - request: what was asked for; nil: its kind, and nothing else
    public static func settled(
        _ record: OperationRecord, _ outcome: Outcome, _ error: GuardError? = nil, of request: OperationRequest? = nil
    ) -> OperationRecord {
        let request = request ?? OperationRequest(kind: record.kind, store: record.store)
        var record = record
        record.state = .settled
        record.outcome = outcome
        record.settledAt = Timestamp(milliseconds: moment.milliseconds + 1234)
        guard let settlement = settlement(of: record, ending: outcome) else { return record }
        let steps = steps(of: request, ending: outcome, last: settlement.lastStep)
        record.steps = steps.enumerated().map { number, step in
            let start = moment.milliseconds + Int64(number) * 34
            return StepRecord(
                kind: step.kind, state: step.state, startedAt: Timestamp(milliseconds: start),
                finishedAt: Timestamp(milliseconds: start + 34), detail: detail(of: step.kind, request))
        }
        let kinds = steps.map(\.kind)
        if kinds.contains(.backup) { record.backup = newBackupID }
        if request.kind == .restore, request.to == nil { record.backup = request.backup }
        record.dataState = settlement.dataState
        if outcome == .succeeded || outcome == .failedRestored { record.result = result(of: request, outcome) }
        record.error = error.map { Problem(settlement.told($0), operation: record.id) }
        return record
    }

    /// How such work ends: the engine asks the same function, with evidence that it has.
    private static func settlement(of record: OperationRecord, ending outcome: Outcome) -> Settlement? {
        let (evidence, failure): (Evidence, GuardError.Code?) =
            switch outcome {
            case .succeeded: (.done, nil)
            case .nothingToDo: (.alreadySo, nil)
            case .cancelled: (.untouched, .interrupted)
            case .busy: (.untouched, .storeBusy)
            case .failedUntouched: (.untouched, .migrationFailed)
            case .failedRestored: (.takenBack, .checkVetoed)
            case .needsAttention: (.unproved, .verificationFailed)
            }
        return Settlement(record.kind, evidence, failure: failure, hasStore: record.store != nil)
    }

    /// The steps of such work, and how each ended, the last one as `last`.
    private static func steps(
        of request: OperationRequest, ending outcome: Outcome, last: StepState
    ) -> [(kind: StepKind, state: StepState)] {
        let all: [StepKind] =
            switch request.kind {
            case .migrate, .repair, .downgrade: [.preflight, .backup, .rehearse, .migrate, .verify]
            case .backup: [.backup]
            case .restore: request.to == nil ? [.preflight, .keep, .restore] : [.restore]
            case .verify: [.verify]
            case .transfer: [.preflight, .backup, .transfer, .verify]
            case .prune: [.preflight, .prune]
            case .rescan: []
            }
        switch outcome {
        case .succeeded, .needsAttention: return ending(all, as: last)
        case .nothingToDo, .cancelled, .busy: return ending(all.prefix(1), as: last)
        // A migration that fails without a trace fails in its rehearsal.
        case .failedUntouched: return ending(all.prefix { $0 != .migrate && $0 != .transfer }, as: last)
        // The verification found the fault, and what followed brought the old state back.
        case .failedRestored: return ending(all[...], as: .failed) + ending([.keep, .restore], as: last)
        }
    }

    private static func ending(
        _ kinds: some RandomAccessCollection<StepKind>, as last: StepState
    ) -> [(kind: StepKind, state: StepState)] {
        kinds.dropLast().map { ($0, .done) } + kinds.suffix(1).map { ($0, last) }
    }

    private static func detail(of step: StepKind, _ request: OperationRequest) -> String? {
        switch step {
        case .migrate:
            let (from, to) = versions(of: request)
            return "sqlite-4 \(from) → \(to)"
        case .restore:
            let backup = request.backup ?? backupID
            if case .place(let place)? = request.to { return "\(backup) to \(place)" }
            return request.kind == .restore ? "\(backup) over \(newBackupID)" : "\(newBackupID) over \(keptBackupID)"
        case .transfer:
            if case .place(let place)? = request.to { return "to \(place)" }
            return "to dementia#shop"
        case .prune: return backupID.description
        default: return nil
        }
    }

    /// The backup of a state that failed.
    private static let keptBackupID = BackupID(sequence: 44, root: "b61e90d3c5f8")

    private static func result(of request: OperationRequest, _ outcome: Outcome) -> OperationResult? {
        var result = OperationResult()
        switch request.kind {
        case .migrate, .repair, .downgrade:
            let (from, to) = versions(of: request)
            let isBack = to < from
            result.line = "sqlite-4"
            result.fromVersion = from
            result.toVersion = outcome == .succeeded ? to : from
            result.applied = steps(from: from, to: to).map {
                .init(version: $0.version, name: $0.name, action: isBack ? .revert : .apply, milliseconds: 3)
            }
            if isBack {
                result.lost = losses(from: from).map { .init(table: $0.table, column: $0.column, values: $0.rows) }
            }
            result.lockedMilliseconds = 12
            result.seconds = ["digest": 0.004, "migrate": 0.012, "prove": 0.031, "snapshot": 0.007]
            if outcome == .failedRestored {
                result.keptState = keptBackupID
                result.rowsInKeptState = [:]
            }
        case .restore:
            guard request.to == nil else { return nil }
            result.toVersion = backup.schemaVersion
            result.keptState = newBackupID
            result.rowsInKeptState = ["contexts": 3]
            result.rowsNotInKeptState = ["sessions": 1]
        case .prune:
            result.removed = [backupID]
            result.freedBytes = 1_048_576
        case .transfer:
            result = OperationResult(transferReport)
            result.line = "postgres-4"
            result.toVersion = 11
        case .backup, .verify, .rescan: return nil
        }
        return result
    }

    /// What a transfer makes of a small memory.
    static var transferReport: TransferReport {
        var report = TransferReport()
        report.tables = [
            .init(source: "context_locks", target: "context_locks", read: 7, loaded: 7, coerced: 14),
            .init(source: "sessions", target: "sessions", read: 2, loaded: 2, coerced: 4),
            .init(source: "sqlite_sequence", target: nil),
        ]
        report.sequences = [.init(name: "context_locks_id_seq", lastValue: 7, isCalled: true)]
        report.seconds = ["load": 0.05]
        return report
    }

    /// The versions between which `request` leads: where it asks for none, to what its store is wanted to be.
    private static func versions(of request: OperationRequest) -> (from: Int, to: Int) {
        let store = stores.first { $0.id == request.store } ?? stores[1]
        let (from, wanted) = (store.schemaVersion ?? 1, store.wantedVersion ?? 4)
        if case .version(let version)? = request.to { return (from, version) }
        return (from, wanted)
    }

    /// The migrations from one version to the other, in the order in which they run or are taken back.
    static func steps(from: Int, to: Int) -> [(version: Int, name: String)] {
        let versions =
            to < from ? Array((to + 1...from).reversed()) : Array(Swift.min(from + 1, to)...to).filter { $0 > from }
        return versions.map { ($0, migrations[$0] ?? "later") }
    }

    /// What a way back from `version` takes away.
    static func losses(from version: Int) -> [PlanForm.Loss] {
        version == 4
            ? [.init(table: "contexts", column: "embedding", rows: 7), .init(table: "x", rows: 1)]
            : [.init(table: "contexts", rows: 7)]
    }
}

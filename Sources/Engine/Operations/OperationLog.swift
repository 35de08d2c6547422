// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Journal

/// One operation's way through the journal: the intent of a step is durable before the step's first effect, its result before the
/// next step.
///
/// Read the engine with the question "and if the power fails here?": what the last durable step says is what ``Recovery`` starts from.
final class OperationLog {
    private let tools: EngineContext
    private(set) var record: OperationRecord
    /// What the journal has not heard of yet.
    private var unwrittenFindings: [Finding] = []
    private var unwrittenBackup: BackupID?
    /// Whether an earlier process was ended in the middle of it.
    private let isRecovered: Bool
    /// How the running step ends when the next one begins.
    private var ending: StepState

    private init(_ tools: EngineContext, _ record: OperationRecord, isRecovered: Bool = false) {
        self.tools = tools
        self.record = record
        self.isRecovered = isRecovered
        ending = isRecovered ? .stopped : .done
    }

    /// A new operation, durable when this returns.
    static func begin(_ record: OperationRecord, with tools: EngineContext) async throws(GuardError) -> OperationLog {
        let log = OperationLog(tools, record)
        try await log.write { (journal) throws(JournalError) in try await journal.begin(record) }
        tools.observe(.began(record))
        return log
    }

    /// An operation that is in the journal already, and that this process goes on with.
    static func resume(_ record: OperationRecord, with tools: EngineContext) -> OperationLog {
        OperationLog(tools, record)
    }

    /// An operation that an earlier process was ended in the middle of. Its running step counts as stopped, until
    /// ``endStep(as:)`` says that there is evidence for more.
    static func recover(_ record: OperationRecord, with tools: EngineContext) -> OperationLog {
        OperationLog(tools, record, isRecovered: true)
    }

    /// Ends the running step, as done where ``endStep(as:)`` said nothing else, and begins `kind`, in one durable write. Nothing of `kind` has happened before this returns.
    func step(
        _ kind: StepKind, detail: String? = nil, dataState: DataState? = nil, backup: BackupID? = nil
    ) async throws(GuardError) {
        if kind != .verify { try checkStop() }
        let ended = finishRunning(as: ending)
        ending = .done
        record.state = .running
        record.steps.append(StepRecord(kind: kind, state: .running, startedAt: tools.clock(), detail: detail))
        if let dataState { record.dataState = dataState }
        if let backup { record.backup = backup }
        let (id, attempt, findings) = (record.id, record.attempt, unwrittenFindings)
        try await write { (journal) throws(JournalError) in
            try await journal.transition(
                of: id, finishing: ended, starting: .step(kind, detail), dataState: dataState,
                backup: backup,
                attempt: attempt, findings: findings)
        }
        unwrittenFindings = []
        tools.observe(.began(record))
    }

    /// Fails when somebody asked for a stop: before the point of no return that is one more way to leave everything as it was.
    ///
    /// To be asked between the parts of a long step, since a daemon that is told to stop has seconds.
    func checkStop() throws(GuardError) {
        guard Task.isCancelled, record.dataState == .untouched else { return }
        throw GuardError(
            .interrupted, "it was stopped on request before anything was changed", store: record.store,
            hint: "Nothing was changed. It can be started again at any time.")
    }

    /// Notes something for people; durable with the next step.
    func add(_ findings: [Finding]) {
        for finding in findings where !record.findings.contains(finding) {
            record.findings.append(finding)
            unwrittenFindings.append(finding)
        }
    }

    /// Notes what was achieved by which attempt, durable with the next step.
    func note(attempt: String) {
        record.attempt = attempt
    }

    /// Notes the backup that the operation made or used; durable with the next step or at the end.
    func note(backup: BackupID) {
        record.backup = backup
        unwrittenBackup = backup
    }

    /// Notes that `attempt` failed, durable when this returns. What a crash or a full disk ended never gets here: that says nothing
    /// against the attempt.
    func fail(attempt: String) async throws(GuardError) {
        record.attempt = attempt
        let id = record.id
        try await write { (journal) throws(JournalError) in try await journal.transition(of: id, attempt: attempt) }
    }

    /// Says how the running step ended, for when the next one begins: a verification that found a fault failed, whatever follows.
    func endStep(as state: StepState) { ending = state }

    /// Ends the store's holds when a person asked for this migration by name: he has seen why it was held. Before the operation settles,
    /// so that nobody sees it done and the hold still there.
    func releaseHolds() async throws(GuardError) {
        guard record.kind == .migrate, record.trigger == "request", let store = record.store else { return }
        try await tools.releaseHolds(on: store)
    }

    /// Notes what was achieved so far; durable when the operation settles.
    func note(result: OperationResult) {
        record.result = result
    }

    /// Ends the operation as ``GuardCore/Settlement`` says of `evidence`, with a hold when automation must not go on by itself. Durable
    /// when this returns. What nobody can tell yet stays open.
    ///
    /// - Parameter takesBack: false of a restore that puts single rows into the present state
    func settle(
        _ evidence: Evidence, because error: GuardError? = nil, result: OperationResult? = nil, takesBack: Bool = true
    ) async throws(GuardError) -> OperationRecord {
        record.result = result ?? record.result
        let settlement = Settlement(
            record.kind, evidence, failure: error?.code, isRecovered: isRecovered, hasStore: record.store != nil,
            hasBegun: !record.steps.isEmpty, takesBack: takesBack)
        guard let settlement else { return wait(because: error) }
        let told = error.map { settlement.told($0) }
        let ended = finishRunning(as: settlement.lastStep)
        record.state = .settled
        record.outcome = settlement.outcome
        record.dataState = settlement.dataState
        record.error = told.map { Problem($0, operation: record.id) }
        record.settledAt = tools.clock()
        let settled = record
        let findings = unwrittenFindings
        let hold = settlement.pause.map { pause in
            Hold(of: record.id, on: record.store, because: reason(of: pause, error), at: tools.clock())
        }
        if let backup = unwrittenBackup {
            try await write { (journal) throws(JournalError) in
                try await journal.transition(of: settled.id, backup: backup)
            }
        }
        try await write { (journal) throws(JournalError) in
            try await journal.settle(
                settled.id, as: settlement.outcome, dataState: settlement.dataState, finishing: ended,
                error: settled.error, findings: findings, result: settled.result, hold: hold)
        }
        tools.observe(.settled(settled))
        return settled
    }

    /// Ends the operation that `error` ended, as what the error says of the data.
    func settle(failed error: GuardError) async throws(GuardError) -> OperationRecord {
        try await settle(Evidence(error), because: error)
    }

    /// Leaves the operation open, since `error` keeps everybody from finding out what became of it: ``Recovery`` settles it from evidence
    /// as soon as the server answers.
    private func wait(because error: GuardError?) -> OperationRecord {
        var waiting = record
        waiting.error = error.map { Problem($0.with(dataState: record.dataState), operation: record.id) }
        return waiting
    }

    /// `pause` as the sentence of a hold.
    private func reason(of pause: Settlement.Pause, _ error: GuardError?) -> String {
        let because = error.map { ": \($0.message)" } ?? ""
        return switch pause {
        case .restoredOnRequest: "backup \(record.backup.map(\.description) ?? "") was restored on request"
        case .downgradedOnRequest:
            "it was taken back to version \(record.result?.toVersion.map(String.init) ?? "") on request"
        case .takenBack: "the \(record.kind.noun) failed and was taken back\(because)"
        case .unverified: "its state could not be verified after the \(record.kind.noun)\(because)"
        case .needsApproval: error?.message ?? "it waits for approval"
        }
    }

    /// Ends the running step in memory and gives its end. Waiting for evidence is over whatever the evidence says.
    private func finishRunning(as state: StepState) -> StepEnd? {
        guard let last = record.steps.indices.last, record.steps[last].state == .running else { return nil }
        let kind = record.steps[last].kind
        let state = kind == .awaitingEvidence ? .done : state
        record.steps[last].state = state
        record.steps[last].finishedAt = tools.clock()
        return StepEnd(kind, state)
    }

    private func write(
        _ body: (Journal) async throws(JournalError) -> Void
    ) async throws(GuardError) {
        do {
            try await body(tools.journal)
        } catch {
            // Without a journal nothing may happen: an effect that nobody wrote down could not be recovered.
            throw GuardError(
                .inputOutput, "the journal cannot be written: \(error)", store: record.store,
                dataState: record.dataState,
                hint: "Look at the filesystem of the state directory.")
        }
    }
}

extension OperationKind {
    /// As in `the migration failed`.
    fileprivate var noun: String {
        switch self {
        case .migrate: "migration"
        case .verify: "verification"
        case .rescan: "search"
        case .backup, .restore, .transfer, .downgrade, .repair, .prune: rawValue
        }
    }
}

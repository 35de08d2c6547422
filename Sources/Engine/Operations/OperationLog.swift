// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Journal

/// One operation's way through the journal: the intent of a step is durable before the step's first effect, its result before the
/// next step.
///
/// Read the engine with the question "and if the power fails here?": what the last durable step says is what ``Recovery`` starts from.
final class OperationLog {
    private let tools: Toolbox
    private(set) var record: OperationRecord
    /// What the journal has not heard of yet.
    private var unwrittenFindings: [Finding] = []
    private var unwrittenBackup: BackupID?

    private init(_ tools: Toolbox, _ record: OperationRecord) {
        self.tools = tools
        self.record = record
    }

    /// A new operation, durable when this returns.
    static func begin(_ record: OperationRecord, with tools: Toolbox) async throws(GuardError) -> OperationLog {
        let log = OperationLog(tools, record)
        try await log.write { (journal) throws(JournalError) in try await journal.begin(record) }
        tools.observe(.began(record))
        return log
    }

    /// An operation that an earlier process left behind.
    static func resume(_ record: OperationRecord, with tools: Toolbox) -> OperationLog {
        OperationLog(tools, record)
    }

    /// Ends the running step as done and begins `kind`, in one durable write. Nothing of `kind` has happened before this returns.
    func step(
        _ kind: StepKind, detail: String? = nil, dataState: DataState? = nil, backup: BackupID? = nil
    ) async throws(GuardError) {
        if kind != .verify { try checkStop() }
        let ended = finishRunning(as: .done)
        record.state = .running
        record.steps.append(StepRecord(kind: kind, state: .running, startedAt: tools.clock(), detail: detail))
        if let dataState { record.dataState = dataState }
        if let backup { record.backup = backup }
        let (id, attempt, findings) = (record.id, record.attempt, unwrittenFindings)
        try await write { (journal) throws(JournalError) in
            try await journal.transition(
                of: id, finishing: ended.map { .done($0) }, starting: .step(kind, detail), dataState: dataState,
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

    /// The hold that a restore on request leaves: what a person took back must not be brought again by the next pass.
    func restoreHold(of backup: BackupID) -> Hold? {
        record.store.map {
            Hold(
                id: "hold_" + record.id.value.dropFirst(3), store: $0,
                reason: "backup \(backup) was restored on request",
                createdAt: tools.clock(), until: nil)
        }
    }

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

    /// Ends the operation, with a hold when automation must not go on by itself. Durable when this returns.
    func settle(
        _ outcome: Outcome, _ dataState: DataState, error: GuardError? = nil, result: OperationResult? = nil,
        hold: Hold? = nil
    ) async throws(GuardError) -> OperationRecord {
        let ended = finishRunning(as: error == nil ? .done : .failed)
        record.state = .settled
        record.outcome = outcome
        record.dataState = dataState
        record.error = error.map { Problem($0.with(dataState: dataState), operation: record.id) }
        record.result = result ?? record.result
        record.settledAt = tools.clock()
        let settled = record
        let findings = unwrittenFindings
        if let backup = unwrittenBackup {
            try await write { (journal) throws(JournalError) in
                try await journal.transition(of: settled.id, backup: backup)
            }
        }
        try await write { (journal) throws(JournalError) in
            try await journal.settle(
                settled.id, as: outcome, dataState: dataState,
                finishing: ended.map { error == nil ? .done($0) : .failed($0) }, error: settled.error,
                findings: findings, result: settled.result, hold: hold)
        }
        tools.observe(.settled(settled))
        return settled
    }

    /// Leaves the operation open, since `error` keeps everybody from finding out what became of it: ``Recovery`` settles it from evidence
    /// as soon as the server answers.
    func wait(because error: GuardError) -> OperationRecord {
        var waiting = record
        waiting.error = Problem(error.with(dataState: record.dataState), operation: record.id)
        return waiting
    }

    /// Ends the running step in memory and gives its kind.
    private func finishRunning(as state: StepState) -> StepKind? {
        guard let last = record.steps.indices.last, record.steps[last].state == .running else { return nil }
        record.steps[last].state = state
        record.steps[last].finishedAt = tools.clock()
        return record.steps[last].kind
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

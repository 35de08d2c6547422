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
        let now = tools.clock()
        finishRunning(as: .done, at: now)
        record.steps.append(StepRecord(kind: kind, state: .running, startedAt: now, detail: detail))
        if let dataState { record.dataState = dataState }
        if let backup { record.backup = backup }
        let record = record
        try await write { (journal) throws(JournalError) in try await journal.update(record) }
        tools.observe(.began(record))
    }

    /// Notes something for people; durable with the next step.
    func add(_ findings: [Finding]) {
        for finding in findings where !record.findings.contains(finding) { record.findings.append(finding) }
    }

    /// Notes what is tried, durable with the next step.
    func note(attempt: String) {
        record.attempt = attempt
    }

    /// Notes what was achieved so far; durable with the next step.
    func note(result: OperationResult) {
        record.result = result
    }

    /// Notes what is true of the data; durable with the next step.
    func note(dataState: DataState) {
        record.dataState = dataState
    }

    /// Ends the operation, with a hold when automation must not go on by itself. Durable when this returns.
    func settle(
        _ outcome: Outcome, _ dataState: DataState, error: GuardError? = nil, result: OperationResult? = nil,
        hold: Hold? = nil
    ) async throws(GuardError) -> OperationRecord {
        let now = tools.clock()
        finishRunning(as: error == nil ? .done : .failed, at: now)
        record.state = .settled
        record.outcome = outcome
        record.dataState = dataState
        record.error = error.map { Problem($0.with(dataState: dataState), operation: record.id) }
        record.result = result ?? record.result
        record.settledAt = now
        let record = record
        try await write { (journal) throws(JournalError) in try await journal.settle(record, hold: hold) }
        tools.observe(.settled(record))
        return record
    }

    private func finishRunning(as state: StepState, at now: Timestamp) {
        guard let last = record.steps.indices.last, record.steps[last].state == .running else { return }
        record.steps[last].state = state
        record.steps[last].finishedAt = now
    }

    private func write(
        _ body: (Journal) async throws(JournalError) -> Void
    ) async throws(GuardError) {
        do {
            try await body(tools.journal)
        } catch {
            // Without a journal nothing may happen: an effect that nobody wrote down could not be recovered.
            throw GuardError(
                .inputOutput, "the journal cannot be written: \(error)", store: record.store, dataState: record.dataState,
                hint: "Look at the filesystem of the state directory.")
        }
    }
}

// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

// The life of an operation: begin, transitions between its steps, settlement. One transaction each.
extension Journal {
    /// Records `record` as it is, before its first side effect. Progress is not kept.
    ///
    /// A record that is settled already (a check before any work said no) is history at once.
    /// - Parameter key: the name of the request that it is begun for, remembered in the same transaction
    /// - Throws: ``JournalError/Code/misuse`` when there is an operation of that id, or one of state and outcome says
    ///   settled and the other does not
    public func begin(_ record: OperationRecord, key: RequestKey? = nil) throws(JournalError) {
        try write(.begin(record.kind)) {
            guard (record.state == .settled) == (record.outcome != nil) else {
                throw JournalError(
                    .misuse, "the operation \(record.id) is settled without an outcome, or has one too early")
            }
            try insert(record)
            if let key { try remember(key, for: record.id) }
            var facts = JournalEvent.Facts()
            facts.operationKind = record.kind
            facts.trigger = record.trigger
            facts.uid = record.actor.uid
            facts.dataState = record.dataState
            facts.detail = record.attempt
            try append(.operationBegan, store: record.store, operation: record.id, facts)
            guard let outcome = record.outcome else { return }
            try appendSettled(record.id, record.store, outcome, record.dataState, record.error, record.findings)
        }
    }

    /// Records what happened between two side effects of an operation that runs: usually that one step ended and the
    /// next one starts.
    ///
    /// - Parameters:
    ///   - id: an operation that is not settled
    ///   - finishing: a step that runs
    ///   - starting: a step that is not running
    ///   - dataState: what is true of the data once this is committed
    ///   - backup: the proved backup of the state before
    ///   - attempt: the digest of what is tried, where it was not known at the beginning
    ///   - findings: added to those that are there
    /// - Throws: ``JournalError/Code/notFound``, and ``JournalError/Code/misuse`` when the operation is settled or the
    ///   steps are not as said
    public func transition(
        of id: OperationID,
        finishing: StepEnd? = nil,
        starting: StepStart? = nil,
        dataState: DataState? = nil,
        backup: BackupID? = nil,
        attempt: String? = nil,
        findings: [Finding] = []
    ) throws(JournalError) {
        try write(Self.content(finishing, starting)) {
            let store = try unsettledStore(of: id)
            if let finishing { try finish(finishing, of: id, store) }
            if let starting { try start(starting, of: id, store) }
            try connection.run(
                """
                UPDATE operations SET state = iif(?, 'running', state), data_state = coalesce(?, data_state),
                    backup = coalesce(?, backup), attempt = coalesce(?, attempt)
                WHERE id = ?
                """,
                [
                    .integer(starting == nil ? 0 : 1), .word(dataState), .name(backup), .text(attempt), .name(id),
                ])
            try addFindings(findings, to: id)
            let isStep = finishing != nil || starting != nil
            guard !isStep || dataState != nil || backup != nil || attempt != nil || !findings.isEmpty else { return }
            var facts = JournalEvent.Facts()
            facts.dataState = dataState
            facts.backup = backup
            facts.findings = findings.isEmpty ? nil : findings
            facts.detail = attempt
            try append(.operationUpdated, store: store, operation: id, facts)
        }
    }

    /// Records the intent of a step: ``transition(of:finishing:starting:dataState:backup:attempt:findings:)`` without
    /// an end.
    public func start(_ step: StepStart, of id: OperationID, dataState: DataState? = nil) throws(JournalError) {
        try transition(of: id, starting: step, dataState: dataState)
    }

    /// Records the result of a step: ``transition(of:finishing:starting:dataState:backup:attempt:findings:)`` without a
    /// start.
    public func finish(_ step: StepEnd, of id: OperationID, dataState: DataState? = nil) throws(JournalError) {
        try transition(of: id, finishing: step, dataState: dataState)
    }

    /// Replaces the detail of a running step by what recovery will need if the next call is the last one: a transaction
    /// id before COMMIT, the name of a scratch database before it is made.
    public func note(_ detail: String, on kind: StepKind, of id: OperationID) throws(JournalError) {
        try write(.update) {
            let store = try unsettledStore(of: id)
            try connection.run(
                "UPDATE steps SET detail = ? WHERE operation = ? AND kind = ? AND state = 'running'",
                [.text(detail), .name(id), .word(kind)])
            guard connection.changes == 1 else { throw Self.notRunning(kind, id) }
            var facts = JournalEvent.Facts()
            facts.step = kind
            facts.detail = detail
            try append(.stepNoted, store: store, operation: id, facts)
        }
    }

    /// Records that an operation is over, and with it the hold that follows from how it ended: no crash can come
    /// between the two.
    ///
    /// Steps that still run, but for `finishing`, end as failed: nothing says that they were done.
    ///
    /// - Parameters:
    ///   - id: an operation that is not settled
    ///   - outcome: how it ended
    ///   - dataState: what is true of the data now
    ///   - finishing: a step that runs
    ///   - error: what went wrong
    ///   - findings: added to those that are there
    ///   - result: what it achieved
    ///   - hold: pauses automation from this moment; nothing is added when an equal one is there
    /// - Throws: ``JournalError/Code/notFound``, and ``JournalError/Code/misuse`` when the operation is settled already
    public func settle(
        _ id: OperationID,
        as outcome: Outcome,
        dataState: DataState,
        finishing: StepEnd? = nil,
        error: Problem? = nil,
        findings: [Finding] = [],
        result: OperationResult? = nil,
        hold: Hold? = nil
    ) throws(JournalError) {
        try write(.settle(outcome)) {
            let store = try unsettledStore(of: id)
            if let finishing { try finish(finishing, of: id, store) }
            for kind in try runningSteps(of: id) { try finish(.failed(kind), of: id, store) }
            try addFindings(findings, to: id)
            try connection.run(
                """
                UPDATE operations
                SET state = 'settled', outcome = ?, data_state = ?, settled_at = ?, error = ?, result = ?
                WHERE id = ?
                """,
                [
                    .word(outcome), .word(dataState), .time(clock()), try StoredJSON.optionalText(error),
                    try StoredJSON.optionalText(result), .name(id),
                ])
            try appendSettled(id, store, outcome, dataState, error, findings)
            // An equal one that is there says everything already.
            if let hold, try !holds().contains(where: { $0.id != hold.id && $0.repeats(hold) }) { try insert(hold) }
        }
    }

    private static func content(_ finishing: StepEnd?, _ starting: StepStart?) -> JournalWrite.Content {
        switch (finishing, starting) {
        case (let end?, let start?): .transition(from: end.kind, to: start.kind)
        case (let end?, nil): .result(end.kind)
        case (nil, let start?): .intent(start.kind)
        case (nil, nil): .update
        }
    }

    private func appendSettled(
        _ id: OperationID,
        _ store: StoreID?,
        _ outcome: Outcome,
        _ dataState: DataState,
        _ error: Problem?,
        _ findings: [Finding]
    ) throws {
        var facts = JournalEvent.Facts()
        facts.outcome = outcome
        facts.dataState = dataState
        facts.error = error?.code
        facts.detail = error?.detail
        facts.findings = findings.isEmpty ? nil : findings
        try append(.operationSettled, store: store, operation: id, facts)
    }
}

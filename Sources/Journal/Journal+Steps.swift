// SPDX-License-Identifier: MIT

internal import GuardCore
internal import SQLiteKit

// The rows below an operation. Everything here runs inside a transaction of `Journal+Operations.swift`.
extension Journal {
    /// The store of the operation `id`, which has to be there and not settled.
    func unsettledStore(of id: OperationID) throws -> StoreID? {
        let found = try connection.decoding("SELECT store, state FROM operations WHERE id = ?", [.name(id)]) { row in
            (store: try row.optional(0) { StoreID($0) }, state: try row.required(1) { OperationState(rawValue: $0) })
        }
        guard let operation = found.first else { throw Self.notFound(id) }
        guard operation.state != .settled else { throw JournalError(.misuse, "the operation \(id) is settled") }
        return operation.store
    }

    func start(_ step: StepStart, of id: OperationID, _ store: StoreID?) throws {
        guard try !runningSteps(of: id).contains(step.kind) else {
            throw JournalError(.misuse, "the step \(step.kind) of \(id) is running already")
        }
        let started = StepRecord(kind: step.kind, state: .running, startedAt: clock(), detail: step.detail)
        try insert(started, of: id)
        var facts = JournalEvent.Facts()
        facts.step = step.kind
        facts.detail = step.detail
        try append(.stepStarted, store: store, operation: id, facts)
    }

    func finish(_ step: StepEnd, of id: OperationID, _ store: StoreID?) throws {
        // One kind may have run before (a second backup, after the store had moved); at most one of a kind is running.
        try connection.run(
            """
            UPDATE steps SET state = ?, finished_at = ?, detail = coalesce(?, detail)
            WHERE operation = ? AND kind = ? AND state = 'running'
            """,
            [.word(step.state), .time(clock()), .text(step.detail), .name(id), .word(step.kind)])
        guard connection.changes == 1 else { throw Self.notRunning(step.kind, id) }
        var facts = JournalEvent.Facts()
        facts.step = step.kind
        facts.stepState = step.state
        facts.detail = step.detail
        try append(.stepFinished, store: store, operation: id, facts)
    }

    func runningSteps(of id: OperationID) throws -> [StepKind] {
        try connection.decoding(
            "SELECT kind FROM steps WHERE operation = ? AND state = 'running' ORDER BY number", [.name(id)]
        ) { row in
            try row.required(0) { StepKind(rawValue: $0) }
        }
    }

    func insert(_ step: StepRecord, of id: OperationID) throws {
        try connection.run(
            """
            INSERT INTO steps (operation, number, kind, state, started_at, finished_at, detail)
            VALUES (?1, (SELECT count(*) + 1 FROM steps WHERE operation = ?1), ?, ?, ?, ?, ?)
            """,
            [
                .name(id), .word(step.kind), .word(step.state), .time(step.startedAt), .time(step.finishedAt),
                .text(step.detail),
            ])
    }

    func insert(_ record: OperationRecord) throws {
        try connection.run(
            """
            INSERT INTO operations (id, kind, store, state, outcome, data_state, trigger, uid, started_at, settled_at,
                backup, attempt, findings, error, result)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .name(record.id), .word(record.kind), .name(record.store), .word(record.state), .word(record.outcome),
                .word(record.dataState), .text(record.trigger), .integer(Int64(record.actor.uid)),
                .time(record.startedAt), .time(record.settledAt), .name(record.backup), .text(record.attempt),
                try StoredJSON.text(record.findings), try StoredJSON.optionalText(record.error),
                try StoredJSON.optionalText(record.result),
            ])
        for step in record.steps { try insert(step, of: record.id) }
    }

    func addFindings(_ findings: [Finding], to id: OperationID) throws {
        guard !findings.isEmpty else { return }
        let known: [[Finding]] = try connection.decoding("SELECT findings FROM operations WHERE id = ?", [.name(id)]) {
            try $0.json(0)
        }
        try connection.run(
            "UPDATE operations SET findings = ? WHERE id = ?",
            [try StoredJSON.text(known.joined() + findings), .name(id)])
    }

    static func notFound(_ id: OperationID) -> JournalError { JournalError(.notFound, "there is no operation \(id)") }

    static func notRunning(_ kind: StepKind, _ id: OperationID) -> JournalError {
        JournalError(.misuse, "the step \(kind) of \(id) is not running")
    }
}

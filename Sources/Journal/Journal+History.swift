// SPDX-License-Identifier: MIT

public import GuardCore
internal import SQLiteKit

// What was written about operations.
extension Journal {
    /// The operation `id`, or nil.
    public func operation(_ id: OperationID) throws(JournalError) -> OperationRecord? {
        try reading { try operations("WHERE id = ?", [.name(id)]).first }
    }

    /// The one operation whose id begins with `prefix`, with or without its `op_`, in upper or lower case.
    ///
    /// - Throws: ``JournalError/Code/notFound`` and ``JournalError/Code/ambiguous``
    public func operation(matching prefix: String) throws(JournalError) -> OperationRecord {
        let digits = (prefix.lowercased().hasPrefix("op_") ? prefix.dropFirst(3) : prefix[...]).uppercased()
        return try reading {
            // A range, so that the index on ids serves it; `~` sorts behind every digit of an id.
            let found = try operations(
                "WHERE id >= ? AND id < ? ORDER BY number DESC LIMIT 2",
                [.text("op_" + digits), .text("op_\(digits)~")])
            guard let operation = found.first else {
                throw JournalError(.notFound, "there is no operation \(prefix)")
            }
            guard found.count == 1 else {
                throw JournalError(
                    .ambiguous, "more than one operation begins with \(prefix)", hint: "Give more digits of its id.")
            }
            return operation
        }
    }

    /// Operations in the order in which they began, newest first.
    ///
    /// - Parameters:
    ///   - store: only those on this store
    ///   - limit: at most that many
    ///   - id: only those that began before this one; for the next page
    /// - Returns: the operations, newest first
    /// - Throws: what reading the file throws
    public func operations(
        store: StoreID? = nil,
        limit: Int,
        before id: OperationID? = nil
    ) throws(JournalError) -> [OperationRecord] {
        var conditions: [String] = []
        var parameters: [Value] = []
        if let store {
            conditions.append("store = ?")
            parameters.append(.name(store))
        }
        if let id {
            conditions.append("number < (SELECT number FROM operations WHERE id = ?)")
            parameters.append(.name(id))
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try reading {
            try operations("\(filter) ORDER BY number DESC LIMIT ?", parameters + [.integer(Int64(limit))])
        }
    }

    /// The operations that recovery has to settle or the engine still works on, oldest first.
    public func unsettled() throws(JournalError) -> [OperationRecord] {
        try reading { try operations("WHERE state <> 'settled' ORDER BY number") }
    }

    /// How many operations are over, by kind and outcome, in the order of their names.
    public func settledCounts() throws(JournalError) -> [(kind: OperationKind, outcome: Outcome, count: Int64)] {
        try reading {
            try connection.decoding(
                """
                SELECT kind, outcome, count(*) FROM operations WHERE state = 'settled' GROUP BY kind, outcome
                ORDER BY kind, outcome
                """
            ) { row in
                (
                    kind: try row.required(0) { OperationKind(rawValue: $0) },
                    outcome: try row.required(1) { Outcome(rawValue: $0) }, count: row.integer(2)
                )
            }
        }
    }

    /// How often `attempt` failed on `store` before anything was committed, since an attempt last succeeded there.
    ///
    /// Only attempts count as success: a backup that was taken in between says nothing about what failed.
    public func failedAttempts(store: StoreID, attempt: String) throws(JournalError) -> Int {
        try reading {
            let count = try connection.integer(
                """
                SELECT count(*) FROM operations
                WHERE store = ?1 AND attempt = ?2 AND outcome = 'failedUntouched' AND number > (
                    SELECT coalesce(max(number), 0) FROM operations
                    WHERE store = ?1 AND attempt IS NOT NULL AND outcome IN ('succeeded', 'nothingToDo'))
                """,
                [.name(store), .text(attempt)])
            return Int(count ?? 0)
        }
    }

    private func operations(_ clause: String, _ parameters: [Value] = []) throws -> [OperationRecord] {
        var records = try connection.decoding(
            """
            SELECT id, kind, store, state, outcome, data_state, trigger, uid, started_at, settled_at, backup, attempt,
                findings, error, result
            FROM operations \(clause)
            """,
            parameters
        ) { try OperationRecord(row: $0) }
        for index in records.indices {
            records[index].steps = try connection.decoding(
                "SELECT kind, state, started_at, finished_at, detail FROM steps WHERE operation = ? ORDER BY number",
                [.name(records[index].id)]
            ) { try StepRecord(row: $0) }
        }
        return records
    }
}

extension OperationRecord {
    fileprivate init(row: borrowing Statement) throws {
        self.init(
            id: try row.required(0) { OperationID($0) },
            kind: try row.required(1) { OperationKind(rawValue: $0) },
            store: try row.optional(2) { StoreID($0) },
            state: try row.required(3) { OperationState(rawValue: $0) },
            trigger: try row.text(6),
            actor: Actor(uid: UInt32(truncatingIfNeeded: row.integer(7))),
            startedAt: row.time(8),
            attempt: row.string(11)
        )
        outcome = try row.optional(4) { Outcome(rawValue: $0) }
        dataState = try row.required(5) { DataState(rawValue: $0) }
        settledAt = row.optionalTime(9)
        backup = try row.optional(10) { BackupID($0) }
        findings = try row.json(12)
        error = try row.optionalJSON(13)
        result = try row.optionalJSON(14)
    }
}

extension StepRecord {
    fileprivate init(row: borrowing Statement) throws {
        self.init(
            kind: try row.required(0) { StepKind(rawValue: $0) },
            state: try row.required(1) { StepState(rawValue: $0) },
            startedAt: row.time(2),
            finishedAt: row.optionalTime(3),
            detail: row.string(4)
        )
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import SQLiteKit

internal import struct PostgresKit.ExactText

/// What has to be known of the rows before the first of them is loaded: which lose their keys to others, and which sessions are referred
/// to that nobody recorded.
struct PreScan {
    /// The rows that lose, by their table's name in the source.
    private(set) var losers: [ExactText: Set<Int64>] = [:]
    private(set) var sessions = SessionCensus()
    private let file: SourceFile
    private let policy: TransferPolicy

    init(_ plans: [TablePlan], of file: SourceFile, policy: TransferPolicy, now: Double) throws(GuardError) {
        self.file = file
        self.policy = policy
        for plan in plans where plan.rule?.target == "sessions" && plan.placement == .application {
            try noteSessions(plan, now)
        }
        let parents = plans.first { $0.rule?.target == "sessions" && $0.placement == .application }?.source
        for plan in plans where plan.rule?.target != "sessions" {
            guard let rule = plan.rule else { continue }
            let context = context(now)
            try noteKeys(plan, rule, context)
            if plan.placement == .application { try noteReferences(plan, rule, parents, context) }
        }
    }

    /// What rows are converted with.
    func context(_ now: Double) -> RowContext {
        RowContext(policy: policy, session: sessions.projectSession, time: sessions.projectTime ?? now)
    }

    private mutating func noteSessions(_ plan: TablePlan, _ now: Double) throws(GuardError) {
        guard let rule = plan.rule, let id = rule.place(of: "id") else { return }
        let context = context(now)
        try noteKeys(plan, rule, context)
        func time(_ name: String, _ values: [TargetValue]) -> Double? {
            guard let place = rule.place(of: name), case .double(let time) = values[place] else { return nil }
            return time
        }
        let lost = losers[ExactText(plan.source.name)] ?? []
        var sessions = sessions
        try forEachRow(plan, rule, context) { values, ordinal in
            guard !lost.contains(ordinal), case .text(let id) = values[id] else { return }
            sessions.noteSession(
                id: id, startedAt: time("started_at", values), lastActive: time("last_active", values))
        }
        self.sessions = sessions
    }

    private mutating func noteKeys(_ plan: TablePlan, _ rule: RowRule, _ context: RowContext) throws(GuardError) {
        // A rowid is nobody else's, and neither is a number that counts the rows.
        guard rule.keys.contains(where: { !isUnique($0, rule) }) else { return }
        var census = KeyCensus(rule)
        try forEachRow(plan, rule, context) { values, ordinal in census.note(values, ordinal: ordinal) }
        let lost = census.losers
        if !lost.isEmpty { losers[ExactText(plan.source.name)] = Set(lost.keys) }
    }

    private func isUnique(_ key: KeyRule, _ rule: RowRule) -> Bool {
        key.columns.contains { place in
            switch rule.origins[place] {
            case .key(let index, .copy), .column(let index, .copy), .key(let index, .recorded):
                rule.source.rowidColumn.map { $0.hasSameBytes(as: rule.source.columns[index].name) } ?? false
            case .ordinal, .rowid: true
            default: false
            }
        }
    }

    private mutating func noteReferences(
        _ plan: TablePlan, _ rule: RowRule, _ parents: SourceTable?, _ context: RowContext
    ) throws(GuardError) {
        guard !rule.sessionColumns.isEmpty else { return }
        let lost = losers[ExactText(plan.source.name)] ?? []
        var sessions = sessions
        // A row that refers to a session which is there tells nothing new. Its place in the table is not known then.
        let filter = lost.isEmpty ? Self.orphans(rule, parents) : nil
        try forEachRow(plan, rule, context, where: filter) { values, ordinal in
            guard !lost.contains(ordinal) else { return }
            let times = rule.timeColumns.compactMap { place -> Double? in
                if case .double(let time) = values[place] { time } else { nil }
            }
            for place in rule.sessionColumns {
                if case .text(let id) = values[place] { sessions.noteReference(to: id, times: times) }
            }
        }
        self.sessions = sessions
    }

    /// SQL that is true of the rows which refer to no session that is there; nil where that cannot be said.
    private static func orphans(_ rule: RowRule, _ parents: SourceTable?) -> String? {
        guard let parents, let id = parents.primaryKey.first else { return nil }
        var conditions: [String] = []
        for place in rule.sessionColumns {
            switch rule.origins[place] {
            case .column(let index, _), .session(.some(let index)), .key(let index, _):
                let column = Connection.quoted(rule.source.columns[index].name)
                let all = "SELECT \(Connection.quoted(id)) FROM main.\(Connection.quoted(parents.name))"
                // Without the NULLs, beside which nothing is surely not in it.
                conditions.append(
                    "\(column) IS NULL OR \(column) NOT IN (\(all) WHERE \(Connection.quoted(id)) IS NOT NULL)")
            default: return nil
            }
        }
        return conditions.map { "(\($0))" }.joined(separator: " OR ")
    }

    /// Calls `body` with every row that would arrive.
    private func forEachRow(
        _ plan: TablePlan, _ rule: RowRule, _ context: RowContext, where filter: String? = nil,
        _ body: ([TargetValue], Int64) -> Void
    ) throws(GuardError) {
        let reader = try RowReader(file, plan.source, order: rule.order, where: filter)
        while true {
            let cells: [Cell]
            switch try reader.next() {
            case .end: return
            case .row: cells = reader.cells()
            case .large(let rowid):
                guard let row = try reader.large(rowid) else { continue }
                cells = row.cells
            }
            let row = SourceRow(identity: reader.identity, ordinal: reader.ordinal, cells: cells)
            let outcome = rule.convert(row, in: context)
            if outcome.rejection == nil { body(outcome.values, reader.ordinal) }
        }
    }
}

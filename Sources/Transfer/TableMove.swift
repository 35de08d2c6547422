// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// One table's rows on their way: read, converted, counted. What it does is the same when it is only tried.
final class TableMove {
    let plan: TablePlan
    let rule: RowRule
    let file: SourceFile
    let context: RowContext
    /// The rows that lose their key to another, by their places.
    let losers: Set<Int64>
    let pulse: Pulse
    var tally: TableTally
    let serial: Int?
    /// When the transfer began, as PostgreSQL counts.
    let moment: Int64
    /// The rows of which only the server can tell whether an index takes them. Only where nothing is loaded.
    let doubtful = RowBatch()

    init(
        _ plan: TablePlan, _ rule: RowRule, from file: SourceFile, in context: RowContext, losers: Set<Int64>,
        moment: Int64, pulse: Pulse
    ) {
        self.plan = plan
        self.rule = rule
        self.file = file
        self.context = context
        self.losers = losers
        self.moment = moment
        self.pulse = pulse
        tally = TableTally(plan)
        serial = rule.serialColumn
    }

    /// Whether its rows are whole rows that are kept, and count as such.
    var isKeeping: Bool { plan.placement == .kept }

    func reader() throws(GuardError) -> RowReader {
        try RowReader(file, plan.source, order: rule.order)
    }

    /// Converts the row that `reader` stands on.
    func convert(_ reader: RowReader, _ cells: [Cell]) -> RowOutcome {
        rule.convert(SourceRow(identity: reader.identity, ordinal: reader.ordinal, cells: cells), in: context)
    }

    /// Counts a row that arrives.
    func countArrival(coerced: Int, normalized: Int, serial: Int64?) {
        if isKeeping {
            tally.line.kept += 1
        } else {
            tally.line.loaded += 1
            tally.line.coerced += Int64(coerced)
            tally.line.normalized += Int64(normalized)
        }
        tally.noteSerial(serial)
    }

    /// Counts a row that loses its key.
    func countLoser() {
        tally.line.kept += 1
        tally.note(Reason(.duplicateKey), column: nil)
    }

    /// What a row that lost its key has in a column that the others do not have: when and why.
    func aside(_ column: TargetColumn) -> TargetValue {
        switch column.name {
        case "kept_because": .text(Array(Reason.Code.duplicateKey.rawValue.utf8))
        case "kept_at": .timestamptz(microsecondsSince2000: moment)
        default: .null
        }
    }

    /// Counts a row that the server refuses.
    func countRefusal(_ refusal: PostgresError) {
        tally.line.rejected += 1
        tally.note(refusal.reason, column: refusal.column)
    }

    /// The number of the row in its serial column.
    func serial(of values: [TargetValue]) -> Int64? {
        guard let serial else { return nil }
        return switch values[serial] {
        case .integer(let value): Int64(value)
        case .bigint(let value): value
        default: nil
        }
    }

    /// Counts what would become of every row, and loads none.
    ///
    /// - Parameter settle: is asked when there are some ``doubtful`` rows
    func predict(_ settle: (TableMove) throws(GuardError) -> Void) throws(GuardError) -> RowReader {
        let reader = try reader()
        while true {
            let outcome: RowOutcome
            switch try reader.next() {
            case .end:
                if !doubtful.rows.isEmpty { try settle(self) }
                return reader
            case .row: outcome = convert(reader, reader.cells())
            case .large(let rowid):
                guard let row = try reader.large(rowid) else { continue }
                outcome = try LargeMove(self, reader, row).outcome
            }
            try count(outcome, at: reader.ordinal)
            if doubtful.count > RowBatch.size { try settle(self) }
        }
    }

    private func count(_ outcome: RowOutcome, at ordinal: Int64) throws(GuardError) {
        tally.line.read += 1
        tally.note(outcome)
        if outcome.rejection != nil {
            tally.line.rejected += 1
        } else if losers.contains(ordinal) {
            countLoser()
        } else if rule.mayOverfillIndex(outcome.values) {
            var encoded: [UInt8] = []
            CopyForm.append(outcome.values, to: &encoded)
            doubtful.append(
                encoded, ordinal: ordinal, identity: 0, coerced: outcome.coerced, normalized: outcome.normalized,
                serial: serial(of: outcome.values))
        } else {
            countArrival(
                coerced: outcome.coerced, normalized: outcome.normalized, serial: serial(of: outcome.values))
        }
        try pulse.beat()
    }
}

/// Tells how far the work is, and asks whether it is still wanted.
final class Pulse {
    private let sink: ProgressSink?
    private let isCancelled: () -> Bool
    private let total: Int64
    private var done: Int64 = 0

    /// - Parameter total: the rows in all
    init(total: Int64, _ sink: ProgressSink?, isCancelled: @escaping () -> Bool) {
        self.total = total
        self.sink = sink
        self.isCancelled = isCancelled
    }

    /// One more row is done.
    func beat() throws(GuardError) {
        done += 1
        guard done.isMultiple(of: 512) else { return }
        try tell()
    }

    /// Tells, and asks.
    func tell() throws(GuardError) {
        sink?(Progress(step: .transfer, done: done, total: total, unit: .rows))
        guard isCancelled() else { return }
        throw GuardError(
            .interrupted, "the transfer was cancelled", hint: "Nothing was changed; it can be started again.")
    }
}

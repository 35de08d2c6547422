// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import PostgresKit
internal import Stores

extension TransferJob {
    /// Counts what ``run(beforeCommit:)`` would do, and writes nothing.
    ///
    /// The schema's types are found out in a transaction that is rolled back; no lock is held while the rows are read.
    public func plan() throws(GuardError) -> TransferPlan {
        let file = try SourceFile(source)
        let work = try connect()
        defer { work.rollBack() }
        try work.begin()
        let (layout, earlier) = try layOut(file, on: work)
        guard let layout else { return TransferPlan(report: repeated(earlier), census: [:], makesSchema: false) }
        try makeTables(layout, [:], on: work)
        let sequences = try Sequences(layout.plans, on: work)
        work.rollBack()
        let censuses = try PreScan(layout.plans, of: file, policy: policy, now: now)
        let pulse = try pulse(layout, file)
        var result = TransferResult(layout, file, censuses)
        var census: [String: [String: ColumnCensus]] = [:]
        for plan in layout.plans {
            let counted = try file.census(of: plan.source, only: false)
            census[plan.source.name] = Dictionary(
                counted.columns.map { ($0.name, $0.census) }, uniquingKeysWith: { first, _ in first })
            guard let rule = plan.rule else {
                result.note(plan, try RefusedMove(plan, file, pulse).run(nil))
                continue
            }
            let move = TableMove(
                plan, rule, from: file, in: censuses.context(now),
                losers: censuses.losers[ExactText(plan.source.name)] ?? [],
                moment: moment, pulse: pulse)
            let reader = try move.predict { (move) throws(GuardError) in try settle(move, layout, on: work) }
            result.note(plan, move.tally, reader)
        }
        let states = sequences.states(
            greatest: result.greatest, counted: try file.sequences(), plans: layout.plans)
        return TransferPlan(report: result.report(states), census: census, makesSchema: layout.isNew)
    }

    private static let trial = "dementia_kept_trial"

    /// Asks the server which of the doubtful rows of `move` its indices would take, in a transaction that is rolled back.
    private func settle(_ move: TableMove, _ layout: Layout, on work: SchemaWork) throws(GuardError) {
        let rows = move.doubtful
        defer { rows.removeAll() }
        try work.begin()
        defer { work.rollBack() }
        _ = try work.makeReady(catalogue, entry: LedgerEntry(operation: operation, backup: nil, release: nil))
        try makeTables(layout, [:], on: work)
        // Without the foreign keys, whose parents are not there.
        _ = try work.translating("trying an index") { () throws(PostgresError) in
            try work.connection.run(
                """
                CREATE TABLE \(SQLText.identifier(schema, Self.trial))
                    (LIKE \(SQLText.identifier(schema, move.rule.target)) INCLUDING DEFAULTS INCLUDING INDEXES)
                """)
        }
        let statement = CopyForm.load(schema, Self.trial, move.rule.columns.map(\.name))
        for index in rows.rows.indices {
            try work.savepoint()
            do throws(CopyFailure<GuardError>) {
                try work.copy(index..<(index + 1), of: rows, statement)
            } catch {
                let refusal = try work.refusal(error, move.rule.target)
                move.countRefusal(refusal)
                continue
            }
            // A key that another row has as well is nothing that is asked here.
            _ = try work.translating("trying an index") { () throws(PostgresError) in
                try work.connection.execute("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch")
            }
            let row = rows.rows[index]
            move.countArrival(coerced: row.coerced, normalized: row.normalized, serial: row.serial)
        }
    }

    /// Writes everything that the transfer kept of values and rejected rows to the new file at `path`, one JSON object a line.
    public func exportKept(to path: String) throws(GuardError) {
        let work = try connect()
        try work.begin()
        defer { work.rollBack() }
        try KeptExport(work).write(run: operation, onlyRejected: false, to: path)
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import LinuxKit
internal import PostgresKit
internal import Stores

extension TransferJob {
    /// Moves the memory, in one transaction. Whatever fails before COMMIT leaves nothing behind.
    ///
    /// - Parameter beforeCommit: is told what will be committed; when it throws, nothing is
    /// - Throws: with `dataState` `changing` when the connection was lost at COMMIT and nobody could tell what became of it
    public func run(
        beforeCommit: (TransferReport) throws(GuardError) -> Void = { _ in }
    ) throws(GuardError) -> TransferReport {
        let clock = ContinuousClock()
        let start = clock.now
        let file = try SourceFile(source)
        let work = try connect()
        do throws(GuardError) {
            try work.begin()
            let (layout, earlier) = try layOut(file, on: work)
            guard let layout else {
                work.rollBack()
                return repeated(earlier)
            }
            var report = try fill(layout, file, on: work)
            report.seconds["total"] = (clock.now - start).seconds
            let outside = try work.tablesWrittenOutside()
            guard outside.isEmpty else {
                throw GuardError(
                    .transferFailed,
                    "\(location.name): rows outside of the schema were written: \(outside.joined(separator: ", "))",
                    store: location.id, hint: "Nothing was changed. Look for triggers and functions on its tables.")
            }
            let isStale = hasSourceMoved()
            if isStale { report.findings.append(Self.stale) }
            try ImportRegistry(work).record(
                operation, of: identity, contentDigest, startedAt: startedAt, isStale: isStale, report)
            try beforeCommit(report)
            try work.commit()
            return report
        } catch {
            work.rollBack()
            throw error
        }
    }

    func repeated(_ earlier: TransferReport?) -> TransferReport {
        var report = earlier ?? TransferReport()
        report.isRepeated = true
        return report
    }

    private static let stale = Finding(
        code: "sourceChanged",
        message: "the memory was written to while it was transferred; what was written since is not in the schema")

    /// Long texts are compressed by lz4 where the server can: pglz takes twice as long as everything else that the server does for a row.
    /// (2025-11: 445 MB in 360,000 rows cost the server 4.3 s instead of 7.9, and 159 MB instead of 126.) Nobody sees it but by the
    /// size of the files: it is a property of each value.
    private func chooseCompression(on work: SchemaWork) throws(GuardError) {
        _ = try work.translating("choosing a compression") { () throws(PostgresError) in
            try work.connection.execute(
                """
                SELECT pg_catalog.set_config(name, 'lz4', true) FROM pg_catalog.pg_settings
                WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
                """)
        }
    }

    /// Loads every row of `file` and reads it back.
    private func fill(_ layout: Layout, _ file: SourceFile, on work: SchemaWork) throws(GuardError) -> TransferReport {
        let clock = ContinuousClock()
        let start = clock.now
        let censuses = try PreScan(layout.plans, of: file, policy: policy, now: now)
        try makeTables(layout, censuses.losers, on: work)
        try chooseCompression(on: work)
        let counted = clock.now
        let keeper = KeptWriter(work, run: operation)
        let pulse = try pulse(layout, file)
        var result = TransferResult(layout, file, censuses)
        var loads: [(table: String, columns: [TargetColumn], sums: TableSums)] = []
        var placeholders = censuses.sessions.placeholders.isEmpty ? nil : Placeholders(layout, censuses, self)
        for plan in layout.plans {
            // Sessions come first; everything behind them may refer to a placeholder.
            if plan.rule?.target != "sessions", let waiting = placeholders {
                let sums = try waiting.load(on: work)
                loads.append(("sessions", waiting.columns, sums))
                placeholders = nil
            }
            guard let rule = plan.rule else {
                result.note(plan, try RefusedMove(plan, file, pulse).run(keeper))
                continue
            }
            let move = TableMove(
                plan, rule, from: file, in: censuses.context(now),
                losers: censuses.losers[ExactText(plan.source.name)] ?? [],
                moment: moment, pulse: pulse)
            let load = try TableLoad(move, on: work, keeper: keeper)
            let reader = try load.run()
            result.note(plan, move.tally, reader)
            loads.append((rule.target, rule.columns, load.sums))
            if let losers = plan.losers, load.loserSums.rows > 0 {
                loads.append((losers.name, losers.columns, load.loserSums))
            }
        }
        try keeper.flush()
        loads.append((KeptWriter.table, KeptWriter.columns, keeper.sums))
        let sequences = try Sequences(layout.plans, on: work)
        let states = sequences.states(
            greatest: result.greatest, counted: try file.sequences(), plans: layout.plans)
        try sequences.set(states)
        try pulse.tell()
        let loaded = clock.now
        try readBack(loads, on: work, pulse)
        var report = result.report(states)
        if let rejectsPath, keeper.rejectedRows > 0 {
            try KeptExport(work).write(run: operation, onlyRejected: true, to: rejectsPath)
            report.rejectsPath = rejectsPath
        }
        report.seconds = [
            "census": (counted - start).seconds, "load": (loaded - counted).seconds,
            "verify": (clock.now - loaded).seconds,
        ]
        return report
    }

    /// Compares every table with what was sent to it.
    private func readBack(
        _ loads: [(table: String, columns: [TargetColumn], sums: TableSums)], on work: SchemaWork, _ pulse: Pulse
    ) throws(GuardError) {
        var tables: [(table: String, columns: [TargetColumn], sums: TableSums)] = []
        for load in loads {
            // Made-up sessions lie beside those that were recorded.
            if let index = tables.firstIndex(where: { $0.table.hasSameBytes(as: load.table) }) {
                tables[index].sums.merge(load.sums)
            } else {
                tables.append(load)
            }
        }
        for (table, columns, sums) in tables {
            try ReadBack(work, table, columns).compare(with: sums)
            try pulse.tell()
        }
    }

    func pulse(_ layout: Layout, _ file: SourceFile) throws(GuardError) -> Pulse {
        var total: Int64 = 0
        // Counting takes a look at every leaf of a table; nobody needs it but who is told.
        for plan in layout.plans where progress != nil && plan.placement != .skipped {
            total += file.count(plan.source)
        }
        return Pulse(total: total, progress, isCancelled: isCancelled)
    }

    var now: Double { Double(startedAt.milliseconds) / 1000 }

    /// ``startedAt`` in microseconds since 2000, as PostgreSQL counts.
    var moment: Int64 { (startedAt.milliseconds - 946_684_800_000) * 1000 }
}

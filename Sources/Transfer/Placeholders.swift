// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Stores

/// The sessions that rows refer to and nobody recorded, as rows.
struct Placeholders {
    /// The columns that are sent: those of the recorded sessions where there are some, so that both can be read back as one.
    let columns: [TargetColumn]
    private let batch = RowBatch()

    init?(_ layout: Layout, _ censuses: PreScan, _ job: TransferJob) {
        guard let table = layout.targets.first(where: { $0.name == "sessions" }) else { return nil }
        let known = ["id", "started_at", "last_active", "project_name", "summary"]
        let rule = layout.plans.first { $0.rule?.target == "sessions" }?.rule
        columns = rule?.columns ?? table.columns.filter { known.contains($0.name) }
        for placeholder in censuses.sessions.placeholders {
            let values = columns.map { column -> TargetValue in
                switch column.name {
                case "id": .text(placeholder.id)
                case "started_at": .double(placeholder.startedAt ?? job.now)
                case "last_active": .double(placeholder.lastActive ?? job.now)
                case "project_name": .text(Array(job.schema.utf8))
                case "summary": .text(Array(placeholder.summary.utf8))
                default: .null
                }
            }
            var encoded: [UInt8] = []
            CopyForm.append(values, to: &encoded)
            batch.append(encoded, ordinal: 0, identity: 0)
        }
    }

    /// Loads them.
    func load(on work: SchemaWork) throws(GuardError) -> TableSums {
        var sums = TableSums(columns)
        for index in batch.rows.indices { sums.note(batch.fields(of: index)) }
        try work.copy(batch, into: "sessions", columns)
        return sums
    }
}

/// A table that no table can be made for: every row of it is rejected, and its cells are kept.
struct RefusedMove {
    private let plan: TablePlan
    private let file: SourceFile
    private let pulse: Pulse

    init(_ plan: TablePlan, _ file: SourceFile, _ pulse: Pulse) {
        self.plan = plan
        self.file = file
        self.pulse = pulse
    }

    /// Counts the rows, and keeps them where there is a `keeper`.
    func run(_ keeper: KeptWriter?) throws(GuardError) -> TableTally {
        var tally = TableTally(plan)
        guard plan.placement == .refused else { return tally }
        let reason = plan.reason ?? Reason(.typeNotSupported)
        let reader = try RowReader(file, plan.source)
        while true {
            let row: LargeRow?
            switch try reader.next() {
            case .end: return tally
            case .row: row = nil
            case .large(let rowid):
                row = try reader.large(rowid)
                if row == nil { continue }
            }
            tally.line.read += 1
            tally.line.rejected += 1
            if let keeper {
                keeper.noteRejection(of: plan.source.name, reader.identity, reason, column: nil, detail: nil)
                let cells = row?.cells ?? reader.cells()
                for (place, cell) in cells.enumerated() where !cell.isNull && row?.large[place] == nil {
                    keeper.note(
                        KeptCell(column: plan.source.columns[place].name, cell: cell, reason: reason),
                        of: plan.source.name, reader.identity, .rejected)
                }
                for value in (row?.large ?? [:]).sorted(by: { $0.key < $1.key }).map(\.value) {
                    try keeper.stream(value, of: plan.source.name, reader.identity, .rejected, reason)
                }
                if keeper.pendingBytes > RowBatch.size { try keeper.flush() }
            }
            try pulse.beat()
        }
    }
}

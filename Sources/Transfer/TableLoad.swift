// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit
internal import Stores

/// Loads the rows of one table, batch by batch, each under a savepoint. A row that the server refuses costs that row.
final class TableLoad {
    private let move: TableMove
    private let work: SchemaWork
    private let keeper: KeptWriter
    private let reader: RowReader
    private let statement: String
    private let batch = RowBatch()
    private let lost = RowBatch()
    private var encoded: [UInt8] = []
    /// What was loaded, and what went to the table of those that lost their keys.
    private(set) var sums: TableSums
    private(set) var loserSums: TableSums

    init(_ move: TableMove, on work: SchemaWork, keeper: KeptWriter) throws(GuardError) {
        self.move = move
        self.work = work
        self.keeper = keeper
        reader = try move.reader()
        statement = CopyForm.load(work.schema, move.rule.target, move.rule.columns.map(\.name))
        sums = TableSums(move.rule.columns)
        loserSums = TableSums(move.plan.losers?.columns ?? [])
    }

    /// Loads every row, and gives the reader back for what it could not read.
    func run() throws(GuardError) -> RowReader {
        while true {
            switch try reader.peek() {
            case .row: try loadBatch()
            case .large(let rowid):
                _ = try reader.next()
                if let row = try reader.large(rowid) { try load(LargeMove(move, reader, row)) }
            case .end:
                try flush(atLeast: 1)
                return reader
            }
            try flush(atLeast: RowBatch.size / 4)
        }
    }

    /// Sends what waits beside the rows, when it is so many bytes.
    private func flush(atLeast limit: Int) throws(GuardError) {
        if keeper.pendingBytes >= limit { try keeper.flush() }
        guard lost.count >= limit, let losers = move.plan.losers else { return }
        for index in lost.rows.indices { loserSums.note(lost.fields(of: index)) }
        try work.copy(lost, into: losers.name, losers.columns)
        lost.removeAll()
    }

    // MARK: A batch

    private func loadBatch() throws(GuardError) {
        batch.removeAll()
        let before = sums
        try work.savepoint()
        var sent = -1
        var isOver = false
        do throws(CopyFailure<GuardError>) {
            try work.connection.copyIn(statement) { () throws(GuardError) -> UnsafeRawBufferPointer? in
                guard sent >= 0 else {
                    sent = 0
                    return self.batch.frame(CopyForm.header)
                }
                let start = sent
                try self.fill(upTo: start + Self.stride)
                sent = self.batch.count
                if sent > start { return self.batch.bytes(start..<sent) }
                guard !isOver else { return nil }
                isOver = true
                return self.batch.frame(CopyForm.trailer)
            }
            try work.release()
            for index in batch.rows.indices { accept(index) }
        } catch {
            let refusal = try work.refusal(error, move.rule.target)
            sums = before
            try bisect(batch.rows.indices, refusal)
        }
    }

    /// The server gets so many bytes at a time, and works on them while the next ones are made.
    private static let stride = 128 << 10

    /// Converts rows until the batch holds `limit` bytes, or is over.
    private func fill(upTo limit: Int) throws(GuardError) {
        while batch.count < min(limit, RowBatch.size), lost.count + keeper.pendingBytes < RowBatch.size {
            guard try reader.peek() == .row else { return }
            _ = try reader.next()
            let cells = reader.cells()
            try take(move.convert(reader, cells))
        }
    }

    private func take(_ outcome: RowOutcome) throws(GuardError) {
        move.tally.line.read += 1
        move.tally.note(outcome)
        if let rejection = outcome.rejection {
            reject(reader.identity, rejection.reason, rejection.column, kept: outcome.kept)
        } else if move.losers.contains(reader.ordinal) {
            lose(outcome)
        } else {
            encoded.removeAll(keepingCapacity: true)
            CopyForm.append(outcome.values, to: &encoded)
            encoded.withUnsafeBytes { sums.note(UnsafeRawBufferPointer(rebasing: $0[CopyForm.countSize...])) }
            batch.append(
                encoded, ordinal: reader.ordinal, identity: reader.identity, coerced: outcome.coerced,
                normalized: outcome.normalized, serial: move.serial(of: outcome.values), kept: outcome.kept)
        }
        try move.pulse.beat()
    }

    private func accept(_ index: Int) {
        let row = batch.rows[index]
        move.countArrival(coerced: row.coerced, normalized: row.normalized, serial: row.serial)
        for cell in batch.kept(of: index) {
            keeper.note(cell, of: move.plan.source.name, row.identity, move.isKeeping ? .kept : .loaded)
        }
    }

    private func lose(_ outcome: RowOutcome) {
        move.countLoser()
        let values = (move.plan.losers?.columns ?? []).map { column in
            move.rule.place(of: column.name).map { outcome.values[$0] } ?? move.aside(column)
        }
        encoded.removeAll(keepingCapacity: true)
        CopyForm.append(values, to: &encoded)
        lost.append(encoded, ordinal: reader.ordinal, identity: reader.identity)
        for cell in outcome.kept { keeper.note(cell, of: move.plan.source.name, reader.identity, .kept) }
    }

    private func reject(
        _ identity: Int64, _ reason: Reason, _ column: String?, kept: [KeptCell], detail: String? = nil
    ) {
        move.tally.line.rejected += 1
        let table = move.plan.source.name
        keeper.noteRejection(of: table, identity, reason, column: column, detail: detail)
        for cell in kept { keeper.note(cell, of: table, identity, .rejected) }
    }

    // MARK: What the server refuses

    /// Loads the rows `range` in halves, down to the one that is refused.
    private func bisect(_ range: Range<Int>, _ refusal: PostgresError) throws(GuardError) {
        guard range.count > 1 else {
            if let index = range.first { try refuse(batch.rows[index], refusal) }
            return
        }
        let middle = range.lowerBound + range.count / 2
        for half in [range.lowerBound..<middle, middle..<range.upperBound] {
            try work.savepoint()
            do throws(CopyFailure<GuardError>) {
                try work.copy(half, of: batch, statement)
                try work.release()
                for index in half {
                    sums.note(batch.fields(of: index))
                    accept(index)
                }
            } catch {
                try bisect(half, work.refusal(error, move.rule.target))
            }
            try flush(atLeast: RowBatch.size / 4)
        }
    }

    /// Keeps the original of a row that the server refused.
    private func refuse(_ row: RowBatch.Row, _ refusal: PostgresError) throws(GuardError) {
        let reason = refusal.reason
        move.tally.note(reason, column: refusal.column)
        let rowid = RowReader.rowid(of: move.plan.source)
        let again = try RowReader(
            move.file, move.plan.source, order: move.rule.order, where: rowid.map { "\($0) = \(row.identity)" })
        var cells: [KeptCell] = []
        while try again.next() == .row {
            // A table without rowid has no shorter way than by the row's place.
            guard rowid != nil || again.ordinal == row.ordinal else { continue }
            cells = zip(move.plan.source.columns, again.cells()).compactMap { column, cell in
                cell.isNull ? nil : KeptCell(column: column.name, cell: cell, reason: reason)
            }
            break
        }
        reject(row.identity, reason, refusal.column, kept: cells, detail: refusal.detail ?? refusal.message)
    }

    // MARK: Large values

    private func load(_ large: LargeMove) throws(GuardError) {
        move.tally.line.read += 1
        move.tally.note(large.outcome)
        if large.outcome.rejection != nil {
            try keep(large, detail: nil)
        } else if move.losers.contains(reader.ordinal), let losers = move.plan.losers {
            move.countLoser()
            let segments = large.segments
            let feed = LargeFeed(
                losers.columns.map { column in
                    move.rule.place(of: column.name).map { segments[$0] }
                        ?? .field(move.aside(column), isExact: column.type.isByteExact)
                })
            try work.copy(feed, into: losers.name, losers.columns)
            loserSums.note(feed.canonical)
            try keepCells(of: large, .kept)
        } else {
            try arrive(large)
        }
        try move.pulse.beat()
    }

    private func arrive(_ large: LargeMove) throws(GuardError) {
        try work.savepoint()
        let feed = LargeFeed(large.segments)
        do throws(CopyFailure<GuardError>) {
            try work.connection.copyIn(statement) { () throws(GuardError) in try feed.next() }
            try work.release()
        } catch {
            let refusal = try work.refusal(error, move.rule.target)
            move.tally.note(refusal.reason, column: refusal.column)
            return try keep(large.refused(refusal.reason), detail: refusal.detail ?? refusal.message)
        }
        sums.note(feed.canonical)
        move.countArrival(
            coerced: large.outcome.coerced, normalized: large.outcome.normalized,
            serial: move.serial(of: large.outcome.values))
        try keepCells(of: large, move.isKeeping ? .kept : .loaded)
    }

    private func keep(_ large: LargeMove, detail: String?) throws(GuardError) {
        guard let rejection = large.outcome.rejection else { return }
        move.tally.line.rejected += 1
        keeper.noteRejection(
            of: move.plan.source.name, reader.identity, rejection.reason, column: rejection.column, detail: detail)
        try keepCells(of: large, .rejected)
    }

    private func keepCells(of large: LargeMove, _ fate: KeptWriter.RowFate) throws(GuardError) {
        for cell in large.outcome.kept { keeper.note(cell, of: move.plan.source.name, reader.identity, fate) }
        for (value, reason) in large.kept {
            try keeper.stream(value, of: move.plan.source.name, reader.identity, fate, reason)
        }
    }
}

extension PostgresError {
    /// Why the server refused a row.
    var reason: Reason {
        // Whatever language the server speaks: of a row that no page holds it names no index.
        let isIndex = sqlState == .programLimitExceeded && constraint != nil
        return Reason(isIndex ? .indexRowTooLarge : .refusedByServer)
    }

    /// Whether it is about what stands in a row, and not about the server or the statement.
    fileprivate var isAboutRow: Bool {
        !isConnectionLost && ["22", "23", "44", "54", "P0"].contains(sqlState?.errorClass)
    }
}

extension SchemaWork {
    /// Begins a part that can be taken back alone.
    func savepoint() throws(GuardError) {
        _ = try translating("beginning a batch") { () throws(PostgresError) in
            try connection.execute("SAVEPOINT batch")
        }
    }

    /// Ends it for good. What fails here is what the server checks at the end of a statement's transaction.
    func release() throws(CopyFailure<GuardError>) {
        do throws(PostgresError) {
            try connection.execute("RELEASE SAVEPOINT batch")
        } catch {
            throw .server(error)
        }
    }

    /// What the server has against a row of a part, which is taken back. Everything else ends the transfer.
    func refusal(_ failure: CopyFailure<GuardError>, _ table: String) throws(GuardError) -> PostgresError {
        guard case .server(let error) = failure, error.isAboutRow else { throw self.failure(failure, table) }
        _ = try translating("taking a batch back") { () throws(PostgresError) in
            try connection.execute("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch")
        }
        return error
    }
}

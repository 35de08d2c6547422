// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit
internal import SQLiteKit
internal import Stores

/// Writes the originals of what could not arrive as it was into `dementia_kept_values`, a table beside the application's.
final class KeptWriter {
    /// What became of the row that a value is of.
    enum RowFate: String {
        case loaded, kept, rejected
    }

    /// The table of values.
    static let table = "dementia_kept_values"
    /// What the names of all tables of ours begin with.
    static let prefix = "dementia_kept_"

    static let columns: [TargetColumn] = [
        TargetColumn(name: "run_id", type: .text, isNullable: false),
        TargetColumn(name: "source_table", type: .text, isNullable: false),
        TargetColumn(name: "source_rowid", type: .bigint, isNullable: false),
        TargetColumn(name: "column", type: .text), TargetColumn(name: "storage_class", type: .text),
        TargetColumn(name: "row_fate", type: .text, isNullable: false),
        TargetColumn(name: "reason", type: .text, isNullable: false), TargetColumn(name: "detail", type: .text),
        TargetColumn(name: "bytes", type: .bytea),
    ]

    private let work: SchemaWork
    private let run: [UInt8]
    private var pending = RowBatch()
    private var encoded: [UInt8] = []
    /// Everything that was written.
    private(set) var sums = TableSums(KeptWriter.columns)
    /// The rejected rows.
    private(set) var rejectedRows: Int64 = 0

    init(_ work: SchemaWork, run: OperationID) {
        self.work = work
        self.run = Array(run.value.utf8)
    }

    /// How many bytes wait for ``flush()``.
    var pendingBytes: Int { pending.count }

    /// Keeps `cell` of the row `identity` of `table`.
    func note(_ cell: KeptCell, of table: String, _ identity: Int64, _ fate: RowFate) {
        write(
            table, identity, column: cell.column, storage: cell.cell.storageClass, fate, cell.reason.code, nil,
            cell.cell.keptBytes.map { .bytea($0) } ?? .null)
    }

    /// Keeps that the row `identity` of `table` could not arrive.
    ///
    /// - Parameter detail: what the server said, values included
    func noteRejection(of table: String, _ identity: Int64, _ reason: Reason, column: String?, detail: String?) {
        rejectedRows += 1
        write(table, identity, column: column, storage: nil, .rejected, reason.code, detail, .null)
    }

    private func write(
        _ table: String, _ identity: Int64, column: String?, storage: String?, _ fate: RowFate, _ reason: Reason.Code,
        _ detail: String?, _ bytes: TargetValue
    ) {
        encoded.removeAll(keepingCapacity: true)
        CopyForm.append(
            head(table, identity, column: column, storage: storage, fate, reason, detail) + [bytes], to: &encoded)
        pending.append(encoded, ordinal: 0, identity: identity)
    }

    private func head(
        _ table: String, _ identity: Int64, column: String?, storage: String?, _ fate: RowFate, _ reason: Reason.Code,
        _ detail: String?
    ) -> [TargetValue] {
        [
            .text(run), Self.text(table), .bigint(identity), column.map(Self.text) ?? .null,
            storage.map(Self.text) ?? .null, Self.text(fate.rawValue), Self.text(reason.rawValue),
            detail.map(Self.text) ?? .null,
        ]
    }

    private static func text(_ string: String) -> TargetValue { .text(Array(string.utf8.filter { $0 != 0 })) }

    /// Sends what waits. Not in the middle of another COPY.
    func flush() throws(GuardError) {
        guard pending.count > 0 else { return }
        for index in pending.rows.indices { sums.note(pending.fields(of: index)) }
        try work.copy(pending, into: Self.table, Self.columns)
        pending.removeAll()
    }

    /// Keeps a value that is too long to be held. Not in the middle of another COPY.
    func stream(
        _ value: LargeValue, of table: String, _ identity: Int64, _ fate: RowFate, _ reason: Reason
    ) throws(GuardError) {
        try flush()
        var segments: [LargeFeed.Segment] = []
        for field in head(
            table, identity, column: value.column, storage: value.isText ? "text" : "blob", fate, reason.code, nil)
        {
            segments.append(.field(field, isExact: true))
        }
        segments.append(.large(value, .bytes, count: value.count))
        let feed = LargeFeed(segments)
        try work.copy(feed, into: Self.table, Self.columns)
        sums.note(feed.canonical)
    }
}

extension SchemaWork {
    /// Loads `batch` into `table` of ours, which takes everything.
    func copy(_ batch: RowBatch, into table: String, _ columns: [TargetColumn]) throws(GuardError) {
        do throws(CopyFailure<GuardError>) {
            try copy(batch.rows.indices, of: batch, CopyForm.load(schema, table, columns.map(\.name)))
        } catch {
            throw failure(error, table)
        }
    }

    /// Loads one large row into `table` of ours.
    func copy(_ feed: LargeFeed, into table: String, _ columns: [TargetColumn]) throws(GuardError) {
        do throws(CopyFailure<GuardError>) {
            try connection.copyIn(CopyForm.load(schema, table, columns.map(\.name))) { () throws(GuardError) in
                try feed.next()
            }
        } catch {
            throw failure(error, table)
        }
    }

    /// Loads `rows` of `batch` by the COPY `statement`.
    func copy(_ rows: Range<Int>, of batch: RowBatch, _ statement: String) throws(CopyFailure<GuardError>) {
        var part = 0
        try connection.copyIn(statement) { () throws(GuardError) -> UnsafeRawBufferPointer? in
            part += 1
            return switch part {
            case 1: batch.frame(CopyForm.header)
            case 2: batch.bytes(ofRows: rows)
            case 3: batch.frame(CopyForm.trailer)
            default: nil
            }
        }
    }

    /// What a COPY that must not fail says.
    func failure(_ failure: CopyFailure<GuardError>, _ table: String) -> GuardError {
        switch failure {
        case .caller(let error): error
        case .server(let error): self.error(error, "filling \(table)")
        }
    }
}

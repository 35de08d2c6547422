// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import PostgresKit

/// How the rows of one source table become rows of one target table.
public struct RowRule: Sendable, Equatable {
    /// Where a target column's value comes from. Numbers are places of source columns.
    enum Origin: Sendable, Equatable {
        /// A source column, understood by a rule.
        case column(Int, ColumnRule)
        /// An embedding, and the column that names its model.
        case embedding(Int, model: Int?)
        /// A part of a primary key, which may not be NULL: NULL is given a key that says which row it was.
        case key(Int, ColumnRule)
        /// A session: the source column's, or the project's where that is NULL or there is none.
        case session(Int?)
        /// A moment that must be there: the source column's, or the context's.
        case time(Int?)
        /// The first of the columns that has a moment, or the context's: a value made up of others, which counts nowhere.
        case latest([Int])
        /// A copy of another column's text, which counts there.
        case copy(Int)
        /// The row's ordinal.
        case ordinal
        /// `todos.status`, from the column with the status and the one with the time of completion.
        case status(Int, completed: Int?)
        /// `todos.metadata`, from the columns with the old id and the status.
        case legacy(id: Int, status: Int?)
        /// The row's rowid.
        case rowid
    }

    /// The source, with its columns in the order in which a row's cells come.
    public let source: SourceTable
    /// The target table's name.
    public let target: String
    /// The columns to send, in order. Columns that are not here get their defaults.
    public let columns: [TargetColumn]
    /// For each of ``columns``, where its value comes from.
    let origins: [Origin]
    /// The source columns that go nowhere else: what they hold is kept.
    let unmapped: [Int]
    /// The source columns by which the rows are to be read; empty: by rowid or primary key. The rowid comes last in any case.
    public let order: [String]
    /// The keys that no two rows may share.
    public let keys: [KeyRule]
    /// For each B-tree index, the places of its columns among ``columns``.
    let indices: [[Int]]
    /// Those of ``columns`` that refer to `sessions(id)`.
    public let sessionColumns: [Int]
    /// Those of ``columns`` that are doubles and tell when something happened, for the times of placeholder sessions.
    public let timeColumns: [Int]
    /// The one of ``columns`` that has a sequence, if one has: the sequence is to go on after its greatest value, and after SQLite's own
    /// count (`sqlite_sequence`).
    public let serialColumn: Int?

    /// The most bytes of an index row that surely fit: a third of a page, less its headers and what alignment takes.
    private static let indexRoom = 2600

    /// Whether `values` hold more than an index row surely takes; then only the server can tell, since it compresses them first (a row of
    /// more than 2704 bytes is refused with SQLSTATE 54000).
    public func mayOverfillIndex(_ values: [TargetValue]) -> Bool {
        indices.contains { columns in
            columns.reduce(0) { $0 + values[$1].fieldSize } > Self.indexRoom
        }
    }

    /// The place of the column called `name` among ``columns``.
    public func place(of name: String) -> Int? { columns.firstIndex { $0.name.hasSameBytes(as: name) } }
}

/// One row of the source.
public struct SourceRow: Sendable, Equatable {
    /// Its rowid; of a table without one ``RowSum/identity(of:)`` of its primary key.
    public let identity: Int64
    /// Its place in the order of ``RowRule/order``, counted from 1.
    public let ordinal: Int64
    /// Its cells in the order of the source table's columns.
    public let cells: [Cell]

    public init(identity: Int64, ordinal: Int64, cells: [Cell]) {
        self.identity = identity
        self.ordinal = ordinal
        self.cells = cells
    }
}

/// What a row's conversion needs to know that does not stand in the row.
public struct RowContext: Sendable, Equatable {
    public let policy: TransferPolicy
    /// The session that rows without one belong to: ``SessionCensus/projectSession``.
    public let session: [UInt8]
    /// The time, in seconds since 1970, of rows that need one and have none.
    public let time: Double

    public init(policy: TransferPolicy = .standard, session: [UInt8], time: Double) {
        self.policy = policy
        self.session = session
        self.time = time
    }
}

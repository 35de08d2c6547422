// SPDX-License-Identifier: MIT

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

/// A cell whose original is kept in `dementia_kept_values`.
public struct KeptCell: Sendable, Equatable {
    /// The source column's name.
    public let column: String
    public let cell: Cell
    public let reason: Reason
}

/// What became of one row.
public struct RowOutcome: Sendable, Equatable {
    /// One value for each of ``RowRule/columns``, in their order; empty when the row was rejected.
    public internal(set) var values: [TargetValue] = []
    /// Why the row cannot arrive, and the source column that does not let it, if it is one.
    public internal(set) var rejection: (reason: Reason, column: String?)? = nil
    /// What is kept beside: of a rejected row every cell that is not NULL.
    public internal(set) var kept: [KeptCell] = []
    public internal(set) var coerced = 0
    public internal(set) var normalized = 0
    /// What is to be counted and reported but kept nowhere, since nothing was lost.
    public internal(set) var notices: [KeptCell] = []

    public static func == (left: RowOutcome, right: RowOutcome) -> Bool {
        left.values == right.values && left.rejection?.reason == right.rejection?.reason
            && left.rejection?.column == right.rejection?.column && left.kept == right.kept
            && left.coerced == right.coerced && left.normalized == right.normalized && left.notices == right.notices
    }
}

/// What a row's conversion needs to know that does not stand in the row.
public struct RowContext: Sendable, Equatable {
    public let policy: TransferPolicy
    /// The session that rows without one belong to: ``SessionCensus/projectSession``.
    public let session: [UInt8]
    /// The time, in seconds since 1970, of rows that need one and have none.
    public let time: Double

    public init(policy: TransferPolicy, session: [UInt8], time: Double) {
        self.policy = policy
        self.session = session
        self.time = time
    }
}

/// How the rows of one source table become rows of one target table.
public struct RowRule: Sendable, Equatable {
    /// Where a target column's value comes from.
    enum Origin: Sendable, Equatable {
        /// A source column, understood by a rule.
        case column(Int, ColumnRule)
        /// The part of a primary key that may not be NULL: NULL is given a key that says which row it was.
        case keyColumn(Int, ColumnRule)
        /// A session: the source column's, or the project's where that is NULL or there is none.
        case session(Int?)
        /// A moment that must be there: the first of the source columns that has one, or the context's.
        case time([Int])
        /// The row's ordinal.
        case ordinal
        /// `todos.status`, from the column with the status and the one with the time of completion.
        case status(Int, completed: Int?)
        /// `todos.metadata`, from the columns with the old id and the old status.
        case legacy(id: Int?, status: Int?)
        /// The row's rowid.
        case identity
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
    /// Those of ``columns`` that refer to `sessions(id)`.
    public let sessionColumns: [Int]
    /// Those of ``columns`` that are doubles and tell when something happened, for the times of placeholder sessions.
    public let timeColumns: [Int]
    /// The serial column to set the sequence of, if one of ``columns`` is.
    public let serialColumn: Int?

    /// Converts one row.
    public func convert(_ row: SourceRow, in context: RowContext) -> RowOutcome {
        RowOutcome()
    }
}

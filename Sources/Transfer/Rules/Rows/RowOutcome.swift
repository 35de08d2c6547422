// SPDX-License-Identifier: MIT

/// A cell whose original is kept in `dementia_kept_values`, or that is only to be told of.
public struct KeptCell: Sendable, Equatable {
    /// The source column's name.
    public let column: String
    public let cell: Cell
    public let reason: Reason

    public init(column: String, cell: Cell, reason: Reason) {
        self.column = column
        self.cell = cell
        self.reason = reason
    }
}

/// What became of one row.
public struct RowOutcome: Sendable, Equatable {
    /// Why a row cannot arrive.
    public struct Rejection: Sendable, Equatable {
        public let reason: Reason
        /// The source column that does not let it, if it is one.
        public let column: String?

        public init(_ reason: Reason, column: String? = nil) {
            self.reason = reason
            self.column = column
        }
    }

    /// One value for each of ``RowRule/columns``, in their order; empty when the row was rejected.
    public internal(set) var values: [TargetValue] = []
    public internal(set) var rejection: Rejection?
    /// What is kept beside; of a rejected row every cell that is not NULL.
    public internal(set) var kept: [KeptCell] = []
    /// Cells that arrived in another form; 0 of a rejected row.
    public internal(set) var coerced = 0
    /// Cells that lost something, their originals kept; 0 of a rejected row.
    public internal(set) var normalized = 0
    /// What is to be counted and reported but kept nowhere, since nothing was lost.
    public internal(set) var notices: [KeptCell] = []

    init() {}

    /// The outcome of a row of `source` that does not arrive because of `rejection`: every cell that is not NULL is kept.
    ///
    /// Also for rows that the server refuses, and for tables that are refused as a whole.
    public init(rejecting row: SourceRow, of source: SourceTable, because rejection: Rejection) {
        self.rejection = rejection
        for (column, cell) in zip(source.columns, row.cells) where !cell.isNull {
            kept.append(KeptCell(column: column.name, cell: cell, reason: rejection.reason))
        }
    }
}

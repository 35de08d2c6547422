// SPDX-License-Identifier: MIT

/// What is to become of one table of the source.
public struct TablePlan: Sendable, Equatable {
    /// Where its rows go.
    public enum Placement: String, Sendable, Codable {
        /// Into a table that the application has.
        case application
        /// Into a table made under its own name: a workspace, a scan, token_usage.
        case own
        /// Into a table `dementia_kept_…`: the application has no place for it. Every row counts as kept.
        case kept
        /// Every row is rejected: no table can be made for it.
        case refused
        /// It has no rows of its own: shadow tables, SQLite's own, views. It is listed with none.
        case skipped
    }

    public let source: SourceTable
    public let placement: Placement
    /// How its rows become rows; nil when refused or skipped.
    public let rule: RowRule?
    /// The table to make; nil when it is there, refused or skipped.
    public let newTable: NewTable?
    /// Where the losers of duplicate keys go, to be made when there is one; nil when no two rows can share a key. Its columns are the
    /// target's by name (those that are not sent are NULL there), and `kept_at` and `kept_because`.
    public let losers: NewTable?
    /// Why it was kept aside, refused or skipped.
    public let reason: Reason?
    /// What a person should know of it: indices that do not come along, keys that ignored case.
    public let notices: [TableNotice]

    init(
        _ source: SourceTable,
        _ placement: Placement,
        rule: RowRule? = nil,
        newTable: NewTable? = nil,
        losers: NewTable? = nil,
        reason: Reason? = nil,
        notices: [TableNotice] = []
    ) {
        self.source = source
        self.placement = placement
        self.rule = rule
        self.newTable = newTable
        self.losers = losers
        self.reason = reason
        self.notices = notices
    }
}

/// Something to report of a table as a whole.
public struct TableNotice: Sendable, Equatable {
    public let reason: Reason
    /// The column or the index; nil for the table.
    public let name: String?

    init(_ code: Reason.Code, _ name: String? = nil) {
        reason = Reason(code)
        self.name = name
    }
}

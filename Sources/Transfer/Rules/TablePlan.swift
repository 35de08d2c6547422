// SPDX-License-Identifier: MIT

/// What is to become of one table of the source.
public struct TablePlan: Sendable, Equatable {
    /// Where its rows go.
    public enum Placement: String, Sendable, Codable {
        /// Into a table that the application has.
        case application
        /// Into a table made under its own name: a workspace, a scan, token_usage.
        case own
        /// Into a table `dementia_kept_…`: the application has no place for it.
        case kept
        /// Every row is rejected: no table can be made for it.
        case refused
        /// It holds no rows of its own: shadow tables, SQLite's own.
        case skipped
    }

    public let source: SourceTable
    public let placement: Placement
    /// How its rows become rows; nil when refused or skipped.
    public let rule: RowRule?
    /// The table to make; nil when it is there, refused or skipped.
    public let newTable: NewTable?
    /// Where the losers of duplicate keys go; nil when it has no key that can be shared.
    public let losers: NewTable?
    /// Why it was refused or skipped.
    public let reason: Reason?
    /// What a person should know of it: indices that do not come along, keys that ignored case.
    public let notices: [TableNotice]
}

/// Something to report of a table or a column as a whole.
public struct TableNotice: Sendable, Equatable {
    public let reason: Reason
    /// The column, index, view or trigger.
    public let name: String?
}

/// A table to be made in the target.
public struct NewTable: Sendable, Equatable {
    public let name: String
    public let columns: [TargetColumn]
    /// The columns of its primary key, empty without one.
    public let primaryKey: [String]
    /// The column with a sequence of its own, nil without one.
    public let identity: String?

    /// The statement that makes it in `schema`, every name quoted.
    public func createStatement(in schema: String) -> String { "" }
}

/// The rules that place whole tables.
public enum TransferRules {
    /// The tables of the source, each with what is to become of it, in the order in which they are to be loaded.
    ///
    /// - Parameters:
    ///   - sources: every table, virtual and shadow table of the source, SQLite's own included, and its views.
    ///   - targets: every table of the target schema once the catalogue's migrations have run.
    public static func plan(for sources: [SourceTable], into targets: [TargetTable]) -> [TablePlan] { [] }
}

// SPDX-License-Identifier: MIT

/// A key that no two rows of a table may share, and which of two that do stays.
public struct KeyRule: Sendable, Equatable {
    /// The places of the key's columns among ``RowRule/columns``.
    public let columns: [Int]
    /// The column whose greatest value wins; among equals, and without such a column, the row wins that ``prefersLater`` says.
    public let newest: Int?
    /// Whether of two equals the one read later stays.
    public let prefersLater: Bool
}

/// Finds the rows that lose their key to another, in one pass over the converted rows.
public struct KeyCensus: Sendable {
    public init(_ rule: RowRule) {}

    /// Takes in a row that was not rejected.
    public mutating func note(_ values: [TargetValue], ordinal: Int64) {}

    /// Which rows lose, once every row was noted: the loser's ordinal to the winner's.
    public var losers: [Int64: Int64] { [:] }
}

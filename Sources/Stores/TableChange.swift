// SPDX-License-Identifier: MIT

/// What became of one table's rows between two states of a store. Only columns that both states have are compared: a column that was
/// added changes no row.
public struct TableChange: Sendable, Equatable {
    /// The table's name.
    public let name: String
    /// Rows that are there now and were not.
    public let gained: Int64
    /// Rows that were there and are not any more.
    public let lost: Int64
    /// Rows that are there still, by their primary key, with other values. Without a primary key there is no telling: such a row counts as
    /// one lost and one gained.
    public let changed: Int64
    /// Columns that were there and are not any more.
    public let goneColumns: [String]
    /// Columns that are there now and were not, where the content's digests do not tell them. They change no row.
    public let newColumns: [String]
    /// How many values other than NULL the gone columns had, by column, where that was counted.
    public let lostValues: [String: Int64]
    /// Whether the table was not there before.
    public let isNew: Bool
    /// Whether the table is not there any more.
    public let isGone: Bool

    public init(
        name: String, gained: Int64 = 0, lost: Int64 = 0, changed: Int64 = 0, goneColumns: [String] = [],
        newColumns: [String] = [], lostValues: [String: Int64] = [:], isNew: Bool = false, isGone: Bool = false
    ) {
        self.name = name
        self.gained = gained
        self.lost = lost
        self.changed = changed
        self.goneColumns = goneColumns
        self.newColumns = newColumns
        self.lostValues = lostValues
        self.isNew = isNew
        self.isGone = isGone
    }

    /// Whether everything that was there is there still.
    public var isHarmless: Bool { lost == 0 && changed == 0 && goneColumns.isEmpty }

    /// Whether there is something to tell.
    public var isNothing: Bool { isHarmless && gained == 0 && !isNew && !isGone }
}

// SPDX-License-Identifier: MIT

internal import GuardCore

/// What two states of a store differ in, table by table.
struct ContentDifference: Sendable, Equatable {
    /// One table's difference.
    struct Table: Sendable, Equatable {
        let name: String
        /// Rows in the old state; 0 of a table that was not there.
        let rowsBefore: Int64
        /// Rows in the new state; 0 of a table that is not there.
        let rowsAfter: Int64
        /// Rows more, or fewer when negative.
        var rows: Int64 { rowsAfter - rowsBefore }
        /// Columns whose values differ, of those that both states have.
        let columns: [String]
        let isNew: Bool
        let isGone: Bool
    }

    /// The tables that differ, by name.
    let tables: [Table]

    init(from old: StoreDigest, to new: StoreDigest) {
        var tables: [Table] = []
        for table in new.tables {
            guard let before = old[table: table.name] else {
                tables.append(
                    Table(
                        name: table.name, rowsBefore: 0, rowsAfter: table.rows, columns: [], isNew: true, isGone: false)
                )
                continue
            }
            let columns = table.columns.filter { column in
                before.columns.contains { $0.name == column.name && $0.sha256 != column.sha256 }
            }
            let isSame = columns.isEmpty && table.identities == before.identities && table.rowSum == before.rowSum
            guard table.rows != before.rows || !isSame else {
                continue
            }
            tables.append(
                Table(
                    name: table.name, rowsBefore: before.rows, rowsAfter: table.rows, columns: columns.map(\.name),
                    isNew: false, isGone: false))
        }
        for table in old.tables where new[table: table.name] == nil {
            tables.append(
                Table(name: table.name, rowsBefore: table.rows, rowsAfter: 0, columns: [], isNew: false, isGone: true))
        }
        self.tables = tables.sorted { $0.name < $1.name }
    }

    /// Rows more per table, or fewer when negative, of the tables whose number of rows differs.
    var rows: [String: Int64] {
        Dictionary(uniqueKeysWithValues: tables.filter { $0.rows != 0 }.map { ($0.name, $0.rows) })
    }

    /// One sentence per table.
    var sentences: [String] { tables.map(\.sentence) }
}

extension ContentDifference.Table {
    /// Whether it has as many rows as before, with other values.
    var isOnlyValues: Bool { rows == 0 && !isNew && !isGone }

    /// What became of it.
    var sentence: String {
        if isNew { return "the table \(name) is new, with \(rows) rows" }
        if isGone { return "the table \(name) with its \(-rows) rows is gone" }
        guard isOnlyValues else { return "\(name) has \(abs(rows)) rows \(rows > 0 ? "more" : "fewer")" }
        // PostgreSQL's digests speak of rows and not of columns.
        let columns = columns.isEmpty ? "" : " (\(columns.joined(separator: ", ")))"
        return "values of \(name) changed\(columns)"
    }
}

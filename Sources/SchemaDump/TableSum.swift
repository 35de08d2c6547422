// SPDX-License-Identifier: MIT

public import PostgresKit

/// What tells whether a table's rows are the same, computed by the server: their number, and a sum that no order of rows changes.
///
/// Two sums compare only when both were read under ``PinnedSettings``.
public struct TableSum: Sendable, Hashable {
    public let rows: Int64
    /// The sum over all rows of 64 bits of the MD5 of the row as text, in decimal digits.
    public let sum: String

    public init(rows: Int64, sum: String) {
        self.rows = rows
        self.sum = sum
    }

    /// Reads the sum of `table` over `columns`, without the rows of tables that inherit from it.
    ///
    /// The columns, each named once, are taken by name, so their order in the table plays no role. The row's text tells NULL from an empty value; `-0`
    /// and `0` are different, and so are two `numeric` values of different scale.
    ///
    /// - Parameter condition: SQL about a row `t`, which only the rows to be counted fulfil
    public static func read(
        schema: String, table: String, columns: [String], where condition: String = "true", on connection: Connection
    ) throws(PostgresError) -> TableSum {
        let sorted = columns.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let list = sorted.map { "t." + SQLText.identifier($0) }.joined(separator: ", ")
        let rows = try connection.rows(
            """
            SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(
                ('x'::text || pg_catalog.substr(pg_catalog.md5((ROW(\(list)))::text), 1, 16))::bit(64)::bigint::numeric), 0)
            FROM ONLY \(SQLText.identifier(schema, table)) AS t WHERE \(condition)
            """
        ) { row in TableSum(rows: row.integer(0) ?? 0, sum: row.text(1)) }
        return rows.first ?? TableSum(rows: 0, sum: "0")
    }
}

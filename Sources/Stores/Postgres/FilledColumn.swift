// SPDX-License-Identifier: MIT

internal import PostgresKit
internal import SchemaDump

/// A column whose NULLs a migration may fill: every value that was there has to stay in its row.
struct FilledColumn {
    private let name: String
    private let table: String
    private let columns: [String]
    private let connection: Connection
    private let schema: String
    /// The rows that had a value, with it.
    private let before: TableSum

    /// Notes the values that are there. `others` are the columns that stay as they are, and so tell the rows apart.
    init(
        _ name: String, of table: String, beside others: [String], on connection: Connection, schema: String
    ) throws(PostgresError) {
        self.name = name
        self.table = table
        self.connection = connection
        self.schema = schema
        columns = others + [name]
        before = try TableSum.read(
            schema: schema, table: table, columns: columns, where: "t.\(SQLText.identifier(name)) IS NOT NULL",
            on: connection)
    }

    /// What happened to values that were there. A row that is written over without need counts as changed: it cannot be told from one
    /// that was.
    func violations() throws(PostgresError) -> [String] {
        let now = try TableSum.read(
            schema: schema, table: table, columns: columns,
            where: "t.\(SQLText.identifier(name)) IS NOT NULL AND NOT (\(TableSum.isOurs))", on: connection)
        return now == before ? [] : ["values of \(table).\(name) changed that were not NULL"]
    }
}

extension TableSum {
    /// Whether this transaction wrote the row: its writer is not older than the transaction, subtransactions included. Nobody else can
    /// write meanwhile.
    static let isOurs = "pg_catalog.age(t.xmin) <= pg_catalog.age(pg_catalog.pg_current_xact_id()::xid)"

    /// The rows that this transaction did not write.
    static func ofOthersRows(
        _ schema: String, _ table: String, _ columns: [String], on connection: Connection
    ) throws(PostgresError) -> TableSum {
        try read(schema: schema, table: table, columns: columns, where: "NOT (\(isOurs))", on: connection)
    }
}

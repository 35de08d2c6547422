// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import SQLiteKit

/// One table of a SQLite file that holds rows of its own.
struct SQLiteTable: Equatable {
    let name: String
    /// The columns that are stored, in their order; generated ones are not here.
    let columns: [String]
    /// The columns of the primary key, in its order.
    let primaryKey: [String]
    /// How SQL names the rowid, or nil for a table without one.
    let rowIdentity: String?
}

/// Reads what a SQLite file says about itself.
struct SQLiteSchema {
    /// The ledger's tables: ours, and left out of every comparison.
    static func isLedger(_ table: String) -> Bool {
        table.hasPrefix("schema_migration")
    }

    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Every object but the ledger's, ordered by type and name.
    func objects() throws(SQLiteError) -> [SchemaObject] {
        try connection.rows(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
        ) { row in
            SchemaObject(
                type: row.string(0) ?? "", name: row.string(1) ?? "", table: row.string(2) ?? "", definition: row.string(3))
        }
        .filter { !Self.isLedger($0.table) }
    }

    /// Every table that holds rows of its own but the ledger's, ordered by name. A virtual table holds none: its shadow tables do.
    func tables() throws(SQLiteError) -> [SQLiteTable] {
        let names = try connection.rows(
            "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') ORDER BY name"
        ) { (name: $0.string(0) ?? "", isWithoutRowid: $0.integer(1) == 1) }
        var tables: [SQLiteTable] = []
        for (name, isWithoutRowid) in names where !Self.isLedger(name) && name != "sqlite_schema" {
            tables.append(try table(name, isWithoutRowid: isWithoutRowid))
        }
        return tables
    }

    /// The shape: what recognition and plans look at.
    func shape() throws(SQLiteError) -> Shape {
        var tables: [String: [Shape.Column]] = [:]
        try connection.forEachRow(
            """
            SELECT object.name, info.name, info.type, info."notnull", info.dflt_value
            FROM sqlite_schema AS object JOIN pragma_table_info(object.name) AS info
            WHERE object.type = 'table' ORDER BY object.name, info.cid
            """
        ) { row in
            let name = row.string(0) ?? ""
            guard !Self.isLedger(name), !name.hasPrefix("sqlite_") else { return }
            tables[name, default: []].append(
                Shape.Column(
                    name: row.string(1) ?? "", type: row.string(2) ?? "", isNotNull: row.integer(3) == 1,
                    defaultValue: row.string(4)))
        }
        let indices = try connection.rows(
            "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ) { (name: $0.string(0) ?? "", table: $0.string(1) ?? "") }
        return Shape(tables: tables, indices: Set(indices.filter { !Self.isLedger($0.table) }.map(\.name)))
    }

    /// Objects and values of the whole file, without the ledger. `progress` is given the rows done.
    func content(progress: (@Sendable (Int64) -> Void)? = nil) throws(SQLiteError) -> StoreDigest {
        var digests: [TableDigest] = []
        var rows: Int64 = 0
        for table in try tables() {
            let digest = try TableDigester(table, on: connection).digest()
            rows += digest.rows
            progress?(rows)
            digests.append(digest)
        }
        return StoreDigest(objects: try objects(), tables: digests)
    }

    private func table(_ name: String, isWithoutRowid: Bool) throws(SQLiteError) -> SQLiteTable {
        // hidden: 0 is an ordinary column, 2 and 3 are generated.
        let info = try connection.rows(
            "SELECT name, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid", [.text(name)]
        ) { (name: $0.string(0) ?? "", key: $0.integer(1), hidden: $0.integer(2)) }
        let taken = Set(info.map { $0.name.lowercased() })
        return SQLiteTable(
            name: name,
            columns: info.filter { $0.hidden == 0 }.map(\.name),
            primaryKey: info.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map(\.name),
            // A column may take the name of the rowid; then one of the other two names still means it.
            rowIdentity: isWithoutRowid ? nil : ["rowid", "_rowid_", "oid"].first { !taken.contains($0) })
    }
}

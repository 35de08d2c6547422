// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit

/// One table of a SQLite file that holds rows of its own.
struct SQLiteTable: Equatable {
    let name: SQLiteName
    /// The columns that are stored, in their order; generated ones are not here.
    let columns: [SQLiteName]
    /// The columns of the primary key, in its order.
    let primaryKey: [SQLiteName]
    /// How SQL names the rowid, or nil for a table without one.
    let rowIdentity: SQL?
}

/// Reads what a SQLite file says about itself.
struct SQLiteSchema {
    /// The ledger's tables: ours, and left out of every comparison. Exactly these two: `schema_migrations_backup` is somebody's.
    static func isLedger(_ table: SQLiteName) -> Bool {
        ["schema_migrations", "schema_migration_events"].contains(table.folded)
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
            let definition = row.storageClass(3) == .null ? nil : String(readable: row.bytes(3))
            return (
                isOurs: Self.isLedger(row.name(2)),
                object: SchemaObject(
                    type: row.string(0) ?? "", name: row.name(1).text, table: row.name(2).text, definition: definition)
            )
        }
        .filter { !$0.isOurs }.map(\.object)
    }

    /// Every table that holds rows of its own but the ledger's, ordered by name. A virtual table holds none: its shadow tables do.
    func tables() throws(SQLiteError) -> [SQLiteTable] {
        let names = try connection.rows(
            "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') ORDER BY name"
        ) { (name: $0.name(0), isWithoutRowid: $0.integer(1) == 1) }
        var tables: [SQLiteTable] = []
        for (name, isWithoutRowid) in names where !Self.isLedger(name) && name != "sqlite_schema" {
            tables.append(try table(name, isWithoutRowid: isWithoutRowid))
        }
        return tables
    }

    /// The shape: what recognition and plans look at.
    func shape() throws(SQLiteError) -> Shape {
        var tables: [String: [Shape.Column]] = [:]
        let names = try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.name(0) }
        for name in names where !Self.isLedger(name) && !name.hasPrefix("sqlite_") {
            tables[name.text] = try columns(of: name)
        }
        let indices = try connection.rows(
            "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ) { (name: $0.name(0), table: $0.name(1)) }
        return Shape(tables: tables, indices: Set(indices.filter { !Self.isLedger($0.table) }.map(\.name.text)))
    }

    private func columns(of table: SQLiteName) throws(SQLiteError) -> [Shape.Column] {
        do throws(SQLiteError) {
            return try connection.rows(
                #"SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?) ORDER BY cid"#,
                [.text(table.bytes)]
            ) { row in
                Shape.Column(
                    name: row.name(0).text, type: row.string(1) ?? "", isNotNull: row.integer(2) == 1,
                    defaultValue: row.string(3))
            }
        } catch {
            // A virtual table of a module that this SQLite does not have (a vector search, say) is there, and its columns are its own.
            guard error.code ~= .error else { throw error }
            return []
        }
    }

    /// The sequences of AUTOINCREMENT, by table.
    func sequences() throws(SQLiteError) -> [SQLiteName: Int64] {
        guard try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'") == 1 else {
            return [:]
        }
        let rows = try connection.rows("SELECT name, seq FROM sqlite_sequence") { ($0.name(0), $0.integer(1)) }
        return Dictionary(rows, uniquingKeysWith: max)
    }

    /// The virtual tables that keep their rows in shadow tables, by the shadow tables' names.
    func shadowOwners() throws(SQLiteError) -> [SQLiteName: SQLiteName] {
        let names = try connection.rows(
            "SELECT type, name FROM pragma_table_list WHERE schema = 'main' AND type IN ('virtual', 'shadow')"
        ) { (type: $0.string(0) ?? "", name: $0.name(1)) }
        let virtual = Set(names.filter { $0.type == "virtual" }.map(\.name))
        var owners: [SQLiteName: SQLiteName] = [:]
        for (type, name) in names where type == "shadow" {
            // A shadow table's name is its owner's, an underline and one word.
            guard let end = name.bytes.lastIndex(of: UInt8(ascii: "_")) else { continue }
            let owner = SQLiteName(Array(name.bytes[..<end]))
            if virtual.contains(owner) { owners[name] = owner }
        }
        return owners
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

    private func table(_ name: SQLiteName, isWithoutRowid: Bool) throws(SQLiteError) -> SQLiteTable {
        // hidden: 0 is an ordinary column, 2 and 3 are generated.
        let info = try connection.rows(
            "SELECT name, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid", [.text(name.bytes)]
        ) { (name: $0.name(0), key: $0.integer(1), hidden: $0.integer(2)) }
        let taken = Set(info.map(\.name.folded))
        // A column may take the name of the rowid; then one of the other two names still means it.
        let rowid = isWithoutRowid ? nil : ["rowid", "_rowid_", "oid"].first { !taken.contains(SQLiteName($0)) }
        return SQLiteTable(
            name: name,
            columns: info.filter { $0.hidden == 0 }.map(\.name),
            primaryKey: info.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map(\.name),
            rowIdentity: rowid.map { SQL(text: $0) })
    }
}

// SPDX-License-Identifier: MIT

import SQLiteKit

/// Tables with their columns and indices with theirs, as SQLite understands them: equal for two schemas that differ in spelling.
struct Structure: Equatable {
    var tables: [String: Set<String>] = [:]
    var indices: [String: [String]] = [:]

    init(_ path: String) throws {
        let connection = try Connection(path: path, access: .readWrite)
        let names = try connection.rows("SELECT type, name FROM sqlite_schema") {
            ($0.string(0) ?? "", $0.string(1) ?? "")
        }
        for (type, name) in names where !name.hasPrefix("schema_migration") {
            if type == "table" {
                let columns = try connection.rows("SELECT * FROM pragma_table_xinfo(?)", [.text(name)]) { row in
                    // Not its place: real and fresh files differ in the order of columns.
                    (1..<row.columnCount).map { row.string($0) ?? "NULL" }.joined(separator: " ")
                }
                tables[name] = Set(columns)
            } else if type == "index" {
                indices[name] = try connection.rows(
                    "SELECT name, desc, coll, key FROM pragma_index_xinfo(?)", [.text(name)]
                ) {
                    row in (0..<row.columnCount).map { row.string($0) ?? "NULL" }.joined(separator: " ")
                }
            }
        }
    }
}

// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import PostgresKit

/// Reads what the target's catalogue says of a schema's tables, in the caller's transaction.
struct TargetReader {
    private let connection: Connection
    private let schema: String

    init(_ connection: Connection, schema: String) {
        self.connection = connection
        self.schema = schema
    }

    /// The ordinary and partitioned tables, by name.
    func tables() throws(PostgresError) -> [TargetTable] {
        let indices = try indices()
        let references = try references()
        let columns = try connection.rows(
            """
            SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
                a.atthasdef OR a.attidentity <> '', a.attgenerated <> ''
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY c.relname COLLATE "C", a.attnum
            """, [schema]
        ) { row in
            Column(
                table: row.text(0), name: row.text(1), type: row.text(2), isNotNull: row.bool(3),
                hasDefault: row.bool(4), isGenerated: row.bool(5))
        }
        var byTable: [(name: String, columns: [Column])] = []
        for column in columns {
            if !(byTable.last?.name.hasSameBytes(as: column.table) ?? false) { byTable.append((column.table, [])) }
            byTable[byTable.count - 1].columns.append(column)
        }
        return byTable.map { name, columns in
            let own = indices.filter { $0.table.hasSameBytes(as: name) }
            let links = references.filter { $0.table.hasSameBytes(as: name) }
            let keys = Set(own.filter(\.isUnique).flatMap(\.columns) + links.flatMap(\.columns))
            return TargetTable(
                name: name,
                columns: columns.map { column in
                    TargetColumn(
                        name: column.name, type: TargetType(formatted: column.type), isNullable: !column.isNotNull,
                        hasDefault: column.hasDefault, isGenerated: column.isGenerated,
                        isKey: keys.contains(column.name))
                },
                primaryKey: own.first(where: \.isPrimary)?.columns ?? [],
                uniqueKeys: own.filter { $0.isUnique && !$0.isPrimary }.map(\.columns),
                references: links.filter { $0.columns.count == 1 }.map {
                    .init(column: $0.columns[0], table: $0.parent, key: $0.keys[0])
                },
                indices: own.filter(\.isTree).map(\.columns))
        }
    }

    private struct Column {
        let table: String
        let name: String
        let type: String
        let isNotNull: Bool
        let hasDefault: Bool
        let isGenerated: Bool
    }

    private struct Index {
        let table: String
        let name: String
        let isPrimary: Bool
        let isUnique: Bool
        let isTree: Bool
        var columns: [String]
    }

    /// The indices over whole columns of all rows; one over an expression, or over some of the rows, decides nothing here.
    private func indices() throws(PostgresError) -> [Index] {
        let columns = try connection.rows(
            """
            SELECT t.relname, i.relname, x.indisprimary, x.indisunique, m.amname = 'btree', a.attname
            FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
            JOIN pg_catalog.pg_class t ON t.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
            JOIN pg_catalog.pg_am m ON m.oid = i.relam
            CROSS JOIN LATERAL pg_catalog.unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
            WHERE n.nspname = $1 AND t.relkind IN ('r', 'p') AND x.indexprs IS NULL AND x.indpred IS NULL
                AND k.place <= x.indnkeyatts
            ORDER BY t.relname COLLATE "C", i.relname COLLATE "C", k.place
            """, [schema]
        ) { row in
            Index(
                table: row.text(0), name: row.text(1), isPrimary: row.bool(2), isUnique: row.bool(3),
                isTree: row.bool(4), columns: [row.text(5)])
        }
        return columns.reduce(into: []) { indices, column in
            if let last = indices.last, last.table.hasSameBytes(as: column.table),
                last.name.hasSameBytes(as: column.name)
            {
                indices[indices.count - 1].columns += column.columns
            } else {
                indices.append(column)
            }
        }
    }

    private struct Link {
        let table: String
        let name: String
        let parent: String
        var columns: [String]
        var keys: [String]
    }

    private func references() throws(PostgresError) -> [Link] {
        let columns = try connection.rows(
            """
            SELECT t.relname, x.conname, p.relname, a.attname, b.attname
            FROM pg_catalog.pg_constraint x JOIN pg_catalog.pg_class t ON t.oid = x.conrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
            JOIN pg_catalog.pg_class p ON p.oid = x.confrelid
            CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(x.conkey), pg_catalog.unnest(x.confkey))
                WITH ORDINALITY AS k (mine, theirs, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.mine
            JOIN pg_catalog.pg_attribute b ON b.attrelid = p.oid AND b.attnum = k.theirs
            WHERE n.nspname = $1 AND x.contype = 'f' ORDER BY t.relname COLLATE "C", x.conname COLLATE "C", k.place
            """, [schema]
        ) { row in
            Link(
                table: row.text(0), name: row.text(1), parent: row.text(2), columns: [row.text(3)], keys: [row.text(4)])
        }
        return columns.reduce(into: []) { links, column in
            if let last = links.last, last.table.hasSameBytes(as: column.table), last.name.hasSameBytes(as: column.name)
            {
                links[links.count - 1].columns += column.columns
                links[links.count - 1].keys += column.keys
            } else {
                links.append(column)
            }
        }
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
internal import LinuxKit
internal import PostgresKit

/// Holds what a schema has against what a migration makes, so that a table of the user's own under one of Dementia's names is not taken for
/// Dementia's. For a file ``MadeObjectsCheck`` does the same.
struct PostgresMadeObjects {
    private struct Column {
        /// The server's own name of the type, of a domain that of its base. Not as `format_type` writes it, which depends on the session's
        /// settings.
        let type: String
        let isNotNull: Bool
        let hasDefault: Bool
        let isGenerated: Bool
    }

    private struct Table {
        var kind: String
        /// By the bytes of their names.
        var columns: [[UInt8]: Column] = [:]
        var primaryKey: Set<[UInt8]> = []
        /// The columns of each unique index that serves ON CONFLICT.
        var unique: Set<Set<[UInt8]>> = []
        /// The columns of each UNIQUE constraint.
        var constraints: Set<Set<[UInt8]>> = []
    }

    private let connection: Connection
    private let schema: String

    init(_ connection: Connection, _ schema: String) {
        self.connection = connection
        self.schema = schema
    }

    /// One sentence for each thing under a name of `made` that is another thing.
    func problems(of made: MadeObjects) throws(PostgresError) -> [String] {
        var problems: [String] = []
        for wanted in made.tables {
            if let table = try table(wanted.name) { problems += Self.problems(of: wanted, in: table) }
        }
        for addition in made.additions {
            guard let table = try table(addition.table) else { continue }
            problems += Self.problems(of: addition.column, in: table, addition.table)
        }
        for index in made.indices { if let problem = try problem(of: index) { problems.append(problem) } }
        return problems
    }

    // MARK: Tables

    private static func problems(of wanted: MadeObjects.Table, in table: Table) -> [String] {
        guard ["r", "p"].contains(table.kind) else {
            return ["\(wanted.name) is \(PostgresSchema.phrase(forKind: table.kind)) and not Dementia's table"]
        }
        var problems = wanted.columns.flatMap { Self.problems(of: $0, in: table, wanted.name) }
        let known = Set(wanted.columns.map { Array($0.name.utf8) })
        for (name, column) in table.columns.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
        where !known.contains(name) && column.isNotNull && !column.hasDefault && !column.isGenerated {
            problems.append(
                "\(wanted.name).\(String(readable: name)) is a column that Dementia does not write, and takes no NULL")
        }
        if table.primaryKey != Set(wanted.primaryKey.map { Array($0.utf8) }) {
            problems.append("\(wanted.name) has another primary key than Dementia gives it")
        }
        let keys = Set(wanted.unique.map { Set($0.map { Array($0.utf8) }) })
        problems += keys.subtracting(table.unique).map { "\(wanted.name) is not unique in \(list($0))" }
        return problems
    }

    private static func problems(of wanted: MadeObjects.Column, in table: Table, _ name: String) -> [String] {
        guard let column = table.columns[Array(wanted.name.utf8)] else {
            return ["\(name) has no column \(wanted.name)"]
        }
        if column.isGenerated { return ["\(name).\(wanted.name) is generated, and cannot be written"] }
        var problems: [String] = []
        if family(wanted.type) != family(column.type) {
            problems.append("\(name).\(wanted.name) is of type \(column.type), where Dementia writes \(wanted.type)")
        }
        if wanted.type.hasSuffix("serial"), !column.hasDefault {
            problems.append("\(name).\(wanted.name) has no default, by which Dementia counts its rows")
        }
        if wanted.takesNull, column.isNotNull, !column.hasDefault {
            problems.append("\(name).\(wanted.name) takes no NULL, which Dementia writes")
        }
        return problems
    }

    /// The kind of values in a column of `type`, which is a word of SQL or the server's own name for a type, such as `int4`. Within one kind
    /// values go from one type to another by themselves.
    private static func family(_ type: String) -> String {
        switch type {
        case "serial", "bigserial", "smallserial", "int", "integer", "bigint", "smallint", "int2", "int4", "int8":
            "integer"
        case "text", "varchar", "character varying", "character", "bpchar": "text"
        case "double precision", "real", "float", "float4", "float8", "numeric", "decimal": "number"
        case "timestamptz", "timestamp with time zone": "timestamptz"
        case "timestamp", "timestamp without time zone": "timestamp"
        case "bool", "boolean": "boolean"
        default: type
        }
    }

    private static func list(_ names: Set<[UInt8]>) -> String {
        names.map { String(readable: $0) }.sorted().joined(separator: ", ")
    }

    private func table(_ name: String) throws(PostgresError) -> Table? {
        let rows = try connection.rows(
            """
            SELECT c.relkind::pg_catalog.text, a.attname,
                CASE WHEN s.nspname = 'pg_catalog' THEN y.typname::pg_catalog.text
                    ELSE pg_catalog.format('%s.%s', s.nspname, y.typname) END,
                a.attnotnull, a.atthasdef OR a.attidentity <> '', pg_catalog.to_jsonb(a) ->> 'attgenerated'
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
            LEFT JOIN pg_catalog.pg_type y ON y.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
            LEFT JOIN pg_catalog.pg_namespace s ON s.oid = y.typnamespace
            WHERE n.nspname = $1 AND c.relname = $2
            """, [schema, name]
        ) { row in
            (
                kind: row.text(0), name: row.string(1),
                column: Column(
                    type: row.string(2) ?? "", isNotNull: row.bool(3), hasDefault: row.bool(4),
                    isGenerated: !(row.string(5) ?? "").isEmpty)
            )
        }
        guard let first = rows.first else { return nil }
        var table = Table(kind: first.kind)
        for row in rows { if let name = row.name { table.columns[Array(name.utf8)] = row.column } }
        let keys = try connection.rows(
            """
            SELECT i.indexrelid::pg_catalog.text, i.indisprimary, a.attname
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
            CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, place)
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
            WHERE n.nspname = $1 AND t.relname = $2 AND i.indisunique AND i.indisvalid AND i.indimmediate
                AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
            """, [schema, name]
        ) { (index: $0.text(0), isPrimary: $0.bool(1), column: Array($0.text(2).utf8)) }
        for (_, columns) in Dictionary(grouping: keys, by: \.index) {
            let names = Set(columns.map(\.column))
            table.unique.insert(names)
            if columns[0].isPrimary { table.primaryKey = names }
        }
        return table
    }

    // MARK: Indices

    private func problem(of index: MadeObjects.Index) throws(PostgresError) -> String? {
        let rows = try connection.rows(
            """
            SELECT t.relname, i.indisunique, i.indpred IS NOT NULL,
                COALESCE(a.attname, pg_catalog.pg_get_indexdef(i.indexrelid, k.place::pg_catalog.int4, true)),
                (i.indoption::pg_catalog.int2[])[k.place - 1] & 1 = 1
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
            CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, place)
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum <> 0
            WHERE n.nspname = $1 AND c.relname = $2 AND k.place <= i.indnkeyatts ORDER BY k.place
            """, [schema, index.name]
        ) {
            (
                table: $0.text(0), isUnique: $0.bool(1), isPartial: $0.bool(2),
                item: $0.text(3) + ($0.bool(4) ? " desc" : "")
            )
        }
        guard let first = rows.first else {
            let kind = try connection.value(
                """
                SELECT c.relkind::pg_catalog.text FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2
                """, [schema, index.name])
            return kind.map { "\(index.name) is \(PostgresSchema.phrase(forKind: $0)) and not Dementia's index" }
        }
        guard first.table.hasSameBytes(as: index.table) else {
            return "the index \(index.name) is on \(first.table) and not on \(index.table)"
        }
        guard rows.map(\.item) == index.items, first.isUnique == index.isUnique, first.isPartial == index.isPartial
        else { return "the index \(index.name) is not on \(index.table) (\(index.items.joined(separator: ", ")))" }
        return nil
    }
}

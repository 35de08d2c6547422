// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import PostgresKit
internal import SchemaDump

/// Reads what a PostgreSQL schema says about itself. Everything in the caller's transaction, whose settings are pinned.
struct PostgresSchema {
    private let connection: Connection
    private let schema: String

    init(_ connection: Connection, _ schema: String) {
        self.connection = connection
        self.schema = schema
    }

    /// Whether there is a schema of that name.
    func exists() throws(PostgresError) -> Bool {
        try connection.value("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", [schema]) != nil
    }

    /// The word with its article for a relation whose `relkind` is `kind`.
    static func phrase(forKind kind: String) -> String {
        switch kind {
        case "v": "a view"
        case "m": "a materialized view"
        case "i", "I": "an index"
        case "S": "a sequence"
        case "f": "a foreign table"
        case "p": "a partitioned table"
        case "c": "a composite type"
        default: "a table"
        }
    }

    /// Shape, ledger and the truth of every postcondition.
    func survey(_ catalogue: Catalogue) throws(PostgresError) -> Survey {
        let shape = try shape()
        let recognition = Recognition.postgres(shape, in: try surroundings(shape))
        var problems: [Int: [String]] = [:]
        if case .memory(let line) = recognition {
            for migration in catalogue.migrations(of: line) {
                let found = try self.problems(of: migration)
                if !found.isEmpty { problems[migration.version] = found }
            }
        }
        let ledger = PostgresLedger(connection, schema: schema)
        return Survey(
            recognition: recognition, shape: shape, ledger: try ledger.rows(),
            foreignLedger: try ledger.foreignObject(), problems: problems)
    }

    /// What the postcondition of `migration` complains of; nothing when it is true.
    func problems(of migration: Migration) throws(PostgresError) -> [String] {
        var problems: [String] = []
        for select in migration.verify {
            problems += try connection.rows(SQLTemplate.fill(select, schema: schema)) { $0.text(0) }
        }
        return try problems + taken(of: migration)
    }

    /// One sentence for each thing that has a name of the migration's and is another thing: the user's own.
    func taken(of migration: Migration) throws(PostgresError) -> [String] {
        try PostgresMadeObjects(connection, schema).problems(of: migration.makes)
    }

    /// The tables with their columns, and the indices: what recognition and plans look at. Without the ledger.
    func shape() throws(PostgresError) -> Shape {
        let columns = try connection.rows(
            """
            SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
                pg_catalog.pg_get_expr(d.adbin, d.adrelid)
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum
            """, [schema]
        ) { row in
            (
                table: row.text(0),
                column: row.string(1).map {
                    Shape.Column(name: $0, type: row.text(2), isNotNull: row.bool(3), defaultValue: row.string(4))
                }
            )
        }
        var tables: [String: [Shape.Column]] = [:]
        for (table, column) in columns where !PostgresLedger.isLedger(table) {
            tables[table, default: []] += column.map { [$0] } ?? []
        }
        let indices = try connection.rows(
            """
            SELECT c.relname, t.relname FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
            """, [schema]
        ) { (name: $0.text(0), table: $0.text(1)) }
        return Shape(tables: tables, indices: Set(indices.filter { !PostgresLedger.isLedger($0.table) }.map(\.name)))
    }

    /// The ordinary and partitioned tables, ordered by name: what can be locked. With the ledger.
    func lockableTables() throws(PostgresError) -> [String] {
        try connection.rows(
            """
            SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY c.relname COLLATE "C"
            """, [schema]
        ) { $0.text(0) }
    }

    /// Objects and values of the whole schema, without the ledger.
    func content() throws(PostgresError) -> StoreDigest {
        try content(of: SchemaInventory(reading: schema, on: connection))
    }

    /// Objects and values as `inventory` lists them.
    ///
    /// - Parameters:
    ///   - dumped: where the sequences stand in a dump; otherwise they are asked now
    ///   - progress: is given the rows done
    func content(
        of inventory: SchemaInventory, sequences dumped: [SequenceValue]? = nil, progress: ((Int64) -> Void)? = nil
    ) throws(PostgresError) -> StoreDigest {
        let objects = (inventory.preData + inventory.postData).filter { !Self.isLedger($0) }.map {
            SchemaObject(type: $0.kind, name: $0.name, table: $0.table ?? $0.name, definition: $0.sql)
        }
        var tables: [TableDigest] = []
        var rows: Int64 = 0
        for table in inventory.tables where !PostgresLedger.isLedger(table.name) && !table.isPartitioned {
            let sum = try TableSum.read(schema: schema, table: table.name, columns: table.columns, on: connection)
            rows += sum.rows
            progress?(rows)
            tables.append(TableDigest(name: table.name, rows: sum.rows, rowSum: sum.sum))
        }
        // After the rows, so that a sequence can only be ahead of them.
        let sequences: [SequenceValue]
        if let dumped {
            sequences = dumped
        } else {
            sequences = try SequenceValue.read(schema: schema, names: inventory.sequences, on: connection)
        }
        return StoreDigest(
            objects: objects.sorted {
                (ExactText($0.type), ExactText($0.name), ExactText($0.table))
                    < (ExactText($1.type), ExactText($1.name), ExactText($1.table))
            },
            tables: tables.sorted { ExactText($0.name) < ExactText($1.name) },
            // The server names an identity column's sequence after its table.
            sequences: sequences.filter { !$0.name.beginsWithBytes(of: "schema_migration_events_") }.map {
                SequenceState(name: $0.name, lastValue: $0.lastValue, isCalled: $0.isCalled)
            }.sorted { ExactText($0.name) < ExactText($1.name) })
    }

    /// The number of each table's file, by its name. A table that is emptied or rewritten gets another one.
    func tableFiles() throws(PostgresError) -> [ExactText: String] {
        let rows = try connection.rows(
            """
            SELECT c.relname, c.relfilenode FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
            """, [schema]
        ) { (ExactText($0.text(0)), $0.text(1)) }
        return Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }

    /// The indices and constraints that the server does not vouch for, such as what a failed concurrent build leaves behind.
    func invalidObjects() throws(PostgresError) -> Set<ExactText> {
        Set(
            try connection.rows(
                """
                SELECT c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND NOT i.indisvalid
                UNION ALL
                SELECT x.conname FROM pg_catalog.pg_constraint x
                JOIN pg_catalog.pg_namespace n ON n.oid = x.connamespace WHERE n.nspname = $1 AND NOT x.convalidated
                """, [schema]
            ) { ExactText($0.text(0)) })
    }

    private static func isLedger(_ item: DumpItem) -> Bool {
        PostgresLedger.isLedger(item.name) || item.table.map(PostgresLedger.isLedger) ?? false
    }

    /// What else the database holds that tells whether this schema is what it looks like.
    private func surroundings(_ shape: Shape) throws(PostgresError) -> SchemaSurroundings {
        let isInPublic =
            try connection.value(
                """
                SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'public' AND c.relname IN ('sessions', 'context_locks') AND c.relkind IN ('r', 'p')
                HAVING count(*) = 2
                """) != nil
        guard isInPublic else { return SchemaSurroundings(schema: schema, isEmpty: false, publicHoldsRows: false) }
        return SchemaSurroundings(
            schema: schema, isEmpty: try !hasRows(schema, in: Self.told.filter { shape.tables[$0] != nil }),
            publicHoldsRows: try hasRows("public", in: Self.told))
    }

    private static let told = ["sessions", "context_locks"]

    private func hasRows(_ schema: String, in tables: [String]) throws(PostgresError) -> Bool {
        for table in tables {
            let row = try connection.value("SELECT 1 FROM \(SQLText.identifier(schema, table)) LIMIT 1")
            if row != nil { return true }
        }
        return false
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import LinuxKit
internal import PostgresKit
internal import SchemaDump

/// The proof that every object and value that a plan did not declare as changed is still there.
///
/// Runs inside the migration's transaction, before COMMIT, while nobody else can write. What was there before is known from the backup's
/// digests, which were compared with this very state under the locks; so only the tables that the plan's statements touched are read
/// again. What is new needs no declaration, new rows included.
struct PostgresConservation {
    /// What of a table has to be there afterwards.
    private struct Kept {
        let columns: [String]
        let sum: TableSum
        /// Not NULL values per column; only a downgrade has to tell what it took away.
        let values: [ExactText: Int64]
    }

    private let changes: Set<Change>
    private let isDowngrade: Bool
    private let connection: Connection
    private let schema: String
    private let inventory: SchemaInventory
    private let invalid: Set<ExactText>
    /// The file of each table by its name.
    private let files: [ExactText: String]
    private let sequences: KeptSequences
    private let droppable: Set<ExactText>
    private var kept: [ExactText: Kept] = [:]
    private var fills: [FilledColumn] = []
    /// What a downgrade took away, known after ``violations(touched:on:)``.
    private(set) var lost: [Loss] = []

    /// Notes what `before`'s digests do not hold. To be made under the locks, before the first statement.
    ///
    /// - Parameter going: the columns that a downgrade takes away
    init(
        _ plan: Plan, before: StoreDigest, _ inventory: SchemaInventory, going: [ExactText: Set<ExactText>],
        on connection: Connection, schema: String
    ) throws(PostgresError) {
        changes = plan.changes
        isDowngrade = plan.isDowngrade
        self.connection = connection
        self.schema = schema
        self.inventory = inventory
        invalid = try PostgresSchema(connection, schema).invalidObjects()
        files = try PostgresSchema(connection, schema).tableFiles()
        sequences = try KeptSequences(inventory.sequences, of: schema, on: connection)
        droppable = sequences.mayGo(with: changes)
        for table in inventory.tables where !PostgresLedger.isLedger(table.name) && !table.isPartitioned {
            let gone = going[ExactText(table.name)] ?? []
            let changed = changes.columns(of: table.name).union(gone)
            let columns = table.columns.filter { !changed.contains(ExactText($0)) }
            let known = before[table: table.name].flatMap { digest in
                digest.rowSum.map { TableSum(rows: digest.rows, sum: $0) }
            }
            // The backup's digest is over all columns; where some of them go, the rest is counted now.
            let sum: TableSum
            if columns == table.columns, let known { sum = known } else { sum = try read(table.name, columns) }
            kept[ExactText(table.name)] = Kept(
                columns: columns, sum: sum, values: try values(of: gone, in: table.name))
        }
        for case .fills(let table, let column) in changes {
            guard let others = kept[ExactText(table)]?.columns,
                inventory.tables.contains(where: { $0.name.hasSameBytes(as: table) && $0.columns.contains(column) })
            else { continue }
            fills.append(try FilledColumn(column, of: table, beside: others, on: connection, schema: schema))
        }
    }

    /// What was lost or altered without a declaration, a sentence each.
    mutating func violations(on connection: Connection) throws(PostgresError) -> [String] {
        let touched = try touchedTables(on: connection)
        let after = try SchemaInventory(reading: schema, on: connection)
        var violations = objectViolations(after)
        violations += try PostgresSchema(connection, schema).invalidObjects().subtracting(invalid).sorted().map {
            "the server does not vouch for \($0)"
        }
        for (key, old) in kept.sorted(by: { $0.key < $1.key }) where !changes.contains(.dropsTable(key.text)) {
            let name = key.text
            let now = renamed(name)
            guard let table = after.tables.first(where: { $0.name.hasSameBytes(as: now) }) else {
                if isDowngrade {
                    lost.append(Loss(table: name, column: nil, values: old.sum.rows))
                } else {
                    violations.append("the table \(name) with its \(old.sum.rows) rows is gone")
                }
                continue
            }
            let columns = Set(table.columns.map(ExactText.init))
            lost += old.values.filter { !columns.contains($0.key) }.sorted { $0.key < $1.key }.map {
                Loss(table: name, column: $0.key.text, values: $0.value)
            }
            let missing = old.columns.filter { !columns.contains(ExactText($0)) }
            guard missing.isEmpty else {
                violations += missing.map { "the column \(name).\($0) is gone" }
                continue
            }
            if touched.contains(ExactText(now)) { violations += try valueViolations(in: name, old) }
        }
        for fill in fills { violations += try fill.violations() }
        violations += try PostgresLocks.writtenOutside(of: schema, on: connection).map {
            "rows of \($0), which is not in the schema, were written"
        }
        return try violations + sequences.violations(among: after.sequences, on: connection)
    }

    /// The tables whose rows may not be what they were: whatever writes a row holds a lock of its own for it until the transaction ends,
    /// and whatever empties or rewrites a table gives it another file.
    private func touchedTables(on connection: Connection) throws(PostgresError) -> Set<ExactText> {
        let written = try PostgresLocks.held(["RowExclusiveLock"], of: schema, on: connection)
        let now = try PostgresSchema(connection, schema).tableFiles()
        return written.union(now.filter { files[$0.key] != $0.value }.keys)
    }

    // MARK: Objects

    private func objectViolations(_ after: SchemaInventory) -> [String] {
        // Overloaded functions have one name, and so have the comments on a table's columns.
        var now = Dictionary(grouping: (after.preData + after.postData).map(Definition.init), by: \.key)
        var violations: [String] = []
        for item in (inventory.preData + inventory.postData).map(Definition.init) where !mayChange(item) {
            let item = renamed(item)
            let others = now[item.key] ?? []
            if let place = others.firstIndex(where: {
                $0.sql.hasSameBytes(as: item.sql) || isExtended(item, as: $0.sql)
            }) {
                now[item.key]?.remove(at: place)
            } else if others.isEmpty {
                if !isDowngrade { violations.append("the \(item.kind) \(item.name) is gone") }
            } else {
                violations.append("the \(item.kind) \(item.name) is defined differently")
            }
        }
        return violations
    }

    /// As it has to be when the tables of the plan's `renames` have their new names.
    private func renamed(_ definition: Definition) -> Definition {
        var item = definition
        for case .renames(let old, let new) in changes {
            item.sql = item.sql.replacingBytes(
                of: SQLText.identifier(schema, old), with: SQLText.identifier(schema, new))
            // The server's own texts quote only where they have to.
            item.sql = item.sql.replacingWord("\(schema).\(old)", with: "\(schema).\(new)")
        }
        if item.table == item.name { item.name = renamed(item.name) }
        item.table = item.table.map(renamed)
        return item
    }

    /// One item of an inventory.
    private struct Definition {
        let kind: String
        var name: String
        var table: String?
        var sql: String

        init(_ item: DumpItem) {
            (kind, name, table, sql) = (item.kind, item.name, item.table, item.sql)
        }

        var key: [ExactText] { [kind, name, table ?? ""].map(ExactText.init) }
    }

    private func mayChange(_ item: Definition) -> Bool {
        let table = item.table ?? item.name
        return PostgresLedger.isLedger(table) || PostgresLedger.isLedger(item.name)
            || changes.contains(.dropsTable(table)) || changes.contains(.dropsObject(item.name))
            || item.table == nil && droppable.contains(ExactText(item.name))
            || changes.droppedColumns(of: table).contains {
                // What is said of a column goes with it.
                item.sql.beginsWithBytes(
                    of: "COMMENT ON COLUMN \(SQLText.identifier(schema, table)).\(SQLText.identifier($0.text)) IS ")
            }
    }

    /// Whether a table's definition has every line that it had, and perhaps more. A column and a constraint have a line each.
    private func isExtended(_ item: Definition, as sql: String) -> Bool {
        guard item.kind == "TABLE" else { return false }
        let gone = changes.droppedColumns(of: item.name).map { SQLText.identifier($0.text) }
        let now = Set(Self.lines(of: sql))
        return Self.lines(of: item.sql).allSatisfy { line in
            now.contains(line) || isDowngrade
                || gone.contains { line.text.beginsWithBytes(of: $0 + " ") }
                || changes.droppedObjects.contains {
                    line.text.beginsWithBytes(of: "CONSTRAINT \(SQLText.identifier($0)) ")
                }
        }
    }

    /// The lines without the blanks and commas around them.
    private static func lines(of sql: String) -> [ExactText] {
        let (blank, comma) = (UInt8(ascii: " "), UInt8(ascii: ","))
        return sql.utf8.split(separator: UInt8(ascii: "\n")).map { line in
            let start = line.drop { $0 == blank }
            let end = start.lastIndex { $0 != blank && $0 != comma }
            return ExactText(String(decoding: end.map { start[...$0] } ?? start[..<start.startIndex], as: UTF8.self))
        }
    }

    // MARK: Values

    private func valueViolations(in name: String, _ old: Kept) throws(PostgresError) -> [String] {
        let now = try read(renamed(name), old.columns)
        if now == old.sum { return [] }
        if let target = changes.target(ofMovesFrom: name) {
            let moved = try read(target, old.columns)
            let before = kept[ExactText(target)]?.sum ?? TableSum(rows: 0, sum: "0")
            let rows = (now.rows + moved.rows, old.sum.rows + before.rows)
            let sums = try (add(now.sum, moved.sum), add(old.sum.sum, before.sum))
            return rows.0 == rows.1 && sums.0 == sums.1 ? [] : ["rows of \(name) were lost on their way to \(target)"]
        }
        if changes.contains(where: { if case .moves(_, let to) = $0 { to == name } else { false } }) { return [] }
        guard now.rows >= old.sum.rows else {
            return ["the table \(name) has \(now.rows) rows where it had \(old.sum.rows)"]
        }
        // New rows need no declaration, as long as the old ones are all there and nobody wrote over one.
        let untouched = try TableSum.ofOthersRows(schema, renamed(name), old.columns, on: connection)
        return untouched == old.sum ? [] : ["values of \(name) changed"]
    }

    private func read(_ table: String, _ columns: [String]) throws(PostgresError) -> TableSum {
        try TableSum.read(schema: schema, table: table, columns: columns, on: connection)
    }

    private func add(_ left: String, _ right: String) throws(PostgresError) -> String? {
        try connection.value("SELECT $1::numeric + $2::numeric", [left, right])
    }

    private func values(
        of columns: Set<ExactText>, in table: String
    ) throws(PostgresError) -> [ExactText: Int64] {
        guard !columns.isEmpty else { return [:] }
        let names = columns.sorted()
        let counts = names.map { "pg_catalog.count(\(SQLText.identifier($0.text)))" }.joined(separator: ", ")
        let row = try connection.rows("SELECT \(counts) FROM ONLY \(SQLText.identifier(schema, table))") { row in
            names.indices.map { row.integer($0) ?? 0 }
        }
        return Dictionary(uniqueKeysWithValues: zip(names, row.first ?? []))
    }

    private func renamed(_ table: String) -> String {
        for case .renames(let old, let new) in changes where old.hasSameBytes(as: table) { return new }
        return table
    }
}

extension Set<Change> {
    /// The columns of `table` whose values may change or go.
    fileprivate func columns(of table: String) -> Set<ExactText> {
        reduce(into: droppedColumns(of: table)) { columns, change in
            switch change {
            case .rewrites(table, let column), .fills(table, let column): columns.insert(ExactText(column))
            default: break
            }
        }
    }

    fileprivate func droppedColumns(of table: String) -> Set<ExactText> {
        reduce(into: []) { columns, change in
            if case .dropsColumn(table, let column) = change { columns.insert(ExactText(column)) }
        }
    }

    fileprivate var droppedObjects: [String] {
        compactMap { if case .dropsObject(let name) = $0 { name } else { nil } }
    }

    fileprivate func target(ofMovesFrom table: String) -> String? {
        lazy.compactMap { if case .moves(table, let target) = $0 { target } else { nil } }.first
    }
}

extension String {
    /// With `new` in the place of `old`, where nothing that could belong to a name follows.
    fileprivate func replacingWord(_ old: String, with new: String) -> String {
        var result: [UInt8] = []
        var rest = utf8[...]
        while let range = rest.firstRange(of: old.utf8) {
            let next = rest[range.upperBound...].first
            result += rest[..<range.lowerBound]
            result += next.map(Self.goesOn) ?? false ? old.utf8 : new.utf8
            rest = rest[range.upperBound...]
        }
        return String(decoding: result + rest, as: UTF8.self)
    }

    /// Whether an unquoted name goes on with `byte`.
    private static func goesOn(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
internal import SQLiteKit

/// Holds what a SQLite file has against what a migration makes, so that a table of the user's own under one of Dementia's names is not
/// taken for Dementia's.
///
/// What is told is what would make the application's statements fail, or keep other values than it wrote: a column that is not there or
/// cannot be written, a type that turns texts into numbers, keys and constraints that Dementia does not know. More columns are fine, as long as
/// a row can be written without them. What is missing altogether is the postcondition's own business.
struct MadeObjectsCheck {
    private struct Column {
        let name: SQLiteName
        let type: String
        let isNotNull: Bool
        let hasDefault: Bool
        let key: Int64
        let isGenerated: Bool
    }

    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// One sentence for each thing under a name of `made` that is another thing.
    func problems(of made: MadeObjects) throws(SQLiteError) -> [String] {
        var problems: [String] = []
        for table in made.tables { problems += try self.problems(of: table) }
        for addition in made.additions {
            let columns = try columns(of: addition.table)
            problems += columns.isEmpty ? [] : columnProblems(of: addition.column, among: columns, addition.table)
        }
        for index in made.indices { if let problem = try problem(of: index) { problems.append(problem) } }
        return problems
    }

    // MARK: Tables

    private func problems(of table: MadeObjects.Table) throws(SQLiteError) -> [String] {
        let kinds = try connection.rows(
            "SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
            [.text(table.name)]
        ) { (type: $0.string(0) ?? "", isWithoutRowid: $0.integer(1) == 1) }
        guard let kind = kinds.first else {
            // Tables and indices share their names.
            return try hasObject(table.name, "index") ? ["\(table.name) is an index and not Dementia's table"] : []
        }
        guard kind.type == "table" else { return ["\(table.name) is a \(kind.type) and not Dementia's table"] }
        let columns = try columns(of: table.name)
        var problems = table.columns.flatMap { columnProblems(of: $0, among: columns, table.name) }
        let known = Set(table.columns.map { SQLiteName($0.name).folded })
        for column in columns
        where !known.contains(column.name.folded) && column.isNotNull && !column.hasDefault && !column.isGenerated {
            problems.append(
                "\(table.name).\(column.name.text) is a column that Dementia does not write, and takes no NULL")
        }
        let key = columns.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map(\.name.folded)
        if key != table.primaryKey.map({ SQLiteName($0).folded }) {
            problems.append("\(table.name) has another primary key than Dementia gives it")
        } else if kind.isWithoutRowid, table.columns.first(where: { [$0.name] == table.primaryKey })?.type == "integer"
        {
            problems.append("\(table.name) has no rowid, by which Dementia counts its rows")
        }
        return try problems + constraintProblems(of: table)
    }

    private func columnProblems(
        of wanted: MadeObjects.Column, among columns: [Column], _ table: String
    ) -> [String] {
        guard let column = columns.first(where: { $0.name.folded == SQLiteName(wanted.name).folded }) else {
            return ["\(table) has no column \(wanted.name)"]
        }
        if column.isGenerated { return ["\(table).\(wanted.name) is generated, and cannot be written"] }
        var problems: [String] = []
        let isRowid = wanted.type == "integer" && column.key > 0
        let isSame = isRowid ? column.type.folded == "integer" : Affinity(wanted.type).keeps(Affinity(column.type))
        if !isSame {
            problems.append("\(table).\(wanted.name) is of type \(column.type), where Dementia writes \(wanted.type)")
        }
        if wanted.takesNull, column.isNotNull {
            problems.append("\(table).\(wanted.name) takes no NULL, which Dementia writes")
        }
        return problems
    }

    private func constraintProblems(of table: MadeObjects.Table) throws(SQLiteError) -> [String] {
        let indices = try connection.rows(
            #"SELECT name, origin, partial FROM pragma_index_list(?) WHERE "unique" = 1"#, [.text(table.name)]
        ) { (name: $0.name(0), isConstraint: $0.string(1) == "u", isPartial: $0.integer(2) == 1) }
        let wanted = Set(table.unique.map { Set($0.map { SQLiteName($0).folded }) })
        var found: Set<Set<SQLiteName>> = []
        var problems: [String] = []
        for index in indices where !index.isPartial {
            let columns = try connection.rows(
                "SELECT name FROM pragma_index_info(?)", [.text(index.name.bytes)]
            ) { $0.storageClass(0) == .null ? nil : $0.name(0).folded }
            let names = Set(columns.compactMap(\.self))
            guard names.count == columns.count else { continue }
            found.insert(names)
            if index.isConstraint, !wanted.contains(names) {
                problems.append("\(table.name) is unique in \(Self.list(names)), which Dementia's rows need not be")
            }
        }
        problems += wanted.subtracting(found).map { "\(table.name) is not unique in \(Self.list($0))" }
        let definition = try connection.string(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", [.text(table.name)])
        // A CHECK beside a column of the user's own is that column's.
        if let made = MadeObjects(sqliteDefinition: definition ?? "").tables.first {
            let known = Dictionary(table.columns.map { (SQLiteName($0.name).folded, $0.checks) }) { first, _ in first }
            let stricter = made.columns.contains { $0.checks > known[SQLiteName($0.name).folded] ?? $0.checks }
            if made.checks > table.checks || stricter {
                problems.append("\(table.name) has a CHECK that Dementia does not know")
            }
        }
        return problems
    }

    private static func list(_ names: Set<SQLiteName>) -> String { names.map(\.text).sorted().joined(separator: ", ") }

    private func columns(of table: String) throws(SQLiteError) -> [Column] {
        try connection.rows(
            #"SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid"#,
            [.text(table)]
        ) { row in
            Column(
                name: row.name(0), type: row.string(1) ?? "", isNotNull: row.integer(2) == 1,
                hasDefault: row.storageClass(3) != .null, key: row.integer(4), isGenerated: row.integer(5) > 1)
        }
    }

    private func hasObject(_ name: String, _ kind: String) throws(SQLiteError) -> Bool {
        try connection.integer(
            "SELECT count(*) FROM sqlite_schema WHERE type = ? AND name = ? COLLATE NOCASE", [.text(kind), .text(name)])
            != 0
    }

    // MARK: Indices

    private func problem(of index: MadeObjects.Index) throws(SQLiteError) -> String? {
        let rows = try connection.rows(
            "SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND name = ? COLLATE NOCASE",
            [.text(index.name)]
        ) { (table: $0.name(0), sql: $0.string(1) ?? "") }
        guard let row = rows.first else {
            for kind in ["table", "view"] where try hasObject(index.name, kind) {
                return "\(index.name) is a \(kind) and not Dementia's index"
            }
            return nil
        }
        guard row.table.folded == SQLiteName(index.table).folded else {
            return "the index \(index.name) is on \(row.table.text) and not on \(index.table)"
        }
        let found = MadeObjects(sqliteDefinition: row.sql).indices.first
        guard let found, found.items == index.items, found.isUnique == index.isUnique,
            found.isPartial == index.isPartial
        else { return "the index \(index.name) is not on \(index.table) (\(index.items.joined(separator: ", ")))" }
        return nil
    }
}

/// What SQLite makes of the values in a column, by the rules for its declared type: <https://sqlite.org/datatype3.html>, 3.1.
private enum Affinity {
    case text, number, none

    init(_ type: String) {
        let type = type.folded
        func has(_ words: String...) -> Bool { words.contains { type.contains($0) } }
        self =
            if has("int") { .number } else if has("char", "clob", "text") {
                .text
            } else if has("blob") || type.isEmpty || type == "any" {
                .none
            } else { .number }
    }

    /// Whether a column of `other` keeps what is written to one of this kind.
    func keeps(_ other: Affinity) -> Bool { self == other || other == .none || self == .none }
}

extension String {
    /// ASCII letters in lower case.
    fileprivate var folded: String { SQLiteName(self).folded.text }
}

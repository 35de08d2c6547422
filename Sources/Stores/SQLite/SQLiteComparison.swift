// SPDX-License-Identifier: MIT

internal import SQLiteKit

/// Compares the rows of two copies of one memory, of which somebody else made the second from the first.
///
/// Both are scratch of ours that nobody writes. A value is the same when its storage class and its bytes are: neither the affinity of a
/// column that was declared anew nor its collation makes two values one.
struct SQLiteComparison {
    private let connection: Connection
    private let before: [SQLiteName: SQLiteTable]
    private let after: [SQLiteName: SQLiteTable]

    /// - Parameters:
    ///   - old: the copy of the state before
    ///   - new: the copy of the state after
    init(from old: String, to new: String) throws(SQLiteError) {
        before = try Self.tables(try Connection(path: old, access: .immutable))
        connection = try Connection(path: new, access: .immutable)
        try connection.distrustSchema()
        after = try Self.tables(connection)
        try connection.attach(immutable: old, as: "before")
    }

    /// The tables that differ, by name.
    func changes() throws(SQLiteError) -> [TableChange] {
        var changes: [TableChange] = []
        for key in Set(before.keys).union(after.keys).sorted(by: { $0.text < $1.text }) {
            switch (before[key], after[key]) {
            case (let old?, let new?): changes.append(try change(old, new))
            case (let old?, nil):
                changes.append(
                    TableChange(name: old.name.text, lost: try count("before", old), isGone: true))
            case (nil, let new?):
                changes.append(TableChange(name: new.name.text, gained: try count("main", new), isNew: true))
            case (nil, nil): break
            }
        }
        return changes.filter { !$0.isNothing }
    }

    private func change(_ old: SQLiteTable, _ new: SQLiteTable) throws(SQLiteError) -> TableChange {
        let present = Dictionary(new.columns.map { ($0.folded, $0) }) { first, _ in first }
        let common = old.columns.compactMap { column in present[column.folded].map { (old: column, new: $0) } }
        let gone = old.columns.filter { present[$0.folded] == nil }.map(\.text)
        let key = old.primaryKey.compactMap { column in present[column.folded].map { (old: column, new: $0) } }
        guard !key.isEmpty, key.count == old.primaryKey.count else {
            let (gained, lost) = try multisetDifference(old, new, common)
            return TableChange(name: new.name.text, gained: gained, lost: lost, goneColumns: gone)
        }
        let (olds, news) = (source("before", old), source("main", new))
        func same(_ column: (old: SQLiteName, new: SQLiteName)) -> SQL {
            let (one, other) = ("o.\(column.old)" as SQL, "n.\(column.new)" as SQL)
            return "(\(one) IS \(other) COLLATE BINARY AND typeof(\(one)) = typeof(\(other)))"
        }
        let matches = Self.balanced(key.map(same), "AND")
        let equals = Self.balanced(common.map(same), "AND")
        func count(_ sql: SQL) throws(SQLiteError) -> Int64 { try connection.integer(sql) ?? 0 }
        return TableChange(
            name: new.name.text,
            gained: try count(
                "SELECT count(*) FROM \(news) n WHERE NOT EXISTS (SELECT 1 FROM \(olds) o WHERE \(matches))"),
            lost: try count(
                "SELECT count(*) FROM \(olds) o WHERE NOT EXISTS (SELECT 1 FROM \(news) n WHERE \(matches))"),
            changed: try count("SELECT count(*) FROM \(olds) o JOIN \(news) n ON \(matches) WHERE NOT (\(equals))"),
            goneColumns: gone)
    }

    /// Rows without an identity that lasts (a rowid does not outlive a table that is made anew): equal ones cancel out, each with one.
    private func multisetDifference(
        _ old: SQLiteTable, _ new: SQLiteTable, _ common: [(old: SQLiteName, new: SQLiteName)]
    ) throws(SQLiteError) -> (gained: Int64, lost: Int64) {
        guard !common.isEmpty else {
            let (was, isNow) = (try count("before", old), try count("main", new))
            return (max(0, isNow - was), max(0, was - isNow))
        }
        func side(_ schema: SQLiteName, _ table: SQLiteTable, _ columns: [SQLiteName], _ weight: Int) -> SQL {
            let terms = stride(from: 0, to: columns.count, by: Self.widest).map { start in
                let part = columns[start..<min(start + Self.widest, columns.count)].map(Self.canonical)
                return "\(Self.balanced(part, "||")) AS c\(start / Self.widest)" as SQL
            }
            return "SELECT \(terms.joined(separator: ", ")), \(weight) AS w FROM \(source(schema, table))"
        }
        let places = stride(from: 0, to: common.count, by: Self.widest).map { "c\($0 / Self.widest)" as SQL }
        let sql: SQL = """
            SELECT total(max(s, 0)), total(max(-s, 0)) FROM (SELECT sum(w) AS s FROM
                (\(side("main", new, common.map(\.new), 1)) UNION ALL \(side("before", old, common.map(\.old), -1)))
            GROUP BY \(places.joined(separator: ", ")))
            """
        let sums = try connection.rows(sql) { (Int64($0.real(0)), Int64($0.real(1))) }
        return sums.first ?? (0, 0)
    }

    /// How many columns are put together into one. A table has at most 2,000, a result too.
    private static let widest = 16

    /// A text that is the same for two values when their storage classes and bytes are, and ends where the next one begins. The bare value
    /// would take a collation with it.
    private static func canonical(_ column: SQLiteName) -> SQL {
        """
        (CASE typeof(\(column)) WHEN 'null' THEN 'n;' WHEN 'text' THEN 't' || hex(\(column)) || ';'
            WHEN 'blob' THEN 'b' || hex(\(column)) || ';' ELSE quote(\(column)) || ';' END)
        """
    }

    /// `terms` with `word` between them, as a tree: in a row they would be nested deeper than SQLite allows.
    private static func balanced(_ terms: [SQL], _ word: SQL) -> SQL {
        guard terms.count > 1 else { return terms.first ?? "1" }
        let middle = terms.count / 2
        return
            "(\(balanced(Array(terms[..<middle]), word)) \(word) \(balanced(Array(terms[middle...]), word)))"
    }

    private func count(_ schema: SQLiteName, _ table: SQLiteTable) throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT count(*) FROM \(source(schema, table))" as SQL) ?? 0
    }

    private func source(_ schema: SQLiteName, _ table: SQLiteTable) -> SQL { "\(schema).\(table.name)" }

    /// By their names without case, as SQLite finds them; its own statistics and counters are no content.
    private static func tables(_ connection: Connection) throws(SQLiteError) -> [SQLiteName: SQLiteTable] {
        let tables = try SQLiteSchema(connection).tables().filter { !$0.name.hasPrefix("sqlite_") }
        return Dictionary(tables.map { ($0.name.folded, $0) }) { first, _ in first }
    }
}

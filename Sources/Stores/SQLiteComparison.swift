// SPDX-License-Identifier: MIT

internal import SQLiteKit

/// Compares the rows of two copies of one memory, of which somebody else made the second from the first.
///
/// Both are scratch of ours that nobody writes. A value is the same when its storage class and its bytes are: neither the affinity of a
/// column that was declared anew nor its collation makes two values one.
struct SQLiteComparison {
    private let connection: Connection
    private let before: [String: SQLiteTable]
    private let after: [String: SQLiteTable]

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
        for key in Set(before.keys).union(after.keys).sorted() {
            switch (before[key], after[key]) {
            case (let old?, let new?): changes.append(try change(old, new))
            case (let old?, nil):
                changes.append(
                    TableChange(name: old.name, lost: try count("before", old), isGone: true))
            case (nil, let new?):
                changes.append(TableChange(name: new.name, gained: try count("main", new), isNew: true))
            case (nil, nil): break
            }
        }
        return changes.filter { !$0.isNothing }
    }

    private func change(_ old: SQLiteTable, _ new: SQLiteTable) throws(SQLiteError) -> TableChange {
        let present = Dictionary(new.columns.map { ($0.lowercased(), $0) }) { first, _ in first }
        let common = old.columns.compactMap { column in present[column.lowercased()].map { (old: column, new: $0) } }
        let gone = old.columns.filter { present[$0.lowercased()] == nil }
        let key = old.primaryKey.compactMap { column in present[column.lowercased()].map { (old: column, new: $0) } }
        guard !key.isEmpty, key.count == old.primaryKey.count else {
            let (gained, lost) = try multisetDifference(old, new, common)
            return TableChange(name: new.name, gained: gained, lost: lost, goneColumns: gone)
        }
        let (olds, news) = (source("before", old), source("main", new))
        func same(_ column: (old: String, new: String)) -> String {
            let (one, other) = ("o.\(Connection.quoted(column.old))", "n.\(Connection.quoted(column.new))")
            return "(\(one) IS \(other) COLLATE BINARY AND typeof(\(one)) = typeof(\(other)))"
        }
        let matches = key.map(same).joined(separator: " AND ")
        let equals = common.map(same).joined(separator: " AND ")
        func count(_ sql: String) throws(SQLiteError) -> Int64 { try connection.integer(sql) ?? 0 }
        return TableChange(
            name: new.name,
            gained: try count(
                "SELECT count(*) FROM \(news) n WHERE NOT EXISTS (SELECT 1 FROM \(olds) o WHERE \(matches))"),
            lost: try count(
                "SELECT count(*) FROM \(olds) o WHERE NOT EXISTS (SELECT 1 FROM \(news) n WHERE \(matches))"),
            changed: try count("SELECT count(*) FROM \(olds) o JOIN \(news) n ON \(matches) WHERE NOT (\(equals))"),
            goneColumns: gone)
    }

    /// Rows without an identity that lasts (a rowid does not outlive a table that is made anew): equal ones cancel out, each with one.
    private func multisetDifference(
        _ old: SQLiteTable, _ new: SQLiteTable, _ common: [(old: String, new: String)]
    ) throws(SQLiteError) -> (gained: Int64, lost: Int64) {
        guard !common.isEmpty else {
            let (was, isNow) = (try count("before", old), try count("main", new))
            return (max(0, isNow - was), max(0, was - isNow))
        }
        func side(_ schema: String, _ table: SQLiteTable, _ columns: [String], _ weight: Int) -> String {
            let terms = columns.enumerated().map { index, column in
                let name = Connection.quoted(column)
                // The bare value would take a collation with it; as a blob of its text and its class it is itself alone.
                return "CASE typeof(\(name)) WHEN 'blob' THEN \(name) ELSE CAST(\(name) AS BLOB) END AS c\(index), "
                    + "typeof(\(name)) AS t\(index)"
            }
            return "SELECT \(terms.joined(separator: ", ")), \(weight) AS w FROM \(source(schema, table))"
        }
        let groups = common.indices.flatMap { ["c\($0)", "t\($0)"] }.joined(separator: ", ")
        let sql = """
            SELECT total(max(s, 0)), total(max(-s, 0)) FROM (SELECT sum(w) AS s FROM
                (\(side("main", new, common.map(\.new), 1)) UNION ALL \(side("before", old, common.map(\.old), -1)))
            GROUP BY \(groups))
            """
        let sums = try connection.rows(sql) { (Int64($0.real(0)), Int64($0.real(1))) }
        return sums.first ?? (0, 0)
    }

    private func count(_ schema: String, _ table: SQLiteTable) throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT count(*) FROM \(source(schema, table))") ?? 0
    }

    private func source(_ schema: String, _ table: SQLiteTable) -> String {
        "\(schema).\(Connection.quoted(table.name))"
    }

    /// By their names without case, as SQLite finds them; its own statistics and counters are no content.
    private static func tables(_ connection: Connection) throws(SQLiteError) -> [String: SQLiteTable] {
        let tables = try SQLiteSchema(connection).tables().filter { !$0.name.hasPrefix("sqlite_") }
        return Dictionary(tables.map { ($0.name.lowercased(), $0) }) { first, _ in first }
    }
}

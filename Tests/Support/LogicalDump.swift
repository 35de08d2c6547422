// SPDX-License-Identifier: MIT

internal import LinuxKit
public import SQLiteKit

/// Every object and value of a SQLite file, read in the plainest way, to be compared with another.
///
/// It knows nothing of how the daemon reads a store: that is what it is a witness against.
public struct LogicalDump: Equatable, CustomStringConvertible {
    /// The rows of `sqlite_schema`.
    public var objects: Set<String>
    /// Each table's rows in order, with their rowids where there are any.
    public var tables: [String: [[Value]]]
    /// Each table's column names; the first is the rowid's where there is one.
    public var columns: [String: [String]]

    /// Reads `connection`'s main database. The ledger's two tables are left out unless asked for.
    public init(_ connection: Connection, withLedger: Bool = false) throws {
        objects = []
        tables = [:]
        columns = [:]
        let ledger = withLedger ? [] : ["schema_migrations", "schema_migration_events"]
        try connection.execute("BEGIN")
        defer { try? connection.execute("ROLLBACK") }
        var names: [String] = []
        for row in try connection.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema", [], Self.values) {
            if ledger.contains(Self.text(row[2])) { continue }
            objects.insert(row.map(Self.text).joined(separator: " | "))
            // A virtual table's rows lie in its shadow tables.
            guard Self.text(row[0]) == "table", !Self.text(row[3]).hasPrefix("CREATE VIRTUAL") else { continue }
            names.append(Self.text(row[1]))
        }
        for name in names {
            let table = "\"" + name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
            let hasRowid = (try? connection.prepare("SELECT rowid FROM main.\(table)").columnCount) == 1
            let select = try connection.prepare(
                hasRowid ? "SELECT rowid, * FROM main.\(table) NOT INDEXED ORDER BY 1" : "SELECT * FROM main.\(table)")
            columns[name] = (0..<select.columnCount).map { select.columnName($0) }
            var rows: [[Value]] = []
            while try select.step() { rows.append(Self.values(select)) }
            tables[name] = rows
        }
    }

    /// Reads the database at `path`.
    public init(_ path: String, withLedger: Bool = false) throws {
        let connection = try Connection(path: path, access: .readWrite)
        // A look must not fold the WAL in.
        if try FileStatus.ifPresent(path + "-wal") != nil { try connection.disableCheckpointOnClose() }
        connection.waitForLocks(atMost: Patience.limit)
        try self.init(connection, withLedger: withLedger)
    }

    /// The values of `column` in `table`, row by row.
    public func values(_ table: String, _ column: String) -> [Value] {
        guard let index = columns[table]?.lastIndex(of: column) else { return [] }
        return (tables[table] ?? []).map { $0[index] }
    }

    /// The same with only `columns` of `table`; rows and all other tables stay.
    public func keeping(_ names: [String], of table: String) -> LogicalDump {
        var dump = self
        let kept = (columns[table] ?? []).indices.filter { names.contains(columns[table]?[$0] ?? "") }
        dump.columns[table] = kept.map { columns[table]?[$0] ?? "" }
        dump.tables[table] = tables[table]?.map { row in kept.map { row[$0] } }
        return dump
    }

    /// Everything, for a failing test.
    public var description: String {
        objects.sorted().joined(separator: "\n") + "\n"
            + tables.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }

    /// What differs from `other`, in words; empty when nothing does.
    public func differences(from other: LogicalDump) -> [String] {
        var words = other.objects.subtracting(objects).sorted().map { "gone: \($0)" }
        words += objects.subtracting(other.objects).sorted().map { "new: \($0)" }
        for name in Set(tables.keys).union(other.tables.keys).sorted()
        where tables[name] != other.tables[name] || columns[name] != other.columns[name] {
            let (before, after) = (other.tables[name]?.count ?? 0, tables[name]?.count ?? 0)
            words.append("rows of \(name) differ: \(before) before, \(after) after")
        }
        return words
    }

    private static func values(_ row: borrowing Statement) -> [Value] {
        (0..<row.columnCount).map { row.value($0) }
    }

    private static func text(_ value: Value) -> String {
        if case .text(let bytes) = value { String(decoding: bytes, as: UTF8.self) } else { "\(value)" }
    }
}

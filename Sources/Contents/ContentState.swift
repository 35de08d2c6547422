// SPDX-License-Identifier: MIT

internal import LinuxKit
public import SQLiteKit

/// A file in scratch that holds a state of a memory, and that is only read.
public struct ContentFile: Sendable, Hashable {
    /// Where the file lies.
    public let path: String
    /// Whether a ``ScriptTranscript`` made it; otherwise it is the database out of a SQLite backup, or a copy of a SQLite memory.
    public let isTranscript: Bool

    public init(path: String, isTranscript: Bool) {
        self.path = path
        self.isTranscript = isTranscript
    }
}

/// A state of a memory, open for reading.
///
/// Not `Sendable`: it belongs to the thread that opened it.
public final class ContentState {
    /// A value that is longer than this, in bytes, is not read: one value must not take all memory.
    public static let longestValue: Int32 = 64 << 20

    let connection: Connection
    private let isTranscript: Bool

    /// Opens `file`.
    public init(_ file: ContentFile) throws(SQLiteError) {
        connection = try Connection(path: file.path, access: .immutable)
        isTranscript = file.isTranscript
        try connection.distrustSchema()
        // 8 MiB of pages, whatever the size of the file.
        try connection.execute("PRAGMA cache_size = -8192; PRAGMA cell_size_check = 1")
        connection.limitLength(to: Self.longestValue)
    }

    /// Every table with rows of its own, by name. The tables in which SQLite's extensions keep an index are not among them.
    public func tables() throws(SQLiteError) -> [ContentTable] { try tables(in: "main", isTranscript: isTranscript) }

    func tables(in schema: SQLiteName, isTranscript: Bool) throws(SQLiteError) -> [ContentTable] {
        let names = try connection.rows(
            "SELECT name, wr FROM pragma_table_list WHERE schema = ? AND type = 'table' ORDER BY name",
            [.text(schema.bytes)]
        ) { (name: $0.name(0), isWithoutRowid: $0.integer(1) == 1) }
        var tables: [ContentTable] = []
        for (name, isWithoutRowid) in names
        where !name.hasPrefix("sqlite_") && !(isTranscript && name == ScriptTranscript.notes) {
            tables.append(
                try table(name, in: schema, isWithoutRowid: isWithoutRowid, isTranscript: isTranscript))
        }
        return tables
    }

    /// The table whose name for people is `text`, or is it but for the case of ASCII letters.
    public func table(named text: String) throws(SQLiteError) -> ContentTable? {
        let all = try tables()
        return all.first { $0.name.text.hasSameBytes(as: text) }
            ?? all.first { $0.name.folded.text.hasSameBytes(as: SQLiteName(text).folded.text) }
    }

    /// The number of rows in `table`.
    public func count(_ table: ContentTable) throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT count(*) FROM main.\(table.name)" as SQL) ?? 0
    }

    // MARK: Rows

    /// Calls `body` with each row of `table`, newest first as far as the table tells, after the first `offset`. `body` says whether it wants
    /// another one.
    ///
    /// The columns of the statement are those of the table, in its order.
    public func forEachRow(
        of table: ContentTable, after offset: Int64 = 0, _ body: (borrowing Statement) throws(SQLiteError) -> Bool
    ) throws(SQLiteError) {
        let key = table.primaryKey.isEmpty ? "1" : Self.list(table.primaryKey)
        let order = table.rowIdentity.map { "\($0) DESC" as SQL } ?? key
        let statement = try connection.prepare(
            "SELECT \(Self.list(table.columns.map(\.name))) FROM main.\(table.name) ORDER BY \(order) LIMIT -1 OFFSET ?"
                as SQL)
        try statement.bind([.integer(offset)])
        while try statement.step(), try body(statement) {}
    }

    /// Calls `body` with each context of `label`, and of `version` unless that is nil, the newest first: the one that was locked last.
    ///
    /// The columns of the statement are those of the table, in its order.
    public func forEachContext(
        labelled label: String, version: String?, in table: ContentTable,
        _ body: (borrowing Statement) throws(SQLiteError) -> Bool
    ) throws(SQLiteError) {
        guard let labels = table.column("label") else { return }
        var condition = "\(labels) = ? COLLATE BINARY" as SQL
        var values = [Value.text(label)]
        if let version, let versions = table.column("version") {
            condition = "\(condition) AND CAST(\(versions) AS TEXT) = ? COLLATE BINARY"
            values.append(.text(version))
        }
        let order = [Self.lockTime(of: table), table.rowIdentity].compactMap { $0 }.map { "\($0) DESC" as SQL }
        let statement = try connection.prepare(
            """
            SELECT \(Self.list(table.columns.map(\.name))) FROM main.\(table.name) WHERE \(condition)
            ORDER BY \(order.isEmpty ? "1" : order.joined(separator: ", "))
            """ as SQL)
        try statement.bind(values)
        while try statement.step(), try body(statement) {}
    }

    /// The rows of `table` in which each of these columns has exactly this value, at most `limit` of them, each with all columns of the table
    /// in its order.
    public func rows(
        of table: ContentTable, matching cells: [(column: SQLiteName, value: Value)], atMost limit: Int
    ) throws(SQLiteError) -> [[Value]] {
        let conditions = cells.map { "\($0.column) IS ? COLLATE BINARY AND typeof(\($0.column)) = typeof(?)" as SQL }
        return try connection.rows(
            """
            SELECT \(Self.list(table.columns.map(\.name))) FROM main.\(table.name)
            WHERE \(cells.isEmpty ? "1" : conditions.joined(separator: " AND ")) LIMIT \(limit)
            """ as SQL, cells.flatMap { [$0.value, $0.value] }
        ) { row in (0..<row.columnCount).map { row.value($0) } }
    }

    /// When a context was locked, in seconds since 1970: versions of Dementia wrote a number or a date.
    static func lockTime(of table: ContentTable) -> SQL? {
        table.column("locked_at").map { column in
            """
            (CASE WHEN typeof(\(column)) IN ('real', 'integer') THEN \(column)
                ELSE (julianday(\(column)) - 2440587.5) * 86400.0 END)
            """
        }
    }

    static func list(_ names: [SQLiteName]) -> SQL { names.map { "\($0)" as SQL }.joined(separator: ", ") }

    // MARK: Schema

    private func table(
        _ name: SQLiteName, in schema: SQLiteName, isWithoutRowid: Bool, isTranscript: Bool
    ) throws(SQLiteError) -> ContentTable {
        // hidden: 1 is a column that `*` leaves out, of virtual tables only.
        let info = try connection.rows(
            "SELECT name, type, pk, dflt_value FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1 ORDER BY cid",
            [.text(name.bytes), .text(schema.bytes)]
        ) { (name: $0.name(0), type: $0.string(1) ?? "", key: $0.integer(2), value: $0.string(3) ?? "") }
        let taken = Set(info.map(\.name.folded))
        // A column may take the name of the rowid; then one of the other two names still means it.
        let rowid = isWithoutRowid ? nil : ["rowid", "_rowid_", "oid"].first { !taken.contains(SQLiteName($0)) }
        let rowIdentity = rowid.map { SQL(text: $0) }
        guard isTranscript else {
            let definition = try connection.value(
                "SELECT sql FROM \(schema).sqlite_schema WHERE type = 'table' AND name = ?" as SQL,
                [.text(name.bytes)])
            return ContentTable(
                name: name,
                columns: info.map {
                    let isExpression = $0.value.contains("(") || $0.value.uppercased().hasPrefix("CURRENT_")
                    return .init(name: $0.name, type: $0.type, hasVaryingDefault: isExpression)
                },
                primaryKey: info.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map(\.name),
                definition: definition.flatMap(Self.text), rowIdentity: rowIdentity)
        }
        let types = try notes("type", of: name, in: schema)
        return ContentTable(
            name: name,
            columns: info.enumerated().map {
                .init(name: $1.name, type: $0 < types.count ? types[$0].text : "")
            },
            primaryKey: try notes("key", of: name, in: schema),
            definition: try notes("definition", of: name, in: schema).first?.text, rowIdentity: rowIdentity)
    }

    /// The notes of the transcript about `table`, in order.
    private func notes(
        _ kind: String, of table: SQLiteName, in schema: SQLiteName
    ) throws(SQLiteError) -> [SQLiteName] {
        try connection.rows(
            "SELECT note FROM \(schema).\(ScriptTranscript.notes) WHERE name = ? AND kind = ? ORDER BY place" as SQL,
            [.text(table.bytes), .text(kind)]
        ) { $0.name(0) }
    }

    private static func text(_ value: Value) -> String? {
        if case .text(let bytes) = value { String(readable: bytes) } else { nil }
    }
}

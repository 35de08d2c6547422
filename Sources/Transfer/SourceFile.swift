// SPDX-License-Identifier: MIT

internal import GuardCore
internal import SQLiteKit

internal import struct PostgresKit.ExactText

/// The private copy of the source. It is only read.
///
/// Not `Sendable`: it belongs to the thread that opened it.
final class SourceFile {
    let connection: Connection
    let path: String
    /// Whether a value's stored bytes are what SQLite gives as text.
    let isUTF8: Bool

    /// Values longer than this are read piece by piece where they can be: they are never in memory as a whole.
    static let longest: Int32 = 8 << 20

    /// Opens the copy at `path`.
    init(_ path: String) throws(GuardError) {
        self.path = path
        (connection, isUTF8) = try Self.translating(path, "opening it") { () throws(SQLiteError) in
            let connection = try Connection(path: path, access: .immutable)
            try connection.distrustSchema()
            try connection.execute("PRAGMA cell_size_check = 1; PRAGMA query_only = 1")
            return (connection, try connection.string("PRAGMA encoding") == "UTF-8")
        }
    }

    /// Every table, virtual and shadow table and view, SQLite's own included, without what each column holds.
    ///
    /// Fails with ``GuardCore/GuardError/Code/unsupportedEncoding`` for a name that is not UTF-8: no name of a schema can be that, and under
    /// another name nobody would find the rows.
    func tables() throws(GuardError) -> [SourceTable] {
        var odd: [String] = []
        let tables = try translating("reading its schema") { () throws(SQLiteError) in
            let names = try connection.rows(
                "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' ORDER BY name"
            ) { (name: $0.name(0), kind: $0.string(1) ?? "", isWithoutRowid: $0.integer(2) == 1) }
            var tables: [SourceTable] = []
            for (name, kind, isWithoutRowid) in names where name != "sqlite_schema" {
                let columns = try columns(of: name)
                if !name.isText { odd.append("the \(kind) \(name.text)") }
                odd += columns.filter { !$0.name.isText }.map { "the column \($0.name.text) of \(name.text)" }
                tables.append(
                    SourceTable(
                        name: name.text, kind: SourceTable.Kind(rawValue: kind) ?? .table,
                        columns: columns.map {
                            SourceColumn(
                                name: $0.name.text, declaredType: $0.type, keyPosition: $0.key,
                                isGenerated: $0.isGenerated)
                        }, isWithoutRowid: isWithoutRowid, keys: kind == "table" ? try keys(of: name) : []))
            }
            return tables
        }
        guard odd.isEmpty else {
            throw GuardError(
                .unsupportedEncoding,
                "the memory is not transferred: it has names that are not UTF-8: \(odd.joined(separator: ", "))",
                hint:
                    "Nothing was changed. A byte that is no text is shown as \\x and two digits. Give what is named here other names with "
                    + "the program that made it (ALTER TABLE … RENAME …), and start the transfer again.")
        }
        return tables
    }

    /// The columns that a SELECT can name. Hidden ones of a virtual table, which are ways to ask and hold nothing, are left out.
    private func columns(
        of table: SQLiteName
    ) throws(SQLiteError) -> [(name: SQLiteName, type: String, key: Int, isGenerated: Bool)] {
        do throws(SQLiteError) {
            let columns = try connection.rows(
                "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid", [.text(table.bytes)]
            ) { row in
                (name: row.name(0), type: row.string(1) ?? "", key: Int(row.integer(2)), hidden: row.integer(3))
            }
            return columns.filter { $0.hidden != 1 }.map { ($0.name, $0.type, $0.key, $0.hidden != 0) }
        } catch {
            // A view of something that is gone, or a module that this SQLite lacks: reading it tells.
            guard error.code ~= .error else { throw error }
            return []
        }
    }

    private func keys(of table: SQLiteName) throws(SQLiteError) -> [SourceTable.Key] {
        let indices = try connection.rows(
            "SELECT name, \"unique\", origin FROM pragma_index_list(?) ORDER BY seq", [.text(table.bytes)]
        ) { (name: $0.name(0), isUnique: $0.integer(1) == 1, origin: $0.string(2) ?? "") }
        var keys: [SourceTable.Key] = []
        for index in indices {
            let columns = try connection.rows(
                "SELECT name, coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno", [.text(index.name.bytes)]
            ) { (name: $0.string(0), collation: $0.string(1) ?? "BINARY") }
            // An index over an expression has no column to name.
            let names = columns.compactMap(\.name)
            guard names.count == columns.count else { continue }
            keys.append(
                SourceTable.Key(
                    name: index.name.text, columns: names, collations: columns.map(\.collation),
                    isUnique: index.isUnique,
                    isConstraint: index.origin != "c"))
        }
        return keys
    }

    /// The triggers' names with their tables'.
    func triggers() throws(GuardError) -> [(name: String, table: String)] {
        try translating("reading its schema") { () throws(SQLiteError) in
            try connection.rows("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name") {
                ($0.name(0).text, $0.name(1).text)
            }
        }
    }

    /// `table` with what its columns hold, in one pass that loads no content.
    func census(of table: SourceTable, only needed: Bool) throws(GuardError) -> SourceTable {
        let columns = table.columns.indices.filter { !needed || table.columns[$0].needsCensus }
        guard !columns.isEmpty, table.kind == .table || table.kind == .virtual else { return table }
        let terms = columns.flatMap { index -> [String] in
            let name = Connection.quoted(table.columns[index].name)
            // typeof() does not load a value, and CASE loads none but integers: a long value stays where it is.
            return ["null", "integer", "real", "text", "blob"].map { "total(typeof(\(name)) = '\($0)')" } + [
                """
                total(CASE typeof(\(name)) WHEN 'integer' THEN \(name) > 9007199254740992 OR \(name) < -9007199254740992 END)
                """
            ]
        }
        var counted = table.columns
        do throws(SQLiteError) {
            // A statement has at most 2000 columns.
            for start in stride(from: 0, to: columns.count, by: 300) {
                let end = min(start + 300, columns.count)
                let list = terms[(start * 6)..<(end * 6)].joined(separator: ", ")
                try connection.forEachRow("SELECT \(list) FROM main.\(Connection.quoted(table.name))") { row in
                    for (place, index) in columns[start..<end].enumerated() {
                        let counts = (0..<6).map { Int64(row.real(Int32(place * 6 + $0))) }
                        counted[index].census = ColumnCensus(
                            nulls: counts[0], integers: counts[1], reals: counts[2], texts: counts[3],
                            blobs: counts[4], inexactIntegers: counts[5])
                    }
                }
            }
        } catch {
            // A damaged table, or a module that this SQLite lacks: loading it tells.
            guard Self.isUnreadable(error) else { throw Self.translate(error, path, "counting \(table.name)") }
            return table
        }
        return SourceTable(
            name: table.name, kind: table.kind, columns: counted, isWithoutRowid: table.isWithoutRowid,
            keys: table.keys, rows: table.rows)
    }

    /// How many rows `table` has; 0 when that cannot be told.
    func count(_ table: SourceTable) -> Int64 {
        // Best effort: it is for progress.
        (try? connection.integer("SELECT count(*) FROM main.\(Connection.quoted(table.name))")) ?? 0
    }

    /// The greatest id that a table with AUTOINCREMENT ever gave out, by the table's name.
    func sequences() throws(GuardError) -> [ExactText: Int64] {
        try translating("reading its sequences") { () throws(SQLiteError) in
            let has = try connection.integer("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'") != nil
            guard has else { return [:] }
            let rows = try connection.rows("SELECT name, seq FROM sqlite_sequence") {
                (ExactText($0.string(0) ?? ""), $0.integer(1))
            }
            return Dictionary(rows, uniquingKeysWith: max)
        }
    }

    /// Whether `error` tells that some of the file cannot be read, and the rest can.
    static func isUnreadable(_ error: SQLiteError) -> Bool {
        error.code ~= .corrupt || error.code ~= .error
    }

    func translating<Result: ~Copyable>(
        _ doing: String, _ body: () throws(SQLiteError) -> Result
    ) throws(GuardError) -> Result {
        try Self.translating(path, doing, body)
    }

    private static func translating<Result: ~Copyable>(
        _ path: String, _ doing: String, _ body: () throws(SQLiteError) -> Result
    ) throws(GuardError) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw translate(error, path, doing)
        }
    }

    static func translate(_ error: SQLiteError, _ path: String, _ doing: String) -> GuardError {
        let code: GuardError.Code =
            switch error.code {
            case .notADatabase: .notADatabase
            case .corrupt: .damaged
            case .inputOutput, .cannotOpen: .inputOutput
            default: .transferFailed
            }
        return GuardError(
            code, "the copy of the memory that is transferred could not be read while \(doing)",
            hint: "Nothing was changed. Look whether the memory itself is whole: dementiactl verify STORE",
            causes: [error.description])
    }
}

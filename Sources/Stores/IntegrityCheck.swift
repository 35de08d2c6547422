// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit

/// What SQLite's own check says of a file.
///
/// An index that was made with a collation or a function which only the application has cannot be checked: whether it is in order, only the
/// application could tell. The rest of the file is checked all the same, and a finding names the index.
struct IntegrityCheck {
    /// The first complaints; none when the file is whole.
    let complaints: [String]
    /// How many rows break a foreign key, of those that SQLite would enforce if it were asked to.
    let foreignKeyViolations: Int64
    /// What could not be checked.
    let findings: [Finding]

    var isWhole: Bool { complaints.isEmpty }

    /// `ok`, or the complaints.
    var summary: String { isWhole ? "ok" : complaints.joined(separator: "; ") }

    /// Checks all that `connection` reads. It must not be one that writes.
    init(_ connection: Connection) throws(SQLiteError) {
        connection.acceptMissingCollations()
        complaints = try Self.complaints(connection)
        foreignKeyViolations = try connection.foreignKeyViolations()
        findings = try Self.unchecked(connection).map(\.finding) + Self.missingModules(connection)
    }

    /// The first complaints of `integrity_check` about the file, or about one of its tables.
    ///
    /// Values that a NOT NULL, a CHECK or a type would refuse or convert today are no damage: they were written when it did not stand there,
    /// or by a program that had switched it off, and they are the user's. SQLite 3.40 also names such values where there are none: in a
    /// table without rowids, it takes the text that is a column's default for the value of each row.
    static func complaints(_ connection: Connection, table: SQLiteName? = nil) throws(SQLiteError) -> [String] {
        connection.acceptMissingCollations()
        // With an index that cannot be checked, every row of its table is a complaint; so as many as there may be.
        let argument: SQL = table.map { "\($0)" } ?? "1000000000"
        let lines = try connection.acceptingMissingFunctions { () throws(SQLiteError) in
            let unchecked = try Self.unchecked(connection)
            var lines: [String] = []
            try connection.forEachRow("PRAGMA integrity_check(\(argument))" as SQL) { row in
                let line = row.string(0) ?? ""
                let isDamage = line != "ok" && !isAboutValues(line)
                if isDamage, lines.count < 5, !unchecked.contains(where: { $0.isMeant(by: row.bytes(0)) }) {
                    lines.append(line)
                }
            }
            return lines
        }
        return lines
    }

    /// Whether a complaint is about a value and not about the file: `TEXT value in TABLE.COLUMN`, `non-INT value in TABLE.COLUMN`.
    private static func isAboutValues(_ line: String) -> Bool {
        line.hasPrefix("CHECK constraint failed in ")
            || ["NULL", "TEXT", "NUMERIC", "non-INT", "non-INTEGER", "non-REAL", "non-TEXT", "non-BLOB"].contains {
                line.hasPrefix("\($0) value in ")
            }
    }

    // MARK: What cannot be checked

    /// An index, or a table that is one, whose order nobody here knows.
    private struct Unchecked {
        let name: SQLiteName
        let table: SQLiteName
        let needs: [SQLiteName]

        var finding: Finding {
            Finding(
                code: "indexUnchecked",
                message:
                    "\(name.text) was made with \(needs.map(\.text).joined(separator: ", ")), which only the application has: "
                    + "its order was not checked, and the rows were",
                table: table.text)
        }

        /// Whether a complaint is about it: `row 3 missing from index NAME`, `row not in PRIMARY KEY order for NAME`.
        func isMeant(by line: [UInt8]) -> Bool {
            line.ends(with: Array(" index ".utf8) + name.bytes)
                || line.ends(with: Array(" order for ".utf8) + name.bytes)
        }
    }

    private static func unchecked(_ connection: Connection) throws(SQLiteError) -> [Unchecked] {
        let tables = try connection.rows(
            """
            SELECT l.name, l.wr, s.sql FROM pragma_table_list AS l JOIN sqlite_schema AS s ON s.name = l.name AND s.type = 'table'
            WHERE l.schema = 'main' AND l.type IN ('table', 'shadow') ORDER BY l.name
            """
        ) {
            (
                name: $0.name(0), isIndex: $0.integer(1) == 1,
                words: SQLWords.lowercased(SQL(definition: $0.bytes(2)).text)
            )
        }
        var unchecked: [Unchecked] = []
        for table in tables {
            let indices = try connection.rows(
                """
                SELECT i.name, i.origin = 'pk', s.sql FROM pragma_index_list(?) AS i
                LEFT JOIN sqlite_schema AS s ON s.name = i.name AND s.type = 'index' ORDER BY i.name
                """, [.text(table.name.bytes)]
            ) {
                (
                    name: $0.name(0), isKey: $0.integer(1) == 1,
                    words: SQLWords.lowercased(SQL(definition: $0.bytes(2)).text)
                )
            }
            for index in indices {
                let needs = try Self.needs(of: index.name, on: table.name, index.words, table.words, connection)
                // The rows of a table without rowids lie in the order of its key.
                let name = table.isIndex && index.isKey ? table.name : index.name
                if !needs.isEmpty { unchecked.append(Unchecked(name: name, table: table.name, needs: needs)) }
            }
        }
        return unchecked
    }

    /// The collations and functions that `index` needs and that this process does not have.
    private static func needs(
        of index: SQLiteName, on table: SQLiteName, _ words: [String], _ tableWords: [String], _ connection: Connection
    ) throws(SQLiteError) -> [SQLiteName] {
        let collations = try connection.rows(
            "SELECT DISTINCT coll FROM pragma_index_xinfo(?) WHERE coll IS NOT NULL", [.text(index.bytes)]
        ) { $0.name(0) }
        let missing = connection.missingFunctions
        var functions = missing.filter { words.contains($0.folded.text) }
        if !missing.isEmpty {
            // A generated column is computed as its table's definition says.
            let isGenerated = try connection.value(
                """
                SELECT 1 FROM pragma_index_xinfo(?) AS i JOIN pragma_table_xinfo(?) AS c ON c.cid = i.cid WHERE c.hidden IN (2, 3)
                """, [.text(index.bytes), .text(table.bytes)])
            if isGenerated != nil { functions.formUnion(missing.filter { tableWords.contains($0.folded.text) }) }
        }
        return collations.filter { !Connection.builtInCollations.contains($0.folded) } + functions
    }

    private static func missingModules(_ connection: Connection) throws(SQLiteError) -> [Finding] {
        let tables = try connection.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 ORDER BY name"
        ) { $0.name(0) }
        var findings: [Finding] = []
        for table in tables {
            do throws(SQLiteError) {
                _ = try connection.value("SELECT count(*) FROM pragma_table_info(?)", [.text(table.bytes)])
            } catch {
                guard error.code ~= .error else { throw error }
                findings.append(
                    Finding(
                        code: "moduleMissing",
                        message:
                            "\(table.text) is of a kind that only the application has (\(error.message)): its rows are backed up with "
                            + "the tables that hold them, and were not looked at as its own",
                        table: table.text))
            }
        }
        return findings
    }
}

extension Connection {
    /// How many rows break a foreign key, of those that SQLite would enforce if it were asked to.
    func foreignKeyViolations() throws(SQLiteError) -> Int64 {
        var count: Int64 = 0
        let names = try rows("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.name(0) }
        for name in names {
            do throws(SQLiteError) {
                try forEachRow("PRAGMA foreign_key_check(\(name))" as SQL) { _ in count += 1 }
            } catch {
                // A key whose parent has no such unique column cannot be checked at all ("foreign key mismatch"). It counts as one.
                guard error.code ~= .error else { throw error }
                count += 1
            }
        }
        return count
    }
}

extension [UInt8] {
    fileprivate func ends(with end: [UInt8]) -> Bool { suffix(end.count).elementsEqual(end) }
}

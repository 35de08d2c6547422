// SPDX-License-Identifier: MIT

internal import Dementia
internal import SQLiteKit

/// The user's views and triggers while a statement alters a table that is not theirs.
///
/// SQLite compiles the whole schema again when a column goes or gets another name. It refuses the statement beside a view that names a table
/// that is gone, and when a column goes it writes every `"text"` in the schema anew as `'text'`. Neither has to do with the statement. So what
/// did not compile before is set aside and made again as it was; what did compile stays. SQLite refuses to break most of that, and the rest is
/// refused here: it does not look at the columns that a trigger's UPDATE sets.
struct SchemaBystanders {
    private struct Bystander {
        let name: SQLiteName
        let table: SQLiteName
        let isView: Bool
        let definition: SQL
    }

    private enum Event: String, CaseIterable {
        case insert, update, delete
    }

    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Runs `body`, the statement `sql`. Afterwards every view and every trigger has the definition that it had before.
    func spared(by sql: String, _ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
        guard let verb = Self.verb(of: sql) else { return try body() }
        // The definitions that are compiled again are the application's, and SQLite writes them anew as it understands them.
        try connection.allowDoubleQuotedStrings()
        let before = try list()
        let broken = try broken(before)
        for bystander in broken { try drop(bystander) }
        try body()
        // A view goes with its triggers, so the triggers are looked at last.
        for kind in [true, false] {
            let now = Dictionary(try list().map { ($0.name, $0.definition) }) { first, _ in first }
            for bystander in before where bystander.isView == kind {
                let definition = now[bystander.name]
                // A rename writes the new name where the old one stood.
                if definition == bystander.definition || (definition != nil && verb == "rename") { continue }
                if definition != nil { try drop(bystander) }
                try connection.execute(bystander.definition)
            }
        }
        let known = Set(broken.map(\.name))
        if let first = try self.broken(list()).first(where: { !known.contains($0.name) }) {
            throw SQLiteError(
                code: .error,
                message:
                    "error in \(first.isView ? "view" : "trigger") \(first.name.text): it would not compile any more")
        }
        try connection.refuseDoubleQuotedStrings()
    }

    /// `drop` or `rename` where `sql` does that to a table or a column of it.
    private static func verb(of sql: String) -> String? {
        let words = SQLWords.lowercased(sql)
        guard words.starts(with: ["alter", "table"]) else { return nil }
        return words.first { $0 == "drop" || $0 == "rename" }
    }

    private func list() throws(SQLiteError) -> [Bystander] {
        try connection.rows(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY rowid"
        ) { row in
            Bystander(
                name: row.name(1), table: row.name(2), isView: row.string(0) == "view",
                definition: SQL(definition: row.bytes(3)))
        }
    }

    private func drop(_ bystander: Bystander) throws(SQLiteError) {
        if bystander.isView {
            try connection.execute("DROP VIEW IF EXISTS main.\(bystander.name)" as SQL)
        } else {
            try connection.execute("DROP TRIGGER IF EXISTS main.\(bystander.name)" as SQL)
        }
    }

    // MARK: What compiles

    /// Those of `bystanders` that do not compile, and the triggers that no statement can reach because of one that does not.
    private func broken(_ bystanders: [Bystander]) throws(SQLiteError) -> [Bystander] {
        try connection.withTriggers { () throws(SQLiteError) in
            var broken: [Bystander] = []
            var silent: [SQLiteName: [Event]] = [:]
            for bystander in bystanders {
                if bystander.isView {
                    if try !compiles("SELECT * FROM main.\(bystander.name)") { broken.append(bystander) }
                } else {
                    if silent[bystander.table] == nil {
                        silent[bystander.table] = try silentEvents(of: bystander.table)
                    }
                    if let event = Self.event(of: bystander), silent[bystander.table]?.contains(event) == true {
                        broken.append(bystander)
                    }
                }
            }
            return broken
        }
    }

    /// The events of `table` whose statements do not compile.
    private func silentEvents(of table: SQLiteName) throws(SQLiteError) -> [Event] {
        let columns = try connection.rows(
            "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", [.text(table.bytes)]
        ) { $0.name(0) }
        var silent: [Event] = []
        for event in Event.allCases {
            let statement: SQL
            switch event {
            case .insert: statement = "EXPLAIN INSERT INTO main.\(table) DEFAULT VALUES"
            case .delete: statement = "EXPLAIN DELETE FROM main.\(table)"
            case .update:
                let assignments = columns.map { "\($0) = \($0)" as SQL }
                statement = "EXPLAIN UPDATE main.\(table) SET \(assignments.joined(separator: ", "))"
            }
            if try !compiles(statement) { silent.append(event) }
        }
        return silent
    }

    private func compiles(_ sql: SQL) throws(SQLiteError) -> Bool {
        do throws(SQLiteError) {
            _ = try connection.prepare(sql)
            return true
        } catch {
            guard error.code ~= .error else { throw error }
            return false
        }
    }

    /// `CREATE TRIGGER name BEFORE INSERT ON …`: the first of the three words behind the name.
    private static func event(of trigger: Bystander) -> Event? {
        SQLWords.lowercased(trigger.definition.text).dropFirst(2).lazy.compactMap(Event.init(rawValue:)).first
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit

/// Compares two definitions of one table or index, of which a migration made the second from the first.
enum TableDefinition {
    /// Whether `new` is `old` but for columns that were added, and for what `changes` declare: columns that go, another name.
    ///
    /// SQLite itself is asked, in memory: what `ADD COLUMN` has put in, `DROP COLUMN` takes out again, to the letter. Whoever made the
    /// table anew wrote another text, and has to declare it.
    static func isKept(_ old: SchemaObject, as new: SchemaObject, _ changes: Set<Change>) -> Bool {
        guard let oldText = old.definition, let newText = new.definition, !isVirtual(old), !isVirtual(new) else {
            return false
        }
        let (oldName, newName) = (SQLiteName(old.name), SQLiteName(new.name))
        do {
            let (before, after) = (try memory(oldText), try memory(newText))
            let (had, has) = (try columns(of: oldName, before), try columns(of: newName, after))
            for column in had where !has.contains(column) {
                guard changes.contains(.dropsColumn(table: old.name, column: column.text)) else { return false }
                try before.execute("ALTER TABLE \(oldName) DROP COLUMN \(column)" as SQL)
            }
            // From the end, as they were added one after the other.
            for column in has.reversed() where !had.contains(column) {
                try after.execute("ALTER TABLE \(newName) DROP COLUMN \(column)" as SQL)
            }
            if oldName != newName { try before.execute("ALTER TABLE \(oldName) RENAME TO \(newName)" as SQL) }
            return try text(of: newName, "table", before) == text(of: newName, "table", after)
        } catch {
            // What SQLite cannot make in memory (a function of the application's in a CHECK) was not made by ADD COLUMN's rules alone, as
            // far as we know; and what we do not know is not kept.
            return false
        }
    }

    /// Whether the index `new` is `old`, an index of `table`, but for the quotes around texts: see ``memory(_:)``.
    static func isKept(_ old: SchemaObject, as new: SchemaObject, on table: SchemaObject) -> Bool {
        guard let oldText = old.definition, let newText = new.definition, let tableText = table.definition,
            old.name.hasSameBytes(as: new.name), old.table.hasSameBytes(as: new.table)
        else { return false }
        do {
            let name = SQLiteName(old.name)
            return try text(of: name, "index", memory(tableText, oldText))
                == text(of: name, "index", memory(tableText, newText))
        } catch {
            return false
        }
    }

    /// Whether `object` is a virtual table; SQLite spells its definition so, whatever the application wrote.
    static func isVirtual(_ object: SchemaObject) -> Bool {
        object.definition?.hasPrefix("CREATE VIRTUAL TABLE") ?? false
    }

    /// A database in memory with the objects that `definitions` make.
    ///
    /// When a column goes, SQLite writes every `"text"` of the whole schema anew as `'text'`, which is the same text. A column goes here too,
    /// of a table that nobody knows, so that both sides of a comparison are written in one way.
    private static func memory(_ definitions: String...) throws(SQLiteError) -> Connection {
        let connection = try Connection(path: ":memory:", access: .create)
        // The definitions are the application's, and were valid when it made them.
        try connection.allowDoubleQuotedStrings()
        for definition in definitions { try connection.execute(SQL(text: definition)) }
        try connection.execute(
            "CREATE TABLE main.\(bystander) (a, b); ALTER TABLE main.\(bystander) DROP COLUMN b; DROP TABLE main.\(bystander)"
                as SQL)
        return connection
    }

    private static let bystander: SQLiteName = "dementiad bystander"

    private static func columns(of table: SQLiteName, _ connection: Connection) throws(SQLiteError) -> [SQLiteName] {
        try connection.rows("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid", [.text(table.bytes)]) { $0.name(0) }
    }

    private static func text(
        of name: SQLiteName, _ type: String, _ connection: Connection
    ) throws(SQLiteError) -> Value? {
        try connection.value(
            "SELECT sql FROM sqlite_schema WHERE type = ? AND name = ?", [.text(type), .text(name.bytes)])
    }
}

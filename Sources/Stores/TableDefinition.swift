// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import SQLiteKit

/// Compares two definitions of one table, of which a migration made the second from the first.
enum TableDefinition {
    /// Whether `new` is `old` but for columns that were added, and for what `changes` declare: columns that go, another name.
    ///
    /// SQLite itself is asked, in memory: what `ADD COLUMN` has put in, `DROP COLUMN` takes out again, to the letter. Whoever made the
    /// table anew wrote another text, and has to declare it.
    static func isKept(_ old: SchemaObject, as new: SchemaObject, _ changes: Set<Change>) -> Bool {
        guard let oldText = old.definition, let newText = new.definition, !isVirtual(old), !isVirtual(new) else {
            return false
        }
        do {
            let (before, after) = (try memory(), try memory())
            try before.execute(oldText)
            try after.execute(newText)
            let (had, has) = (try columns(of: old.name, before), try columns(of: new.name, after))
            for column in had where !has.contains(column) {
                guard changes.contains(.dropsColumn(table: old.name, column: column)) else { return false }
                try before.execute("ALTER TABLE \(quoted(old.name)) DROP COLUMN \(quoted(column))")
            }
            // From the end, as they were added one after the other.
            for column in has.reversed() where !had.contains(column) {
                try after.execute("ALTER TABLE \(quoted(new.name)) DROP COLUMN \(quoted(column))")
            }
            if old.name != new.name {
                try before.execute("ALTER TABLE \(quoted(old.name)) RENAME TO \(quoted(new.name))")
            }
            return try text(of: new.name, before) == text(of: new.name, after)
        } catch {
            // What SQLite cannot make in memory (a function of the application's in a CHECK) was not made by ADD COLUMN's rules alone, as
            // far as we know; and what we do not know is not kept.
            return false
        }
    }

    /// Whether `object` is a virtual table; SQLite spells its definition so, whatever the application wrote.
    static func isVirtual(_ object: SchemaObject) -> Bool {
        object.definition?.hasPrefix("CREATE VIRTUAL TABLE") ?? false
    }

    private static func memory() throws(SQLiteError) -> Connection {
        try Connection(path: ":memory:", access: .create)
    }

    private static func columns(of table: String, _ connection: Connection) throws(SQLiteError) -> [String] {
        try connection.rows("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid", [.text(table)]) {
            $0.string(0) ?? ""
        }
    }

    private static func text(of table: String, _ connection: Connection) throws(SQLiteError) -> String? {
        try connection.string("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [.text(table)])
    }

    private static func quoted(_ name: String) -> String { Connection.quoted(name) }
}

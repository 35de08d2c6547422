// SPDX-License-Identifier: MIT

internal import LinuxKit
public import SQLiteKit

/// One table of a state of a memory, as far as its rows are concerned.
public struct ContentTable: Sendable, Equatable {
    /// One column, in the table's order. Generated columns are among them.
    public struct Column: Sendable, Equatable {
        public let name: SQLiteName
        /// The type as it was declared; empty where none was.
        public let type: String
        /// Whether a row that has no value here gets one that another moment would not give: the time, or what an expression makes.
        public var hasVaryingDefault = false
    }

    public let name: SQLiteName
    public let columns: [Column]
    /// The columns of the primary key, in its order; empty where there is none.
    public let primaryKey: [SQLiteName]
    /// The statement that made the table in the memory's own engine, where the state still has it.
    public let definition: String?
    /// How SQL names the rowid; nil for a table without one.
    let rowIdentity: SQL?

    /// Whether the table holds contexts: rows that a person knows by label and version.
    public var holdsContexts: Bool { name.folded == Self.contexts && column("label") != nil }

    /// The table of contexts, in both engines.
    public static let contexts: SQLiteName = "context_locks"

    /// Whether the table is the ledger of migrations, which is left out of every comparison.
    public var isLedger: Bool { ["schema_migrations", "schema_migration_events"].contains(name.folded) }

    /// The column with the name `name`; ASCII letters of either case are the same.
    public func column(_ name: SQLiteName) -> SQLiteName? {
        columns.first { $0.name.folded == name.folded }?.name
    }

    /// The columns that tell one row from all others, best first: what people know a context by, then the primary key. Each of them may
    /// still be shared by two rows.
    public var identities: [[SQLiteName]] {
        let known = holdsContexts ? ["session_id", "label", "version"].compactMap { column($0) } : []
        return [known.count == 3 ? known : [], primaryKey].filter { !$0.isEmpty }
    }
}

// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import SQLiteKit

/// Runs the statements of migrations inside the caller's transaction, and notes every table they write to.
///
/// While migration SQL runs the authorizer denies TRANSACTION, SAVEPOINT, ATTACH, DETACH and every PRAGMA that is not a mere look:
/// a migration lives inside our transaction and in one file.
final class MigrationRunner {
    private let connection: Connection
    private let progress: ProgressSink?
    /// The tables that statements wrote to, and those they altered or dropped.
    private(set) var touched: Set<SQLiteName> = []
    private(set) var findings: [Finding] = []

    init(_ connection: Connection, progress: ProgressSink?) {
        self.connection = connection
        self.progress = progress
    }

    /// Runs the statements of `step`.
    func run(_ step: Plan.Step) throws(SQLiteError) {
        switch step.action {
        case .apply: try run(step.migration.up)
        case .repair: try run(step.migration.repair + step.migration.up)
        case .revert: try run(step.migration.down ?? [])
        case .adopt: break
        }
    }

    /// Runs `statements`, each only when its guard gives no row.
    private func run(_ statements: [MigrationStatement]) throws(SQLiteError) {
        for statement in statements {
            // A guard sees what the statement before it did, so it is asked now and not before.
            if let guarding = statement.unless, try hasRow(guarding) { continue }
            switch statement.body {
            case .sql(let sql):
                try SchemaBystanders(connection).spared(by: sql) { () throws(SQLiteError) in
                    try watched { () throws(SQLiteError) in try connection.run(sql) }
                }
            case .code(.contextSummaries):
                findings += try watched { () throws(SQLiteError) in
                    try ContextSummaryStep(connection, progress: progress).run()
                }
            }
        }
    }

    private func hasRow(_ select: String) throws(SQLiteError) -> Bool {
        try connection.asking { () throws(SQLiteError) in try connection.value(select) != nil }
    }

    /// Runs `body` and notes the tables that its statements write to. Every statement of the transaction that writes belongs in here: the proof
    /// of conservation looks only at what is noted.
    func watched<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try connection.authorizing({ [self] action in allows(action) }, body)
    }

    private func allows(_ action: AuthorizerAction) -> Bool {
        switch action.code {
        case .transaction, .savepoint, .attach, .detach:
            return false
        case .pragma:
            return action.isHarmlessPragma
        case .insert, .update, .delete, .dropTable, .dropVirtualTable:
            if let table = action.first { touched.insert(table) }
            return true
        case .alterTable:
            // Its first argument is the database, its second the table.
            if let table = action.second { touched.insert(table) }
            return true
        default:
            return true
        }
    }
}

extension Connection {
    /// Runs `body`, whose statements may look at everything and write nothing: a guard or a postcondition asks, and does not act.
    func asking<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try authorizing(
            { action in
                switch action.code {
                case .select, .read, .function, .recursive: true
                case .pragma: action.isHarmlessPragma
                default: false
                }
            }, body)
    }
}

extension AuthorizerAction {
    /// Whether this is a PRAGMA that only looks, or `legacy_alter_table`, which is over with the connection and is how a migration
    /// renames a table without renaming it in other tables' foreign keys.
    ///
    /// SQLite runs some of its own through the authorizer too: FTS5 asks for `data_version`, and `ADD COLUMN … CHECK` for `quick_check`.
    fileprivate var isHarmlessPragma: Bool {
        switch first?.folded.text {
        case "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
            "foreign_key_check", "quick_check", "integrity_check", "legacy_alter_table":
            true
        case "data_version", "page_size", "encoding": second == nil
        default: false
        }
    }
}

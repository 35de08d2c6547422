// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import SQLiteKit

/// The proof that every object and value that a plan did not declare as changed is still there.
///
/// Runs inside the migration's transaction, before COMMIT, while nobody else can write. What was there before is known from the backup's
/// digests, which the state token ties to this very state; so only the tables that the plan's statements touched are read again.
struct Conservation {
    private let before: StoreDigest
    private let changes: Set<Change>
    /// Whether the plan goes back: then what it drops is a loss that was shown and agreed to, and no violation.
    private let isDowngrade: Bool
    /// What a downgrade took away, known after ``violations(touched:on:)``.
    private(set) var lost: [Loss] = []
    /// Columns that may be filled and were there before: where they were NULL, and what the rest was.
    private let fills: [String: [String: (runs: NullRuns, digest: SHA256Digest)]]
    private let sequences: [String: Int64]
    /// The declared renames that happened; one that had nothing to rename did not.
    private var renames: [String: String] = [:]

    /// Notes what `before`'s digests do not hold. To be made under the write lock, before the first statement.
    init(_ plan: Plan, before: StoreDigest, on connection: Connection) throws(SQLiteError) {
        self.before = before
        changes = plan.changes
        isDowngrade = plan.isDowngrade
        var fills: [String: [String: (runs: NullRuns, digest: SHA256Digest)]] = [:]
        let tables = try SQLiteSchema(connection).tables()
        for case .fills(let name, let column) in changes {
            guard let table = tables.first(where: { $0.name == name }), table.columns.contains(column) else { continue }
            fills[name, default: [:]][column] = try TableDigester(table, on: connection).witness(column)
        }
        self.fills = fills
        sequences = try Self.sequences(connection)
    }

    /// What was lost or altered without a declaration, a sentence each. `touched` are the tables that statements wrote to.
    mutating func violations(touched: Set<String>, on connection: Connection) throws(SQLiteError) -> [String] {
        let schema = SQLiteSchema(connection)
        let tables = try schema.tables()
        for case .renames(let old, let new) in changes
        where before[table: new] == nil && tables.contains(where: { $0.name == new }) {
            renames[old] = new
        }
        var violations = objectViolations(after: try schema.objects())
        for table in before.tables where isAffected(table.name, touched) && table.name != "sqlite_sequence" {
            if changes.contains(.dropsTable(table.name)) { continue }
            let name = renamed(table.name)
            guard let now = tables.first(where: { $0.name == name }) else {
                if isDowngrade {
                    lost.append(Loss(table: table.name, column: nil, values: table.rows))
                } else {
                    violations.append("the table \(table.name) with its \(table.rows) rows is gone")
                }
                continue
            }
            violations += try valueViolations(in: table, now: TableDigester(now, on: connection))
        }
        return violations + sequenceViolations(after: try Self.sequences(connection))
    }

    // MARK: Objects

    private func objectViolations(after: [SchemaObject]) -> [String] {
        var violations: [String] = []
        let now = Dictionary(after.map { ("\($0.type) \($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
        for object in before.objects where !mayChange(object) {
            let name = object.type == "table" ? renamed(object.name) : object.name
            guard let same = now["\(object.type) \(name)"] else {
                if isDowngrade { continue }
                violations.append("the \(object.type) \(object.name) is gone")
                continue
            }
            if !isKept(object, as: same) {
                violations.append("the \(object.type) \(object.name) is defined differently")
            }
        }
        return violations
    }

    private func mayChange(_ object: SchemaObject) -> Bool {
        changes.contains(.dropsObject(object.name)) || changes.contains(.dropsTable(object.table))
            // What SQLite made by itself follows its table, name and all.
            || object.definition == nil
    }

    /// Whether a definition is the same but for columns that were added: `ALTER TABLE … ADD COLUMN` inserts text at one place.
    private func isKept(_ old: SchemaObject, as new: SchemaObject) -> Bool {
        guard let oldText = old.definition, let newText = new.definition else { return old.definition == new.definition }
        if oldText == newText { return true }
        // A rename rewrites the table's name wherever it stands; its columns are compared by their values.
        if isDowngrade || renamed(old.table) != old.table || changes.contains(where: { $0.altersColumns(of: old.table) }) { return true }
        guard old.type == "table", newText.utf8.count > oldText.utf8.count else { return false }
        let oldBytes = Array(oldText.utf8)
        let newBytes = Array(newText.utf8)
        let prefix = zip(oldBytes, newBytes).prefix { $0 == $1 }.count
        return newBytes.suffix(oldBytes.count - prefix) == oldBytes.suffix(oldBytes.count - prefix)
    }

    // MARK: Values

    private func isAffected(_ table: String, _ touched: Set<String>) -> Bool {
        // A virtual table counts with all its shadow tables, whose names begin with its own.
        touched.contains(table) || touched.contains(renamed(table)) || touched.contains { table.hasPrefix($0 + "_") }
    }

    private mutating func valueViolations(in old: TableDigest, now: TableDigester) throws(SQLiteError) -> [String] {
        let name = old.name
        let filled = fills[name] ?? [:]
        let comparable = old.columns.filter { column in
            filled[column.name] == nil && !changes.contains(.rewrites(table: name, column: column.name))
                && !changes.contains(.dropsColumn(table: name, column: column.name))
        }
        var violations: [String] = []
        let present = Set(now.table.columns)
        let missing = (comparable.map(\.name) + filled.keys).filter { !present.contains($0) }
        if isDowngrade {
            lost += old.columns.filter { missing.contains($0.name) }.map { Loss(table: name, column: $0.name, values: $0.values) }
        } else {
            violations += missing.map { "the column \(name).\($0) is gone" }
        }
        let digest = try now.digest(only: comparable.map(\.name).filter(present.contains))
        if digest.rows != old.rows {
            violations.append("the table \(name) has \(digest.rows) rows where it had \(old.rows)")
        } else if digest.identities != old.identities {
            violations.append("the table \(name) has other rows than before")
        }
        for column in digest.columns where old.columns.first(where: { $0.name == column.name })?.sha256 != column.sha256 {
            violations.append("values of \(name).\(column.name) changed")
        }
        for (column, witness) in filled where present.contains(column) && digest.rows == old.rows {
            if try now.digest(of: column, where: witness.runs) != witness.digest {
                violations.append("values of \(name).\(column) changed that were not NULL")
            }
        }
        return violations
    }

    // MARK: Sequences

    private static func sequences(_ connection: Connection) throws(SQLiteError) -> [String: Int64] {
        guard
            try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'") == 1
        else { return [:] }
        let rows = try connection.rows("SELECT name, seq FROM sqlite_sequence") { ($0.string(0) ?? "", $0.integer(1)) }
        return Dictionary(rows, uniquingKeysWith: max)
    }

    /// A sequence that fell back would give an old id to a new row.
    private func sequenceViolations(after: [String: Int64]) -> [String] {
        sequences.sorted { $0.key < $1.key }.compactMap { name, value in
            guard !SQLiteSchema.isLedger(name), !changes.contains(.dropsTable(name)) else { return nil }
            if isDowngrade, lost.contains(where: { $0.table == name && $0.column == nil }) { return nil }
            return after[renamed(name)] == value ? nil : "the sequence of \(name) changed"
        }
    }

    private func renamed(_ table: String) -> String { renames[table] ?? table }
}

extension Change {
    /// Whether this takes a column out of `table`, which rewrites its definition.
    fileprivate func altersColumns(of table: String) -> Bool {
        if case .dropsColumn(table, _) = self { true } else { false }
    }
}

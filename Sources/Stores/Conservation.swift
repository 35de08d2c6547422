// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import SQLiteKit

/// The proof that every object and value that a plan did not declare as changed is still there.
///
/// Runs inside the migration's transaction, before COMMIT, while nobody else can write. What was there before is known from the backup's
/// digests, which the state token ties to this very state; so only the tables that the plan's statements touched are read again.
/// What is new needs no declaration, new rows after the old ones included.
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
    /// Virtual tables by the names of the shadow tables that hold their rows.
    private let owners: [String: String]
    /// The declared renames that happened; one that had nothing to rename did not.
    private var renames: [String: String] = [:]
    /// The tables that have more rows than before.
    private var grown: Set<String> = []

    /// Notes what `before`'s digests do not hold. To be made under the write lock, before the first statement.
    init(_ plan: Plan, before: StoreDigest, on connection: Connection) throws(SQLiteError) {
        self.before = before
        changes = plan.changes
        isDowngrade = plan.isDowngrade
        var fills: [String: [String: (runs: NullRuns, digest: SHA256Digest)]] = [:]
        let schema = SQLiteSchema(connection)
        let tables = try schema.tables()
        for case .fills(let name, let column) in changes {
            guard let table = tables.first(where: { $0.name == name }), table.columns.contains(column) else { continue }
            fills[name, default: [:]][column] = try TableDigester(table, on: connection).witness(column)
        }
        self.fills = fills
        sequences = try schema.sequences()
        owners = try schema.shadowOwners()
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
        for table in before.tables where isAffected(table.name, touched) && !mayGo(table.name) {
            // Counted on their own, and SQLite's statistics are no values.
            if table.name == "sqlite_sequence" || table.name.hasPrefix("sqlite_stat") { continue }
            guard let now = tables.first(where: { $0.name == renamed(table.name) }) else {
                if isDowngrade {
                    lost.append(Loss(table: table.name, column: nil, values: table.rows))
                } else {
                    violations.append("the table \(table.name) with its \(table.rows) rows is gone")
                }
                continue
            }
            violations += try valueViolations(in: table, now: TableDigester(now, on: connection))
        }
        return violations + sequenceViolations(after: try schema.sequences())
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
        changes.contains(.dropsObject(object.name)) || mayGo(object.table)
            // What SQLite made by itself follows its table, name and all.
            || object.definition == nil || object.table.hasPrefix("sqlite_stat")
    }

    /// Whether a table may go, or a virtual table that keeps its rows in it may go or be rewritten.
    private func mayGo(_ table: String) -> Bool {
        if changes.contains(.dropsTable(table)) { return true }
        guard let owner = owners[table] else { return false }
        return changes.contains { change in
            switch change {
            case .dropsTable(let name), .rewrites(let name, _): name == owner
            default: false
            }
        }
    }

    private func isKept(_ old: SchemaObject, as new: SchemaObject) -> Bool {
        if old.definition == new.definition { return true }
        // A rename rewrites the table's name wherever it stands in its indices and triggers.
        if old.type != "table" { return renamed(old.table) != old.table }
        return TableDefinition.isKept(old, as: new, isDowngrade ? changes.union(drops(of: old.table)) : changes)
    }

    /// A way back may take out any column; which it did is told as a loss.
    private func drops(of table: String) -> Set<Change> {
        Set((before[table: table]?.columns ?? []).map { .dropsColumn(table: table, column: $0.name) })
    }

    // MARK: Values

    private func isAffected(_ table: String, _ touched: Set<String>) -> Bool {
        // A virtual table counts with all its shadow tables, whose names begin with its own.
        touched.contains(table) || touched.contains(renamed(table)) || touched.contains { table.hasPrefix($0 + "_") }
    }

    private mutating func valueViolations(
        in old: TableDigest, now: TableDigester
    ) throws(SQLiteError) -> [String] {
        let name = old.name
        let rows = try now.count()
        guard rows >= old.rows else { return ["the table \(name) has \(rows) rows where it had \(old.rows)"] }
        if rows > old.rows { grown.insert(name) }
        let filled = fills[name] ?? [:]
        let comparable = old.columns.filter { column in
            filled[column.name] == nil && !changes.contains(.rewrites(table: name, column: column.name))
                && !changes.contains(.dropsColumn(table: name, column: column.name))
        }
        let present = Set(now.table.columns)
        let missing = (comparable.map(\.name) + filled.keys).filter { !present.contains($0) }
        var violations: [String] = []
        if isDowngrade {
            lost += old.columns.filter { missing.contains($0.name) }.map {
                Loss(table: name, column: $0.name, values: $0.values)
            }
        } else {
            violations = missing.map { "the column \(name).\($0) is gone" }
        }
        // New rows come after the old ones; where one got in between, the old ones are not in their places.
        let digest = try now.digest(only: comparable.map(\.name).filter(present.contains), first: old.rows)
        if digest.identities != old.identities { violations.append("the table \(name) has other rows than before") }
        for column in digest.columns where old.columns.first(where: { $0.name == column.name })?.sha256 != column.sha256
        {
            violations.append("values of \(name).\(column.name) changed")
        }
        for (column, witness) in filled where present.contains(column) {
            if try now.digest(of: column, where: witness.runs, first: old.rows) != witness.digest {
                violations.append("values of \(name).\(column) changed that were not NULL")
            }
        }
        return violations
    }

    // MARK: Sequences

    /// A sequence that fell back would give an old id to a new row; it rises with new rows and not otherwise.
    private func sequenceViolations(after: [String: Int64]) -> [String] {
        sequences.sorted { $0.key < $1.key }.compactMap { name, value in
            guard !SQLiteSchema.isLedger(name), !mayGo(name) else { return nil }
            if isDowngrade, lost.contains(where: { $0.table == name && $0.column == nil }) { return nil }
            let now = after[renamed(name)] ?? Int64.min
            return now == value || (now > value && grown.contains(name)) ? nil : "the sequence of \(name) changed"
        }
    }

    private func renamed(_ table: String) -> String { renames[table] ?? table }
}

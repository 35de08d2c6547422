// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore
internal import HashKit
internal import LinuxKit
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
    private let fills: [SQLiteName: [SQLiteName: (runs: NullRuns, digest: SHA256Digest)]]
    private let sequences: [SQLiteName: Int64]
    /// Virtual tables by the names of the shadow tables that hold their rows.
    private let owners: [SQLiteName: SQLiteName]
    /// The declared renames that happened; one that had nothing to rename did not.
    private var renames: [SQLiteName: SQLiteName] = [:]
    /// The tables that have more rows than before.
    private var grown: Set<SQLiteName> = []

    /// Notes what `before`'s digests do not hold. To be made under the write lock, before the first statement.
    init(_ plan: Plan, before: StoreDigest, on connection: Connection) throws(SQLiteError) {
        self.before = before
        changes = plan.changes
        isDowngrade = plan.isDowngrade
        var fills: [SQLiteName: [SQLiteName: (runs: NullRuns, digest: SHA256Digest)]] = [:]
        let schema = SQLiteSchema(connection)
        let tables = try schema.tables()
        for case .fills(let name, let column) in changes {
            let (name, column) = (SQLiteName(name), SQLiteName(column))
            guard let table = tables.first(where: { $0.name == name }), table.columns.contains(column) else { continue }
            fills[name, default: [:]][column] = try TableDigester(table, on: connection).witness(column)
        }
        self.fills = fills
        sequences = try schema.sequences()
        owners = try schema.shadowOwners()
    }

    /// What was lost or altered without a declaration, a sentence each. `touched` are the tables that statements wrote to.
    mutating func violations(touched: Set<SQLiteName>, on connection: Connection) throws(SQLiteError) -> [String] {
        let schema = SQLiteSchema(connection)
        // The backup's digests know tables by their names' readable text; so from here on every name is compared as that.
        let touched = Set(touched.map(\.readable))
        let tables = Dictionary(try schema.tables().map { ($0.name.readable, $0) }) { first, _ in first }
        for case .renames(let old, let new) in changes
        where before[table: new] == nil && tables[SQLiteName(new)] != nil {
            renames[SQLiteName(old)] = SQLiteName(new)
        }
        var violations = objectViolations(after: try schema.objects())
        for table in before.tables {
            let name = SQLiteName(table.name)
            // Counted on their own, and SQLite's statistics are no values.
            if name == "sqlite_sequence" || name.hasPrefix("sqlite_stat") { continue }
            guard isAffected(name, touched), !mayGo(name) else { continue }
            guard let now = tables[renamed(name)] else {
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
        let now = Dictionary(after.map { (SQLiteName("\($0.type) \($0.name)"), $0) }) { first, _ in first }
        for object in before.objects where !mayChange(object) {
            let name = object.type == "table" ? renamed(SQLiteName(object.name)).text : object.name
            guard let same = now[SQLiteName("\(object.type) \(name)")] else {
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
        changes.contains(.dropsObject(object.name)) || mayGo(SQLiteName(object.table))
            // What SQLite made by itself follows its table, name and all.
            || object.definition == nil || SQLiteName(object.table).hasPrefix("sqlite_stat")
    }

    /// Whether a table may go, or a virtual table that keeps its rows in it may go or be rewritten.
    private func mayGo(_ table: SQLiteName) -> Bool {
        let owner = owners[table]
        return changes.contains { change in
            switch change {
            case .dropsTable(let name) where SQLiteName(name) == table: true
            case .dropsTable(let name), .rewrites(let name, _): SQLiteName(name) == owner
            default: false
            }
        }
    }

    private func isKept(_ old: SchemaObject, as new: SchemaObject) -> Bool {
        if old == new { return true }
        switch old.type {
        case "table":
            return TableDefinition.isKept(old, as: new, isDowngrade ? changes.union(drops(of: old.table)) : changes)
        // A rename rewrites the table's name wherever it stands in its indices and triggers.
        case _ where renamed(SQLiteName(old.table)) != SQLiteName(old.table): return true
        case "index":
            guard let table = before.objects.first(where: { $0.type == "table" && $0.name.hasSameBytes(as: old.table) })
            else { return false }
            return TableDefinition.isKept(old, as: new, on: table)
        default: return false
        }
    }

    /// A way back may take out any column; which it did is told as a loss.
    private func drops(of table: String) -> Set<Change> {
        Set((before[table: table]?.columns ?? []).map { .dropsColumn(table: table, column: $0.name) })
    }

    // MARK: Values

    private func isAffected(_ table: SQLiteName, _ touched: Set<SQLiteName>) -> Bool {
        // A virtual table counts with all its shadow tables, whose names begin with its own.
        touched.contains(table) || touched.contains(renamed(table))
            || touched.contains { table.bytes.starts(with: $0.bytes + [UInt8(ascii: "_")]) }
    }

    private mutating func valueViolations(
        in old: TableDigest, now: TableDigester
    ) throws(SQLiteError) -> [String] {
        let name = SQLiteName(old.name)
        let rows = try now.count()
        guard rows >= old.rows else { return ["the table \(old.name) has \(rows) rows where it had \(old.rows)"] }
        if rows > old.rows { grown.insert(name) }
        let filled = fills[name] ?? [:]
        let comparable = old.columns.filter { column in
            filled[SQLiteName(column.name)] == nil
                && !changes.contains(.rewrites(table: old.name, column: column.name))
                && !changes.contains(.dropsColumn(table: old.name, column: column.name))
        }
        let present = Dictionary(now.table.columns.map { ($0.readable, $0) }) { first, _ in first }
        let missing = (comparable.map { SQLiteName($0.name) } + filled.keys).filter { present[$0] == nil }
        var violations: [String] = []
        if isDowngrade {
            lost += old.columns.filter { missing.contains(SQLiteName($0.name)) }.map {
                Loss(table: old.name, column: $0.name, values: $0.values)
            }
        } else {
            violations = missing.map { "the column \(old.name).\($0.text) is gone" }
        }
        // New rows come after the old ones; where one got in between, the old ones are not in their places.
        let digest = try now.digest(
            only: comparable.compactMap { present[SQLiteName($0.name)] }, first: old.rows)
        if digest.identities != old.identities { violations.append("the table \(old.name) has other rows than before") }
        let were = Dictionary(old.columns.map { (SQLiteName($0.name), $0.sha256) }) { first, _ in first }
        for column in digest.columns where were[SQLiteName(column.name)] != column.sha256 {
            violations.append("values of \(old.name).\(column.name) changed")
        }
        for (column, witness) in filled {
            guard let column = present[column] else { continue }
            if try now.digest(of: column, where: witness.runs, first: old.rows) != witness.digest {
                violations.append("values of \(old.name).\(column.text) changed that were not NULL")
            }
        }
        return violations
    }

    // MARK: Sequences

    /// A sequence that fell back would give an old id to a new row; it rises with new rows and not otherwise.
    private func sequenceViolations(after: [SQLiteName: Int64]) -> [String] {
        sequences.sorted { $0.key.text < $1.key.text }.compactMap { name, value in
            guard !SQLiteSchema.isLedger(name), !mayGo(name) else { return nil }
            if isDowngrade, lost.contains(where: { SQLiteName($0.table) == name.readable && $0.column == nil }) {
                return nil
            }
            let now = after[renamed(name)] ?? Int64.min
            if now == value || (now > value && grown.contains(name.readable)) { return nil }
            return "the sequence of \(name.text) changed"
        }
    }

    private func renamed(_ table: SQLiteName) -> SQLiteName { renames[table] ?? table }
}

extension SQLiteName {
    /// The name as digests spell it, as a name.
    fileprivate var readable: SQLiteName { SQLiteName(text) }
}

// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import PostgresKit

/// The rules that place whole tables.
public enum TransferRules {
    /// Begins the names of all that dementiad keeps in a schema beside the application's tables.
    public static let keptPrefix = "dementia_kept_"

    /// What becomes of each table of the source, in the order in which they are to be loaded: what is referred to first.
    ///
    /// - Parameters:
    ///   - sources: every table, virtual and shadow table of the source, SQLite's own and its views included.
    ///   - targets: every table of the target schema once the catalogue's migrations have run.
    ///   - reserved: every other name that is taken there: indices, sequences, and the tables that the transfer makes for itself.
    public static func plan(
        for sources: [SourceTable], into targets: [TargetTable], reserved: Set<String> = []
    ) -> [TablePlan] {
        var planner = Planner(targets: targets, taken: reserved.union(targets.map(\.name)))
        let ordered = sources.enumerated().sorted {
            (rank($0.element), $0.offset) < (rank($1.element), $1.offset)
        }
        return ordered.map { planner.plan($0.element) }
    }

    private static func rank(_ table: SourceTable) -> Int {
        guard table.kind == .table else { return 2000 }
        if let place = ApplicationTable.place(of: table.name) { return place }
        return isOwn(table) ? 1000 : 1500
    }

    /// Whether `table` is one that a person made through the application: its name and its columns are the person's.
    static func isOwn(_ table: SourceTable) -> Bool {
        table.kind == .table
            && (table.name.lowercasedASCII.beginsWithBytes(of: "workspace_")
                || scanColumns.allSatisfy { table.index(of: $0) != nil })
    }

    /// What a scan of a directory writes, into a table of any name.
    private static let scanColumns = ["file", "size_bytes", "modified", "scanned_at"]
}

/// Places one table after the other, so that no name is given twice.
private struct Planner {
    let targets: [TargetTable]
    var taken: Set<String>

    mutating func plan(_ source: SourceTable) -> TablePlan {
        if source.name.lowercasedASCII.beginsWithBytes(of: "sqlite_") {
            return TablePlan(source, .skipped, reason: Reason(.sqliteTable))
        }
        switch source.kind {
        case .shadow: return TablePlan(source, .skipped, reason: Reason(.shadowTable))
        case .view: return TablePlan(source, .skipped, reason: Reason(.viewNotCarried))
        case .virtual: return made(for: source, .kept)
        case .table: break
        }
        guard source.columns.count <= Identifier.columnLimit else {
            return TablePlan(source, .refused, reason: Reason(.tooManyColumns))
        }
        if let known = ApplicationTable.named(source.name), known.fits(source) {
            if let target = targets.first(where: { $0.name == known.name }) {
                if let rule = RowRule(known, from: source, into: target) { return loaded(source, rule, target, nil) }
            } else if known.name == NewTable.tokenUsage.name, !taken.contains(known.name) {
                let table = NewTable.tokenUsage
                if let rule = RowRule(known, from: source, into: table.target) {
                    taken.formUnion([table.name] + table.indices.map(\.name))
                    return loaded(source, rule, table.target, table)
                }
            }
        }
        // Under its own name only where that is free: the application's tables are the application's.
        let isFree =
            ApplicationTable.named(source.name) == nil && !targets.contains { $0.name.hasSameBytes(as: source.name) }
        return made(for: source, TransferRules.isOwn(source) && isFree ? .own : .kept)
    }

    /// A table of the application's.
    private mutating func loaded(
        _ source: SourceTable, _ rule: RowRule, _ target: TargetTable, _ table: NewTable?
    ) -> TablePlan {
        TablePlan(
            source, table == nil ? .application : .own, rule: rule, newTable: table, losers: losers(rule, target),
            notices: Self.keys(of: source))
    }

    /// A table made for it.
    private mutating func made(for source: SourceTable, _ placement: TablePlan.Placement) -> TablePlan {
        let wanted = placement == .own ? source.name : keptName(source.name)
        let design = GenericTable(source, called: name(for: wanted), isKept: placement == .kept)
        let missing = source.keys.filter { !$0.isConstraint }.map { TableNotice(.indexNotCarried, $0.name) }
        return TablePlan(
            source, placement, rule: design.rule, newTable: design.table,
            losers: losers(design.rule, design.table.target),
            reason: placement == .kept ? Reason(.noPlace) : nil,
            notices: Self.keys(of: source) + design.notices + missing)
    }

    private mutating func losers(_ rule: RowRule, _ target: TargetTable) -> NewTable? {
        rule.keys.isEmpty ? nil : .losers(of: target, called: name(for: keptName(target.name)))
    }

    private func keptName(_ name: String) -> String {
        name.beginsWithBytes(of: TransferRules.keptPrefix) ? name : TransferRules.keptPrefix + name
    }

    private mutating func name(for wanted: String) -> String {
        let name = Identifier.fitted(wanted, taken: taken)
        taken.insert(name)
        return name
    }

    /// Unique keys by which SQLite took two values for one that PostgreSQL tells apart.
    private static func keys(of source: SourceTable) -> [TableNotice] {
        source.keys.filter { key in
            key.isUnique && key.collations.contains { $0.uppercased() != "BINARY" && !$0.isEmpty }
        }.map { TableNotice(.caseInsensitiveKey, $0.name) }
    }
}

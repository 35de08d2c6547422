// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// Plans, for people.
extension CommandText {
    /// - Parameters:
    ///   - isWhole: whether everything is shown, and not only the parts that matter
    ///   - showingSQL: whether every statement is shown
    static func plan(
        _ plan: PlanForm, isWhole: Bool = false, showingSQL: Bool = false, _ memories: Memories, _ style: Style
    ) -> String {
        let place = PrintableText.line(plan.destination ?? plan.location)
        // A prune concerns the vault as a whole.
        let subject = plan.store.map { memories.name($0) } ?? "vault"
        if let refusal = plan.refusal {
            return "\(subject): " + style.paint("refused", .bad)
                + "  \(place)\n  why:  \(PrintableText.line(refusal.detail))"
                + (refusal.hint.map { "\n  next: \(PrintableText.line($0))" } ?? "")
        }
        let (words, tone) = summary(plan)
        var lines = ["\(subject): \(style.paint(words, tone))  \(place)"]
        lines += steps(plan, showingSQL: showingSQL)
        lines += transfer(plan.result, isWhole: isWhole, isPlan: true, style)
        lines += ContentsText.rows(plan).map { "  \($0)" }
        if let tables = plan.tables, !tables.isEmpty { lines += self.tables(tables, isWhole, style) }
        if let removals = plan.removals, !removals.isEmpty { lines.append(self.removals(removals, memories, style)) }
        lines += losses(plan).map { style.paint("  \($0)", .bad) }
        lines += facts(of: plan).map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    /// The changes of a plan that has to be confirmed.
    static func change(_ plan: PlanForm, _ memories: Memories) -> Change {
        let steps = plan.steps.map { "\(describe($0.action)) migration \($0.version) (\($0.name))" }
        let tables = plan.tables?.filter(\.differs).map { line($0) } ?? []
        let removals = plan.removals?.map { line($0, memories) } ?? []
        let same = plan.tables.map {
            $0.allSatisfy { !$0.differs } ? ["every table has the same rows now as in the backup"] : []
        }
        return Change(
            headline: headline(plan, memories), subject: PrintableText.line(plan.destination ?? plan.location),
            lines: steps + ContentsText.rows(plan) + tables + (same ?? []) + losses(plan) + removals + facts(of: plan),
            store: plan.store)
    }

    // MARK: Parts

    private static func summary(_ plan: PlanForm) -> (String, Style.Tone) {
        switch plan.kind {
        case .prune:
            let removals = plan.removals ?? []
            guard !removals.isEmpty else { return ("nothing to remove", .good) }
            return ("remove \(Phrases.count(removals.count, "backup"))", .wait)
        case .restore where plan.rows != nil:
            return ("restore single rows" + (plan.backup.map { " of backup \($0.sequence)" } ?? ""), .wait)
        case .restore:
            let version = VersionText.name(plan.to, line: plan.line)
            return ("restore " + (plan.backup.map { "backup \($0.sequence), " } ?? "") + version, .wait)
        case .transfer:
            return ("transfer of \(VersionText.name(plan.from, line: plan.line)) to PostgreSQL", .wait)
        default:
            guard !plan.steps.isEmpty else {
                return ("nothing to do, at \(VersionText.name(plan.from, line: plan.line))", .good)
            }
            let verb = [.downgrade: "downgrade ", .repair: "repair "][plan.kind] ?? "upgrade "
            return (verb + VersionText.change(from: plan.from, to: plan.to, line: plan.line) + schemas(plan), .wait)
        }
    }

    /// The numbers of the schemas, where the line counts versions of Dementia.
    private static func schemas(_ plan: PlanForm) -> String {
        guard plan.line == "sqlite-4", let from = plan.from, let to = plan.to else { return "" }
        return " (schema \(from) → \(to))"
    }

    private static func steps(_ plan: PlanForm, showingSQL: Bool) -> [String] {
        plan.steps.flatMap { step in
            [
                "  \(describe(step.action)) migration \(step.version) (\(step.name)), "
                    + Phrases.count(step.statements.count, "statement")
            ] + (showingSQL ? step.statements.map { indented($0) } : [])
        }
    }

    /// Rows gained and lost, table by table; tables that stay as they are count as one line.
    private static func tables(_ tables: [PlanForm.TableChange], _ isWhole: Bool, _ style: Style) -> [String] {
        let shown = isWhole ? tables : tables.filter(\.differs)
        let same = tables.count - shown.count
        let rest = same > 0 ? ["  \(Phrases.count(same, "table stays", "tables stay")) the same"] : []
        guard !shown.isEmpty else { return rest }
        var table = Table(["  TABLE", "ROWS NOW", "IN BACKUP", "GAINED", "LOST", ""], flexible: 0)
        for change in shown {
            table.add([
                .init("  " + change.table), .init(change.rowsNow.map(String.init) ?? "-"),
                .init(change.rowsInBackup.map(String.init) ?? "-"),
                .init(change.gained > 0 ? "+\(change.gained)" : "0", change.gained > 0 ? .good : nil),
                .init(change.lost > 0 ? "-\(change.lost)" : "0", change.lost > 0 ? .bad : nil),
                .init(remark(change)),
            ])
        }
        return [table.text(style)] + rest
    }

    private static func remark(_ change: PlanForm.TableChange) -> String {
        if !change.differs { return "the same" }
        if change.rowsInBackup == nil { return "dropped" }
        if change.rowsNow == nil { return "created" }
        let columns = [
            words(change.columnsLost, "drops column", "drops columns"),
            words(change.columnsGained, "adds column", "adds columns"),
        ]
        let values: String? =
            switch change.changed {
            case nil: change.gained == change.lost ? "values change" : nil
            case 0?: nil
            case let changed?: "values change in \(Phrases.rows(changed))"
            }
        return ([values] + columns).compactMap(\.self).joined(separator: ", ")
    }

    private static func words(_ names: [String]?, _ one: String, _ many: String) -> String? {
        guard let names, !names.isEmpty else { return nil }
        return (names.count == 1 ? one : many) + " " + names.map { PrintableText.line($0) }.joined(separator: ", ")
    }

    private static func removals(_ removals: [PlanForm.Removal], _ memories: Memories, _ style: Style) -> String {
        var table = Table(["  MEMORY", "BACKUP", "WHEN", "SIZE", "WHY"], flexible: 4)
        for removal in removals {
            table.add([
                .init("  \(memories.name(removal.store))"), .init(String(removal.backup.sequence)),
                .init(style.age(removal.createdAt)),
                .init(Style.size(removal.storedBytes)), .init(reasons(removal)),
            ])
        }
        return table.text(style)
    }

    private static func line(_ change: PlanForm.TableChange) -> String {
        let table = PrintableText.line(change.table)
        guard let now = change.rowsNow else {
            return "table \(table) is created, with \(Phrases.rows(change.rowsInBackup ?? 0))"
        }
        guard let then = change.rowsInBackup else { return "table \(table) is dropped, with \(Phrases.rows(now))" }
        let parts = [
            change.gained > 0 ? "gains \(Phrases.rows(change.gained))" : nil,
            change.lost > 0 ? "loses \(Phrases.rows(change.lost))" : nil,
            change.changed.flatMap { $0 > 0 ? "changes values in \(Phrases.rows($0))" : nil },
            words(change.columnsLost, "drops column", "drops columns"),
            words(change.columnsGained, "adds column", "adds columns"),
        ].compactMap { $0 }
        let effects = parts.isEmpty ? "changes values" : parts.joined(separator: ", ")
        return "table \(table) \(effects): \(now) now, \(then) in the backup"
    }

    private static func line(_ removal: PlanForm.Removal, _ memories: Memories) -> String {
        "backup \(removal.backup.sequence) of \(memories.name(removal.store)), \(removal.createdAt): \(reasons(removal))"
    }

    private static func reasons(_ removal: PlanForm.Removal) -> String {
        removal.reasons.map { reason in
            switch reason {
            case "outlived": "older than backup.keep requires"
            case "budget": "the vault exceeds backup.budget"
            case "freeSpace": "the disk is below backup.minFree"
            default: reason
            }
        }.joined(separator: ", ")
    }

    static func losses(_ plan: PlanForm) -> [String] {
        // Rows of tables are told with the tables.
        let told = Set(plan.tables?.map(\.table) ?? [])
        return plan.wouldLose.filter { $0.column != nil || !told.contains($0.table) }.map { loss in
            let table = PrintableText.line(loss.table)
            guard let column = loss.column else {
                // A downgrade drops whole tables; a restore keeps them and removes the rows that are younger than the backup.
                return plan.kind == .restore
                    ? "table \(table) loses \(Phrases.rows(loss.rows))"
                    : "table \(table) is dropped, with \(Phrases.rows(loss.rows))"
            }
            return "column \(table).\(PrintableText.line(column)) is dropped, with values in \(Phrases.rows(loss.rows))"
        }
    }

    private static func facts(of plan: PlanForm) -> [String] {
        let sizes = [
            plan.freedBytes.flatMap { $0 > 0 ? "frees \(Style.size($0))" : nil },
            plan.neededBytes.map { "needs up to \(Style.size($0)) on disk, for the backup and the rehearsal" },
        ]
        return sizes.compactMap { $0 } + plan.notes.map { PrintableText.line($0) }
    }

    private static func headline(_ plan: PlanForm, _ memories: Memories) -> String {
        let name = plan.store.map { " of \(memories.name($0))" } ?? ""
        switch plan.kind {
        case .downgrade:
            return "The downgrade\(name) \(VersionText.change(from: plan.from, to: plan.to, line: plan.line))"
        case .restore:
            return "The restore of backup \(plan.backup.map { String($0.sequence) } ?? "") into\(name.dropFirst(3))"
        default: return "The \(plan.kind.rawValue)\(name)"
        }
    }

    private static func indented(_ statement: String) -> String {
        statement.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)" }.joined(separator: "\n")
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// What an operation would do.
extension CommandText {
    static func plan(_ plan: PlanForm, showingSQL: Bool, _ style: Style) -> String {
        let place = PrintableText.line(plan.destination ?? plan.location)
        // A prune concerns the vault as a whole.
        let subject = plan.store?.value ?? "vault"
        if let refusal = plan.refusal {
            return "\(subject)  \(place)\n  " + style.paint("cannot be done", .bad)
                + ": \(PrintableText.line(refusal.detail))"
                + (refusal.hint.map { "\n  next: \(PrintableText.line($0))" } ?? "")
        }
        let (words, tone) = summary(plan)
        var lines = [[subject, place, plan.line, style.paint(words, tone)].compactMap { $0 }.joined(separator: "  ")]
        if let backup = plan.backup { lines.append("  restore backup \(backup)") }
        for step in plan.steps {
            lines.append(
                "  \(describe(step.action)) \(step.version) \(step.name), "
                    + Phrases.count(step.statements.count, "statement", "statements"))
            if showingSQL { lines += step.statements.map { indented($0) } }
        }
        lines += transfer(plan.result, style)
        lines += rows(plan).map { "  \($0)" }
        if let tables = plan.tables, !tables.isEmpty { lines.append(self.tables(tables, style)) }
        if let removals = plan.removals, !removals.isEmpty { lines.append(self.removals(removals, style)) }
        lines += losses(plan).map { style.paint("  \($0)", .bad) }
        lines += facts(of: plan).map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    /// What a plan would change, for whoever has to say yes.
    static func change(_ plan: PlanForm) -> Change {
        let steps = plan.steps.map { "\(describe($0.action)) \($0.version) \($0.name)" }
        let tables = plan.tables?.filter(\.differs).map { line($0) } ?? []
        let removals = plan.removals?.map { line($0) } ?? []
        let same = plan.tables.map {
            $0.allSatisfy { !$0.differs } ? ["every table has the same rows as the backup"] : []
        }
        return Change(
            headline: headline(plan), subject: PrintableText.line(plan.destination ?? plan.location),
            lines: steps + rows(plan) + tables + (same ?? []) + losses(plan) + removals + facts(of: plan),
            store: plan.store)
    }

    // MARK: Parts

    private static func summary(_ plan: PlanForm) -> (String, Style.Tone) {
        switch plan.kind {
        case .prune:
            let removals = plan.removals ?? []
            guard !removals.isEmpty else { return ("nothing to remove", .good) }
            return ("\(Phrases.count(removals.count, "backup goes", "backups go"))", .wait)
        case .restore where plan.rows != nil: return ("single rows", .wait)
        case .restore, .transfer:
            return ((plan.from.map { "\($0) to " } ?? "to ") + version(plan.to), .wait)
        default:
            guard !plan.steps.isEmpty else { return ("nothing to do, at \(version(plan.from))", .good) }
            return ((plan.from.map { "\($0) to " } ?? "to ") + version(plan.to), .wait)
        }
    }

    /// Rows gained and lost, table by table.
    private static func tables(_ tables: [PlanForm.TableChange], _ style: Style) -> String {
        var table = Table(["  TABLE", "ROWS NOW", "IN BACKUP", "GAINED", "LOST", ""], flexible: 0)
        for change in tables {
            table.add([
                .init("  " + change.table), .init(change.rowsNow.map(String.init) ?? "-"),
                .init(change.rowsInBackup.map(String.init) ?? "-"),
                .init(change.gained > 0 ? "+\(change.gained)" : "0", change.gained > 0 ? .good : nil),
                .init(change.lost > 0 ? "-\(change.lost)" : "0", change.lost > 0 ? .bad : nil),
                .init(remark(change)),
            ])
        }
        return table.text(style)
    }

    private static func remark(_ change: PlanForm.TableChange) -> String {
        if !change.differs { return "the same" }
        if change.rowsInBackup == nil { return "goes" }
        if change.rowsNow == nil { return "comes back" }
        let columns = [
            words(change.columnsLost, "loses the column", "loses the columns"),
            words(change.columnsGained, "gets the column", "gets the columns"),
        ]
        let values: String? =
            switch change.changed {
            case nil: change.gained == change.lost ? "other values" : nil
            case 0?: nil
            case let changed?: "other values in \(Phrases.rows(changed))"
            }
        return ([values] + columns).compactMap(\.self).joined(separator: ", ")
    }

    private static func words(_ names: [String]?, _ one: String, _ many: String) -> String? {
        guard let names, !names.isEmpty else { return nil }
        return (names.count == 1 ? one : many) + " " + names.map { PrintableText.line($0) }.joined(separator: ", ")
    }

    private static func removals(_ removals: [PlanForm.Removal], _ style: Style) -> String {
        var table = Table(["  BACKUP", "STORE", "WHEN", "SIZE", "WHY"], flexible: 4)
        for removal in removals {
            table.add([
                .init("  \(removal.backup)"), .init(removal.store.value), .init(style.age(removal.createdAt)),
                .init(Style.size(removal.storedBytes)), .init(reasons(removal)),
            ])
        }
        return table.text(style)
    }

    private static func line(_ change: PlanForm.TableChange) -> String {
        let table = PrintableText.line(change.table)
        guard let now = change.rowsNow else {
            return "table \(table) comes back, with \(Phrases.rows(change.rowsInBackup ?? 0))"
        }
        guard let then = change.rowsInBackup else { return "table \(table) goes, with \(Phrases.rows(now))" }
        let parts = [
            change.gained > 0 ? "gains \(Phrases.rows(change.gained))" : nil,
            change.lost > 0 ? "loses \(Phrases.rows(change.lost))" : nil,
            change.changed.flatMap { $0 > 0 ? "gets other values in \(Phrases.rows($0))" : nil },
            words(change.columnsLost, "loses the column", "loses the columns"),
            words(change.columnsGained, "gets the column", "gets the columns"),
        ].compactMap { $0 }
        let what = parts.isEmpty ? "gets other values" : parts.joined(separator: " and ")
        return "table \(table) \(what): \(now) now, \(then) in the backup"
    }

    private static func line(_ removal: PlanForm.Removal) -> String {
        "backup \(removal.backup) of store \(removal.store), \(removal.createdAt): \(reasons(removal))"
    }

    private static func reasons(_ removal: PlanForm.Removal) -> String {
        removal.reasons.map { reason in
            switch reason {
            case "outlived": "older than backup.keep asks for"
            case "budget": "over backup.budget"
            case "freeSpace": "under backup.minFree"
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
                // A way back takes whole tables; a restore leaves them and takes rows that are younger than the backup.
                return plan.kind == .restore
                    ? "table \(table) loses \(Phrases.rows(loss.rows))"
                    : "table \(table) goes, with \(Phrases.rows(loss.rows))"
            }
            return "column \(table).\(PrintableText.line(column)) goes, with values in \(Phrases.rows(loss.rows))"
        }
    }

    private static func facts(of plan: PlanForm) -> [String] {
        let sizes = [
            plan.freedBytes.flatMap { $0 > 0 ? "gives back \(Style.size($0))" : nil },
            plan.neededBytes.map { "needs up to \(Style.size($0)) of room, for the backup and the rehearsal" },
        ]
        return sizes.compactMap { $0 } + plan.notes.map { PrintableText.line($0) }
    }

    static func headline(_ plan: PlanForm) -> String {
        switch plan.kind {
        case .downgrade: "The downgrade from \(version(plan.from)) to \(version(plan.to))"
        case .restore: "The restore" + (plan.backup.map { " of backup \($0)" } ?? "")
        case .repair: "The repair"
        default: "The \(plan.kind.rawValue)"
        }
    }

    private static func indented(_ statement: String) -> String {
        statement.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)" }.joined(separator: "\n")
    }
}

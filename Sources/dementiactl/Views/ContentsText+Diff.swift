// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// How the difference of two states looks to a person.
extension ContentsText {
    static func difference(_ difference: DiffCommand.Difference, showingText: Bool, _ style: Style) -> String {
        let head = "from  \(state(difference.from, style))\nto    \(state(difference.to, style))"
        guard difference.differs else { return "\(head)\nNothing differs but what the ledger of migrations tells." }
        var blocks = ["\(head)\n\(summary(difference.tables, style))"]
        for rows in difference.rows ?? [] where !rows.items.isEmpty {
            let table = difference.tables.first { $0.name == rows.table }
            blocks.append(differentRows(rows, table?.identity ?? [], showingText, style))
        }
        return blocks.joined(separator: "\n\n")
    }

    private static func summary(_ tables: [DiffForm.Table], _ style: Style) -> String {
        var table = Table(["TABLE", "BEFORE", "AFTER", "ADDED", "REMOVED", "CHANGED", "COLUMNS"], flexible: 6)
        for form in tables where form.change != .same {
            let isPair = form.change == .changed
            let columns =
                form.columnsAdded.map { "+\($0)" } + form.columnsDropped.map { "-\($0)" }
                + (form.change == .added ? ["new table"] : form.change == .dropped ? ["table is gone"] : [])
            table.add([
                .init(form.name), .init(form.rowsBefore.map(String.init) ?? "-"),
                .init(form.rowsAfter.map(String.init) ?? "-"), .init(isPair ? String(form.added) : ""),
                .init(isPair ? String(form.removed) : ""), .init(isPair ? String(form.changed) : ""),
                .init(columns.joined(separator: ", ")),
            ])
        }
        return table.text(style)
    }

    private static func differentRows(
        _ rows: DiffRowsForm, _ identity: [String], _ showingText: Bool, _ style: Style
    ) -> String {
        var lines = [PrintableText.line(rows.table)]
        for row in rows.items {
            let name = PrintableText.line(self.name(of: row, identity))
            switch row.change {
            case .added: lines.append(style.paint("  + \(name)", .good))
            case .removed: lines.append(style.paint("  - \(name)", .bad))
            case .changed:
                let columns = (row.after ?? [:]).keys.sorted().joined(separator: ", ")
                lines.append("  ~ \(name): \(PrintableText.line(columns))")
            }
            if showingText { lines += textLines(row, style) }
        }
        if rows.next != nil { lines.append("  and more: --limit COUNT") }
        return lines.joined(separator: "\n")
    }

    /// A context by label and version, any other row by its key, and a row without one by its values.
    private static func name(of row: DiffRowsForm.Row, _ identity: [String]) -> String {
        func value(_ column: String) -> CellForm? {
            row.identity[column] ?? row.after?[column] ?? row.before?[column]
        }
        if identity == ["session_id", "label", "version"], let label = value("label"), let version = value("version") {
            return "\(label.shown)@\(version.shown) (session \(value("session_id")?.shown ?? ""))"
        }
        let key = identity.map { "\($0)=\(value($0)?.shown ?? "")" }
        if !key.isEmpty { return key.joined(separator: " ") }
        let values = row.after ?? row.before ?? [:]
        return values.keys.sorted().map { "\($0)=\(values[$0]?.shown ?? "")" }.joined(separator: " ")
    }

    /// The changed lines of a context's text; of an added or removed context all lines.
    private static func textLines(_ row: DiffRowsForm.Row, _ style: Style) -> [String] {
        guard let bytes = [row.before, row.after].map({ $0?["content"]?.wholeBytes ?? [] }) as [[UInt8]]?,
            bytes.contains(where: { !$0.isEmpty })
        else { return [] }
        let texts = bytes.map { String(decoding: $0, as: UTF8.self) }
        return UnifiedDiff.lines(from: texts[0], to: texts[1]).map { line in
            let tone: Style.Tone? = line.hasPrefix("+") ? .good : line.hasPrefix("-") ? .bad : nil
            return "    " + style.paint(PrintableText.lines(line), tone)
        }
    }
}

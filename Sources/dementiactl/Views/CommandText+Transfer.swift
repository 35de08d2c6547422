// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// A transfer, for people.
extension CommandText {
    /// The totals, a line for each table with rows, and a line for the tables without; nothing when `result` is not of a transfer.
    ///
    /// - Parameters:
    ///   - isWhole: whether the tables without rows have a line each, too
    ///   - isPlan: whether the rows are yet to be moved
    static func transfer(_ result: OperationResult?, isWhole: Bool, isPlan: Bool = false, _ style: Style) -> [String] {
        guard let result, let tables = result.tables else { return [] }
        let shown = isWhole ? tables : tables.filter { $0.read > 0 }
        var lines = totals(tables, isPlan)
        if !shown.isEmpty {
            var table = Table(
                ["  TABLE", "INTO", "READ", "LOADED", "KEPT", "REJECTED", "CONVERTED", "CHANGED"], flexible: 1)
            for line in shown {
                table.add([
                    .init("  " + line.source), .init(line.target ?? "-"), .init(String(line.read)),
                    .init(String(line.loaded)), .init(String(line.kept)),
                    .init(String(line.rejected), line.rejected > 0 ? .bad : nil), .init(String(line.coerced)),
                    .init(String(line.normalized)),
                ])
            }
            lines += table.text(style).split(separator: "\n").map(String.init)
        }
        let empty = tables.count - shown.count
        if empty > 0 { lines.append("  and \(Phrases.count(empty, "table")) without rows") }
        if let placeholders = result.placeholders, placeholders > 0 {
            lines.append(
                "  \(Phrases.count(placeholders, "placeholder session")) added: rows name sessions that were never recorded"
            )
        }
        if let path = result.rejectsPath { lines.append("  rejected rows: \(PrintableText.line(path))") }
        for name in result.unreadable ?? [] {
            lines.append(style.paint("  not read to its end: \(PrintableText.line(name))", .bad))
        }
        return lines
    }

    /// The numbers of rows that were moved, kept aside and rejected, and of values that were changed.
    private static func totals(_ tables: [TransferReport.Table], _ isPlan: Bool) -> [String] {
        func sum(_ value: (TransferReport.Table) -> Int64) -> Int64 { tables.reduce(0) { $0 + value($1) } }
        let (read, loaded, kept, rejected) = (sum(\.read), sum(\.loaded), sum(\.kept), sum(\.rejected))
        var lines = ["  \(loaded) of \(Phrases.rows(read)) \(isPlan ? "would be moved" : "moved")"]
        if kept > 0 {
            lines.append(
                "  \(Phrases.rows(kept)) kept aside in tables dementia_kept_…, because the application has no place for them"
            )
        }
        if rejected > 0 {
            lines.append("  \(Phrases.rows(rejected)) rejected, because PostgreSQL cannot hold a value of them")
        }
        let (coerced, normalized) = (sum(\.coerced), sum(\.normalized))
        if coerced > 0 { lines.append("  \(Phrases.count(coerced, "value")) converted to the type of the column") }
        if normalized > 0 {
            lines.append("  \(Phrases.count(normalized, "value")) changed, because the column cannot hold the original")
        }
        return lines
    }
}

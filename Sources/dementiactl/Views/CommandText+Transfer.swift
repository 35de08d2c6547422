// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// How a transfer looks to a person.
extension CommandText {
    /// A line for each table, and what else is to be told; nothing when `result` is none of a transfer.
    static func transfer(_ result: OperationResult?, _ style: Style) -> [String] {
        guard let result, let tables = result.tables else { return [] }
        var table = Table(
            ["TABLE", "INTO", "READ", "LOADED", "COERCED", "NORMALIZED", "REJECTED", "KEPT"], flexible: 1)
        for line in tables where line.read > 0 || line.target != nil {
            table.add([
                .init(line.source), .init(line.target ?? "-"), .init(String(line.read)), .init(String(line.loaded)),
                .init(String(line.coerced)), .init(String(line.normalized)),
                .init(String(line.rejected), line.rejected > 0 ? .bad : nil), .init(String(line.kept)),
            ])
        }
        var lines = table.text(style).split(separator: "\n").map { "  \($0)" }
        if let placeholders = result.placeholders, placeholders > 0 {
            lines.append(
                "  " + Phrases.count(Int(placeholders), "session was", "sessions were")
                    + " made up for rows that name them")
        }
        if let path = result.rejectsPath { lines.append("  the rejected rows: \(PrintableText.line(path))") }
        for name in result.unreadable ?? [] {
            lines.append(style.paint("  not read whole: \(PrintableText.line(name))", .bad))
        }
        return lines
    }
}

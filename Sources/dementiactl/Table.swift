// SPDX-License-Identifier: MIT

/// Rows in columns. On a terminal it is as wide as that: the widest cells are cut in their middle.
struct Table {
    /// What stands in one place.
    struct Cell {
        let text: String
        let tone: Style.Tone?

        init(_ text: String, _ tone: Style.Tone? = nil) {
            self.text = Style.printable(text)
            self.tone = tone
        }
    }

    private let head: [String]
    private var rows: [[Cell]] = []
    /// The column that gives way when the terminal is narrow.
    private let flexible: Int

    init(_ head: [String], flexible: Int) {
        self.head = head
        self.flexible = flexible
    }

    mutating func add(_ cells: [Cell]) {
        precondition(cells.count == head.count, "a row has a cell for each column")
        rows.append(cells)
    }

    /// The lines, without a line end at the end.
    func text(_ style: Style) -> String {
        let widths = columnWidths(style)
        let all = [head.map { Cell($0, .strong) }] + rows
        return all.map { line($0, widths, style) }.joined(separator: "\n")
    }

    private func columnWidths(_ style: Style) -> [Int] {
        var widths = head.indices.map { column in
            ([head[column]] + rows.map { $0[column].text }).map(\.count).max() ?? 0
        }
        if let width = style.width {
            let excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
            // Below this a cell tells nothing any more; then the line is too long, and the terminal wraps it.
            if excess > 0 { widths[flexible] = max(min(12, widths[flexible]), widths[flexible] - excess) }
        }
        return widths
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ style: Style) -> String {
        let padded = zip(cells, widths).enumerated().map { index, pair in
            let (cell, width) = pair
            let text = Self.cut(cell.text, to: width)
            let isLast = index == cells.count - 1
            return style.paint(text, cell.tone) + (isLast ? "" : String(repeating: " ", count: width - text.count))
        }
        return padded.joined(separator: "  ")
    }

    /// The beginning and the end are what tells one path from another.
    static func cut(_ text: String, to width: Int) -> String {
        guard text.count > width else { return text }
        let kept = max(0, width - 1)
        return text.prefix(kept / 3) + "…" + text.suffix(kept - kept / 3)
    }
}

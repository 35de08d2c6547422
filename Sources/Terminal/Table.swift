// SPDX-License-Identifier: MIT

internal import GuardCore

/// Rows in columns. On a terminal they are never wider than the terminal: first one column gives way and its cells are cut; when that is
/// not enough, each row becomes a block of lines.
public struct Table {
    /// One cell.
    public struct Cell {
        let text: String
        let tone: Style.Tone?

        public init(_ text: String, _ tone: Style.Tone? = nil) {
            self.text = PrintableText.line(text)
            self.tone = tone
        }
    }

    private let head: [String]
    private var rows: [[Cell]] = []
    /// The column that gives way when the terminal is narrow.
    private let flexible: Int
    /// Below this a cell tells nothing any more.
    private static let least = 12

    /// - Parameters:
    ///   - head: the names of the columns
    ///   - flexible: the column that gives way
    public init(_ head: [String], flexible: Int) {
        self.head = head
        self.flexible = flexible
    }

    /// Adds a row, with a cell for each column.
    public mutating func add(_ cells: [Cell]) {
        precondition(cells.count == head.count, "a row has a cell for each column")
        rows.append(cells)
    }

    /// The lines, without a line end at the end.
    public func text(_ style: Style) -> String {
        guard let widths = columnWidths(style) else {
            return rows.map { block($0, style) }.joined(separator: "\n\n")
        }
        let all = [head.map { Cell($0, .strong) }] + rows
        return all.map { line($0, widths, style) }.joined(separator: "\n")
    }

    /// nil when the terminal is too narrow for columns.
    private func columnWidths(_ style: Style) -> [Int]? {
        var widths = head.indices.map { column in
            ([head[column]] + rows.map { $0[column].text }).map { TextWidth.columns($0) }.max() ?? 0
        }
        guard let width = style.width else { return widths }
        let excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        guard excess > 0 else { return widths }
        let rest = widths[flexible] - excess
        guard rest >= min(Self.least, widths[flexible]) else { return nil }
        widths[flexible] = rest
        return widths
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ style: Style) -> String {
        let padded = zip(cells, widths).enumerated().map { index, pair in
            let (cell, width) = pair
            let text = Self.cut(cell.text, to: width)
            let isLast = index == cells.count - 1
            let room = isLast ? 0 : width - TextWidth.columns(text)
            return style.paint(text, cell.tone) + String(repeating: " ", count: room)
        }
        let line = padded.joined(separator: "  ")
        // Of cells that are empty nothing is left, not even what would keep a later one in its column.
        return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
    }

    /// A row as names and values, one below the other.
    private func block(_ cells: [Cell], _ style: Style) -> String {
        let names = head.map { String($0.drop { $0 == " " }) }
        let width = names.map { TextWidth.columns($0) }.max() ?? 0
        return zip(names, cells).filter { !$1.text.isEmpty }.map { name, cell in
            let label = name + String(repeating: " ", count: width - TextWidth.columns(name) + 2)
            let room = max(1, (style.width ?? .max) - width - 2)
            let text = Self.cut(String(cell.text.drop { $0 == " " }), to: room)
            return style.paint(label, .strong) + style.paint(text, cell.tone)
        }.joined(separator: "\n")
    }

    /// `text` in at most `width` columns. A path keeps its end, which tells it from others; other text keeps its beginning and its end.
    public static func cut(_ text: String, to width: Int) -> String {
        guard TextWidth.columns(text) > width else { return text }
        let kept = max(0, width - 1)
        let head = text.hasPrefix("/") ? 0 : kept / 3
        return TextWidth.prefix(text, head) + "…" + TextWidth.suffix(text, kept - head)
    }
}

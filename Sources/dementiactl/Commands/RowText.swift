// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore

/// Rows as text in one form. What a terminal, a spreadsheet or a reader of Markdown would act upon does not get through.
protocol RowText {
    /// The text before everything.
    static func head(_ backup: BackupForm) -> String
    /// The text before the rows of a table.
    static func begin(_ table: ContentTableForm) -> String
    static func row(_ row: ContentRowForm, _ table: ContentTableForm) throws(GuardError) -> String
    /// The text behind everything.
    static var tail: String { get }
}

extension RowText {
    static func head(_ backup: BackupForm) -> String { "" }
    static func begin(_ table: ContentTableForm) -> String { "" }
    static var tail: String { "" }
}

/// One object a line: the table, and every column. JSON's own escapes stand for control characters.
enum JSONLines: RowText {
    private struct Line: Encodable {
        let table: String
        let values: [String: CellForm]
    }

    static func row(_ row: ContentRowForm, _ table: ContentTableForm) throws(GuardError) -> String {
        String(decoding: try ControlJSON.encode(Line(table: table.name, values: row.values)), as: UTF8.self) + "\n"
    }
}

/// RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it.
enum CSVRows: RowText {
    static func begin(_ table: ContentTableForm) -> String {
        table.columns.map { field($0.name) }.joined(separator: ",") + "\r\n"
    }

    static func row(_ row: ContentRowForm, _ table: ContentTableForm) -> String {
        table.columns.map { column in
            let cell = row[column.name]
            // A number is no formula, whatever its sign.
            return cell.number == nil ? field(SafeText.lines(cell.exported)) : cell.shown
        }.joined(separator: ",") + "\r\n"
    }

    private static func field(_ text: String) -> String {
        let isFormula =
            text.unicodeScalars.first.map { "=+-@\t\r\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains($0) }
            ?? false
        let shown = isFormula ? "'" + text : text
        let isPlain = !shown.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
        return isPlain ? shown : QuotedText.quoted(shown, mark: "\"")
    }
}

/// A section for each context, with its text in a block of code.
enum MarkdownRows: RowText {
    static func head(_ backup: BackupForm) -> String {
        "# Contexts of backup \(backup.id), \(backup.createdAt)\n"
    }

    static func row(_ row: ContentRowForm, _ table: ContentTableForm) -> String {
        let isContext = row.values["label"] != nil
        let title = isContext ? "\(row["label"].exported)@\(row["version"].exported)" : table.name
        let facts = table.columns.map(\.name).filter { $0 != "content" && row[$0] != .null }.map { column in
            "- \(line(column)): \(line(row[column].exported))\n"
        }
        let content = row.values["content"].map { block(SafeText.lines($0.exported)) } ?? ""
        return "\n## \(line(title))\n\n\(facts.joined())\(content)"
    }

    /// One line in which nothing is markup.
    private static func line(_ text: String) -> String {
        let special = "\\`*_{}[]()<>#+-.!|&~".unicodeScalars
        var line = String.UnicodeScalarView()
        for scalar in PrintableText.line(text).unicodeScalars {
            if special.contains(scalar) { line.append("\\") }
            line.append(scalar)
        }
        return String(line)
    }

    /// A fence is longer than any run of its sign in the text.
    private static func block(_ text: String) -> String {
        var (longest, run) = (2, 0)
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\n\(fence)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)\n"
    }
}

/// Statements for SQLite. What is no plain text stands in hexadecimal.
enum SQLRows: RowText {
    static func head(_ backup: BackupForm) -> String {
        "-- The rows of backup \(backup.id). Into a new database: sqlite3 NEW.db < FILE\nPRAGMA foreign_keys = OFF;\nBEGIN;\n"
    }

    static func begin(_ table: ContentTableForm) -> String {
        table.definition.map { $0 + "\n;\n" } ?? ""
    }

    static func row(_ row: ContentRowForm, _ table: ContentTableForm) -> String {
        let columns = table.columns.map { name($0.name) }.joined(separator: ", ")
        let values = table.columns.map { value(row[$0.name]) }.joined(separator: ", ")
        return "INSERT INTO \(name(table.name)) (\(columns)) VALUES (\(values));\n"
    }

    static var tail: String { "COMMIT;\n" }

    private static func name(_ text: String) -> String { QuotedText.quoted(text, mark: "\"") }

    private static func value(_ cell: CellForm) -> String {
        switch cell {
        case .null: return "NULL"
        case .integer(let number): return String(number)
        case .real(let number): return String(number)
        case .text(let text):
            guard !text.unicodeScalars.contains(where: { PrintableText.isControl($0) && $0 != "\n" && $0 != "\t" })
            else {
                return "CAST(x'\(text.utf8.map(hexadecimal).joined())' AS TEXT)"
            }
            return QuotedText.quoted(text, mark: "'")
        case .other(let other):
            switch other.kind {
            case .real: return other.text?.hasPrefix("-") == true ? "-9e999" : "9e999"
            case .blob: return "x'\(other.hex ?? "")'"
            case .text: return "CAST(x'\(other.hex ?? "")' AS TEXT)"
            }
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

/// Text in which nothing steers a terminal that shows the file.
enum SafeText {
    /// Line feeds and tabs stay; every other control character is written as `\u{1b}`.
    static func lines(_ text: String) -> String {
        text.split(separator: "\t", omittingEmptySubsequences: false).map { PrintableText.lines(String($0)) }
            .joined(separator: "\t")
    }
}

extension CellForm {
    /// The value in a text: bytes that are no text in hexadecimal.
    var exported: String {
        if case .other(let other) = self, other.text == nil { return "0x" + (other.hex ?? "") }
        return shown
    }
}

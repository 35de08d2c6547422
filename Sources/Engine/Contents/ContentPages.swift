// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit

/// Where a page of rows begins: the number of its first row, and of a live memory the look that all pages are of.
struct PagePlace {
    let look: Int?
    let row: Int64

    init(_ subject: StateCopies.Subject, row: Int64) {
        self.row = row
        if case .live(_, let look) = subject { self.look = look } else { look = nil }
    }

    /// The place that a cursor spells; the beginning for nil.
    init(_ cursor: String?) throws(GuardError) {
        let parts = try Self.numbers(cursor ?? "0", count: 1...2)
        row = parts[parts.count - 1]
        look = parts.count == 2 ? Int(parts[0]) : nil
    }

    var text: String { (look.map { "\($0)." } ?? "") + String(row) }

    /// The numbers of a cursor, which only this server makes.
    static func numbers(_ cursor: String, count: ClosedRange<Int>) throws(GuardError) -> [Int64] {
        let parts = cursor.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
        let numbers = parts.compactMap { $0 }.filter { $0 >= 0 }
        guard numbers.count == parts.count, count.contains(parts.count) else {
            throw GuardError(
                .usage, "'\(cursor)' is no value for 'after'", hint: "Expected is the 'next' of the page before.")
        }
        return numbers
    }
}

/// Where a page of differences begins. A look of 0 is none.
struct DiffPlace {
    let oldLook: Int?
    let newLook: Int?
    let row: Int64

    init(_ old: StateCopies.Subject, _ new: StateCopies.Subject, row: Int64) {
        (oldLook, newLook) = (PagePlace(old, row: 0).look, PagePlace(new, row: 0).look)
        self.row = row
    }

    init(_ cursor: String?) throws(GuardError) {
        let parts = try PagePlace.numbers(cursor ?? "0.0.0", count: 3...3)
        func look(_ number: Int64) -> Int? { number == 0 ? nil : Int(number) }
        (oldLook, newLook, row) = (look(parts[0]), look(parts[1]), parts[2])
    }

    var text: String { "\(oldLook ?? 0).\(newLook ?? 0).\(row)" }
}

/// Gathers the rows of one page, and ends it when it is full.
struct PageOfRows {
    /// The most bytes of values that a page may have, beside its first row.
    private static let mostBytes = 8 << 20

    let columns: [String]
    private(set) var items: [ContentRowForm] = []
    /// The number of the first row of the next page.
    private(set) var next: Int64?
    /// The number of rows that are skipped first.
    var skip: Int64 = 0
    private let question: RowQuestion
    private var row: Int64
    private var bytes = 0

    init(_ start: Int64, _ question: RowQuestion, _ columns: [String]) {
        row = start
        self.question = question
        self.columns = columns
    }

    /// Takes a row; false when the page is full.
    mutating func add(_ statement: borrowing Statement) -> Bool {
        if skip > 0 {
            skip -= 1
            return true
        }
        guard items.count < question.page.limit, bytes < Self.mostBytes else {
            next = row
            return false
        }
        row += 1
        var values: [String: CellForm] = [:]
        for (index, column) in columns.enumerated() {
            let value = statement.value(Int32(index))
            bytes += question.cut.map { min($0 * 4, value.size) } ?? value.size
            values[column] = CellForm(value, cut: question.cut)
        }
        items.append(ContentRowForm(values: values))
        return true
    }
}

extension Value {
    /// About how many bytes it takes.
    var size: Int {
        switch self {
        case .null, .integer, .real: 8
        case .text(let bytes), .blob(let bytes): bytes.count
        }
    }
}

extension CellForm {
    /// The form of `value`, with at most `cut` characters of a text and bytes of a blob.
    init(_ value: Value, cut: Int?) {
        switch value {
        case .null: self = .null
        case .integer(let integer): self = .integer(integer)
        case .real(let real):
            self = real.isFinite ? .real(real) : .other(.init(.real, bytes: 8, text: "\(real)"))
        case .blob(let bytes): self = .other(Self.bytes(.blob, bytes, cut))
        case .text(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                self = .other(Self.bytes(.text, bytes, cut))
                return
            }
            guard let cut, bytes.count > cut, text.unicodeScalars.count > cut else {
                self = .text(text)
                return
            }
            let begin = String(String.UnicodeScalarView(text.unicodeScalars.prefix(cut)))
            self = .other(.init(.text, bytes: Int64(bytes.count), text: begin, isCut: true))
        }
    }

    private static func bytes(_ kind: Other.Kind, _ bytes: [UInt8], _ cut: Int?) -> Other {
        let shown = bytes.prefix(cut ?? bytes.count)
        let digits = Array("0123456789abcdef".utf8)
        let hex = shown.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return Other(
            kind, bytes: Int64(bytes.count), hex: String(decoding: hex, as: UTF8.self),
            isCut: shown.count < bytes.count)
    }
}

extension ContentTable {
    /// The names that people use for Dementia's tables.
    static let knownNames = [
        "contexts": "context_locks", "entries": "memory_entries", "to-dos": "todos", "archives": "context_archives",
        "tags": "file_tags", "files": "file_semantic_model",
    ]
}

extension ContentTableForm {
    init(_ table: ContentTable, rows: Int64) {
        self.init(
            name: table.name.text, rows: rows,
            columns: table.columns.map { .init(name: $0.name.text, type: $0.type) },
            primaryKey: table.primaryKey.map(\.text), definition: table.definition)
    }
}

extension DiffForm.Table {
    init(_ table: TableDifference) {
        let change: DiffForm.Change =
            table.rowsBefore == nil ? .added : table.rowsAfter == nil ? .dropped : table.isNothing ? .same : .changed
        self.init(
            name: table.name, change: change, rowsBefore: table.rowsBefore, rowsAfter: table.rowsAfter,
            added: table.added, removed: table.removed, changed: table.changed, columnsAdded: table.columnsAdded,
            columnsDropped: table.columnsDropped, identity: table.identity)
    }
}

extension DiffRowsForm.Row {
    init(_ row: RowDifference, cut: Int?) {
        func values(_ cells: [RowDifference.Cell]) -> [String: CellForm] {
            Dictionary(cells.map { ($0.column, CellForm($0.value, cut: cut)) }) { first, _ in first }
        }
        let change: Change =
            switch row.kind {
            case .added: .added
            case .removed: .removed
            case .changed: .changed
            }
        self.init(
            change: change, identity: values(row.identity), before: row.kind == .added ? nil : values(row.old),
            after: row.kind == .removed ? nil : values(row.new))
    }
}

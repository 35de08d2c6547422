// SPDX-License-Identifier: MIT

internal import Contents
internal import SQLiteKit
internal import Stores

extension RowReturnPlan {
    /// A row of a backup, with the columns of the table as it is now.
    struct Row {
        let target: ContentTable
        private let source: ContentTable
        private let values: [Value]

        init(_ values: [Value], of source: ContentTable, in target: ContentTable) {
            (self.values, self.source, self.target) = (values, source, target)
        }

        /// The values of the columns that the table still has, under the names that it gives them. A NULL is left to the column's default
        /// only where the backup has no such column.
        var cells: [ReturningRow.Cell] {
            zip(source.columns, values).compactMap { column, value in
                target.column(column.name).map { ReturningRow.Cell(column: $0, value: value) }
            }
        }

        /// The columns that the table has no more and in which the row has a value.
        var lost: [String] {
            zip(source.columns, values).compactMap { column, value in
                value != .null && target.column(column.name) == nil ? column.name.text : nil
            }
        }

        /// The cells that identify the row: session, label and version of a context, else the primary key, else all cells.
        var identity: [ReturningRow.Cell] { names ?? cells }

        /// Whether something else than all of its content tells the row apart. Other rows may be there several times.
        var isNamed: Bool { names != nil }

        private var names: [ReturningRow.Cell]? {
            let all = cells
            for columns in target.identities {
                let found = columns.compactMap { column in all.first { $0.column == column } }
                if found.count == columns.count { return found }
            }
            return nil
        }

        /// The primary key, where the row has one.
        var key: [ReturningRow.Cell]? {
            let all = cells
            let found = target.primaryKey.compactMap { column in all.first { $0.column == column } }
            return found.isEmpty || found.count != target.primaryKey.count ? nil : found
        }

        var identityBytes: [UInt8] { identity.flatMap { $0.column.bytes + [0] + $0.value.tagged + [0] } }

        /// The row for people.
        var name: String {
            if let label = target.column("label"), let version = target.column("version"), target.holdsContexts {
                return "\(text(label))@\(text(version))"
            }
            return identity.prefix(3).map { "\($0.column.text)=\($0.value.shown)" }.joined(separator: " ")
        }

        /// The value of the column in the backup.
        func value(_ column: SQLiteName) -> Value? {
            zip(source.columns, values).first { $0.0.name.folded == column.folded }?.1
        }

        func text(_ column: SQLiteName?) -> String { column.flatMap { value($0) }?.shown ?? "" }

        /// Whether a table gives its column a number of its own where a row has none.
        func isNumber(_ cell: ReturningRow.Cell) -> Bool {
            let type = target.columns.first { $0.name == cell.column }?.type ?? ""
            return target.primaryKey == [cell.column] && SQLiteName(type).folded == "integer"
        }

        /// Whether `present`, a row of the table as it is now, has the same values, apart from the key that only counts rows.
        func isSame(as present: [Value]) -> Bool {
            let there = zip(target.columns, present)
            let ignored = key.map { $0.filter { isNumber($0) && !identity.contains($0) }.map(\.column) } ?? []
            return cells.allSatisfy { cell in
                ignored.contains(cell.column) || there.contains { $0.0.name == cell.column && $0.1 == cell.value }
            }
        }

        /// The row that has the name gets the values; it keeps the number by which others know it.
        var update: ReturningRow {
            let names = identity
            let kept = key.map { $0.filter { isNumber($0) }.map(\.column) } ?? []
            let cells = cells.filter { cell in !names.contains(cell) && !kept.contains(cell.column) }
            return ReturningRow(table: target.name, cells: cells, key: names)
        }
    }
}

extension Value {
    /// The value with its storage class, as bytes.
    var tagged: [UInt8] {
        switch self {
        case .null: [UInt8(ascii: "n")]
        case .integer(let number): [UInt8(ascii: "i")] + Array(String(number).utf8)
        case .real(let number): [UInt8(ascii: "r")] + Array(String(number.bitPattern).utf8)
        case .text(let bytes): [UInt8(ascii: "t")] + bytes
        case .blob(let bytes): [UInt8(ascii: "b")] + bytes
        }
    }

    /// The value for people.
    var shown: String {
        switch self {
        case .null: ""
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .blob(let bytes): "blob of \(bytes.count) bytes"
        }
    }
}

extension ContentState {
    /// The rows of `table` whose primary key reads as `key`, column by column.
    func rows(of table: ContentTable, keyed key: [String]) throws(SQLiteError) -> [[Value]] {
        var found: [[Value]] = []
        let places = table.primaryKey.compactMap { column in table.columns.firstIndex { $0.name == column } }
        // Keys are texts here, and may be numbers there: both are looked for where an index leads to them.
        let candidates = key.map { text in [.text(text)] + (Int64(text).map { [Value.integer($0)] } ?? []) }
        if candidates.count == 1, places.count == 1 {
            for value in candidates[0] {
                found += try rows(of: table, matching: [(table.primaryKey[0], value)], atMost: 1)
            }
            return found
        }
        for first in candidates[0] {
            found += try rows(of: table, matching: [(table.primaryKey[0], first)], atMost: RowReturnPlan.mostRows)
                .filter { row in
                    zip(places, key).allSatisfy { row[$0].shown == $1 }
                }
        }
        return found
    }
}

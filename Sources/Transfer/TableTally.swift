// SPDX-License-Identifier: MIT

internal import GuardCore

/// What is counted while a table moves.
struct TableTally {
    /// The line of the report.
    var line: TransferReport.Table
    /// The greatest number that the serial column got.
    var greatest: Int64?
    private var counts: [Place: Int64] = [:]
    private var hints: [Place: String] = [:]

    private struct Place: Hashable, Comparable {
        let column: String
        let code: Reason.Code

        static func < (left: Place, right: Place) -> Bool {
            (left.column, left.code.rawValue) < (right.column, right.code.rawValue)
        }
    }

    init(_ plan: TablePlan) {
        line = TransferReport.Table(source: plan.source.name, target: plan.rule?.target)
    }

    /// Counts a cell, or for the column "" a row, that a person should know of.
    mutating func note(_ reason: Reason, column: String?) {
        let place = Place(column: column ?? "", code: reason.code)
        counts[place, default: 0] += 1
        if let hint = reason.hint { hints[place] = hint }
    }

    /// Counts what `outcome` tells.
    mutating func note(_ outcome: RowOutcome) {
        if let rejection = outcome.rejection {
            note(rejection.reason, column: rejection.column)
        } else {
            for cell in outcome.kept { note(cell.reason, column: cell.column) }
        }
        for notice in outcome.notices { note(notice.reason, column: notice.column) }
    }

    /// Takes in the number that a row got.
    mutating func noteSerial(_ serial: Int64?) {
        guard let serial else { return }
        greatest = max(greatest ?? serial, serial)
    }

    /// What a person should know, a finding for each column and reason.
    var findings: [Finding] {
        counts.sorted { $0.key < $1.key }.map { place, count in
            let isRow = place.column.isEmpty
            let what = isRow ? line.source : "\(line.source).\(place.column)"
            let unit = count == 1 ? (isRow ? "row" : "value") : (isRow ? "rows" : "values")
            let sentences = [Reason(place.code).sentence, hints[place]].compactMap(\.self).joined(separator: " ")
            return Finding(
                code: place.code.rawValue, message: "\(what), \(count) \(unit): \(sentences)", table: line.source)
        }
    }
}

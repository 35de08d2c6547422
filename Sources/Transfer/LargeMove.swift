// SPDX-License-Identifier: MIT

internal import GuardCore
internal import PostgresKit

/// A row with large values on its way: what becomes of it is decided by stand-ins and by what a pass over the large values tells.
struct LargeMove {
    let move: TableMove
    let row: LargeRow
    private(set) var outcome: RowOutcome
    /// The columns of the target whose fields are large values.
    private(set) var fields: [Int: (value: LargeValue, mode: LargeFeed.Mode, count: Int)] = [:]
    /// The large values that are kept, each with its reason.
    private(set) var kept: [(value: LargeValue, reason: Reason)] = []

    init(_ move: TableMove, _ reader: RowReader, _ row: LargeRow) throws(GuardError) {
        self.move = move
        self.row = row
        outcome = move.convert(reader, row.cells)
        guard outcome.rejection == nil else {
            keepAll()
            return
        }
        let byName = Dictionary(
            row.large.values.map { (ExactText($0.column), $0) }, uniquingKeysWith: { first, _ in first })
        kept = outcome.kept.compactMap { cell in byName[ExactText(cell.column)].map { ($0, cell.reason) } }
        outcome.kept.removeAll { byName[ExactText($0.column)] != nil }
        for (place, origin) in move.rule.origins.enumerated() {
            guard let (source, counts) = Self.source(of: origin), let value = row.large[source] else { continue }
            try decide(value, in: place, counting: counts)
            guard outcome.rejection == nil else { break }
        }
        if outcome.rejection == nil, move.rule.indices.contains(where: { $0.contains { fields[$0] != nil } }) {
            // What is so long does not fit, however well it is compressed.
            reject(Reason(.indexRowTooLarge), nil)
        }
        if outcome.rejection == nil, LargeFeed.size(segments) > CopyForm.longestField {
            let longest = fields.values.map(\.count).max() ?? 0
            reject(Reason(longest > CopyForm.longestField ? .fieldTooLarge : .rowTooLarge), nil)
        }
        keepAll()
    }

    /// The source column whose bytes a field has, and whether what becomes of them counts.
    private static func source(of origin: RowRule.Origin) -> (column: Int, counts: Bool)? {
        switch origin {
        case .column(let index, _), .key(let index, _), .embedding(let index, _), .session(let index?): (index, true)
        case .copy(let index): (index, false)
        case .session(nil), .time, .latest, .ordinal, .status, .legacy, .rowid: nil
        }
    }

    /// Decides what the target's column `place` gets of `value`.
    private mutating func decide(_ value: LargeValue, in place: Int, counting counts: Bool) throws(GuardError) {
        let column = move.rule.columns[place]
        switch column.type {
        case .bytea:
            guard case .bytea = outcome.values[place] else { return }
            fields[place] = (value, .bytes, value.count)
        case .text:
            guard case .text = outcome.values[place] else { return }
            let (count, found) = try value.textForm()
            switch found {
            case .ok: fields[place] = (value, .text, count)
            case .coerced:
                fields[place] = (value, .text, count)
            case .normalized(let reason):
                if counts {
                    outcome.normalized += 1
                    // What a blob became by its stand-in it has not become.
                    if !value.isText { outcome.coerced -= 1 }
                    kept.append((value, reason))
                }
                if value.isText { fields[place] = (value, .text, count) } else { outcome.values[place] = .null }
            case .rejected(let reason): reject(reason, value.column)
            }
        default: break
        }
    }

    private mutating func reject(_ reason: Reason, _ column: String?) {
        outcome.rejection = .init(reason, column: column)
        outcome.values = []
    }

    /// Keeps the whole row if it does not arrive.
    private mutating func keepAll() {
        guard let rejection = outcome.rejection else { return }
        fields = [:]
        let source = move.plan.source.columns
        outcome.kept = source.indices.compactMap { place in
            guard row.large[place] == nil, !row.cells[place].isNull else { return nil }
            return KeptCell(column: source[place].name, cell: row.cells[place], reason: rejection.reason)
        }
        kept = row.large.sorted { $0.key < $1.key }.map { ($0.value, rejection.reason) }
    }

    /// The same row when the server refused it.
    func refused(_ reason: Reason) -> LargeMove {
        var other = self
        other.reject(reason, nil)
        other.keepAll()
        return other
    }

    /// The row's fields.
    var segments: [LargeFeed.Segment] {
        outcome.values.enumerated().map { place, value in
            if let field = fields[place] { return .large(field.value, field.mode, count: field.count) }
            return .field(value, isExact: move.rule.columns[place].type.isByteExact)
        }
    }
}

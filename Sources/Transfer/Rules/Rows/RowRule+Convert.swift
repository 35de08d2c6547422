// SPDX-License-Identifier: MIT

extension RowRule {
    /// Converts one row: total, and without any state but the context's.
    ///
    /// Bytes that need no change are handed on and not copied.
    public func convert(_ row: SourceRow, in context: RowContext) -> RowOutcome {
        var work = Work(rule: self, row: row, context: context)
        for (origin, column) in zip(origins, columns) {
            work.fill(column, from: origin)
            if let rejection = work.outcome.rejection {
                return RowOutcome(rejecting: row, of: source, because: rejection)
            }
        }
        var size = 2
        for value in work.outcome.values { size += value.fieldSize }
        if size > context.policy.rowLimit {
            return RowOutcome(rejecting: row, of: source, because: .init(Reason(.rowTooLarge)))
        }
        for index in unmapped {
            let cell = work.cell(index)
            if !cell.isNull { work.keep(cell, of: index, Reason(.unmappedColumn)) }
        }
        return work.outcome
    }

    /// One row under way.
    private struct Work {
        let rule: RowRule
        let row: SourceRow
        let context: RowContext
        var outcome = RowOutcome()

        init(rule: RowRule, row: SourceRow, context: RowContext) {
            self.rule = rule
            self.row = row
            self.context = context
            outcome.values.reserveCapacity(rule.columns.count)
        }

        func cell(_ index: Int) -> Cell { row.cells.indices.contains(index) ? row.cells[index] : .null }

        func name(_ index: Int) -> String {
            rule.source.columns.indices.contains(index) ? rule.source.columns[index].name : ""
        }

        mutating func keep(_ cell: Cell, of index: Int, _ reason: Reason) {
            outcome.kept.append(KeptCell(column: name(index), cell: cell, reason: reason))
        }

        /// Counts `converted` as what became of the source column `index`, and puts it in its place.
        mutating func take(_ converted: Converted, of index: Int) {
            switch converted.outcome {
            case .ok: break
            case .coerced(let reason):
                outcome.coerced += 1
                if let reason { keep(cell(index), of: index, reason) }
            case .normalized(let reason):
                outcome.normalized += 1
                keep(cell(index), of: index, reason)
            case .rejected(let reason): outcome.rejection = .init(reason, column: name(index))
            }
            if let notice = converted.notice {
                outcome.notices.append(KeptCell(column: name(index), cell: .null, reason: notice))
            }
            outcome.values.append(converted.value)
        }

        mutating func fill(_ column: TargetColumn, from origin: Origin) {
            switch origin {
            case .column(let index, let rule): take(convert(index, rule, column), of: index)
            case .embedding(let index, let model): takeEmbedding(index, model, column)
            case .key(let index, let rule):
                guard cell(index).isNull, column.type == .text else {
                    return take(convert(index, rule, column), of: index)
                }
                let key = "dementia_rowid_\(row.identity)"
                take(Converted(.text(Array(key.utf8)), .normalized(Reason(.nullKey))), of: index)
            case .session(let index):
                guard let index else { return outcome.values.append(.text(context.session)) }
                guard cell(index).isNull else { return take(convert(index, .copy, column), of: index) }
                take(Converted(.text(context.session), .normalized(Reason(.sessionAssigned))), of: index)
            case .time(let index): takeTime(index, column)
            case .latest(let indices):
                var latest: TargetValue?
                for index in indices where latest == nil { latest = moment(index) }
                outcome.values.append(latest ?? .double(context.time))
            case .copy(let index): outcome.values.append(convert(index, .copy, column).value)
            case .ordinal: outcome.values.append(ordinal(for: column))
            case .rowid: outcome.values.append(.bigint(row.identity))
            case .status(let index, let completed): takeStatus(index, completed)
            case .legacy(let id, let status): takeLegacy(id, status)
            }
        }

        private func convert(_ index: Int, _ rule: ColumnRule, _ column: TargetColumn) -> Converted {
            Conversion.convert(cell(index), by: rule, to: column, policy: context.policy)
        }

        private mutating func takeEmbedding(_ index: Int, _ model: Int?, _ column: TargetColumn) {
            let converted = convert(index, .embedding, column)
            guard converted.notice == nil, case .bytea(let bytes) = converted.value, let model,
                case .text(let name) = cell(model), let dimensions = Embedding.dimensions(of: name),
                bytes.count != dimensions * 4
            else { return take(converted, of: index) }
            take(Converted(converted.value, converted.outcome, notice: Reason(.embeddingDimension)), of: index)
        }

        // MARK: Times

        /// The moment of a source column, nil when it has none.
        private func moment(_ index: Int) -> TargetValue? {
            let column = TargetColumn(name: "", type: .doublePrecision)
            let value = Conversion.convert(cell(index), by: .timestamp, to: column, policy: context.policy).value
            return value == .null ? nil : value
        }

        private mutating func takeTime(_ index: Int?, _ column: TargetColumn) {
            guard let index else { return outcome.values.append(.double(context.time)) }
            guard moment(index) == nil else { return take(convert(index, .timestamp, column), of: index) }
            take(Converted(.double(context.time), .normalized(Reason(.timeAssumed))), of: index)
        }

        private func ordinal(for column: TargetColumn) -> TargetValue {
            guard column.type == .integer else { return .bigint(row.ordinal) }
            // More rows than 32 bits count would fill any disk first.
            return .integer(Int32(clamping: row.ordinal))
        }

        // MARK: Tasks

        /// The application knows three; everything else is pending, or completed when there is a time of that.
        private mutating func takeStatus(_ index: Int, _ completed: Int?) {
            let known = Self.status(of: cell(index))
            if let known, known.isExact { return take(Converted(.text(known.word), .ok), of: index) }
            let isCompleted = completed.map { moment($0) != nil } ?? false
            let word = known?.word ?? Array((isCompleted ? "completed" : "pending").utf8)
            take(Converted(.text(word), .normalized(Reason(.statusMapped))), of: index)
        }

        private static func status(of cell: Cell) -> (word: [UInt8], isExact: Bool)? {
            guard case .text(let bytes) = cell, let word = UTF8Text.word(UTF8Text.trimmed(bytes)) else { return nil }
            let status: String? =
                switch word {
                case "pending", "open", "todo", "new": "pending"
                case "in_progress", "in progress", "in-progress", "active", "doing", "started": "in_progress"
                case "completed", "complete", "done", "closed", "finished": "completed"
                default: nil
                }
            return status.map { (Array($0.utf8), Array($0.utf8) == bytes) }
        }

        /// The number is new; who knew the task by its old id finds it here, and a status that was mapped.
        private mutating func takeLegacy(_ id: Int, _ status: Int?) {
            var members: [String] = []
            if !cell(id).isNull { members.append("\"legacy_id\": " + Self.json(cell(id))) }
            if let status, !(Self.status(of: cell(status))?.isExact ?? false), !cell(status).isNull {
                members.append("\"legacy_status\": " + Self.json(cell(status)))
            }
            if let fault = Self.fault(cell(id)) { keep(cell(id), of: id, fault) }
            outcome.values.append(
                members.isEmpty ? .null : .text(Array(("{" + members.joined(separator: ", ") + "}").utf8)))
        }

        /// Why `cell` does not stand in JSON as it was.
        private static func fault(_ cell: Cell) -> Reason? {
            switch cell {
            case .text(let bytes): UTF8Text.fault(in: bytes) == .invalid ? Reason(.invalidUTF8) : nil
            case .blob: Reason(.binaryInText)
            case .null, .integer, .real: nil
            }
        }

        private static func json(_ cell: Cell) -> String {
            switch cell {
            case .null: "null"
            case .integer(let integer): String(integer)
            case .real(let real): real.isFinite ? real.description : "\"\(Cell.text(of: real))\""
            case .text(let bytes), .blob(let bytes):
                "\"" + String(decoding: bytes, as: UTF8.self).unicodeScalars.map(escaped).joined() + "\""
            }
        }

        private static func escaped(_ scalar: Unicode.Scalar) -> String {
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\0"..."\u{1F}":
                "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
    }
}

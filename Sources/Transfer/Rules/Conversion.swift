// SPDX-License-Identifier: MIT

/// What became of one cell.
public enum CellOutcome: Sendable, Equatable {
    /// It arrived as it was.
    case ok
    /// It arrived in another form that loses nothing. With a reason its original is kept all the same, since the form tells something.
    case coerced(Reason?)
    /// It lost something by a named policy, or is NULL now; its original is kept.
    case normalized(Reason)
    /// Its row cannot arrive; the whole row's original is kept.
    case rejected(Reason)

    /// Why, where it is told.
    public var reason: Reason? {
        switch self {
        case .ok: nil
        case .coerced(let reason): reason
        case .normalized(let reason), .rejected(let reason): reason
        }
    }
}

/// A cell's value in the target, and how it came about.
public struct Converted: Sendable, Equatable {
    /// NULL when ``outcome`` is a rejection.
    public let value: TargetValue
    public let outcome: CellOutcome
    /// Something to count and report that changed nothing: an embedding that is a pickle.
    public let notice: Reason?

    init(_ value: TargetValue, _ outcome: CellOutcome, notice: Reason? = nil) {
        self.value = value
        self.outcome = outcome
        self.notice = notice
    }
}

/// What one rule makes of a cell, before it is known whether the column takes NULL instead.
enum Attempt: Equatable {
    case ok(TargetValue, notice: Reason? = nil)
    case coerced(TargetValue, Reason? = nil, notice: Reason? = nil)
    case normalized(TargetValue, Reason, notice: Reason? = nil)
    /// It cannot be converted.
    case failed(Reason)

    static func failed(_ code: Reason.Code, hint: String? = nil) -> Attempt { .failed(Reason(code, hint: hint)) }
}

/// The rules by which one cell becomes one value.
public enum Conversion {
    /// Converts `cell`, understood by `rule`, to what `column` takes. Total: every storage class has an outcome for every type, and
    /// nothing traps.
    ///
    /// Text that is valid UTF-8 without a NUL is handed on and not copied.
    public static func convert(
        _ cell: Cell, by rule: ColumnRule, to column: TargetColumn, policy: TransferPolicy = .standard
    ) -> Converted {
        if cell.isNull {
            return column.isNullable ? Converted(.null, .ok) : Converted(.null, .rejected(Reason(.missingValue)))
        }
        let converted: Converted
        switch attempt(cell, by: rule, to: column.type, policy: policy) {
        case .ok(let value, let notice): converted = Converted(value, .ok, notice: notice)
        case .coerced(let value, let reason, let notice):
            converted = Converted(value, .coerced(reason), notice: notice)
        case .normalized(let value, let reason, let notice):
            converted = Converted(value, .normalized(reason), notice: notice)
        case .failed(let reason): return missing(reason, in: column)
        }
        return converted.value.fieldSize > policy.rowLimit ? missing(Reason(.fieldTooLarge), in: column) : converted
    }

    /// What stands in `column` for a value that cannot be converted: NULL, where nothing hangs on it.
    private static func missing(_ reason: Reason, in column: TargetColumn) -> Converted {
        Converted(.null, column.takesNull ? .normalized(reason) : .rejected(reason))
    }

    private static func attempt(
        _ cell: Cell, by rule: ColumnRule, to type: TargetType, policy: TransferPolicy
    ) -> Attempt {
        switch (rule, type) {
        case (.timestamp, .doublePrecision), (_, .timestamptz): TimeConversion.attempt(cell, to: type, policy: policy)
        case (.embedding, .bytea): Embedding.attempt(cell)
        case (.boolean, .integer), (.boolean, .bigint): BooleanConversion.number(cell, to: type)
        case (_, .boolean): BooleanConversion.attempt(cell)
        case (_, .integer), (_, .bigint): Number.integer(cell, to: type)
        case (_, .doublePrecision): Number.double(cell, isRecorded: rule == .recorded)
        case (_, .text): text(cell, isRecorded: rule == .recorded)
        case (_, .bytea): bytes(cell, isRecorded: rule == .recorded)
        case (_, .json), (_, .jsonb): json(cell, to: type)
        case (_, .other(let name)):
            .failed(.typeNotSupported, hint: "Nothing is converted to \(name).")
        }
    }

    // MARK: Text and bytes

    /// Text as it is where it is valid; without its NULs, and with U+FFFD for what is not UTF-8, where it is not.
    static func text(_ cell: Cell, isRecorded: Bool = false) -> Attempt {
        let recorded = isRecorded ? Reason(.storageClassRecorded) : nil
        return switch cell {
        case .null: .ok(.null)
        case .integer(let integer): .coerced(.text(Array(String(integer).utf8)), recorded)
        case .real(let real): .coerced(.text(Array(Cell.text(of: real).utf8)), recorded)
        case .text(let bytes):
            switch UTF8Text.fault(in: bytes) {
            case nil: .ok(.text(bytes))
            case .nul: .normalized(.text(UTF8Text.mended(bytes)), Reason(.nulRemoved))
            case .invalid: .normalized(.text(UTF8Text.mended(bytes)), Reason(.invalidUTF8))
            }
        case .blob(let bytes):
            UTF8Text.fault(in: bytes) == nil ? .coerced(.text(bytes), recorded) : .failed(.binaryInText)
        }
    }

    /// Bytes as they are, those of text too; numbers as their text, with a record of what they were.
    private static func bytes(_ cell: Cell, isRecorded: Bool) -> Attempt {
        switch cell {
        case .null: .ok(.null)
        case .blob(let bytes): .ok(.bytea(bytes))
        case .text(let bytes): .coerced(.bytea(bytes), isRecorded ? Reason(.storageClassRecorded) : nil)
        case .integer, .real: .coerced(.bytea(cell.keptBytes ?? []), Reason(.storageClassRecorded))
        }
    }

    // MARK: JSON

    private static func json(_ cell: Cell, to type: TargetType) -> Attempt {
        let bytes: [UInt8]
        switch cell {
        case .null: return .ok(.null)
        case .integer(let integer): bytes = Array(String(integer).utf8)
        case .real(let real):
            guard real.isFinite else { return .failed(.invalidJSON) }
            bytes = Array(Cell.text(of: real).utf8)
        case .text(let text), .blob(let text): bytes = text
        }
        guard UTF8Text.fault(in: bytes) == nil else { return .failed(.invalidJSON) }
        switch JSONCheck.verdict(on: bytes, isBinary: type == .jsonb) {
        case .valid: break
        case .nul: return .failed(.nulInJSON, hint: "A column of type json accepts it.")
        case .invalid: return .failed(.invalidJSON)
        }
        let value: TargetValue = type == .jsonb ? .jsonb(bytes) : .json(bytes)
        if case .text = cell { return .ok(value) }
        return .coerced(value)
    }
}

// SPDX-License-Identifier: MIT

/// The rules for truth, which SQLite has no type for.
enum BooleanConversion {
    /// A boolean: 0 and 1, or PostgreSQL's words; any other number is true, and recorded.
    static func attempt(_ cell: Cell) -> Attempt {
        switch cell {
        case .null: .ok(.null)
        case .integer(0): .ok(.boolean(false))
        case .integer(1): .ok(.boolean(true))
        case .integer: .normalized(.boolean(true), Reason(.nonzeroIsTrue))
        case .real(0): .coerced(.boolean(false))
        case .real(1): .coerced(.boolean(true))
        case .real(let real):
            real.isNaN ? .failed(.notABoolean) : .normalized(.boolean(true), Reason(.nonzeroIsTrue))
        case .text(let bytes): word(bytes).map { .coerced(.boolean($0)) } ?? .failed(.notABoolean)
        case .blob: .failed(.notABoolean)
        }
    }

    /// A number that stands for truth: a number stays what it is, a word becomes 0 or 1.
    static func number(_ cell: Cell, to type: TargetType) -> Attempt {
        guard case .text(let bytes) = cell, let value = word(bytes) else {
            let attempt = Number.integer(cell, to: type)
            return attempt == .failed(.textInNumber) ? .failed(.notABoolean) : attempt
        }
        return .coerced(type == .integer ? .integer(value ? 1 : 0) : .bigint(value ? 1 : 0))
    }

    /// The words that PostgreSQL takes, beginnings included where they are clear.
    private static func word(_ bytes: [UInt8]) -> Bool? {
        switch UTF8Text.word(UTF8Text.trimmed(bytes)) {
        case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1": true
        case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0": false
        default: nil
        }
    }
}

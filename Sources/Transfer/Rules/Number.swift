// SPDX-License-Identifier: MIT

/// The rules for numbers. What PostgreSQL would read out of text depends on its version (16 takes `0x1F` and `4_2`), so text is read here.
enum Number {
    /// A whole number for `type`, 32 or 64 bits wide; never cut off and never rounded.
    static func integer(_ cell: Cell, to type: TargetType) -> Attempt {
        switch cell {
        case .null: .ok(.null)
        case .integer(let integer): whole(integer, type).map { .ok($0) } ?? outOfRange(type)
        case .real(let real):
            switch exact(real) {
            case .some(let integer): whole(integer, type).map { .coerced($0) } ?? outOfRange(type)
            case nil: real.rounded(.towardZero) == real ? .failed(.integerNotExact) : .failed(.realNotIntegral)
            }
        case .text(let bytes):
            switch digits(UTF8Text.trimmed(bytes)) {
            case .number(let integer): whole(integer, type).map { .coerced($0) } ?? outOfRange(type)
            case .tooLarge: outOfRange(type)
            case .none: .failed(.textInNumber)
            }
        case .blob: .failed(.blobInNumber)
        }
    }

    /// A double; `isRecorded` when a whole number among reals is to be told from a real that is whole.
    static func double(_ cell: Cell, isRecorded: Bool) -> Attempt {
        switch cell {
        case .null: return .ok(.null)
        case .real(let real): return .ok(.double(real))
        case .integer(let integer):
            guard Int64(exactly: Double(integer)) == integer else { return .failed(.integerNotExact) }
            return isRecorded
                ? .coerced(.double(Double(integer)), Reason(.storageClassRecorded)) : .ok(.double(Double(integer)))
        case .text(let bytes):
            return decimal(UTF8Text.trimmed(bytes)).map { .coerced(.double($0)) } ?? .failed(.textInNumber)
        case .blob: return .failed(.blobInNumber)
        }
    }

    private static func whole(_ integer: Int64, _ type: TargetType) -> TargetValue? {
        type == .integer ? Int32(exactly: integer).map { .integer($0) } : .bigint(integer)
    }

    private static func outOfRange(_ type: TargetType) -> Attempt {
        .failed(
            .integerOutOfRange,
            hint: type == .integer
                ? "The column holds 32 bits, -2147483648 to 2147483647; the application would have to widen it to bigint."
                : "The column holds 64 bits.")
    }

    /// The whole number that `real` is for sure: beyond 2^53 a double stands for several.
    private static func exact(_ real: Double) -> Int64? {
        abs(real) <= 9_007_199_254_740_992 ? Int64(exactly: real) : nil
    }

    private enum Digits {
        case number(Int64)
        case tooLarge, none
    }

    /// Nothing but a sign and digits.
    private static func digits(_ text: ArraySlice<UInt8>) -> Digits {
        let digits = text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        guard !digits.isEmpty, digits.allSatisfy(UTF8Text.isDigit) else { return .none }
        return Int64(String(decoding: text, as: UTF8.self)).map { .number($0) } ?? .tooLarge
    }

    /// The double that `text` spells in decimal, or as one of PostgreSQL's words; nothing hexadecimal. Too large is no number; so is
    /// what is too small to be told from zero.
    static func decimal(_ text: ArraySlice<UInt8>) -> Double? {
        guard text.count <= 1100 else { return nil }
        var rest = text
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard let first = rest.first else { return nil }
        guard UTF8Text.isDigit(first) || first == UInt8(ascii: ".") else {
            let isNegative = text.first == UInt8(ascii: "-")
            return switch UTF8Text.word(rest) {
            case "inf", "infinity": isNegative ? -.infinity : .infinity
            case "nan": rest.count == text.count ? .nan : nil
            default: nil
            }
        }
        let whole = rest.prefix(while: UTF8Text.isDigit)
        rest = rest.dropFirst(whole.count)
        var hasDigits = !whole.isEmpty
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: UTF8Text.isDigit)
            hasDigits = hasDigits || !fraction.isEmpty
            rest = rest.dropFirst(1 + fraction.count)
        }
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
            guard !rest.isEmpty, rest.allSatisfy(UTF8Text.isDigit) else { return nil }
            rest = rest[rest.endIndex...]
        }
        guard hasDigits, rest.isEmpty else { return nil }
        // Swift wants a digit before the point.
        var spelled = String(decoding: text, as: UTF8.self)
        if whole.isEmpty, let point = spelled.firstIndex(of: ".") { spelled.insert("0", at: point) }
        if spelled.hasSuffix(".") { spelled.removeLast() }
        spelled = spelled.replacing(".e", with: "e").replacing(".E", with: "e")
        guard let value = Double(spelled), value.isFinite else { return nil }
        let significant = text.prefix { $0 | 0x20 != UInt8(ascii: "e") }.contains { (0x31...0x39).contains($0) }
        return value == 0 && significant ? nil : value
    }
}

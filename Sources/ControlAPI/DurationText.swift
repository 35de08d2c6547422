// SPDX-License-Identifier: MIT

extension Duration {
    /// What ``init(text:)`` understands, as a regular expression.
    static var textPattern: String { "^[0-9]{1,9}(ms|s|m|h|d)?$" }

    /// The time that `text` spells: a whole number of at most nine digits and `ms`, `s`, `m`, `h` or `d`; seconds without a unit. nil
    /// for anything else.
    public init?(text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard digits.count <= 9, let count = Int64(digits) else { return nil }
        switch text[digits.endIndex...] {
        case "ms": self = .milliseconds(count)
        case "s", "": self = .seconds(count)
        case "m": self = .seconds(count * 60)
        case "h": self = .seconds(count * 3600)
        case "d": self = .seconds(count * 86_400)
        default: return nil
        }
    }
}

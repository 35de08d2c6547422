// SPDX-License-Identifier: MIT

internal import GuardCore

extension Duration {
    /// The time that `text` spells: a whole number of at most nine digits and `ms`, `s`, `m`, `h` or `d`; seconds without a unit. nil
    /// for anything else.
    public init?(text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard digits.count <= 9, let count = Int64(digits) else { return nil }
        let name = text[digits.endIndex...]
        // Nobody waits for weeks.
        let unit = Self.units.first { $0.name == (name.isEmpty ? "s" : String(name)) && $0.name != "w" }
        guard let unit else { return nil }
        self = .milliseconds(count * Int64(unit.milliseconds))
    }
}

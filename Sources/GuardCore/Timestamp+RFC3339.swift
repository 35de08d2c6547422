// SPDX-License-Identifier: MIT

internal import Glibc

extension Timestamp {
    /// The moment that `text` spells in any form of RFC 3339, such as `2026-02-01T00:00:00Z` or `2026-02-01 01:30:00.5+01:30`; nil for
    /// anything else. What is finer than a millisecond is cut off, and a leap second is the first one after it.
    public init?(rfc3339 text: some StringProtocol) {
        var reader = Reader(text)
        var parts = tm()
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), (1...12).contains(month),
            reader.take("-"), let day = reader.number(2), day >= 1, day <= Self.days(in: month, of: year),
            reader.take("Tt "), let hour = reader.number(2), hour < 24, reader.take(":"), let minute = reader.number(2),
            minute < 60, reader.take(":"), let second = reader.number(2), second <= 60,
            let thousandth = reader.thousandths(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        self.init(milliseconds: (Int64(timegm(&parts)) - Int64(offset) * 60) * 1000 + Int64(thousandth))
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }
}

/// Reads the parts of a moment from left to right.
private struct Reader {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    private var isAtDigit: Bool { rest.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false }

    /// A number of exactly `width` digits.
    mutating func number(_ width: Int) -> Int? {
        var number = 0
        for _ in 0..<width {
            guard isAtDigit, let digit = rest.popFirst() else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }

    /// One of `characters`.
    mutating func take(_ characters: String) -> Bool {
        guard let next = rest.first, characters.utf8.contains(next) else { return false }
        rest.removeFirst()
        return true
    }

    /// The fraction of a second, 0 when there is none; nil for a point without digits.
    mutating func thousandths() -> Int? {
        guard take(".") else { return 0 }
        guard isAtDigit else { return nil }
        var digits = 0
        var number = 0
        while isAtDigit, let digit = rest.popFirst() {
            if digits < 3 { number = number * 10 + Int(digit - UInt8(ascii: "0")) }
            digits += 1
        }
        return digits == 1 ? number * 100 : digits == 2 ? number * 10 : number
    }

    /// How many minutes its clock is ahead of UTC.
    mutating func offset() -> Int? {
        if take("Zz") { return 0 }
        let isBehind = rest.first == UInt8(ascii: "-")
        guard take("+-"), let hours = number(2), hours < 24, take(":"), let minutes = number(2), minutes < 60 else {
            return nil
        }
        return (isBehind ? -1 : 1) * (hours * 60 + minutes)
    }
}

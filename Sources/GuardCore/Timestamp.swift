// SPDX-License-Identifier: MIT

public import FoundationEssentials
internal import Glibc

/// A moment in UTC, to the millisecond. It tells people when; it never orders anything.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970, UTC.
    public let milliseconds: Int64

    /// The moment `milliseconds` after 1970; before 1970 and after 9999, which only a broken clock says, the nearest one between.
    public init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, 0), 253_402_300_799_999)
    }

    /// The millisecond that holds `date`.
    public init(_ date: Date) {
        self.init(milliseconds: Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded(.down)) ?? 0)
    }

    /// The moment as the standard library of Foundation counts it.
    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// As in `2025-11-09T12:01:02.345Z` (RFC 3339).
    public var rfc3339: String { text(date: "-", time: ":") }

    /// As in `20251109T120102.345Z`, for names.
    public var compact: String { text(date: "", time: "") }

    public var description: String { rfc3339 }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment that `text` spells in one of the two forms above, or nil.
    public init?(_ text: some StringProtocol) {
        let digits = text.utf8.filter { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard digits.count == 17 else { return nil }
        func number(_ range: Range<Int>) -> Int32 {
            digits[range].reduce(0) { $0 * 10 + Int32($1 - UInt8(ascii: "0")) }
        }
        var parts = tm()
        parts.tm_year = number(0..<4) - 1900
        parts.tm_mon = number(4..<6) - 1
        parts.tm_mday = number(6..<8)
        parts.tm_hour = number(8..<10)
        parts.tm_min = number(10..<12)
        parts.tm_sec = number(12..<14)
        self.init(milliseconds: Int64(timegm(&parts)) * 1000 + Int64(number(14..<17)))
        // Spelling it again refuses every other form and every day that does not exist.
        guard rfc3339 == text || compact == text else { return nil }
    }

    private func text(date: String, time: String) -> String {
        let thousandth = milliseconds % 1000
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        // Fails only for years that do not fit an Int32, far beyond any clock.
        gmtime_r(&seconds, &parts)
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2)]
        let clock = [padded(parts.tm_hour, 2), padded(parts.tm_min, 2), padded(parts.tm_sec, 2)]
        return day.joined(separator: date) + "T" + clock.joined(separator: time) + "." + padded(thousandth, 3) + "Z"
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let timestamp = Timestamp(text) ?? Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time of RFC 3339")
        }
        self = timestamp
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }
}

/// Tells the time. A parameter everywhere, so that tests move time by hand; only the composition roots read the machine's clock.
public typealias WallClock = @Sendable () -> Timestamp

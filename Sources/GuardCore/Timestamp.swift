// SPDX-License-Identifier: MIT

public import FoundationEssentials

/// A moment, written as RFC 3339 in UTC with milliseconds: `2025-11-09T12:01:02.345Z`.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The moment `date`, cut to milliseconds.
    public init(_ date: Date) {
        milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded(.down))
    }

    /// The moment that `text` spells, or nil.
    public init?(_ text: String) {
        guard let date = try? Self.style.parse(text) else { return nil }
        // Parsed seconds are a binary fraction: rounding brings back the milliseconds that were written.
        milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
    }

    /// The same moment as a `Date`.
    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    public var description: String {
        // Half a millisecond keeps the style, which truncates, from losing the last digit.
        Self.style.format(Date(timeIntervalSince1970: (Double(milliseconds) + 0.5) / 1000))
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    private static var style: Date.ISO8601FormatStyle {
        Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let timestamp = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = timestamp
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Tells the time. A parameter everywhere, so that tests move time by hand; only the composition roots read the machine's clock.
public typealias WallClock = @Sendable () -> Timestamp

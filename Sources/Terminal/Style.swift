// SPDX-License-Identifier: MIT

public import GuardCore

/// The style of a result: for the width of a terminal, or in full for a file; with colours or without.
public struct Style: Sendable {
    /// The terminal's columns; nil when the output is no terminal and nothing is cut.
    public let width: Int?
    public let hasColor: Bool
    /// The moment from which ages are counted.
    public let now: Timestamp
    /// The number of seconds that the reader's clock is ahead of UTC at a moment.
    private let offset: @Sendable (Timestamp) -> Int

    /// - Parameter offset: how many seconds the reader's clock is ahead of UTC at a moment
    public init(
        width: Int?, hasColor: Bool, now: Timestamp, offset: @escaping @Sendable (Timestamp) -> Int = { _ in 0 }
    ) {
        self.width = width
        self.hasColor = hasColor
        self.now = now
        self.offset = offset
    }

    /// A colour that only underlines what a word says already.
    public enum Tone: String {
        case good = "32"
        case wait = "33"
        case bad = "31"
        case quiet = "2"
        case strong = "1"
    }

    /// `text` in the colour of `tone`, where there are colours.
    public func paint(_ text: String, _ tone: Tone?) -> String {
        guard hasColor, let tone else { return text }
        return "\(Self.escape)[\(tone.rawValue)m\(PrintableText.line(text))\(Self.reset)"
    }

    private static let escape = "\u{1B}"
    private static let reset = "\(escape)[0m"

    /// `text` as it may be written to a terminal: whatever one would act upon is escaped, but for line feeds and what ``paint(_:_:)`` has put
    /// there. It is the last look at every result; names and values of others are escaped before, where they would break a line.
    public func shown(_ text: String) -> String {
        guard hasColor else { return PrintableText.lines(text) }
        let marks = ([Tone.good, .wait, .bad, .quiet, .strong].map(\.rawValue) + ["0"]).map { "[\($0)m" }
        let pieces = text.unicodeScalars.split(separator: "\u{1B}", omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        return pieces.dropFirst().reduce(into: PrintableText.lines(pieces[0])) { shown, piece in
            let mark = marks.first { piece.hasPrefix($0) }
            shown += mark.map { Self.escape + $0 } ?? PrintableText.line(Self.escape)
            shown += PrintableText.lines(String(piece.dropFirst(mark?.count ?? 0)))
        }
    }

    /// For people on a terminal `2 h ago`, and from a day on the reader's own date and time, `2026-01-31 18:05`. RFC 3339 elsewhere.
    public func age(_ time: Timestamp?) -> String {
        guard let time else { return "-" }
        guard width != nil else { return time.description }
        let seconds = (now.milliseconds - time.milliseconds) / 1000
        guard abs(seconds) < 86_400 else { return local(time) }
        return seconds < 0 ? "in \(Self.span(-seconds))" : seconds < 5 ? "just now" : "\(Self.span(seconds)) ago"
    }

    /// The date and the time of the reader's clock, to the minute.
    private func local(_ time: Timestamp) -> String {
        let here = Timestamp(milliseconds: time.milliseconds + Int64(offset(time)) * 1000).rfc3339
        return here.prefix(10) + " " + here.dropFirst(11).prefix(5)
    }

    /// `3 h`, `2 d`: one unit, rounded down.
    public static func span(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    /// `34 ms`, `1.2 s`.
    public static func time(milliseconds: Int64) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\(tenths(Double(milliseconds) / 1000)) s"
    }

    /// `512 B`, `1.5 MiB`.
    public static func size(_ bytes: Int64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = -1
        while value >= 1024, unit < 4 {
            value /= 1024
            unit += 1
        }
        return "\(tenths(value)) \(["KiB", "MiB", "GiB", "TiB", "PiB"][unit])"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return value >= 100 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }
}

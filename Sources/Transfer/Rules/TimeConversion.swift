// SPDX-License-Identifier: MIT

/// The rules for moments: numbers of seconds since 1970, and the texts that SQLite and Python write.
enum TimeConversion {
    /// Above this a number of seconds is a number of milliseconds: the year 5138.
    private static let mostSeconds = 1e11
    /// What may be days since 4713 BC, of the years 1858 to 3501. As seconds they would all lie in January 1970.
    private static let julianDays = 2_400_000.0..<3_000_000.0
    /// From 1970 to 2000, where PostgreSQL begins to count.
    static let millennium: Int64 = 946_684_800
    /// What PostgreSQL holds, in seconds since 2000: 4713 BC to the year 294276.
    private static let range = -211_813_488_000.0..<9_223_371_331_200.0

    /// A moment for a column of doubles (seconds since 1970) or of `timestamptz`.
    static func attempt(_ cell: Cell, to type: TargetType, policy: TransferPolicy) -> Attempt {
        switch cell {
        case .null: .ok(.null)
        case .integer(let integer):
            // Such a number is beyond every bound, whatever it is rounded to.
            number(Double(integer), to: type, policy: policy, isText: false)
        case .real(let real): number(real, to: type, policy: policy, isText: false)
        case .text(let bytes): text(UTF8Text.trimmed(bytes), to: type, policy: policy)
        case .blob: .failed(.notATime)
        }
    }

    private static func number(_ seconds: Double, to type: TargetType, policy: TransferPolicy, isText: Bool) -> Attempt
    {
        if julianDays.contains(seconds) {
            return .failed(.ambiguousJulianDay, hint: "It may be a Julian day or a second of January 1970.")
        }
        guard abs(seconds) > mostSeconds, seconds.isFinite else {
            return value(seconds, to: type).map { type == .doublePrecision && !isText ? .ok($0) : .coerced($0) }
                ?? .failed(.timeOutOfRange)
        }
        guard policy.isEpochAutomatic else {
            return .failed(
                .ambiguousMilliseconds, hint: "Such a number is taken for milliseconds with --epoch=auto.")
        }
        guard abs(seconds / 1000) <= mostSeconds, let value = value(seconds / 1000, to: type) else {
            return .failed(.timeOutOfRange)
        }
        return .coerced(value, Reason(.millisecondsDivided))
    }

    private static func value(_ seconds: Double, to type: TargetType) -> TargetValue? {
        guard type == .timestamptz else { return .double(seconds) }
        if seconds.isInfinite { return .timestamptz(microsecondsSince2000: seconds < 0 ? .min : .max) }
        let since2000 = seconds - Double(millennium)
        guard range.contains(since2000) else { return nil }
        return .timestamptz(microsecondsSince2000: Int64((since2000 * 1e6).rounded(.toNearestOrEven)))
    }

    private static func text(_ text: ArraySlice<UInt8>, to type: TargetType, policy: TransferPolicy) -> Attempt {
        guard let written = Written(text) else {
            guard let seconds = Number.decimal(text), !seconds.isNaN else { return .failed(.notATime) }
            return number(seconds, to: type, policy: policy, isText: true)
        }
        // The writer's own time of day: which zone that was nobody knows any more.
        let reason = written.isLocal ? Reason(.localTimeAssumedUTC) : nil
        if type == .timestamptz {
            return .coerced(
                .timestamptz(
                    microsecondsSince2000: (written.seconds - millennium) * 1_000_000 + written.microseconds), reason)
        }
        return .coerced(.double(written.epoch), reason)
    }
}

/// A moment that text spells: `2025-09-07`, `2025-09-07 09:00:00.5`, `2025-09-07T09:00:00+02:00`.
struct Written {
    /// Whole seconds since 1970, rounded down.
    private(set) var seconds: Int64
    /// The digits after the point.
    private var fraction: [UInt8] = []
    /// Whether it is Python's `isoformat()` without a zone. SQLite's own form, with a space, is in UTC.
    private(set) var isLocal = false

    /// nil when `text` is another form, or a day or time that does not exist.
    init?(_ text: ArraySlice<UInt8>) {
        var reader = Reader(rest: text)
        guard let year = reader.number(4), year > 0, reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2), (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day)
        else { return nil }
        seconds = Self.days(year, month, day) * 86400
        guard !reader.rest.isEmpty else { return }
        let hasLetter = reader.skip("T") || reader.skip("t")
        guard hasLetter || reader.skip(" "), let hour = reader.number(2), hour < 24, reader.skip(":"),
            let minute = reader.number(2), minute < 60
        else { return nil }
        var second: Int64 = 0
        if reader.skip(":") {
            guard let number = reader.number(2), number < 60 else { return nil }
            second = number
            if reader.skip(".") || reader.skip(",") {
                fraction = Array(reader.rest.prefix(while: UTF8Text.isDigit))
                guard !fraction.isEmpty else { return nil }
                reader.rest = reader.rest.dropFirst(fraction.count)
            }
        }
        seconds += hour * 3600 + minute * 60 + second
        while reader.skip(" ") {}
        guard !reader.rest.isEmpty else {
            isLocal = hasLetter
            return
        }
        if !(reader.skip("Z") || reader.skip("z")) {
            let isWest = reader.skip("-")
            guard isWest || reader.skip("+"), let hours = reader.number(2), hours < 16 else { return nil }
            var minutes: Int64 = 0
            if !reader.rest.isEmpty {
                _ = reader.skip(":")
                guard let number = reader.number(2), number < 60 else { return nil }
                minutes = number
            }
            seconds -= (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
        }
        guard reader.rest.isEmpty else { return nil }
    }

    /// The double nearest to the moment, in seconds since 1970.
    var epoch: Double {
        let digits = String(decoding: fraction, as: UTF8.self)
        if fraction.isEmpty { return Double(seconds) }
        // Read as a whole it is rounded once. Before 1970 the fraction counts the other way.
        return seconds < 0
            ? Double(seconds) + (Double("0." + digits) ?? 0) : Double("\(seconds).\(digits)") ?? Double(seconds)
    }

    /// The fraction in microseconds, rounded.
    var microseconds: Int64 {
        Int64(((Double("0." + String(decoding: fraction, as: UTF8.self)) ?? 0) * 1e6).rounded())
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        /// Exactly `count` digits.
        mutating func number(_ count: Int) -> Int64? {
            let digits = rest.prefix(count)
            guard digits.count == count, digits.allSatisfy(UTF8Text.isDigit) else { return nil }
            rest = rest.dropFirst(count)
            return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard let first = rest.first, UInt32(first) == character.value else { return false }
            rest.removeFirst()
            return true
        }
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        default: 31
        }
    }

    /// Days since 1970 in the Gregorian calendar; the year begins in March, so that the leap day is its last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month > 2 ? year : year - 1
        let (era, yearOfEra) = (year / 400, year % 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

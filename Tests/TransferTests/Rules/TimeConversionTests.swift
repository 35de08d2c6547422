// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Moments")
struct TimeConversionTests {
    private func epoch(_ text: String) -> Converted { convert(.text(text), to: .doublePrecision, by: .timestamp) }

    @Test("Case 3: SQLite's own form is in UTC, whatever the zone of this machine")
    func currentTimestamp() {
        #expect(epoch("2025-09-07 09:00:00") == Converted(.double(1_757_235_600), .coerced(nil)))
        #expect(epoch("2025-09-07 09:00:00.123456") == Converted(.double(1757235600.123456), .coerced(nil)))
        #expect(epoch("2025-09-07 09:00") == Converted(.double(1_757_235_600), .coerced(nil)))
        #expect(epoch("2025-09-07").value == .double(1_757_203_200))
        #expect(epoch("1969-12-31 23:59:59.5").value == .double(-0.5))
        #expect(epoch("1900-02-28 00:00:00").value == .double(-2_203_977_600))
        #expect(epoch("2024-02-29 00:00:00").value == .double(1_709_164_800))
    }

    @Test("Case 4: an offset is honoured, and a zone that is not named is assumed and told")
    func zones() {
        #expect(epoch("2025-09-07T09:00:00.5Z") == Converted(.double(1757235600.5), .coerced(nil)))
        for text in [
            "2025-09-07T11:00:00+02:00", "2025-09-07T11:00:00+0200", "2025-09-07 04:00:00 -05",
            "2025-09-07T08:30:00-00:30",
        ] {
            #expect(epoch(text) == Converted(.double(1_757_235_600), .coerced(nil)), "\(text)")
        }
        let assumed = CellOutcome.coerced(Reason(.localTimeAssumedUTC))
        #expect(epoch("2025-09-07T09:00:00.000001") == Converted(.double(1757235600.000001), assumed))
    }

    @Test(
        "Cases 5 and 6: no moment, or a day or time that does not exist",
        arguments: [
            "", " ", "2025-02-30 10:00:00", "2025-13-01", "2025-02-29", "2025-09-07 24:00:00", "2025-09-07 10:60",
            "0000-01-01",
            "2025-09-07 10:00:00 CET", "yesterday", "2025-9-7", "2025-09-07T", "2025-09-07 10:00:00.", "NaN",
        ])
    func noMoments(text: String) {
        #expect(refusal(of: .text(text), by: .doublePrecision, rule: .timestamp) == .notATime)
        #expect(refusal(of: .text(text), by: .timestamptz, rule: .timestamp) == .notATime)
    }

    @Test(
        "Case 7: milliseconds are divided only where somebody said so",
        arguments: [Cell.integer(1_757_235_600_123), .real(1_757_235_600_123), .text("1757235600123")])
    func milliseconds(cell: Cell) {
        #expect(refusal(of: cell, by: .doublePrecision, rule: .timestamp) == .ambiguousMilliseconds)
        let hint = convert(cell, to: .doublePrecision, by: .timestamp).outcome.reason?.hint
        #expect(hint?.contains("--epoch=auto") == true)
        let automatic = TransferPolicy(isEpochAutomatic: true)
        #expect(
            convert(cell, to: .doublePrecision, by: .timestamp, policy: automatic)
                == Converted(.double(1757235600.123), .coerced(Reason(.millisecondsDivided))))
        // Of microseconds not even then.
        let micro = Cell.integer(1_757_235_600_123_456)
        #expect(refusal(of: micro, by: .doublePrecision, rule: .timestamp, policy: automatic) == .timeOutOfRange)
    }

    @Test("Case 8: what may be a Julian day is told and not taken for seconds", arguments: [2460926.5, 2440587.5])
    func julianDays(day: Double) {
        for policy in [TransferPolicy.standard, TransferPolicy(isEpochAutomatic: true)] {
            #expect(
                refusal(of: .real(day), by: .doublePrecision, rule: .timestamp, policy: policy) == .ambiguousJulianDay)
        }
        // In a column that is none of times it is a number like any other.
        #expect(convert(.real(day), to: .doublePrecision).outcome == .ok)
    }

    @Test("Case 9: seconds become a timestamp, to the microsecond")
    func timestamps() {
        let moment = TargetValue.timestamptz(microsecondsSince2000: 810_550_800_123_456)
        #expect(convert(.real(1757235600.123456), to: .timestamptz, by: .timestamp).value == moment)
        #expect(convert(.text("2025-09-07T11:00:00.123456+02:00"), to: .timestamptz, by: .timestamp).value == moment)
        #expect(convert(.integer(946_684_800), to: .timestamptz).value == .timestamptz(microsecondsSince2000: 0))
        #expect(convert(.real(.infinity), to: .timestamptz).value == .timestamptz(microsecondsSince2000: .max))
        let automatic = TransferPolicy(isEpochAutomatic: true)
        for seconds in [9e13, -9e13, 1e300, Double(Int64.max)] {
            #expect(
                refusal(of: .real(seconds), by: .timestamptz, policy: automatic) != nil
                    || convert(.real(seconds), to: .timestamptz, policy: automatic).outcome
                        == .coerced(Reason(.millisecondsDivided)),
                "\(seconds)")
        }
        #expect(convert(.text("9999-12-31 23:59:59.999999"), to: .timestamptz).outcome == .coerced(nil))
    }

    @Test("A time that is one stays what it is, the oddest ones too", arguments: [0, -1.5, 1e11, 12.25, -86400])
    func plain(seconds: Double) {
        #expect(convert(.real(seconds), to: .doublePrecision, by: .timestamp) == Converted(.double(seconds), .ok))
        #expect(convert(.text("\(seconds)"), to: .doublePrecision, by: .timestamp).value == .double(seconds))
    }
}

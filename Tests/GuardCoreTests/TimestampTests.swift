// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@Suite("Moments")
struct TimestampTests {
    @Test(
        "Every form of RFC 3339 is understood",
        arguments: [
            ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00.000Z"),
            ("2026-02-01 01:30:00.5+01:30", "2026-02-01T00:00:00.500Z"),
            ("2026-01-31t23:00:00.123999z", "2026-01-31T23:00:00.123Z"),
            ("2026-01-31T18:30:00.01-05:30", "2026-02-01T00:00:00.010Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"), ("1950-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ])
    func understood(_ text: String, _ moment: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == moment)
    }

    @Test(
        "Anything else is none, nor is a day that there is not",
        arguments: [
            "", "2026-02-01", "2026-02-01T00:00:00", "2026-02-01T00:00Z", "2026-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-02-01T24:00:00Z", "2026-02-01T00:60:00Z", "2026-02-01T00:00:61Z",
            "2026-02-01T00:00:00.Z", "2026-02-01T00:00:00+0100", "2026-02-01T00:00:00+24:00", "2026-02-01T00:00:00Zx",
            "+026-02-01T00:00:00Z", "２026-02-01T00:00:00Z",
        ])
    func refused(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }
}

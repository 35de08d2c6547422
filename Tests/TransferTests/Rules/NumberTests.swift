// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Numbers")
struct NumberTests {
    @Test("Case 1: a real arrives bit by bit", arguments: [1757235600.123456, 0.1, .leastNonzeroMagnitude, 1e308])
    func bits(real: Double) {
        for rule in [ColumnRule.copy, .recorded] {
            let converted = convert(.real(real), to: .doublePrecision, by: rule)
            #expect(converted == Converted(.double(real), .ok))
        }
        // Nothing has 32 bits of a real: such a column is none of those that are converted to.
        #expect(TargetType(formatted: "real") == .other("real"))
    }

    @Test("Case 2: a whole number in a column of reals is that real")
    func wholeReal() {
        #expect(convert(.integer(1_757_235_600), to: .doublePrecision) == Converted(.double(1757235600.0), .ok))
        let unknowable = Cell.integer(9_007_199_254_740_993)
        #expect(refusal(of: unknowable, by: .doublePrecision) == .integerNotExact)
    }

    @Test("Cases 11, 12 and 13: infinities and the negative zero arrive, what SQLite made of NaN stays NULL")
    func rareReals() {
        for rule in [ColumnRule.copy, .timestamp] {
            #expect(convert(.real(.infinity), to: .doublePrecision, by: rule).value == .double(.infinity))
            #expect(convert(.real(-.infinity), to: .doublePrecision, by: rule).outcome == .ok)
            #expect(convert(.null, to: .doublePrecision, by: rule) == Converted(.null, .ok))
        }
        guard case .double(let zero) = convert(.real(-0.0), to: .doublePrecision).value else {
            Issue.record("no double")
            return
        }
        #expect(zero.bitPattern == 0x8000_0000_0000_0000)
    }

    @Test("Case 14: the greatest and the least integer of 64 bits arrive", arguments: [Int64.max, .min, 0])
    func bigintegers(integer: Int64) {
        #expect(convert(.integer(integer), to: .bigint) == Converted(.bigint(integer), .ok))
    }

    @Test("Case 15: one more was a real in SQLite already, and nobody knows its last digits")
    func beyondBigint() {
        #expect(refusal(of: .real(9_223_372_036_854_775_808), by: .bigint) == .integerNotExact)
        #expect(refusal(of: .real(9e18), by: .bigint) == .integerNotExact)
        #expect(refusal(of: .real(.infinity), by: .bigint) != nil)
        #expect(refusal(of: .real(.nan), by: .bigint) != nil)
        #expect(convert(.real(9_007_199_254_740_992), to: .bigint).value == .bigint(9_007_199_254_740_992))
    }

    @Test("Case 16: what 32 bits do not hold is never cut off", arguments: [2_147_483_648, -2_147_483_649, Int64.max])
    func beyondInteger(integer: Int64) {
        #expect(refusal(of: .integer(integer), by: .integer) == .integerOutOfRange)
        #expect(refusal(of: .text(String(integer)), by: .integer) == .integerOutOfRange)
        let outcome = convert(.integer(integer), to: .integer).outcome
        #expect(outcome.reason?.hint?.contains("bigint") == true)
        // A key rejects the row, NULL allowed or not.
        let key = TargetColumn(name: "c", type: .integer, isKey: true)
        #expect(
            Conversion.convert(.integer(integer), by: .copy, to: key).outcome
                == .rejected(
                    Reason(
                        .integerOutOfRange, hint: outcome.reason?.hint)))
    }

    @Test("Case 17: text that is no number", arguments: ["many", "", " ", "-", "1 2", "12.0", "1e3", "٣"])
    func wordsAmongNumbers(text: String) {
        #expect(refusal(of: .text(text), by: .integer) == .textInNumber)
        #expect(refusal(of: .text(text), by: .bigint) == .textInNumber)
    }

    @Test("Case 18: digits with spaces around are their number", arguments: [" 42 ", "42", "+42", "042", "\t42\n"])
    func digits(text: String) {
        #expect(convert(.text(text), to: .integer) == Converted(.integer(42), .coerced(nil)))
        #expect(convert(.text(text), to: .bigint) == Converted(.bigint(42), .coerced(nil)))
        #expect(convert(.text(text), to: .doublePrecision) == Converted(.double(42), .coerced(nil)))
    }

    @Test("Case 19: what only a newer server reads is no number", arguments: ["4_2", "0x1F", "0o7", "0b1", "1_000.5"])
    func newerForms(text: String) {
        #expect(refusal(of: .text(text), by: .integer) == .textInNumber)
        #expect(refusal(of: .text(text), by: .doublePrecision) == .textInNumber)
    }

    @Test("Case 20: a real with a fraction is no whole number, one without is")
    func fractions() {
        #expect(refusal(of: .real(12.5), by: .integer) == .realNotIntegral)
        #expect(convert(.real(12.0), to: .integer) == Converted(.integer(12), .coerced(nil)))
        #expect(convert(.real(-0.0), to: .integer).value == .integer(0))
        #expect(refusal(of: .real(3e9), by: .integer) == .integerOutOfRange)
    }

    @Test("Case 21: numbers in a column of text are their digits")
    func numbersAsText() {
        #expect(convert(.integer(3), to: .text) == Converted(.text("3"), .coerced(nil)))
        #expect(convert(.real(0.5), to: .text) == Converted(.text("0.5"), .coerced(nil)))
        #expect(convert(.real(-.infinity), to: .text).value == .text("-Infinity"))
    }

    @Test(
        "Text is a real only where all of it is one",
        arguments: [
            ("1.5", 1.5), (".5", 0.5), ("-.5", -0.5), ("5.", 5), ("1.e2", 100), ("1e-3", 0.001),
            ("-Infinity", -.infinity),
            ("inf", .infinity), ("1757235600.123456", 1757235600.123456), ("0e0", 0), ("0.0e-400", 0),
        ])
    func decimals(text: String, real: Double) {
        #expect(convert(.text(text), to: .doublePrecision).value == .double(real))
    }

    @Test(
        "Text that overflows, underflows or goes on is none",
        arguments: ["1e400", "1e-400", "1e", ".", "-", "1.2.3", "1.5x", "nano", "--1", "e5", "-nan"])
    func noDecimals(text: String) {
        #expect(refusal(of: .text(text), by: .doublePrecision) == .textInNumber)
    }

    @Test("A BLOB is no number, no truth and no time")
    func blobs() {
        let blob = Cell.blob(Array("42".utf8))
        #expect(refusal(of: blob, by: .integer) == .blobInNumber)
        #expect(refusal(of: blob, by: .doublePrecision) == .blobInNumber)
        #expect(refusal(of: blob, by: .boolean) == .notABoolean)
        #expect(refusal(of: blob, by: .doublePrecision, rule: .timestamp) == .notATime)
    }
}

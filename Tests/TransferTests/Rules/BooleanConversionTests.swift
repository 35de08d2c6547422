// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Conversion of booleans")
struct BooleanConversionTests {
    @Test("Case 23: 0 and 1 are truth, or stay numbers where the column has numbers")
    func numbers() {
        #expect(convert(.integer(0), to: .boolean) == Converted(.boolean(false), .ok))
        #expect(convert(.integer(1), to: .boolean) == Converted(.boolean(true), .ok))
        #expect(convert(.integer(1), to: .integer, by: .boolean) == Converted(.integer(1), .ok))
        #expect(convert(.real(1), to: .boolean) == Converted(.boolean(true), .coerced(nil)))
    }

    @Test("Case 24: words of truth", arguments: ["true", "TRUE", "t", "yes", "1", " on "])
    func words(text: String) {
        #expect(convert(.text(text), to: .boolean) == Converted(.boolean(true), .coerced(nil)))
    }

    @Test("Case 25: any other number is true and recorded; any other text is nothing")
    func strangers() {
        #expect(convert(.integer(2), to: .boolean) == Converted(.boolean(true), .normalized(Reason(.nonzeroIsTrue))))
        #expect(convert(.real(-0.5), to: .boolean).outcome == .normalized(Reason(.nonzeroIsTrue)))
        for text in ["", "2", "maybe", "o"] { #expect(refusal(of: .text(text), by: .boolean) == .notABoolean) }
    }

    @Test("Case 26: a word of truth in a column of numbers is 0 or 1")
    func wordsAsNumbers() {
        #expect(convert(.text("false"), to: .integer, by: .boolean) == Converted(.integer(0), .coerced(nil)))
        #expect(convert(.text("Yes"), to: .bigint, by: .boolean) == Converted(.bigint(1), .coerced(nil)))
        #expect(convert(.text("7"), to: .integer, by: .boolean) == Converted(.integer(7), .coerced(nil)))
        #expect(refusal(of: .text("maybe"), by: .integer, rule: .boolean) == .notABoolean)
    }
}

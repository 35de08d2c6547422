// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("JSON")
struct JSONTests {
    @Test("Case 39: jsonb cannot hold a NUL, json can")
    func nul() {
        let cell = Cell.text(#"{"a": "x\u0000"}"#)
        #expect(refusal(of: cell, by: .jsonb) == .nulInJSON)
        #expect(convert(cell, to: .json) == Converted(.json(Array(#"{"a": "x\u0000"}"#.utf8)), .ok))
        // An escaped backslash before it makes it text.
        #expect(convert(.text(#""\\u0000""#), to: .jsonb).outcome == .ok)
    }

    @Test("Case 40: what the server rewrites stays out of digests of bytes")
    func rewritten() {
        let text = Array(#"{"b":1,"a":2,"a":3,"n":1.00, "e": 1e2}"#.utf8)
        #expect(convert(.text(text), to: .jsonb) == Converted(.jsonb(text), .ok))
        #expect(!TargetType.jsonb.isByteExact)
        #expect(Columns.every.filter { !$0.isByteExact } == [.jsonb])
    }

    @Test(
        "Case 41: what is no JSON",
        arguments: [
            "NaN", "Infinity", "", " ", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "01", "1.", ".5", "+1", "-", "1e", "tru",
            "nul",
            "\"", "\"\t\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "[1 2]", "{\"a\" 1}", "{1:2}", "1 2", "]", "[}",
            "[[]", "{\"a\":}",
        ])
    func invalid(text: String) {
        #expect(refusal(of: .text(text), by: .json) == .invalidJSON)
        #expect(refusal(of: .text(text), by: .jsonb) == .invalidJSON)
    }

    @Test(
        "Strict JSON is valid, every form of it",
        arguments: [
            "{}", "[]", "null", "true", "false", "0", "-0.5e-7", "1E+3", "\"\"", #""\"\\\/\b\f\n\r\té\ud83d\ude00""#,
            " [1, {\"a\": [ ] , \"b\":{}} ]\n", #"{"":[[[]]],"a":"é😀"}"#,
        ])
    func valid(text: String) {
        #expect(convert(.text(text), to: .json).outcome == .ok)
        #expect(convert(.text(text), to: .jsonb).outcome == .ok)
    }

    @Test(
        "jsonb takes no half of a pair and no number beyond numeric; json takes both",
        arguments: [
            #""\ud800""#, #""\udc00""#, #""\ud800A""#, #""\ud800\ud800""#, "1e200000", "1e99999999999999999999",
        ])
    func stricter(text: String) {
        #expect(refusal(of: .text(text), by: .jsonb) == .invalidJSON)
        #expect(convert(.text(text), to: .json).outcome == .ok)
    }

    @Test("A thousand brackets are taken, one more is not, and no depth ends the process")
    func deep() {
        func nested(_ depth: Int) -> Cell {
            .text(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        }
        #expect(convert(nested(1000), to: .jsonb).outcome == .ok)
        #expect(refusal(of: nested(1001), by: .jsonb) == .invalidJSON)
        #expect(refusal(of: .text(String(repeating: "[", count: 1_000_000)), by: .json) == .invalidJSON)
    }

    @Test("Numbers are JSON, infinities are not")
    func numbers() {
        #expect(convert(.integer(-3), to: .jsonb) == Converted(.jsonb(Array("-3".utf8)), .coerced(nil)))
        #expect(convert(.real(0.5), to: .json) == Converted(.json(Array("0.5".utf8)), .coerced(nil)))
        #expect(refusal(of: .real(.infinity), by: .json) == .invalidJSON)
        #expect(refusal(of: .text([0xFF]), by: .json) == .invalidJSON)
    }
}

// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

/// A generator whose numbers follow from its seed (SplitMix64), so that a failure can be repeated.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

extension Cell {
    /// Any cell, the odd ones more often than chance would have them.
    static func random(_ generator: inout Seeded) -> Cell {
        let integers: [Int64] = [
            0, 1, -1, .max, .min, 2_147_483_648, 1_757_235_600_123, 2_460_926, 9_007_199_254_740_993,
        ]
        let texts = [
            "", " ", "42", "1e5", "-.5", "1e999", "0x1F", "true", "2025-09-07 09:00:00", "2025-09-07T09:00:00+99:99",
            "{\"a\":[1]}",
            "[0.1,2]", "[", "\u{0}", "9223372036854775808", "é", "9999-12-31T23:59:60Z", "99999999999999999999-01-01",
            "-inf", "NaN",
        ]
        let fragments = Array("0123456789-+.eE:TZ []{}\",\\u\u{0}é\u{FF}".utf8) + [0xFF, 0x80, 0xED, 0xA0]
        switch UInt8.random(in: 0..<10, using: &generator) {
        case 0: return .null
        case 1: return .integer(.random(in: .min ... .max, using: &generator))
        case 2: return .integer(integers.randomElement(using: &generator) ?? 0)
        case 3: return .real(Double(bitPattern: generator.next()))
        case 4:
            return .real(
                Double(integers.randomElement(using: &generator) ?? 0) * .random(in: -2...2, using: &generator))
        case 5: return .text(texts.randomElement(using: &generator) ?? "")
        case 6:
            return .blob(
                (0..<Int.random(in: 0..<9, using: &generator)).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
        case 7: return .blob(Array((texts.randomElement(using: &generator) ?? "").utf8))
        default:
            return .text(
                (0..<Int.random(in: 0..<14, using: &generator)).map { _ in
                    fragments.randomElement(using: &generator) ?? 0
                })
        }
    }
}

@Suite("Conversion is total")
struct TotalityTests {
    private static let rules: [ColumnRule] = [.copy, .timestamp, .boolean, .embedding, .recorded]

    @Test(
        "Every cell has an outcome for every type, rule and column, and what it is agrees with its value",
        arguments: 0..<8 as Range<UInt64>)
    func everything(seed: UInt64) {
        var generator = Seeded(state: seed)
        for _ in 0..<400 {
            let cell = Cell.random(&generator)
            for type in Columns.every {
                for rule in Self.rules {
                    for column in [
                        Columns.of(type), Columns.required(type), TargetColumn(name: "k", type: type, isKey: true),
                    ] {
                        for policy in [TransferPolicy.standard, TransferPolicy(isEpochAutomatic: true)] {
                            check(cell, Conversion.convert(cell, by: rule, to: column, policy: policy), column)
                        }
                    }
                }
            }
        }
    }

    private func check(_ cell: Cell, _ converted: Converted, _ column: TargetColumn) {
        func expect(_ condition: Bool) {
            if !condition { Issue.record("\(cell) to \(column) gives \(converted)") }
        }
        switch converted.outcome {
        case .ok: expect(cell.isNull == (converted.value == .null))
        case .coerced: expect(!cell.isNull && converted.value != .null)
        case .normalized: expect(!cell.isNull && (converted.value != .null || column.takesNull))
        case .rejected: expect(converted.value == .null && (!column.isNullable || column.isKey))
        }
        if converted.value == .null { expect(column.isNullable || converted.outcome.reason != nil) }
        expect(fits(converted.value, column.type))
    }

    /// Whether a value is one of `type`, and one that the server takes.
    private func fits(_ value: TargetValue, _ type: TargetType) -> Bool {
        switch (value, type) {
        case (.null, _), (.boolean, .boolean), (.integer, .integer), (.bigint, .bigint), (.double, .doublePrecision),
            (.bytea, .bytea), (.timestamptz, .timestamptz):
            true
        case (.text(let bytes), .text), (.json(let bytes), .json), (.jsonb(let bytes), .jsonb):
            !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
        default: false
        }
    }
}

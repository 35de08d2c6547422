// SPDX-License-Identifier: MIT

import Testing

@testable import Transfer

@Suite("Values for COPY BINARY")
struct TargetValueTests {
    @Test("A field is its length and its bytes in network order, and its size is told before")
    func fields() {
        let fields: [(TargetValue, [UInt8])] = [
            (.null, [255, 255, 255, 255]),
            (.boolean(true), [0, 0, 0, 1, 1]),
            (.integer(-2), [0, 0, 0, 4, 255, 255, 255, 254]),
            (.bigint(258), [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2]),
            (.double(-0.0), [0, 0, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            (.text([]), [0, 0, 0, 0]),
            (.bytea([0, 1]), [0, 0, 0, 2, 0, 1]),
            (.timestamptz(microsecondsSince2000: 1), [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]),
            (.jsonb([0x7B, 0x7D]), [0, 0, 0, 3, 1, 0x7B, 0x7D]),
            (.json([0x7B, 0x7D]), [0, 0, 0, 2, 0x7B, 0x7D]),
        ]
        for (value, bytes) in fields {
            var buffer: [UInt8] = []
            value.appendBinaryField(to: &buffer)
            #expect(buffer == bytes)
            #expect(value.fieldSize == bytes.count)
        }
    }
}

// SPDX-License-Identifier: MIT

/// Whether PostgreSQL takes a text as JSON, so that it is known before the server is asked.
///
/// Strict JSON (RFC 8259) over valid UTF-8. `jsonb` takes less: no `\u0000`, no half of a surrogate pair, no number beyond `numeric`.
struct JSONCheck {
    enum Verdict {
        case valid, invalid
        /// It holds `\u0000`, which `jsonb` cannot.
        case nul
    }

    /// Deeper than any server's stack may go is refused here.
    private static let maximumDepth = 1000
    /// Digits before the point that `numeric` holds.
    private static let maximumExponent = 100_000

    private let bytes: [UInt8]
    private let isBinary: Bool
    private var index = 0
    private var hasNUL = false

    static func verdict(on bytes: [UInt8], isBinary: Bool) -> Verdict {
        var check = JSONCheck(bytes: bytes, isBinary: isBinary)
        guard check.document() else { return .invalid }
        return check.hasNUL && isBinary ? .nul : .valid
    }

    private init(bytes: [UInt8], isBinary: Bool) {
        self.bytes = bytes
        self.isBinary = isBinary
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        guard bytes.count - index >= word.utf8CodeUnitCount,
            bytes[index..<index + word.utf8CodeUnitCount]
                .elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        else { return false }
        index += word.utf8CodeUnitCount
        return true
    }

    /// One value and nothing else. The open brackets are on a list of their own and not on the stack.
    private mutating func document() -> Bool {
        var open: [UInt8] = []
        while true {
            // A value.
            skipSpace()
            if next == UInt8(ascii: "{") || next == UInt8(ascii: "["), let bracket = next {
                guard open.count < Self.maximumDepth else { return false }
                index += 1
                skipSpace()
                if skip(bracket + 2) {
                    // Empty: a value that has ended.
                } else {
                    open.append(bracket)
                    if bracket == UInt8(ascii: "{"), !key() { return false }
                    continue
                }
            } else if !scalar() {
                return false
            }
            // What follows a value.
            while true {
                skipSpace()
                guard let bracket = open.last else { return index == bytes.count }
                if skip(bracket + 2) {
                    open.removeLast()
                } else {
                    guard skip(UInt8(ascii: ",")) else { return false }
                    if bracket == UInt8(ascii: "{"), !key() { return false }
                    break
                }
            }
        }
    }

    private mutating func key() -> Bool {
        skipSpace()
        guard string() else { return false }
        skipSpace()
        return skip(UInt8(ascii: ":"))
    }

    private mutating func scalar() -> Bool {
        switch next {
        case UInt8(ascii: "\""): string()
        case UInt8(ascii: "t"): skip("true")
        case UInt8(ascii: "f"): skip("false")
        case UInt8(ascii: "n"): skip("null")
        default: number()
        }
    }

    private mutating func digits() -> Int {
        let start = index
        while let byte = next, UTF8Text.isDigit(byte) { index += 1 }
        return index - start
    }

    private mutating func number() -> Bool {
        _ = skip(UInt8(ascii: "-"))
        let startsWithZero = next == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, whole == 1 || !startsWithZero else { return false }
        var fraction = 0
        if skip(UInt8(ascii: ".")) {
            fraction = digits()
            guard fraction > 0 else { return false }
        }
        var exponent = 0
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "-")) { _ = skip(UInt8(ascii: "+")) }
            let start = index
            guard digits() > 0 else { return false }
            exponent = Int(String(decoding: bytes[start..<index], as: UTF8.self)) ?? .max
        }
        guard isBinary else { return true }
        return exponent <= Self.maximumExponent && whole <= Self.maximumExponent && fraction <= 16383
    }

    private mutating func string() -> Bool {
        guard skip(UInt8(ascii: "\"")) else { return false }
        /// Whether the escape before was the first half of a pair.
        var isHalf = false
        while let byte = next {
            index += 1
            if byte == UInt8(ascii: "\\") {
                guard let unit = escape() else { return false }
                if isBinary {
                    let isSecond = (0xDC00...0xDFFF).contains(unit)
                    guard isHalf == isSecond else { return false }
                    isHalf = (0xD800...0xDBFF).contains(unit)
                }
                continue
            }
            if isHalf || byte < 0x20 { return false }
            if byte == UInt8(ascii: "\"") { return true }
        }
        return false
    }

    /// What follows a backslash: its code unit, or nil when there is no such escape.
    private mutating func escape() -> UInt32? {
        guard let byte = next else { return nil }
        index += 1
        guard byte == UInt8(ascii: "u") else { return #""\/bfnrt"#.utf8.contains(byte) ? 0x20 : nil }
        guard bytes.count - index >= 4 else { return nil }
        var unit: UInt32 = 0
        for digit in bytes[index..<index + 4] {
            guard let value = Self.hexadecimal(digit)
            else { return nil }
            unit = unit << 4 | value
        }
        index += 4
        if unit == 0 { hasNUL = true }
        return unit
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt32? {
        if UTF8Text.isDigit(digit) { return UInt32(digit) - 0x30 }
        return (0x61...0x66).contains(digit | 0x20) ? UInt32(digit | 0x20) - 0x57 : nil
    }
}

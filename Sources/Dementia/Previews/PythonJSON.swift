// SPDX-License-Identifier: MIT

/// Writes values as Python's `json.dumps` does by default.
enum PythonJSON {
    /// A string in quotes, with everything outside printable ASCII escaped.
    static func string(_ codePoints: some Sequence<UInt32>) -> String {
        var json: [UInt8] = [UInt8(ascii: "\"")]
        for value in codePoints {
            switch value {
            case 0x22, 0x5C: json += [UInt8(ascii: "\\"), UInt8(value)]
            case 0x08: json += Array("\\b".utf8)
            case 0x09: json += Array("\\t".utf8)
            case 0x0A: json += Array("\\n".utf8)
            case 0x0C: json += Array("\\f".utf8)
            case 0x0D: json += Array("\\r".utf8)
            case 0x20...0x7E: json.append(UInt8(value))
            case ..<0x10000: json += escape(value)
            default:
                json += escape(0xD800 + (value - 0x10000) >> 10)
                json += escape(0xDC00 + (value - 0x10000) & 0x3FF)
            }
        }
        json.append(UInt8(ascii: "\""))
        return String(decoding: json, as: UTF8.self)
    }

    private static func escape(_ unit: UInt32) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return Array("\\u".utf8) + [12, 8, 4, 0].map { digits[Int(unit >> $0 & 0xF)] }
    }

    /// A float as `float.__repr__` writes it: the shortest digits that read back the same, in plain notation from
    /// 0.0001 up to 16 digits before the point, else with an exponent of two digits or more.
    static func float(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity" }
        let sign = value.sign == .minus ? "-" : ""
        guard value != 0 else { return sign + "0.0" }
        let (digits, point) = shortestDigits(of: value.magnitude)
        switch point {
        case -3...0: return "\(sign)0.\(zeros(-point))\(digits)"
        case 1..<digits.count: return "\(sign)\(digits.prefix(point)).\(digits.dropFirst(point))"
        case 1...16: return "\(sign)\(digits)\(zeros(point - digits.count)).0"
        default:
            let fraction = digits.count == 1 ? "" : ".\(digits.dropFirst())"
            let exponent = String((point - 1).magnitude)
            let padded = exponent.count == 1 ? "0" + exponent : exponent
            return "\(sign)\(digits.prefix(1))\(fraction)e\(point > 0 ? "+" : "-")\(padded)"
        }
    }

    /// The significant digits of a positive number, and how many of them stand before the decimal point (0 or less for
    /// a number below 0.1). Swift finds the same shortest digits as Python and only sets them differently.
    private static func shortestDigits(of value: Double) -> (digits: String, point: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let whole = mantissa[0]
        let all = whole + (mantissa.count > 1 ? mantissa[1] : "")
        let significant = all.drop { $0 == "0" }
        let end = significant.lastIndex { $0 != "0" }.map { significant.index(after: $0) } ?? significant.endIndex
        return (String(significant[..<end]), whole.count + exponent - (all.count - significant.count))
    }

    private static func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

    /// All decimal digits of a float without a fraction, however large; nil for any other.
    static func integerDigits(of value: Double) -> String? {
        if let small = Int64(exactly: value) { return String(small) }
        guard value.isFinite, value == value.rounded(.towardZero) else { return nil }
        // 2^63 or more, so significand times a power of two: double it, nine digits to a limb, the lowest limb first.
        var limbs: [UInt64] = []
        var significand = value.significandBitPattern | 1 << UInt64(Double.significandBitCount)
        while significand > 0 {
            limbs.append(significand % 1_000_000_000)
            significand /= 1_000_000_000
        }
        for _ in 0..<(Int(value.exponent) - Double.significandBitCount) {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let doubled = limbs[index] * 2 + carry
                limbs[index] = doubled % 1_000_000_000
                carry = doubled / 1_000_000_000
            }
            if carry > 0 { limbs.append(carry) }
        }
        let digits = limbs.reversed().map(String.init)
        let padded = digits.dropFirst().map { zeros(9 - $0.count) + $0 }
        return (value < 0 ? "-" : "") + digits[0] + padded.joined()
    }
}

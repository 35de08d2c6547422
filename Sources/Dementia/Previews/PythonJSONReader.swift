// SPDX-License-Identifier: MIT

/// Reads JSON one value at a time and accepts what Python's `json.loads` accepts: also `NaN` and `Infinity`, lone
/// surrogates, names that come twice; but no control characters in strings.
///
/// It never recurses: the lists and objects that are open stand in an array.
struct PythonJSONReader {
    /// Why a text cannot be read.
    enum Fault: Error, Equatable {
        /// Python raises `JSONDecodeError`.
        case notJSON
        /// Python raises `RecursionError`.
        case tooDeep
        /// Python raises `ValueError`.
        case numberTooLong
    }

    /// What kind of value comes next.
    enum Kind {
        case object, list, string, literal
    }

    /// A value without parts.
    enum Scalar {
        case null
        case boolean(Bool)
        /// The digits as written, perhaps after a minus sign.
        case integer(String)
        case float(Double)
        /// Code points, lone surrogates included.
        case string([UInt32])
    }

    /// How many lists and objects may stand in one another: Python 3.11's recursion limit less upstream's own frames.
    /// Observed: 993 pass, 994 raise `RecursionError`.
    static let maximumDepth = 993

    /// Python's limit for the digits of an integer in text (`sys.int_info.default_max_str_digits`).
    static let maximumDigits = 4300

    private let text: [UInt8]
    private var position = 0
    private var containers: [Container] = []

    private struct Container {
        let close: UInt8
        var isEmpty = true
    }

    /// A reader at the start of `text`, valid UTF-8. It keeps a copy, because metadata is small.
    init(_ text: Span<UInt8>) {
        self.text = text.withUnsafeBufferPointer { Array($0) }
    }

    /// The kind of the value that comes next, by its first byte. Does not move on.
    mutating func nextValue() throws(Fault) -> Kind {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .list
        case UInt8(ascii: "\""): return .string
        case nil: throw .notJSON
        default: return .literal
        }
    }

    /// Steps into the list or object that comes next.
    mutating func open() throws(Fault) {
        guard containers.count < Self.maximumDepth else { throw .tooDeep }
        containers.append(Container(close: peek == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]")))
        position += 1
    }

    /// Whether the open list has another element, which comes next; if not, steps out of it.
    mutating func hasElement() throws(Fault) -> Bool {
        guard let container = containers.last else { return false }
        skipSpace()
        if take(container.close) {
            containers.removeLast()
            return false
        }
        if !container.isEmpty {
            guard take(UInt8(ascii: ",")) else { throw .notJSON }
            skipSpace()
        }
        containers[containers.count - 1].isEmpty = false
        return true
    }

    /// The next name in the open object, whose value comes next; nil at its end, and then steps out of it.
    mutating func nextKey() throws(Fault) -> [UInt32]? {
        guard try hasElement() else { return nil }
        let key = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw .notJSON }
        return key
    }

    /// Passes over the value that comes next, whatever stands in it.
    mutating func skipValue() throws(Fault) {
        let depth = containers.count
        repeat {
            switch try nextValue() {
            case .object, .list: try open()
            case .string, .literal: _ = try scalar()
            }
            // Out of everything that ends here, on to the next element of what does not.
            while containers.count > depth, let container = containers.last {
                let goesOn = container.close == UInt8(ascii: "}") ? try nextKey() != nil : try hasElement()
                if goesOn { break }
            }
        } while containers.count > depth
    }

    /// Nothing but white space may follow the document.
    mutating func end() throws(Fault) {
        skipSpace()
        guard position == text.count else { throw .notJSON }
    }

    /// The string, number or word that comes next.
    mutating func scalar() throws(Fault) -> Scalar {
        skipSpace()
        if peek == UInt8(ascii: "\"") { return .string(try string()) }
        if take("null") { return .null }
        if take("true") { return .boolean(true) }
        if take("false") { return .boolean(false) }
        if take("NaN") { return .float(.nan) }
        if take("Infinity") { return .float(.infinity) }
        if take("-Infinity") { return .float(-.infinity) }
        return try number()
    }

    private mutating func number() throws(Fault) -> Scalar {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let whole = position
        if !take(UInt8(ascii: "0")) { skipDigits() }
        guard position > whole else { throw .notJSON }
        let wholeEnd = position

        // A point or an exponent without digits belongs to what follows, and there it is an error.
        if take(UInt8(ascii: ".")) {
            skipDigits()
            if position == wholeEnd + 1 { position = wholeEnd }
        }
        let mantissaEnd = position
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            let exponent = position
            skipDigits()
            if position == exponent { position = mantissaEnd }
        }

        let spelling = String(decoding: text[start..<position], as: UTF8.self)
        if position > wholeEnd {
            guard let value = Double(spelling) else { throw .notJSON }
            return .float(value)
        }
        guard wholeEnd - whole <= Self.maximumDigits else { throw .numberTooLong }
        return .integer(spelling)
    }

    private mutating func string() throws(Fault) -> [UInt32] {
        guard take(UInt8(ascii: "\"")) else { throw .notJSON }
        var value: [UInt32] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return value
            case UInt8(ascii: "\\"):
                position += 1
                value.append(try escape())
            case ..<0x20:
                throw .notJSON
            default:
                let (codePoint, width) = PythonText.codePoint(text.span, at: position)
                value.append(codePoint)
                position += width
            }
        }
        throw .notJSON
    }

    /// What stands after a backslash.
    private mutating func escape() throws(Fault) -> UInt32 {
        guard let byte = peek else { throw .notJSON }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt32(byte)
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): break
        default: throw .notJSON
        }
        let unit = try fourHexDigits()
        guard 0xD800...0xDBFF ~= unit else { return unit }
        let afterFirst = position
        if take("\\u") {
            let second = try fourHexDigits()
            if 0xDC00...0xDFFF ~= second { return 0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00) }
        }
        position = afterFirst
        return unit
    }

    private mutating func fourHexDigits() throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw .notJSON }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func skipDigits() {
        while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let letters = word.description.utf8
        guard text[position...].starts(with: letters) else { return false }
        position += letters.count
        return true
    }
}

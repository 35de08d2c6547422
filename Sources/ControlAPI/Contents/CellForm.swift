// SPDX-License-Identifier: MIT

/// One value of a row. NULL, numbers and text are JSON's own; everything else is an object that says what it is.
public enum CellForm: Codable, Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case other(Other)

    /// A value that JSON has no word for, or that was cut.
    public struct Other: Codable, Sendable, Equatable {
        /// The storage class in the database.
        public enum Kind: String, Codable, Sendable, CaseIterable {
            case text, blob, real
        }

        public let kind: Kind
        /// Its length in bytes.
        public let bytes: Int64
        /// The text, or the beginning of it where `isCut`; the spelling of a number such as `inf`.
        public var text: String?
        /// The bytes in hexadecimal, or the first of them where `isCut`: of a blob, and of text that is not UTF-8.
        public var hex: String?
        /// Whether only the beginning is here.
        public let isCut: Bool

        public init(_ kind: Kind, bytes: Int64, text: String? = nil, hex: String? = nil, isCut: Bool = false) {
            self.kind = kind
            self.bytes = bytes
            self.text = text
            self.hex = hex
            self.isCut = isCut
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .real(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else {
            self = .other(try container.decode(Other.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .integer(let value): try container.encode(value)
        case .real(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .other(let value): try container.encode(value)
        }
    }
}

extension CellForm {
    /// The value as a person reads it; NULL is empty.
    public var shown: String {
        switch self {
        case .null: ""
        case .integer(let value): String(value)
        case .real(let value): String(value)
        case .text(let value): value
        case .other(let other):
            switch other.kind {
            case .real: other.text ?? ""
            case .blob: "blob of \(other.bytes) bytes"
            case .text:
                other.text.map { $0 + (other.isCut ? "…" : "") } ?? "text of \(other.bytes) bytes that is not UTF-8"
            }
        }
    }

    /// The number, where it is one.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }

    /// The length of a text or a blob in bytes; nil of anything else.
    public var length: Int64? {
        switch self {
        case .text(let value): Int64(value.utf8.count)
        case .other(let other): other.bytes
        default: nil
        }
    }

    /// The bytes of a text or a blob that is here as a whole.
    public var wholeBytes: [UInt8]? {
        switch self {
        case .text(let value): return Array(value.utf8)
        case .other(let other) where !other.isCut:
            if let text = other.text { return Array(text.utf8) }
            guard let hex = other.hex, hex.utf8.count % 2 == 0 else { return nil }
            let digits = Array(hex.utf8)
            return stride(from: 0, to: digits.count, by: 2).compactMap { place in
                UInt8(String(decoding: digits[place..<(place + 2)], as: UTF8.self), radix: 16)
            }
        default: return nil
        }
    }
}

// SPDX-License-Identifier: MIT

internal import LinuxKit

/// The name of a table, a column or another object in a database.
///
/// A name is bytes, and equal to another when all bytes are: SQLite keeps what a program gave it, which need not be UTF-8, and it tells `é`
/// in one scalar from `é` in two.
public struct SQLiteName: Hashable, Sendable, ExpressibleByStringLiteral {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    public init(_ text: String) {
        bytes = Array(text.utf8)
    }

    public init(stringLiteral text: String) {
        self.init(text)
    }

    /// The name for people and documents; bytes that are not UTF-8 are written as `\xE9`.
    public var text: String { String(readable: bytes) }

    /// Whether the name is UTF-8, so that ``text`` is the name itself.
    public var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// The name as SQLite compares it with others: ASCII letters without case, and every other byte as it is.
    public var folded: SQLiteName {
        SQLiteName(bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 })
    }

    /// Whether the name begins with `prefix`, ASCII letters without case.
    public func hasPrefix(_ prefix: SQLiteName) -> Bool { folded.bytes.starts(with: prefix.folded.bytes) }
}

/// The text of one or more statements, as bytes.
///
/// Written as a literal, with names and numbers interpolated: a ``SQLiteName`` is quoted on the way in, and text cannot be interpolated at
/// all. So what a file or a user named something never becomes SQL.
public struct SQL: Hashable, Sendable, ExpressibleByStringInterpolation {
    public private(set) var bytes: [UInt8]

    /// SQL that a database holds as the definition of one of its objects.
    public init(definition bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// SQL of our own that is no literal, such as a migration's.
    public init(text: String) {
        bytes = Array(text.utf8)
    }

    public init(stringLiteral text: String) {
        self.init(text: text)
    }

    public init(stringInterpolation interpolation: StringInterpolation) {
        bytes = interpolation.bytes
    }

    /// For people and errors.
    public var text: String { String(readable: bytes) }

    /// Puts names, numbers and other SQL into a literal.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        /// SQL as it is written in the literal.
        public mutating func appendLiteral(_ text: String) { bytes += text.utf8 }

        /// The name as an identifier, in quotes.
        public mutating func appendInterpolation(_ name: SQLiteName) {
            let quote = UInt8(ascii: "\"")
            bytes.append(quote)
            for byte in name.bytes {
                if byte == quote { bytes.append(quote) }
                bytes.append(byte)
            }
            bytes.append(quote)
        }

        /// SQL that is quoted already.
        public mutating func appendInterpolation(_ sql: SQL) { bytes += sql.bytes }

        /// The number in decimal.
        public mutating func appendInterpolation(_ number: some BinaryInteger) { bytes += String(number).utf8 }
    }
}

extension Sequence<SQL> {
    /// The pieces, one after the other, with `separator` between them.
    public func joined(separator: SQL = "") -> SQL {
        SQL(definition: Array(map(\.bytes).joined(separator: separator.bytes)))
    }
}

/// A name or SQL that gets into a `String` is no longer quoted or bytes. The compiler says so where that happens; a literal is SQL when it is
/// written `as SQL`.
extension DefaultStringInterpolation {
    /// The compiler refuses it: every warning is an error.
    @available(*, deprecated, message: "a name goes into a literal `as SQL`, or is shown by its text")
    public mutating func appendInterpolation(_ name: SQLiteName) { appendInterpolation(name.text) }

    /// The compiler refuses it: every warning is an error.
    @available(*, deprecated, message: "SQL goes into a literal `as SQL`, or is shown by its text")
    public mutating func appendInterpolation(_ sql: SQL) { appendInterpolation(sql.text) }
}

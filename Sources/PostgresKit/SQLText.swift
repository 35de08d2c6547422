// SPDX-License-Identifier: MIT

/// Names and values as they stand in SQL.
///
/// Works on bytes, as the server reads them: to Swift a quote mark beside a combining mark is part of another Character and equal to no quote
/// mark. Every text of a `String` is UTF-8, and so is the encoding of every connection; then this is what libpq's `PQescapeIdentifier` and
/// `PQescapeLiteral` give.
public enum SQLText {
    /// `name` as a quoted identifier. Always quoted, so that no list of keywords is needed.
    public static func identifier(_ name: String) -> String {
        quoted(name, by: UInt8(ascii: "\""))
    }

    /// `schema.name`, both quoted.
    public static func identifier(_ schema: String, _ name: String) -> String {
        identifier(schema) + "." + identifier(name)
    }

    /// `value` as a string literal that reads the same whatever `standard_conforming_strings` says.
    public static func literal(_ value: String) -> String {
        let backslash = UInt8(ascii: "\\")
        guard value.utf8.contains(backslash) else { return quoted(value, by: UInt8(ascii: "'")) }
        // The blank keeps a word that stands before it from taking the E.
        return " E" + quoted(value, by: UInt8(ascii: "'"), doubling: backslash)
    }

    /// `text` between two `mark`s, with every `mark` in it, and every `other`, twice.
    private static func quoted(_ text: String, by mark: UInt8, doubling other: UInt8? = nil) -> String {
        var bytes: [UInt8] = [mark]
        bytes.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            bytes.append(byte)
            if byte == mark || byte == other { bytes.append(byte) }
        }
        bytes.append(mark)
        return String(decoding: bytes, as: UTF8.self)
    }
}

// SPDX-License-Identifier: MIT

internal import Glibc

/// Whether bytes are text to PostgreSQL: valid UTF-8 without a NUL.
///
/// The common path is two passes of the standard library's and the C library's own speed over the bytes where they lie.
enum UTF8Text {
    /// Why bytes are no text.
    enum Fault {
        case nul, invalid
    }

    /// What is wrong with `bytes`; nil when nothing is.
    static func fault(in bytes: [UInt8]) -> Fault? {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            return .invalid
        }
        let hasNUL = bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.map { memchr($0, 0, buffer.count) != nil } ?? false
        }
        return hasNUL ? .nul : nil
    }

    /// `bytes` without NULs, and with U+FFFD for each part that is not UTF-8.
    static func mended(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).utf8.lazy.filter { $0 != 0 })
    }

    /// `bytes` without the white space at either end that PostgreSQL skips before and after numbers.
    static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var slice = bytes[...]
        while let first = slice.first, isSpace(first) { slice.removeFirst() }
        while let last = slice.last, isSpace(last) { slice.removeLast() }
        return slice
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// Whether `byte` is a digit of ASCII.
    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// `text` in lower case where it is ASCII, as a word to compare with; nil when it is too long to be one.
    static func word(_ text: ArraySlice<UInt8>) -> String? {
        guard text.count <= 16 else { return nil }
        return String(decoding: text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

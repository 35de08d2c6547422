// SPDX-License-Identifier: MIT

internal import LinuxKit

/// A text that is equal to another one when both have the same bytes, as names are to a server.
///
/// Two Strings are equal when they look the same: an é of one scalar and an é of two. Two tables may have these names, and what is kept
/// by name would be kept for one of them only.
public struct ExactText: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The text as it came.
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public var description: String { text }

    public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    public static func < (left: Self, right: Self) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
}

extension String {
    /// Whether it begins with the bytes of `other`.
    public func beginsWithBytes(of other: String) -> Bool { utf8.starts(with: other.utf8) }

    /// Whether `pattern` occurs in it, byte for byte.
    public func containsBytes(of pattern: String) -> Bool {
        utf8.firstRange(of: pattern.utf8) != nil
    }

    /// With `new` wherever the bytes of `old` stand.
    public func replacingBytes(of old: String, with new: String) -> String {
        guard !old.isEmpty else { return self }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let range = rest.firstRange(of: old.utf8) {
            bytes += rest[..<range.lowerBound]
            bytes += new.utf8
            rest = rest[range.upperBound...]
        }
        return String(decoding: bytes + rest, as: UTF8.self)
    }
}

// SPDX-License-Identifier: MIT

internal import Glibc

/// Text without case, scalar by scalar: `Straße` and `STRASSE` are the same. An accent that is a scalar of its own stays one.
public struct FoldedText: Sendable {
    /// The folded text in UTF-8.
    public let bytes: [UInt8]
    /// Of every byte of ``bytes``, where its scalar begins in the text that was folded.
    private let origins: [Int]

    /// Folds `text`, which need not be UTF-8: what is not is as it is replaced by Swift.
    public init(_ text: [UInt8]) {
        self.init(String(decoding: text, as: UTF8.self))
    }

    public init(_ text: String) {
        var text = text
        var bytes: [UInt8] = []
        var origins: [Int] = []
        text.withUTF8 { utf8 in
            bytes.reserveCapacity(utf8.count)
            origins.reserveCapacity(utf8.count)
            var place = 0
            while place < utf8.count {
                let byte = utf8[place]
                guard byte >= 0x80 else {
                    let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    bytes.append(isUpper ? byte | 0x20 : byte)
                    origins.append(place)
                    place += 1
                    continue
                }
                let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
                let scalar = String(decoding: utf8[place..<min(place + length, utf8.count)], as: UTF8.self)
                for folded in scalar.uppercased().lowercased().utf8 {
                    bytes.append(folded)
                    origins.append(place)
                }
                place += length
            }
        }
        self.bytes = bytes
        self.origins = origins
    }

    /// Where `words` begin in the text that was folded, in bytes of its UTF-8; nil where they are not in it.
    public func firstPlace(of words: FoldedText) -> Int? {
        Self.position(of: words.bytes, in: bytes).map { origins.isEmpty ? 0 : origins[$0] }
    }

    private static func position(of pattern: [UInt8], in text: [UInt8]) -> Int? {
        guard let first = pattern.first else { return 0 }
        return text.withUnsafeBytes { text in
            pattern.withUnsafeBytes { pattern in
                var place = 0
                while text.count - place >= pattern.count, let base = text.baseAddress, let wanted = pattern.baseAddress
                {
                    guard let found = memchr(base + place, Int32(first), text.count - place) else { return nil }
                    place = UnsafeRawPointer(found) - base
                    guard text.count - place >= pattern.count else { return nil }
                    if memcmp(base + place, wanted, pattern.count) == 0 { return place }
                    place += 1
                }
                return nil
            }
        }
    }

    /// The text of `content` around the first place of `words`, on one line.
    public static func excerpt(of content: [UInt8], around words: FoldedText) -> String {
        let text = String(decoding: content, as: UTF8.self)
        let place = FoldedText(text).firstPlace(of: words) ?? 0
        let utf8 = text.utf8
        let middle = utf8.index(utf8.startIndex, offsetBy: min(place, utf8.count))
        let before = text[..<middle].unicodeScalars.suffix(60)
        let after = text[middle...].unicodeScalars.prefix(140)
        let isCut = (before.startIndex > text.startIndex, after.endIndex < text.endIndex)
        let line = (String(before) + String(after)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return (isCut.0 ? "…" : "") + line + (isCut.1 ? "…" : "")
    }
}

// SPDX-License-Identifier: MIT

/// The last resort against secrets in a log. Nobody should pass one to begin with.
enum Redaction {
    /// `text` with `***` for every password in a URL, `scheme://user:password@`.
    ///
    /// It rather hides too much than too little: a password may hold any sign but blanks and quotation marks, so everything up to the
    /// last @ of the word goes.
    static func withoutPasswords(_ text: String) -> String {
        // Most texts hold no URL.
        guard text.contains("://") else { return text }
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let end = rest.firstIndex(where: endsWord) {
            append(word: rest[..<end], to: &result)
            result.append(rest[end])
            rest = rest[(end + 1)...]
        }
        append(word: rest, to: &result)
        return String(decoding: result, as: UTF8.self)
    }

    private static func append(word: ArraySlice<UInt8>, to result: inout [UInt8]) {
        guard let at = word.lastIndex(of: UInt8(ascii: "@")), let colon = colonAfterUser(in: word[..<at]) else {
            result += word
            return
        }
        result += word[...colon] + Array("***".utf8) + word[at...]
    }

    /// Where the first `scheme://user:` of `word` ends.
    private static func colonAfterUser(in word: ArraySlice<UInt8>) -> Int? {
        let mark = Array("://".utf8)
        var start = word.startIndex
        while start < word.endIndex {
            guard word[start...].starts(with: mark), start > word.startIndex, isInScheme(word[start - 1]) else {
                start += 1
                continue
            }
            start += mark.count
            guard let end = word[start...].firstIndex(where: endsUser) else { return nil }
            if word[end] == UInt8(ascii: ":") { return end }
            start = end
        }
        return nil
    }

    private static func endsUser(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"): true
        default: false
        }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "<"), UInt8(ascii: ">"):
            true
        default: false
        }
    }

    private static func isInScheme(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

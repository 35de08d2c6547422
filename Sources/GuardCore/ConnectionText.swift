// SPDX-License-Identifier: MIT

/// How to reach a PostgreSQL store, in libpq's words: a URL, a `keyword=value` string or a service name, each with an
/// optional `#SCHEMA`.
///
/// It may hold a password. Printing one, also inside another value, never shows it; only ``text`` does.
public struct ConnectionText: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The text as it was written, the password included. For libpq, and for nothing that a person reads.
    public let text: String

    /// The connection that `text` spells; what it names is not looked at.
    public init(_ text: String) {
        self.text = text
    }

    /// The text, or only its kind when it holds a password.
    ///
    /// Where a password ends cannot be told for sure in a URL that forgot to escape it, so nothing around it is shown.
    public var description: String {
        guard holdsPassword else { return text }
        return isURL ? "postgres://(with a password, not shown)" : "(with a password, not shown)"
    }

    /// The same as ``description``: a dump must not say more than a print.
    public var debugDescription: String { description }

    /// Whether a password stands in the text. In doubt, it does.
    public var holdsPassword: Bool {
        // Also sslpassword, also as a parameter of a URL, whose names libpq unescapes too.
        if Self.unescaped(text).lowercased().contains(/password\s*=\s*[^\s&]/) { return true }
        guard let scheme = text.firstRange(of: "://") else { return false }
        let rest = text[scheme.upperBound...]
        // libpq looks for user:password before the first slash, also beyond a question mark.
        let authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") {
            guard let colon = authority[..<at].firstIndex(of: ":") else { return false }
            return authority.index(after: colon) < at
        }
        // A password with an unescaped slash: libpq will refuse the text, and it is a secret nevertheless.
        return authority.contains(":") && rest.prefix { $0 != "?" }.contains("@")
    }

    private var isURL: Bool { text.contains("://") }

    /// `text` without its percent escapes.
    private static func unescaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                rest.removeFirst(2)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

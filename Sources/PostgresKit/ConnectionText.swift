// SPDX-License-Identifier: MIT

internal import CLibpq

/// Reads what people write to name a server.
enum ConnectionText {
    /// libpq's keywords and values in `text`. No error repeats any of it.
    static func parameters(_ text: String) throws(PostgresError) -> [String: String] {
        // A C string ends at its first NUL.
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw fault("a connection text cannot be empty or hold a NUL")
        }
        let isURL = text.contains("://")
        if isURL { try refuseStrayAt(text) }
        let isService = !isURL && !text.contains("=")
        let readable = isService ? "service='\(escaped(text))'" : withoutNewerParameters(text)
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(readable, &message) else {
            defer { PQfreemem(message) }
            throw fault(reason(message.map { String(cString: $0) } ?? ""))
        }
        defer { PQconninfoFree(options) }
        let parameters = values(options)
        // libpq would repeat it, and it may be the end of a password.
        let ports = (parameters["port"] ?? "").split(separator: ",")
        guard ports.allSatisfy({ UInt16($0) != nil }) else {
            throw fault("a port is no number; \(percentEncoding)")
        }
        return parameters
    }

    /// The keywords of `options` that have a value.
    static func values(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }

    /// A password with a bare `@` or `/` spills into the host or the name of the database, and from there into every message.
    private static func refuseStrayAt(_ url: String) throws(PostgresError) {
        guard let scheme = url.firstRange(of: "://") else { return }
        var rest = url[scheme.upperBound...]
        // As libpq looks for the end of user and password.
        if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
            rest = rest[rest.index(after: end)...]
        }
        guard !rest.prefix(while: { $0 != "?" }).contains("@") else {
            throw fault("a URL has an @ behind its user; \(percentEncoding)")
        }
    }

    private static let percentEncoding = "in a password @ is written as %40, / as %2F and : as %3A"

    /// What libpq said, where it is surely about one of its own words.
    private static func reason(_ message: String) -> String {
        let known = newer.first { message.contains("\"\($0)\"") }
        return known.map { "this libpq is too old for the parameter \($0)" } ?? "libpq cannot read this connection text"
    }

    /// Parameters that came after libpq 15.
    private static let newer = [
        "sslnegotiation", "sslcertmode", "require_auth", "load_balance_hosts", "gssdelegation", "scram_client_key",
        "scram_server_key", "min_protocol_version", "max_protocol_version", "oauth_issuer", "oauth_client_id",
        "oauth_client_secret", "oauth_scope", "sslkeylogfile",
    ]

    /// `sslnegotiation` came with libpq 17 and stands in Dementia's own example; an older libpq would refuse the whole URL. Without it
    /// libpq negotiates TLS the older way, which every server understands.
    private static func withoutNewerParameters(_ text: String) -> String {
        guard PQlibVersion() < 170_000, let question = text.lastIndex(of: "?"), text.contains("://") else {
            return text
        }
        let all = text[text.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        let kept = all.filter { !$0.hasPrefix("sslnegotiation=") }
        if kept.count == all.count { return text }
        return kept.isEmpty ? String(text[..<question]) : text[...question] + kept.joined(separator: "&")
    }

    private static func escaped(_ value: String) -> String {
        let marks = [UInt8(ascii: "\\"), UInt8(ascii: "'")]
        let bytes = value.utf8.flatMap { marks.contains($0) ? [marks[0], $0] : [$0] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func fault(_ message: String) -> PostgresError { PostgresError(sqlState: nil, message: message) }
}

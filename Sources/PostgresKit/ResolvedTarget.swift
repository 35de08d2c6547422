// SPDX-License-Identifier: MIT

internal import CLibpq

/// What libpq makes of parameters, with the service file that they name, the environment and its own defaults. Asks no server, not even
/// one for names.
struct ResolvedTarget {
    /// Every keyword that has a value.
    let values: [String: String]
    /// The variables of libpq that say the same. A service is spelled out: its file would win over what a variable says.
    let environment: [String: String]
    /// `host:port/database`. A `#` in it is written as `%23`.
    let address: String

    init(_ parameters: [String: String]) throws(PostgresError) {
        // Options are put together first and checked then: with one that is surely wrong, libpq stops before it connects.
        let handle = Self.start(parameters.merging([Self.wrong: "nothing"]) { $1 })
        guard let handle, let options = PQconninfo(handle) else {
            PQfinish(handle)
            throw PostgresError(sqlState: nil, message: "libpq has no memory left")
        }
        defer {
            PQconninfoFree(options)
            PQfinish(handle)
        }
        guard let host = PQhost(handle), let port = PQport(handle), let database = PQdb(handle), host.pointee != 0
        else {
            throw PostgresError(nil, on: handle)
        }
        address = Self.withoutMarks(
            "\(String(cString: host)):\(String(cString: port))/\(String(cString: database))")
        var values = ConnectionText.values(options).filter { !$0.value.isEmpty }
        values[Self.wrong] = parameters[Self.wrong]
        self.values = values
        var environment: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword.map({ String(cString: $0) }) {
            if let name = option.pointee.envvar, keyword != "service", let value = values[keyword] {
                environment[String(cString: name)] = value
            }
            option += 1
        }
        self.environment = environment
    }

    /// `address` so that no `#` occurs in it, which a schema's name may follow. Two addresses stay two.
    private static func withoutMarks(_ address: String) -> String {
        let (mark, percent) = (UInt8(ascii: "#"), UInt8(ascii: "%"))
        guard address.utf8.contains(mark) || address.containsBytes(of: "%2") else { return address }
        return String(
            decoding: address.utf8.flatMap { byte in
                byte == mark ? Array("%23".utf8) : byte == percent ? Array("%25".utf8) : [byte]
            }, as: UTF8.self)
    }

    private static let wrong = "gssencmode"

    private static func start(_ parameters: [String: String]) -> OpaquePointer? {
        CStringArray.with(parameters) { keywords, values in PQconnectStartParams(keywords, values, 0) }
    }
}

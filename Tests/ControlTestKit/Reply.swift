// SPDX-License-Identifier: MIT

internal import ControlAPI
public import GuardCore

/// An HTTP answer as it came.
public struct Reply: Sendable {
    public let status: Int
    /// Names in lower case.
    public let fields: [String: String]
    public let body: String

    /// Takes `text` apart; nil when it is no answer.
    public init?(_ text: String) {
        let halves = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let lines = halves[0].split(separator: "\r\n")
        guard let first = lines.first?.split(separator: " "), first.count >= 2, let status = Int(first[1]) else {
            return nil
        }
        self.status = status
        fields = Dictionary(
            lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
            }
        ) { "\($0), \($1)" }
        body = String(halves[1])
    }

    /// The problem in the body, nil when it is none.
    public var problem: Problem? {
        guard fields["content-type"] == "application/problem+json" else { return nil }
        return try? ControlJSON.decode(from: body.utf8)
    }

    /// The form in the body.
    public func form<Form: Decodable>(_ type: Form.Type = Form.self) throws -> Form {
        try ControlJSON.decode(from: body.utf8)
    }
}

extension World {
    /// Sends one request on a connection of its own, and reads until the server closes it.
    public func send(
        _ method: String, _ target: String, body: String? = nil, fields: [String: String] = [:]
    ) async throws -> Reply {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        return try await send(text + "\r\n" + (body ?? ""))
    }

    /// Sends `text` as it stands on a connection of its own, and reads until the server closes it.
    public func send(_ text: String) async throws -> Reply {
        let socket = try RawSocket(self.socket)
        defer { socket.end() }
        await socket.send(text)
        let answer = await socket.read()
        guard let reply = Reply(answer) else { throw GuardError(.internalError, "no answer: '\(answer)'") }
        return reply
    }

    /// Sends a JSON body.
    public func post(_ target: String, _ json: String, fields: [String: String] = [:]) async throws -> Reply {
        try await send("POST", target, body: json, fields: fields.merging(["Content-Type": "application/json"]) { $1 })
    }
}

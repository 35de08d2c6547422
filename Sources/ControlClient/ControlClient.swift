// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import NIOCore
internal import NIOHTTP1

/// The other end of the control socket.
///
/// Every failure is a ``GuardError``: the daemon's own problem, or `notReachable` (nobody there), `permissionDenied` (the socket is
/// somebody else's) and `timedOut` (no answer).
public struct ControlClient: Sendable {
    /// Which socket is used.
    public let socket: ControlSocket
    private let patience: Duration

    /// A client of the daemon at `socket`.
    ///
    /// - Parameter patience: how long an answer may take that waits for nothing
    public init(_ socket: ControlSocket, patience: Duration = .seconds(30)) {
        self.socket = socket
        self.patience = patience
    }

    // MARK: For the typed requests

    /// The whole of an answer may be this long.
    private static let answerLimit = 64 << 20

    func ask<Form: Decodable & Sendable>(
        _ method: HTTPMethod = .GET, _ target: Target, sending request: (any RequestForm)? = nil, key: String? = nil,
        extraTime: Duration = .zero, accepting others: Set<UInt> = []
    ) async throws(GuardError) -> Form {
        let exchange = try exchange(method, target, request, key.map { ["Idempotency-Key": $0] } ?? [:])
        let bytes = try await answer(to: exchange, extraTime, others)
        do {
            return try ControlJSON.decode(Form.self, from: bytes)
        } catch {
            throw ClientErrors.notUnderstood(socket.path, status: 200)
        }
    }

    func tell(_ method: HTTPMethod, _ target: Target) async throws(GuardError) {
        _ = try await answer(to: try exchange(method, target, nil, [:]), .zero, [])
    }

    /// Hands the body of a good answer to `read`. Without a limit of time: it may be a stream.
    func stream<Value: Sendable>(
        _ target: Target, fields: [String: String] = [:],
        _ read: @Sendable @concurrent @escaping (inout Pieces) async throws -> Value
    ) async throws(GuardError) -> Value {
        let path = socket.path
        return try await exchange(.GET, target, nil, fields).run { head, pieces in
            guard head.status.code == 200 else { throw try await Self.problem(head, &pieces, path) }
            return try await read(&pieces)
        }
    }

    // MARK: Details

    private func exchange(
        _ method: HTTPMethod, _ target: Target, _ request: (any RequestForm)?, _ fields: [String: String]
    ) throws(GuardError) -> Exchange {
        var headers: HTTPHeaders = ["host": "localhost", "accept": "application/json", "connection": "close"]
        for (name, value) in fields { headers.add(name: name, value: value) }
        var body: [UInt8]?
        if let request {
            let json = try ControlJSON.encode(request)
            headers.add(name: "content-type", value: "application/json")
            headers.add(name: "content-length", value: String(json.count))
            body = json
        } else if method == .PUT {
            // Otherwise NIO announces a body of unknown length, which this route does not take (RFC 9110, 8.6).
            headers.add(name: "content-length", value: "0")
        }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: target.text, headers: headers)
        return Exchange(socket: socket, head: head, body: body)
    }

    private func answer(
        to exchange: Exchange, _ extraTime: Duration, _ others: Set<UInt>
    ) async throws(GuardError) -> [UInt8] {
        let path = socket.path
        let time = patience + extraTime
        let acts = exchange.head.method != .GET
        return try await deadline(time, or: ClientErrors.noAnswer(path, within: time, mayHaveActed: acts)) {
            () throws(GuardError) in
            try await exchange.run { head, pieces in
                guard (200..<300).contains(head.status.code) || others.contains(head.status.code) else {
                    throw try await Self.problem(head, &pieces, path)
                }
                return try await pieces.all(limit: Self.answerLimit)
            }
        }
    }

    @concurrent
    private static func problem(
        _ head: HTTPResponseHead, _ pieces: inout Pieces, _ path: String
    ) async throws -> GuardError {
        let bytes = try await pieces.all(limit: answerLimit)
        guard let problem = try? ControlJSON.decode(ForeignProblem.self, from: bytes) else {
            return ClientErrors.notUnderstood(path, status: head.status.code)
        }
        return problem.error
    }
}

/// A problem as any version of the daemon may send it: a code that is not known yet is still a failure with a sentence.
private struct ForeignProblem: Decodable {
    let code: String
    let detail: String
    let hint: String?
    let dataState: String?
    let store: StoreID?
    let causes: [String]?

    var error: GuardError {
        GuardError(
            GuardError.Code(rawValue: code) ?? .internalError, detail, store: store,
            dataState: dataState.flatMap { DataState(rawValue: $0) } ?? .unverified, hint: hint, causes: causes ?? [])
    }
}

/// What stands after the method in a request's first line.
struct Target: Sendable {
    let text: String

    /// `/v1`, the segments, and the parameters that have a value.
    init(_ segments: String..., query: [(name: String, value: String?)] = []) {
        let pairs = query.compactMap { pair in pair.value.map { "\(pair.name)=\(Self.encoded($0))" } }
        text =
            "/v1/" + segments.map(Self.encoded).joined(separator: "/")
            + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    /// Percent-encodes all but RFC 3986's unreserved characters.
    private static func encoded(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return text.utf8.reduce(into: "") { result, byte in
            if plain.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                result += "%" + (hex.count == 1 ? "0" : "") + hex
            }
        }
    }
}

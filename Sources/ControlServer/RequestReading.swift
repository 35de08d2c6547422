// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// The query of a request, held against what its route knows.
struct Query {
    private var values: [String: String] = [:]

    init(_ uri: URI, of route: Route) throws(GuardError) {
        for (name, value) in uri.queryParameters.map({ (String($0.key), String($0.value)) }) {
            guard route.parameters.contains(where: { $0.name == name }) else {
                throw RequestErrors.unknownParameter(name, of: route)
            }
            guard values.updateValue(value, forKey: name) == nil else { throw RequestErrors.repeatedParameter(name) }
        }
    }

    /// The value of `name` as `parse` understands it; nil when it is not there.
    func value<Value>(
        _ name: String, _ expected: String, _ parse: (String) -> Value?
    ) throws(GuardError) -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = parse(text) else { throw RequestErrors.badParameter(name, text, expected: expected) }
        return value
    }

    func store() throws(GuardError) -> StoreID? {
        try value("store", "a store's id: 12 hexadecimal digits") { StoreID($0) }
    }

    func page() throws(GuardError) -> Page {
        let limit = try value("limit", "a number from \(Page.limits.lowerBound) to \(Page.limits.upperBound)") {
            (text) -> Int? in
            // A number has one spelling: digits.
            guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
            return Int(text).flatMap { Page.limits.contains($0) ? $0 : nil }
        }
        let after = try value("after", "the 'next' of the page before") { $0.isEmpty ? nil : $0 }
        return limit.map { Page(limit: $0, after: after) } ?? Page(after: after)
    }
}

extension Request {
    /// The form in the body.
    func form<Form: RequestForm>(_ type: Form.Type, of route: Route, limit: Int) async throws(GuardError) -> Form {
        let bytes = try await bytes(limit: limit)
        if bytes.readableBytes == 0, let empty = EmptyRequest() as? Form { return empty }
        let contentType = headers[.contentType]
        guard Self.isJSON(contentType) else { throw RequestErrors.notJSON(contentType) }
        guard bytes.readableBytes > 0 else { throw RequestErrors.bodyMissing(for: route) }
        return try ControlJSON.request(type, from: bytes.readableBytesView)
    }

    /// Refuses a body where none is taken.
    func refuseBody(of route: Route) throws(GuardError) {
        let hasLength = headers[.contentLength].map { $0 != "0" } ?? false
        guard !hasLength, headers[.transferEncoding] == nil else { throw RequestErrors.noBodyTaken(by: route) }
    }

    private func bytes(limit: Int) async throws(GuardError) -> ByteBuffer {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw RequestErrors.bodyTooLarge(limit: limit)
        }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw RequestErrors.bodyTooLarge(limit: limit)
        } catch {
            // The connection broke or the parser gave up; RequestGuard has answered, if there is anybody left to read it.
            throw RequestErrors.bodyCutShort
        }
    }

    /// `application/json`, with UTF-8 if it names a character set at all.
    private static func isJSON(_ type: String?) -> Bool {
        guard let type else { return false }
        let parts = type.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\"" } }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { !$0.hasPrefix("charset=") || $0 == "charset=utf-8" }
    }
}

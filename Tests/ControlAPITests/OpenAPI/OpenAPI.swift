// SPDX-License-Identifier: MIT

import GuardCore

@testable import ControlAPI

/// The description of the whole interface for programs, made from the table of routes and from the forms themselves
/// (OpenAPI 3.1, <https://spec.openapis.org/oas/v3.1.1.html>). What it makes lies in `Sources/ControlServer/InterfaceDocument.swift`.
enum OpenAPI {
    /// The file with what is served: one line for each path and each form, so that a change is seen where it is.
    static func source() throws(GuardError) -> String {
        """
        // SPDX-License-Identifier: MIT
        // swift-format-ignore-file
        // Made by OpenAPITests from the table of routes and the forms. To write it anew: UPDATE_GENERATED=1 make test

        /// The OpenAPI document of the interface.
        enum InterfaceDocument {
            static let json = #\"""
        \(try json())
        \"""#
        }

        """
    }

    private static func json() throws(GuardError) -> String {
        let tree = try tree()
        guard let schemas = tree["components"]?["schemas"], let paths = tree["paths"] else { return "{}" }
        let rest = try ["info", "openapi", "servers"].map { key throws(GuardError) in
            "\"\(key)\":\(try text(tree[key] ?? .null))"
        }
        return "{\"components\":{\"schemas\":\(try lines(schemas))},\n" + rest.joined(separator: ",\n")
            + ",\n\"paths\":\(try lines(paths))}"
    }

    /// An object with each member on a line of its own.
    private static func lines(_ tree: JSONTree) throws(GuardError) -> String {
        guard case .object(let members) = tree else { return try text(tree) }
        let lines = try members.sorted { $0.key < $1.key }.map { member throws(GuardError) in
            "\"\(member.key)\":\(try text(member.value))"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }

    private static func text(_ tree: JSONTree) throws(GuardError) -> String {
        String(decoding: try ControlJSON.encode(tree), as: UTF8.self)
    }

    static func tree() throws(GuardError) -> JSONTree {
        let book = SchemaBook()
        var paths: [String: JSONTree] = [:]
        for route in Route.all {
            let item = paths[route.path] ?? .object([:])
            paths[route.path] = item.with([route.method.rawValue.lowercased(): try operation(route, book)])
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "dementiad", "version": .text(ProductVersion.current),
                "license": ["name": "MIT", "identifier": "MIT"],
                "summary": "Guards upgrades of Dementia's memories.",
                "description": .text(introduction),
            ],
            "servers": [["url": "/", "description": "The control socket: curl --unix-socket PATH http://localhost/"]],
            "paths": .object(paths),
            "components": ["schemas": .object(book.components)],
        ]
    }

    private static let introduction = """
        HTTP/1.1 over a Unix socket. Times are RFC 3339 in UTC, sizes are bytes, lists are newest first. Answers may get more fields and \
        enumerations more words within v1: ignore what you do not know. Fields and parameters that the daemon does not know are \
        refused. Who may call what is decided by the user at the other end of the socket: x-access is `owner` for the user whose data \
        it is and for root, and `reader` for these and for members of api.readerGroups. Every error is a problem document of RFC 9457.
        """

    // MARK: One route

    private static func operation(_ route: Route, _ book: SchemaBook) throws(GuardError) -> JSONTree {
        var members: [String: JSONTree] = [
            "operationId": .text(route.name.rawValue), "summary": .text(route.summary),
            "x-access": .text(route.access.rawValue), "responses": try responses(route, book),
        ]
        let parameters = try pathParameters(route) + queryParameters(route, book) + fields(route)
        if !parameters.isEmpty { members["parameters"] = .list(parameters) }
        if let form = route.accepts {
            members["requestBody"] = [
                "required": .bool(form != EmptyRequest.self),
                "content": ["application/json": ["schema": try book.reference(to: form, .request)]],
            ]
        }
        return .object(members)
    }

    private static func pathParameters(_ route: Route) -> [JSONTree] {
        guard route.path.contains("{id}") else { return [] }
        let pattern =
            switch route.segments[1] {
            case "stores": StoreID.pattern
            case "backups": BackupID.pattern
            case "operations": OperationID.pattern
            default: "^[^/]+$"
            }
        return [
            [
                "name": "id", "in": "path", "required": true,
                "schema": ["type": "string", "pattern": .text(pattern)],
            ]
        ]
    }

    private static func queryParameters(_ route: Route, _ book: SchemaBook) throws(GuardError) -> [JSONTree] {
        var parameters: [JSONTree] = []
        for parameter in route.parameters {
            let described: JSONTree = [
                "name": .text(parameter.name), "in": "query", "description": .text(parameter.summary),
                "schema": try schema(parameter.value, book),
            ]
            parameters.append(parameter.isRequired ? described.with(["required": true]) : described)
        }
        return parameters
    }

    private static func schema(_ value: Route.Parameter.Value, _ book: SchemaBook) throws(GuardError) -> JSONTree {
        switch value {
        case .integer(let range):
            [
                "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
                "maximum": .integer(Int64(range.upperBound)),
            ]
        case .storeID: ["type": "string", "pattern": .text(StoreID.pattern)]
        case .operationState: try book.reference(to: OperationState.self, .answer)
        case .duration: ["type": "string", "pattern": .text(Duration.textPattern)]
        case .cursor: ["type": "string", "minLength": 1]
        case .eventID: eventID
        case .text: ["type": "string", "minLength": 1]
        case .state: ["type": "string", "pattern": .text("\(BackupID.pattern)|\(StoreID.pattern)")]
        case .scope: try book.reference(to: SearchScope.self, .answer)
        case .moment: ["type": "string", "format": "date-time"]
        }
    }

    private static let eventID: JSONTree = [
        "type": "integer", "minimum": 0, "maximum": .integer(.max), "format": "int64",
    ]

    private static func fields(_ route: Route) -> [JSONTree] {
        if route.name == .start {
            return [
                [
                    "name": "Idempotency-Key", "in": "header",
                    "description": "The same key with the same request gives the same operation.",
                    "schema": ["type": "string", "minLength": 1, "maxLength": 255],
                ]
            ]
        }
        guard case .events = route.answer else { return [] }
        return [
            [
                "name": "Last-Event-ID", "in": "header",
                "description": "Go on after this event. An id that is not known is answered with an event 'gap'.",
                "schema": eventID,
            ]
        ]
    }

    // MARK: What comes back

    private static func responses(_ route: Route, _ book: SchemaBook) throws(GuardError) -> JSONTree {
        let problem: JSONTree = ["application/problem+json": ["schema": try book.reference(to: Problem.self, .answer)]]
        var responses: [String: JSONTree] = [:]
        for (status, codes) in Dictionary(grouping: route.refusals, by: { ErrorTable.line(for: $0).status }) {
            let words = codes.map { "\($0.rawValue) (\(ErrorTable.line(for: $0).title))" }.sorted()
            responses[String(status)] = ["description": .text(words.joined(separator: ", ")), "content": problem]
        }
        responses["default"] = ["description": "A problem that a later version may know.", "content": problem]
        let (status, success) = try success(route, book)
        responses[String(status)] = success
        // The one form that also says that something is wrong.
        if route.name == .health, let content = success["content"], let sick = responses["503"] {
            let both = content.with(["application/problem+json": problem["application/problem+json"] ?? .null])
            responses["503"] = sick.with([
                "description": "A part does not work, or the daemon cannot be asked.", "content": both,
            ])
        }
        return .object(responses)
    }

    private static func events(of route: Route) -> String {
        let own =
            route.name == .events
            ? "`entry` (data: JournalEvent)" : "`operation` (data: OperationRecord) and `progress` (data: Progress)"
        return
            "Server-sent events with ids: \(own); `gap` when events before it are not known any more, `goodbye` when the daemon "
            + "stops, and a comment when nothing happens for long."
    }

    private static func success(_ route: Route, _ book: SchemaBook) throws(GuardError) -> (Int, JSONTree) {
        func content(_ type: String, _ schema: JSONTree) -> JSONTree { [type: ["schema": schema]] }
        switch route.answer {
        case .form(let form, let status):
            let reference = try book.reference(to: form, .answer)
            let response: JSONTree = ["description": "Done.", "content": content("application/json", reference)]
            guard route.answersWithPlace else { return (status, response) }
            let location: JSONTree = [
                "Location": ["description": "Where it is from now on.", "required": true, "schema": ["type": "string"]]
            ]
            return (status, response.with(["headers": location]))
        case .document:
            return (200, ["description": "This.", "content": content("application/json", ["type": "object"])])
        case .nothing: return (204, ["description": "Done; there is nothing to tell."])
        case .events:
            // No schema: one of this version of OpenAPI would be about the whole stream and not about an event.
            return (200, ["description": .text(events(of: route)), "content": ["text/event-stream": .object([:])]])
        case .metrics:
            return (
                200,
                [
                    "description": "Prometheus' text format; every name begins with dementia_.",
                    "content": content("text/plain", ["type": "string"]),
                ]
            )
        case .bytes:
            return (200, ["description": "The archive.", "content": content("application/zstd", .object([:]))])
        }
    }
}

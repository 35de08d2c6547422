// SPDX-License-Identifier: MIT

internal import GuardCore

/// One thing that can be asked of the daemon, as data: server, access checks, OpenAPI document, manual and tests read the same table.
public struct Route: Sendable {
    /// The HTTP method.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// Who may call it.
    public enum Access: String, Sendable {
        /// Everybody whom the socket admits.
        case reader
        /// The user whose data it is, and root.
        case owner
    }

    /// A query parameter. Any that a route does not name is refused.
    public struct Parameter: Sendable {
        /// What its value has to be.
        public enum Value: Sendable {
            case integer(ClosedRange<Int>)
            case storeID
            case operationState
            /// Such as `30s`.
            case duration
            /// The `next` of the page before.
            case cursor
            /// The id of an event.
            case eventID
            /// Any text that is not empty.
            case text
            /// The id of a backup, or of a store for its live state.
            case state
            /// Where contexts are looked for.
            case scope
            /// A time such as `2026-01-31T12:00:00Z`.
            case moment
        }

        /// As in the query.
        public let name: String
        /// What its value has to be.
        public let value: Value
        /// What it does, as a sentence.
        public let summary: String
        /// Whether the route refuses a request without it.
        public var isRequired = false
    }

    /// What comes back when all is well.
    public enum Answer: Sendable {
        /// A form, with this status.
        case form(any (Codable & Sendable).Type, status: Int)
        /// The description of the interface: a JSON document that is made from the table when the program is.
        case document
        /// 204 and nothing else.
        case nothing
        /// Server-sent events.
        case events
        /// Text in Prometheus' exposition format.
        case metrics
        /// The bytes of an archive.
        case bytes
    }

    /// What it is for.
    public let name: Name
    /// The HTTP method.
    public let method: Method
    /// The path; `{id}` stands for one segment.
    public let path: String
    /// Who may call it.
    public let access: Access
    /// What it does, as a sentence.
    public let summary: String
    /// The query parameters that it knows.
    public let parameters: [Parameter]
    /// The form of its body, when it takes one.
    public let accepts: (any RequestForm.Type)?
    /// What comes back.
    public let answer: Answer
    /// What the daemon has to do for an answer.
    let concern: Concern

    init(
        _ name: Name, _ method: Method, _ path: String, for access: Access, _ summary: String,
        touches concern: Concern = .records, parameters: [Parameter] = [], accepts: (any RequestForm.Type)? = nil,
        answer: Answer
    ) {
        self.name = name
        self.method = method
        self.path = path
        self.access = access
        self.summary = summary
        self.parameters = parameters
        self.accepts = accepts
        self.answer = answer
        self.concern = concern
    }

    /// Whether a successful answer says in `Location` where the thing that it made is.
    public var answersWithPlace: Bool { name == .adopt || name == .start }

    /// The segments of ``path``.
    public var segments: [Substring] { path.split(separator: "/") }

    /// Whether the path of a request is one of this route's, whatever its method.
    public func matches(_ requested: some StringProtocol) -> Bool {
        let parts = requested.split(separator: "/")
        return parts.count == segments.count
            && zip(parts, segments).allSatisfy { $1.hasPrefix("{") || String($0) == $1 }
    }
}

extension Route.Parameter {
    static let limit = Self(
        name: "limit", value: .integer(Page.limits), summary: "At most that many items; 100 without it.")
    static let after = Self(
        name: "after", value: .cursor, summary: "The 'next' of the page before; the first page without it.")
    static let store = Self(name: "store", value: .storeID, summary: "Only what concerns this store.")
    static let state = Self(name: "state", value: .operationState, summary: "Only operations in this state.")
    static let wait = Self(
        name: "wait", value: .duration,
        summary: "Answer when the operation is settled, or after this time, at most 60s.")
    static let since = Self(
        name: "since", value: .eventID,
        summary: "Begin after this event; without it, and without Last-Event-ID, with what happens from now on.")
}

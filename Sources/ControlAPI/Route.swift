// SPDX-License-Identifier: MIT

/// One thing that can be asked of the daemon, as data: server, tests and manual read the same table.
public struct Route: Sendable {
    /// What the route is for. The server answers each with one function.
    public enum Name: String, Sendable, CaseIterable {
        case status, health
        case stores, store, history
        case migrations
        case backups, backup, content
        case operations, operation, events, start, cancel
        case plan
        case holds, addHold, removeHold
        case releases
        case config, reload
    }

    /// The HTTP method.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    /// Who may call it.
    public enum Access: String, Sendable {
        /// Everybody whom the socket admits.
        case reader
        /// The user whose data it is, and root.
        case owner
    }

    /// What comes back when all is well.
    public enum Answer: Sendable {
        /// A form, with this status.
        case form(status: Int)
        /// 204 and nothing else.
        case nothing
        /// Server-sent events.
        case events
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
    /// The query parameters that it knows. Any other is refused.
    public let parameters: Set<String>
    /// The form of its body, when it takes one.
    public let accepts: (any RequestForm.Type)?
    /// What comes back.
    public let answer: Answer

    init(
        _ name: Name, _ method: Method, _ path: String, for access: Access, parameters: Set<String> = [],
        accepts: (any RequestForm.Type)? = nil, answer: Answer = .form(status: 200)
    ) {
        self.name = name
        self.method = method
        self.path = path
        self.access = access
        self.parameters = parameters
        self.accepts = accepts
        self.answer = answer
    }

    /// The segments of ``path``.
    public var segments: [Substring] { path.split(separator: "/") }

    /// Whether the path of a request is one of this route's, whatever its method.
    public func matches(_ requested: some StringProtocol) -> Bool {
        let parts = requested.split(separator: "/")
        return parts.count == segments.count
            && zip(parts, segments).allSatisfy { $1.hasPrefix("{") || String($0) == $1 }
    }
}

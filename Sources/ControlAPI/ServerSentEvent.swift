// SPDX-License-Identifier: MIT

/// One event of a `text/event-stream` (WHATWG HTML, 9.2).
public struct ServerSentEvent: Sendable, Equatable {
    /// What a client sends as `Last-Event-ID` to go on after it.
    public let id: String?
    /// The kind of event.
    public let name: String
    /// One line of JSON.
    public let data: String

    public init(id: String?, name: String, data: String) {
        self.id = id
        self.name = name
        self.data = data
    }

    /// The daemon ends a stream with it when it stops: the operation goes on, and so may the client, with the next daemon.
    public static let goodbye = ServerSentEvent(id: nil, name: "goodbye", data: "{}")

    /// Events before this one are not known any more; `id` is the newest.
    public static func gap(_ id: String) -> ServerSentEvent { ServerSentEvent(id: id, name: "gap", data: "{}") }

    /// A comment that only keeps the connection from looking dead.
    public static let heartbeat = ": heartbeat\n\n"

    /// As it stands in the stream.
    public var text: String {
        (id.map { "id: \($0)\n" } ?? "") + "event: \(name)\ndata: \(data)\n\n"
    }
}

/// Takes a stream of bytes apart into events. Pure: pieces come in as the network cuts them, whole events come out.
public struct ServerSentEventParser: Sendable {
    private var line: [UInt8] = []
    private var id: String?
    private var name = "message"
    private var data: [String] = []

    public init() {}

    /// Takes in `bytes`, and gives the events that are complete with them.
    public mutating func take(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let event = end(ofLine: String(decoding: line, as: UTF8.self)) { events.append(event) }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    private mutating func end(ofLine line: String) -> ServerSentEvent? {
        guard !line.isEmpty else {
            defer { (id, name, data) = (nil, "message", []) }
            return data.isEmpty ? nil : ServerSentEvent(id: id, name: name, data: data.joined(separator: "\n"))
        }
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1].hasPrefix(" ") ? parts[1].dropFirst() : parts[1]) : ""
        switch parts[0] {
        case "id": id = value
        case "event": name = value
        case "data": data.append(value)
        default: break  // A comment, or a field that this parser has no use for.
        }
        return nil
    }
}

// SPDX-License-Identifier: MIT

public import GuardCore

/// One thing that happened to an operation, as its watchers are told.
public struct OperationEvent: Sendable, Equatable {
    /// What happened.
    public enum Change: Sendable, Equatable {
        /// The operation as it now stands.
        case operation(OperationRecord)
        /// How far the running step has come.
        case progress(Progress)
        /// Events before this one are no longer kept. The next one tells how the operation stands.
        case gap
    }

    /// Rises with each event of the operation.
    public let id: UInt64
    /// What happened.
    public let change: Change

    public init(id: UInt64, change: Change) {
        self.id = id
        self.change = change
    }

    /// As a server-sent event.
    public func serverSent() throws(GuardError) -> ServerSentEvent {
        let (name, json) =
            switch change {
            case .operation(let record): ("operation", try ControlJSON.encode(record))
            case .progress(let progress): ("progress", try ControlJSON.encode(progress))
            case .gap: ("gap", try ControlJSON.encode([String: String]()))
            }
        return ServerSentEvent(id: String(id), name: name, data: String(decoding: json, as: UTF8.self))
    }

    /// The event that `event` spells; nil for one of another kind, which a newer daemon may send.
    public init?(_ event: ServerSentEvent) throws(GuardError) {
        guard let id = event.id.flatMap({ UInt64($0) }) else { return nil }
        switch event.name {
        case "operation": self.init(id: id, change: .operation(try ControlJSON.decode(from: event.data.utf8)))
        case "progress": self.init(id: id, change: .progress(try ControlJSON.decode(from: event.data.utf8)))
        case "gap": self.init(id: id, change: .gap)
        default: return nil
        }
    }
}

/// Some events, in order.
public struct EventBatch: Sendable, Equatable {
    /// Empty when nothing happened in time.
    public let events: [OperationEvent]
    /// Whether nothing can follow: the operation is settled.
    public let isLast: Bool

    public init(events: [OperationEvent], isLast: Bool) {
        self.events = events
        self.isLast = isLast
    }
}

extension JournalEvent {
    /// As a server-sent event.
    public func serverSent() throws(GuardError) -> ServerSentEvent {
        let json = try ControlJSON.encode(self)
        return ServerSentEvent(id: String(id), name: "entry", data: String(decoding: json, as: UTF8.self))
    }

    /// The entry that `event` spells; nil for an event of another kind.
    public init?(_ event: ServerSentEvent) throws(GuardError) {
        guard event.name == "entry" else { return nil }
        self = try ControlJSON.decode(from: event.data.utf8)
    }
}

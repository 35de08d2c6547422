// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ServiceLifecycle

/// Events as `text/event-stream`.
///
/// It pulls: the next events are asked for when the client has taken the last ones. A slow client falls behind and gets a gap; it costs
/// no memory and keeps nobody waiting.
struct EventStream: Sendable {
    /// Some events, in order.
    struct Batch: Sendable {
        /// Empty when nothing happened in time.
        let events: [ServerSentEvent]
        /// Where the next batch begins.
        let last: UInt64?
        /// Whether nothing can follow.
        let isLast: Bool
    }

    /// What happened after the event with this id, or how things stand for nil; when there is nothing, what happens within that time.
    let batch: @Sendable (_ after: UInt64?, _ waiting: Duration) async throws -> Batch
    let heartbeat: Duration
    let hangup: ClientDisconnect
    /// The place that the stream has among those of its client.
    let seat: StreamLimiter.Slot

    /// The stream after the event `id`.
    func response(after id: UInt64?) async throws -> Response {
        // The first look comes before the answer: what is not there is a 404 and not an empty stream.
        let first = try await batch(id, .zero)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .connection: "close"],
            body: ResponseBody { writer in
                defer { seat.leave() }
                try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
                var batch = first
                while true {
                    for event in batch.events { try await writer.write(ByteBuffer(string: event.text)) }
                    if batch.isLast { break }
                    if Task.isShuttingDownGracefully {
                        try await writer.write(ByteBuffer(string: ServerSentEvent.goodbye.text))
                        break
                    }
                    if hangup.isOver { break }
                    let last = batch.last
                    batch = try await hangup.whileThere { try await self.batch(last, heartbeat) }
                    if batch.events.isEmpty, !batch.isLast {
                        try await writer.write(ByteBuffer(string: ServerSentEvent.heartbeat))
                    }
                }
                try await writer.finish(nil)
            })
    }
}

extension EventStream.Batch {
    /// What happened to one operation.
    init(_ batch: EventBatch, after id: UInt64?) throws(GuardError) {
        var events: [ServerSentEvent] = []
        for event in batch.events { events.append(try event.serverSent()) }
        self.init(events: events, last: batch.events.last?.id ?? id, isLast: batch.isLast)
    }

    /// What was added to the audit.
    init(_ batch: AuditBatch) throws(GuardError) {
        var events: [ServerSentEvent] = batch.hasGap ? [.gap(String(batch.last))] : []
        for entry in batch.entries { events.append(try entry.serverSent()) }
        self.init(events: events, last: UInt64(exactly: batch.last), isLast: false)
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ServiceLifecycle

/// The events of one operation as `text/event-stream`.
///
/// It pulls: the next events are asked for when the client has taken the last ones. A slow client falls behind and gets a gap; it costs
/// no memory and keeps nobody waiting.
struct EventStream: Sendable {
    let service: any ControlService
    let operation: OperationID
    let heartbeat: Duration
    let hangup: Hangup

    /// The stream after the event `id`, from how the operation stands when `id` is nil.
    func response(after id: UInt64?) async throws(GuardError) -> Response {
        // The first look comes before the answer: an operation that is not there is a 404 and not an empty stream.
        let first = try await service.events(of: operation, after: id, waiting: .zero)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .connection: "close"],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
                var batch = first
                var last = id
                while true {
                    for event in batch.events {
                        try await writer.write(ByteBuffer(string: event.serverSent().text))
                        last = event.id
                    }
                    if batch.isLast { break }
                    if Task.isShuttingDownGracefully {
                        try await writer.write(ByteBuffer(string: ServerSentEvent.goodbye.text))
                        break
                    }
                    if hangup.isOver { break }
                    let after = last
                    batch = try await hangup.whileThere {
                        try await service.events(of: operation, after: after, waiting: heartbeat)
                    }
                    if batch.events.isEmpty, !batch.isLast {
                        try await writer.write(ByteBuffer(string: ServerSentEvent.heartbeat))
                    }
                }
                try await writer.finish(nil)
            })
    }
}

// SPDX-License-Identifier: MIT

/// Takes events out of transaction bodies and vault threads, in order, to whoever tells them on.
///
/// Bounded: when the reader falls behind, the oldest progress goes. What an operation became is in the journal in any case.
public struct EventRelay: Sendable {
    /// To be read once.
    public let events: AsyncStream<EngineContext.Event>
    private let continuation: AsyncStream<EngineContext.Event>.Continuation

    public init() {
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
    }

    /// Hands `event` on. Never blocks.
    public func send(_ event: EngineContext.Event) {
        continuation.yield(event)
    }

    /// Ends ``events``.
    public func finish() {
        continuation.finish()
    }
}

// SPDX-License-Identifier: MIT

internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization

/// Knows when the other end has gone, for answers that take their time.
final class ClientDisconnect: Sendable {
    private struct State {
        var isOver = false
        var waiter: AsyncStream<Never>.Continuation?
    }

    private let state = Mutex(State())

    /// Follows `channel`.
    init(of channel: any Channel) {
        channel.closeFuture.whenComplete { [self] _ in
            let waiter = state.withLock { state in
                state.isOver = true
                return state.waiter
            }
            waiter?.finish()
        }
    }

    /// Whether the other end has gone.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Runs `body`, which is cancelled when the other end goes or the daemon begins to stop. `body` answers to that by returning early.
    func whileThere<Value: Sendable>(_ body: @Sendable @escaping () async throws -> Value) async throws -> Value {
        let (gone, continuation) = AsyncStream<Never>.makeStream()
        let isOver = state.withLock { state in
            // One request at a time is served on a connection, so there is one waiter at most.
            state.waiter = continuation
            return state.isOver
        }
        if isOver { continuation.finish() }
        defer {
            state.withLock { $0.waiter = nil }
            continuation.finish()
        }
        return try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    for await _ in gone {}
                    return nil
                }
                var value = try await group.next() ?? nil
                group.cancelAll()
                if value == nil { value = try await group.next() ?? nil }
                guard let value else { throw CancellationError() }
                return value
            }
        }
    }
}

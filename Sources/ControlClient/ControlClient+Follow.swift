// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import NIOCore
internal import Synchronization

extension ControlClient {
    /// How long a daemon may be away, because it is being restarted, before following ends.
    private static let absence = Duration.seconds(15)

    /// Follows an operation until it is settled, across lost connections and restarts of the daemon.
    ///
    /// - Parameters:
    ///   - id: the operation
    ///   - time: how long at most; nil for as long as it takes. `timedOut` then says that the operation goes on
    ///   - observe: gets every event in order, each once, from any thread
    /// - Returns: the settled operation
    public func follow(
        _ id: OperationID, within time: Duration? = nil,
        _ observe: @Sendable @escaping (OperationEvent) -> Void
    ) async throws(GuardError) -> OperationRecord {
        let trace = Trace()
        return try await deadline(time, or: Wording.stillRunning(id, trace.dataState, after: time ?? .zero)) {
            () throws(GuardError) in
            try await follow(id, trace, observe)
        }
    }

    private func follow(
        _ id: OperationID, _ trace: Trace, _ observe: @Sendable @escaping (OperationEvent) -> Void
    ) async throws(GuardError) -> OperationRecord {
        var lostSince: ContinuousClock.Instant?
        while true {
            let heard = trace.pieces
            do {
                try await listen(to: id, trace, observe)
                if let record = trace.settled { return record }
                // The stream ended in good order and the operation goes on: the daemon is stopping.
                lostSince = nil
            } catch {
                guard error.code == .notReachable else { throw error }
                let since = (trace.pieces == heard ? lostSince : nil) ?? .now
                guard ContinuousClock.now - since < Self.absence else {
                    throw Wording.lostTrack(id, trace.dataState, error)
                }
                lostSince = since
            }
            do {
                try await Task.sleep(for: .milliseconds(200))
            } catch {
                throw Wording.stillRunning(id, trace.dataState, after: .zero)
            }
        }
    }

    /// One connection's worth of events.
    private func listen(
        to id: OperationID, _ trace: Trace, _ observe: @Sendable @escaping (OperationEvent) -> Void
    ) async throws(GuardError) {
        let fields = trace.last.map { ["Last-Event-ID": String($0)] } ?? [:]
        try await stream(Target("operations", id.value, "events"), fields: fields) { pieces in
            var parser = ServerSentEventParser()
            while let piece = try await pieces.next() {
                trace.hear()
                for event in parser.take(piece.readableBytesView) {
                    guard let event = try OperationEvent(event) else { continue }
                    trace.take(event)
                    observe(event)
                }
            }
        }
    }
}

/// What is known of an operation that is followed.
private final class Trace: Sendable {
    private struct State {
        var pieces = 0
        var last: UInt64?
        var record: OperationRecord?
    }

    private let state = Mutex(State())

    /// How many pieces of the stream came, heartbeats included.
    var pieces: Int { state.withLock { $0.pieces } }
    /// The last event that came.
    var last: UInt64? { state.withLock { $0.last } }
    /// The operation, once it is settled.
    var settled: OperationRecord? { state.withLock { $0.record?.state == .settled ? $0.record : nil } }
    /// What the daemon said last about the data.
    var dataState: DataState { state.withLock { $0.record?.dataState ?? .changing } }

    func hear() { state.withLock { $0.pieces += 1 } }

    func take(_ event: OperationEvent) {
        state.withLock { state in
            state.last = event.id
            if case .operation(let record) = event.change { state.record = record }
        }
    }
}

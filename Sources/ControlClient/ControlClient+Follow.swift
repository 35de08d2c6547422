// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Synchronization

extension ControlClient {
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
        let listener = OperationListener(id, observe)
        return try await deadline(time, or: ClientErrors.stillRunning(id, listener.dataState, after: time ?? .zero)) {
            () throws(GuardError) in
            try await listen(to: Target("operations", id.value, "events"), listener)
            guard let record = listener.settled else { throw listener.lost(ClientErrors.stopped) }
            return record
        }
    }
}

/// What is known of an operation that is followed.
private final class OperationListener: Listener {
    private struct State {
        var pieces = 0
        var last: UInt64?
        var record: OperationRecord?
    }

    private let id: OperationID
    private let observe: @Sendable (OperationEvent) -> Void
    private let state = Mutex(State())

    init(_ id: OperationID, _ observe: @Sendable @escaping (OperationEvent) -> Void) {
        self.id = id
        self.observe = observe
    }

    var pieces: Int { state.withLock { $0.pieces } }
    var last: String? { state.withLock { $0.last.map { String($0) } } }
    var isDone: Bool { settled != nil }
    /// The operation, once it is settled.
    var settled: OperationRecord? { state.withLock { $0.record?.state == .settled ? $0.record : nil } }
    /// What the daemon said last about the data.
    var dataState: DataState { state.withLock { $0.record?.dataState ?? .changing } }

    func connected() {}

    func hear() { state.withLock { $0.pieces += 1 } }

    func take(_ event: ServerSentEvent) throws(GuardError) {
        guard let event = try OperationEvent(event) else { return }
        state.withLock { state in
            state.last = event.id
            if case .operation(let record) = event.change { state.record = record }
        }
        observe(event)
    }

    func lost(_ cause: GuardError) -> GuardError { ClientErrors.lostTrack(id, dataState, cause) }
}

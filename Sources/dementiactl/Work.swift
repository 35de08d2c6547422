// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Synchronization

/// Starts operations, waits for them, and shows how they ended.
struct Work: Sendable {
    let session: Session

    /// What several operations came to.
    struct Results: Codable, Sendable {
        let items: [OperationRecord]
        /// What could not be started.
        let errors: [Problem]?
    }

    /// One operation: printed by itself.
    func run(_ request: OperationRequest, named title: String) async throws(GuardError) -> Status {
        let operation = try await settle(try await session.client.start(request), title)
        return try show(operation)
    }

    /// An operation for each of several things: all are started, then waited for, then printed as a list.
    func run(_ requests: [(title: String, request: OperationRequest)]) async throws(GuardError) -> Status {
        var begun: [(title: String, operation: OperationRecord)] = []
        var problems: [Problem] = []
        for (title, request) in requests {
            do {
                begun.append((title, try await session.client.start(request)))
            } catch {
                // Without a daemon there is nothing to go on with; a refusal concerns only the one.
                guard error.code != .notReachable, error.code != .permissionDenied else { throw error }
                problems.append(Problem(error))
            }
        }
        var settled: [OperationRecord] = []
        for (title, operation) in begun { settled.append(try await settle(operation, title)) }
        let results = Results(items: settled, errors: problems.isEmpty ? nil : problems)
        try session.show("operations", results) { Wording.results(settled, problems, $0) }
        let codes = settled.map(\.exitCode) + problems.map { ErrorTable.line(for: $0.code).exit }
        return Self.worst(of: codes)
    }

    /// Waits for an operation and prints it.
    func watch(_ id: OperationID) async throws(GuardError) -> Status {
        // A question of its own first: a daemon that is not there is not waited for.
        let operation = try await session.client.operation(id)
        return try show(operation.state == .settled ? operation : try await follow(id, id.value, operation.dataState))
    }

    private func show(_ operation: OperationRecord) throws(GuardError) -> Status {
        try session.show("operation", operation) { Wording.operation(operation, $0) }
        return operation.exitCode
    }

    private func settle(_ operation: OperationRecord, _ title: String) async throws(GuardError) -> OperationRecord {
        guard session.waits, operation.state != .settled else { return operation }
        return try await follow(operation.id, title, operation.dataState)
    }

    private func follow(
        _ id: OperationID, _ title: String, _ dataState: DataState
    ) async throws(GuardError) -> OperationRecord {
        let (console, progress) = (session.console, session.progress)
        let latest = Latest(dataState)
        session.interrupt.says {
            progress.clear()
            console.fail(Wording.detached(id, latest.dataState), operation: id)
        }
        let operation = try await session.client.follow(id, within: session.timeout) { event in
            latest.take(event)
            progress.show(event, of: title)
        }
        progress.clear()
        session.saysInterrupted()
        return operation
    }

    /// The worst of `codes`; one that has no place in the order of a pass is worse than success.
    static func worst(of codes: [Status]) -> Status {
        let worst = Status.worst(of: codes)
        return worst == .done ? codes.first { $0 != .done } ?? .done : worst
    }
}

/// What was last said about the data of an operation that is waited for.
private final class Latest: Sendable {
    private let state: Mutex<DataState>

    init(_ dataState: DataState) { state = Mutex(dataState) }

    var dataState: DataState { state.withLock { $0 } }

    func take(_ event: OperationEvent) {
        if case .operation(let record) = event.change { state.withLock { $0 = record.dataState } }
    }
}

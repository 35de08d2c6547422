// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Synchronization

/// Starts operations, waits for them, and shows how they ended.
struct OperationRunner: Sendable {
    let session: Session

    /// The results of several operations.
    struct Results: Codable, Sendable {
        let items: [OperationRecord]
        /// The reasons why operations could not be started.
        let errors: [Problem]?
        /// The stores that were left alone because they are on hold.
        var held: [StoreID]?
    }

    /// One operation: printed by itself.
    func run(_ request: OperationRequest, named title: String) async throws(GuardError) -> Status {
        let operation = try await settle([(title, try await session.client.start(request))])
        return try await show(operation[0])
    }

    /// An operation for each of several things: all are started, then waited for, then printed as a list.
    ///
    /// - Parameter held: the memories that were left alone because they are on hold
    func run(
        _ requests: [(title: String, request: OperationRequest)], leaving held: [StoreForm] = []
    ) async throws(GuardError) -> Status {
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
        let settled = try await settle(begun)
        let results = Results(
            items: settled, errors: problems.isEmpty ? nil : problems, held: held.isEmpty ? nil : held.map(\.id))
        try await session.show("operations", results) {
            OperationText.results(settled, problems, leaving: held, $0, $1)
        }
        let codes = settled.map(\.exitCode) + problems.map { ErrorTable.line(for: $0.code).exit }
        return Self.worst(of: codes)
    }

    /// Waits for an operation and prints it.
    func watch(_ id: OperationID) async throws(GuardError) -> Status {
        // A question of its own first: a daemon that is not there is not waited for.
        let operation = try await session.client.operation(id)
        return try await show(try await follow(operation, id.value, among: [id]))
    }

    private func show(_ operation: OperationRecord) async throws(GuardError) -> Status {
        try await session.show("operation", operation) {
            OperationText.operation(operation, isWhole: session.isVerbose, $0, $1)
        }
        return operation.exitCode
    }

    /// Waits for all of them, one after the other; the work itself goes on for all at once.
    private func settle(
        _ begun: [(title: String, operation: OperationRecord)]
    ) async throws(GuardError) -> [OperationRecord] {
        guard session.waits else { return begun.map(\.operation) }
        var settled: [OperationRecord] = []
        for (index, (title, operation)) in begun.enumerated() {
            settled.append(try await follow(operation, title, among: begun[index...].map(\.operation.id)))
        }
        return settled
    }

    /// - Parameter ids: every operation that is waited for: Ctrl-C concerns them all
    private func follow(
        _ operation: OperationRecord, _ title: String, among ids: [OperationID]
    ) async throws(GuardError) -> OperationRecord {
        guard operation.state != .settled else { return operation }
        let latest = Latest(operation.dataState)
        session.interrupt.means(Detachment(session: session, ids: ids, dataState: { latest.dataState }).meaning)
        let progress = session.progress
        let settled = try await session.client.follow(operation.id, within: session.timeout) { event in
            latest.take(event)
            progress.show(event, of: title)
        }
        await session.interrupt.pass()
        progress.clear()
        session.saysInterrupted()
        return settled
    }

    /// The worst of `codes`; one that has no place in the order of a pass is worse than success.
    static func worst(of codes: [Status]) -> Status {
        let worst = Status.worst(of: codes)
        return worst == .done ? codes.first { $0 != .done } ?? .done : worst
    }
}

/// The last known state of the data of an operation that is waited for.
private final class Latest: Sendable {
    private let state: Mutex<DataState>

    init(_ dataState: DataState) { state = Mutex(dataState) }

    var dataState: DataState { state.withLock { $0 } }

    func take(_ event: OperationEvent) {
        if case .operation(let record) = event.change { state.withLock { $0 = record.dataState } }
    }
}

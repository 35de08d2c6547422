// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import Stores
internal import Transfer

/// From a file to a schema, on request only.
extension Supervisor {
    /// Starts a transfer of `source`. Until it ends nobody else begins anything on the file or on the schema.
    func startTransfer(
        of source: StoreLocation, to destination: TransferDestination, _ wish: TransferWish, _ origin: Origin
    ) async throws(GuardError) -> OperationRecord {
        let target = destination.location
        let queue = stores.queue(of: target.id)
        let turn = try await takeTurn(at: target, for: .maintenance)
        let (supervisor, tools) = (self, tools)
        do throws(GuardError) {
            let record = try await dispatch(.transfer, source, origin) { (work) throws(GuardError) in
                let result: Result<OperationRecord, GuardError>
                do throws(GuardError) {
                    result = .success(
                        try await TransferRun(
                            tools: tools, store: work.store, destination: destination, log: work.log,
                            scratch: work.scratch, wish: wish
                        ).run())
                } catch {
                    result = .failure(error)
                }
                queue.leave(turn)
                await supervisor.lookAt(destination)
                return try result.get()
            }
            // From here on it has a name that others can be told, and they need not wait for it.
            queue.hand(turn, to: record.id)
            return record
        } catch {
            queue.leave(turn)
            throw error
        }
    }

    /// Looks at what a transfer left in its schema.
    private func lookAt(_ destination: TransferDestination) async {
        guard destination.isConfigured, !isStopping else { return }
        await reportingFailure { (supervisor) throws(GuardError) in
            try await supervisor.readOverrides()
            supervisor.scan.discovered = supervisor.applyingOverrides(supervisor.scan.discovered)
            guard supervisor.stores[destination.location.id].override?.kind == .adopted else { return }
            try await supervisor.attend(destination.location, because: "request")
        }
    }
}

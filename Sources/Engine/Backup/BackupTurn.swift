// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import Stores
internal import Vault

/// A backup that nobody asked for by name: made only when no proved backup holds the present content.
///
/// Whether a store changed is not guessed from sizes and times of files: the whole content is read and compared. That is done as often
/// as backups are due and not more.
struct BackupTurn {
    let tools: EngineContext
    let trigger: String

    /// Backs up the store at `location`; nil when its content is in the newest proved backup already.
    func run(
        _ reason: BackupReason, of location: StoreLocation, release: String? = nil
    ) async throws(GuardError) -> OperationRecord? {
        let store = try tools.open(location)
        guard try await isDue(store) else { return nil }
        let record = tools.newRecord(.backup, on: location.id, because: trigger)
        let tools = tools
        return try await ScratchFolder.use(for: record.id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) in
            let log = try await OperationLog.begin(record, with: tools)
            return try await StoreOperation(tools: tools, store: store, log: log, scratch: scratch)
                .backup(reason, release: release)
        }
    }

    /// Whether `store` holds something that the newest proved backup does not. When it does not, that is written down.
    ///
    /// A look that fails means yes: whatever is in its way will be in the way of the backup, which tells it properly.
    func isDue(_ store: any Store) async throws(GuardError) -> Bool {
        let id = store.location.id
        guard let newest = try await tools.newestProved(of: id) else { return true }
        let at = tools.clock()
        let name = "backup-\(tools.newOperationID().value)"
        do throws(GuardError) {
            let content = try await ScratchFolder.look(at: store, named: name, in: tools.scratch) {
                (copy) throws(GuardError) in try await store.snapshot(into: copy, progress: nil).content
            }
            guard content == newest.manifest.content else { return true }
        } catch {
            return true
        }
        await store.close()
        try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.record(ContentLook(store: id, at: at, backup: newest.id))
        }
        return false
    }
}

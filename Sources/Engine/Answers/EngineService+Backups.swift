// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal
internal import LinuxKit
internal import Vault

/// The backups, as the socket shows them.
extension EngineService {
    public func backups(of store: StoreID?, _ page: Page) async throws(GuardError) -> ItemList<BackupForm> {
        let after = page.after.flatMap { BackupID($0) }
        let limit = page.limit
        let rest = try await tools.reading { (vault) throws(VaultError) in
            let lines = try vault.index(store: store).lazy.filter { line in
                line.name.map { name in after.map { name.id < $0 } ?? true } ?? false
            }
            // A manifest takes most of a millisecond: only those of this page are read, and one more to tell whether there is a next.
            return Array(lines.compactMap { vault.listing(of: $0).entry }.prefix(limit + 1))
        }
        let shown = Array(rest.prefix(limit))
        let marks = try await marks()
        return ItemList(
            shown.map { BackupForm($0, marks) }, next: rest.count > shown.count ? shown.last?.id.description : nil)
    }

    public func backup(_ id: BackupID) async throws(GuardError) -> BackupForm {
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        return BackupForm(entry, try await marks())
    }

    public func setPin(_ isPinned: Bool, of id: BackupID, for caller: Caller) async throws(GuardError) -> BackupForm {
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let store = entry.manifest.store.id
        try await tools.journaling(about: store) { (journal) throws(JournalError) in
            if isPinned {
                try await journal.pin(entry.id, store: store)
            } else {
                try await journal.unpin(entry.id, store: store)
            }
        }
        if isPinned { try await confirmPin(of: entry) }
        // What may go now goes soon.
        if !isPinned { supervisor.schedule.plan { $0.hasten(.prune, in: .seconds(60)) } }
        return BackupForm(entry, try await marks())
    }

    /// Nothing removes a backup that is pinned; one that was removed between the look at it and the pin is gone, and its pin with it.
    private func confirmPin(of entry: Entry) async throws(GuardError) {
        do throws(GuardError) {
            _ = try await tools.reading { (vault) throws(VaultError) in try vault.entry(entry.id) }
        } catch {
            guard error.code == .notFound else { throw error }
            try await tools.journaling { (journal) throws(JournalError) in try await journal.unpin(entry.id) }
            throw error
        }
    }

    public func content(of id: BackupID) async throws(GuardError) -> BackupContent {
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let reader: PayloadStream
        do {
            reader = try PayloadStream(entry.payloadPath)
        } catch {
            throw GuardError(.inputOutput, "the archive of backup \(id) cannot be read", causes: [error.description])
        }
        return BackupContent(name: entry.manifest.payload.name, sizeBytes: entry.storedBytes) { () throws(GuardError) in
            try await reader.next()
        }
    }

    /// What the journal knows of backups.
    private func marks() async throws(GuardError) -> BackupMarks {
        try await tools.journaling { (journal) throws(JournalError) in
            BackupMarks(
                pins: try await journal.pins(),
                damaged: Set(try await journal.lastProofs().filter { !$0.value.succeeded }.keys))
        }
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// Finds the state of a memory that a person means: a backup, `live`, or a version.
struct StateChoice: Sendable {
    /// The word for what a memory holds now.
    static let live = "live"

    let client: ControlClient

    /// The state that `text` means where no versions are known: a backup, or `live`.
    ///
    /// - Parameter store: the memory that `live` is of; without it the only one that is known
    func state(_ text: String, of store: String?) async throws(GuardError) -> StateName {
        guard text != Self.live else { return .live(try await liveStore(store).id) }
        return .backup(try await Selection(client: client).backup(text))
    }

    /// The states that `old` and `new` mean, of one memory: the one of a backup among them, or the one that `store` names.
    func pair(_ old: String, _ new: String, of store: String?) async throws(GuardError) -> (StateName, StateName) {
        let backups = try await client.backups()
        let named = [old, new].compactMap { Self.backup($0, among: backups) }
        let id: StoreID
        if let store {
            id = try await Selection(client: client).store(store).id
        } else if let backup = named.first {
            id = backup.store
        } else {
            id = try await liveStore(nil).id
        }
        return (
            try await state(old, of: id, among: backups), try await state(new, of: id, among: backups)
        )
    }

    private func state(_ text: String, of id: StoreID, among backups: [BackupForm]) async throws(GuardError)
        -> StateName
    {
        if text == Self.live { return .live(id) }
        if let backup = Self.backup(text, among: backups) { return .backup(backup.id) }
        let matches = RestoreChoice.backups(text, among: backups)
        guard matches.count <= 1 || text.contains(".") else {
            throw CommandText.ambiguous(text, matches.map(\.id.description))
        }
        let good = backups.filter { $0.store == id && RestoreChoice.isGood($0) }
        let line = try await client.stores().first { $0.id == id }?.line
        let version = try await RestoreChoice(client: client).number(of: text, line: line, good)
        guard let newest = good.first(where: { $0.schemaVersion == version }) else {
            throw ContentsText.noBackup(ofVersion: text, of: id, good.compactMap(\.schemaVersion))
        }
        return .backup(newest.id)
    }

    /// The one backup that `text` is the id, the beginning of the id or the number of. A text with a dot is a version.
    private static func backup(_ text: String, among backups: [BackupForm]) -> BackupForm? {
        guard text != live, !text.contains(".") else { return nil }
        let matches = RestoreChoice.backups(text, among: backups)
        return matches.count == 1 ? matches.first : nil
    }

    private func liveStore(_ name: String?) async throws(GuardError) -> StoreForm {
        let selection = Selection(client: client)
        if let name { return try await selection.store(name) }
        let stores = try await selection.stores([])
        guard let only = stores.first, stores.count == 1 else { throw ContentsText.whichLive(stores.map(\.location)) }
        return only
    }
}

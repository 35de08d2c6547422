// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// Finds the backup that somebody means who wants to go back.
struct RestoreChoice: Sendable {
    let client: ControlClient

    /// The backup that `name` means; of a store its newest good one, with `version` its newest good one from before that.
    func backup(_ name: String, before version: String?) async throws(GuardError) -> BackupID {
        if version == nil, let id = BackupID(name) { return id }
        let backups = try await client.backups()
        let stores = try await client.stores()
        let found = Self.backups(name, among: backups)
        let store = Self.store(name, stores: stores, backups: backups)
        switch (found.count, store) {
        case (0, nil): throw CommandText.nothingToRestore(name)
        case (1, nil):
            guard version == nil else { throw CommandText.beforeNeedsStore(name) }
            return found[0].id
        case (0, let store?):
            let good = backups.filter { $0.store == store && Self.isGood($0) }
            guard let version else {
                guard let newest = good.first else { throw CommandText.noGoodBackup(store, name) }
                return newest.id
            }
            let limit = try await number(of: version, store, stores, good)
            guard let newest = good.first(where: { ($0.schemaVersion ?? .max) < limit }) else {
                throw CommandText.noBackup(before: version, of: store, Self.versions(of: good))
            }
            return newest.id
        default:
            throw CommandText.ambiguous(name, found.map { "backup \($0.id)" } + (store.map { ["store \($0)"] } ?? []))
        }
    }

    /// The version of the schema that `text` means: a number, what an installed release needs, or what one of the past brought.
    func number(
        of text: String, _ id: StoreID, _ stores: [StoreForm], _ backups: [BackupForm]
    ) async throws(GuardError) -> Int {
        if let number = Int(text) { return number }
        let line = stores.first { $0.id == id }?.line
        let releases = try await client.releases()
        if let version = Self.version(of: text, line: line, among: releases) { return version }
        let migrations = try await client.migrations()
        guard let version = Self.version(of: text, line: line, among: migrations) else {
            throw CommandText.noRelease(text, Self.versions(of: backups))
        }
        return version
    }

    // MARK: Pure

    /// What a release needs whose label is `text` or begins with it: `4.1` means 4.1.0 too. The lowest, when there are several.
    static func version(of text: String, line: String?, among releases: [ReleaseForm]) -> Int? {
        releases.filter { $0.label == text || $0.label.hasPrefix(text + ".") || $0.label.hasPrefix(text + "-") }
            .filter { line == nil || $0.line == line }.compactMap(\.version).min()
    }

    /// What a release of the past brought: `4.1.0` means 4.1. The lowest, when there are several.
    static func version(of text: String, line: String?, among migrations: [MigrationForm]) -> Int? {
        migrations.filter { migration in
            guard let since = migration.since, line == nil || migration.line == line else { return false }
            return text == since || text.hasPrefix(since + ".") || text.hasPrefix(since + "-")
        }.map(\.version).min()
    }

    /// Whether a person who wants to go back wants this: not a state that had failed, nor one that somebody has replaced already.
    static func isGood(_ backup: BackupForm) -> Bool {
        backup.verified && backup.reason.holdsGoodState
    }

    /// The backups that `text` is the id, the beginning of the id, or the number of.
    static func backups(_ text: String, among all: [BackupForm]) -> [BackupForm] {
        guard !text.isEmpty else { return [] }
        let number = UInt64(text)
        return all.filter { backup in
            number.map { $0 == backup.id.sequence } ?? backup.id.description.hasPrefix(text)
        }
    }

    /// The one store that `name` means. One that is gone is still known to its backups.
    private static func store(_ name: String, stores: [StoreForm], backups: [BackupForm]) -> StoreID? {
        let path = Selection.resolved(name)
        if let store = stores.first(where: { $0.location == name || $0.location == path }) { return store.id }
        if let backup = backups.first(where: { $0.location == name || $0.location == path }) { return backup.store }
        guard !name.isEmpty else { return nil }
        let matches = Set(stores.map(\.id) + backups.map(\.store)).filter { $0.value.hasPrefix(name) }
        return matches.count == 1 ? matches.first : nil
    }

    private static func versions(of backups: [BackupForm]) -> [Int] {
        Set(backups.compactMap(\.schemaVersion)).sorted()
    }
}

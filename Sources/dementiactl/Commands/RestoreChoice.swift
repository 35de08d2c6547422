// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// Finds the backup to restore: one that is named, or the newest good one of a memory.
struct RestoreChoice: Sendable {
    let client: ControlClient

    /// The backup that `name` means; of a store its newest good one, with `version` its newest good one from before that.
    ///
    /// The number of a backup wins over a store whose id begins with the same digits.
    func backup(_ name: String, before version: String?) async throws(GuardError) -> BackupID {
        if version == nil, let id = BackupID(name) { return id }
        let backups = try await client.backups()
        let stores = try await client.stores()
        let found = Self.backups(name, among: backups)
        let isNumber = UInt64(name) != nil && found.count == 1
        let store = isNumber ? nil : try Self.store(name, stores: stores, backups: backups)
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
            let line = stores.first { $0.id == store }?.line
            let limit = try await number(of: version, line: line, good)
            guard let newest = good.first(where: { ($0.schemaVersion ?? .max) < limit }) else {
                throw CommandText.noBackup(before: version, of: store, name, Self.versions(of: good), line: line)
            }
            return newest.id
        default:
            throw CommandText.ambiguous(name, found.map { "backup \($0.id)" } + (store.map { ["store \($0)"] } ?? []))
        }
    }

    /// The store that `name` means, also one that is known to its backups only. Throws `notFound`.
    func store(_ name: String) async throws(GuardError) -> StoreID {
        let stores = try await client.stores()
        let places = stores.map { (id: $0.id, project: $0.project, location: $0.location) }
        // Backups are only asked for when no store is meant.
        if let id = try Selection.store(name, among: places, path: Selection.resolved(name)) { return id }
        guard let id = try Self.store(name, stores: stores, backups: try await client.backups()) else {
            throw CommandText.noStore(name, among: stores)
        }
        return id
    }

    /// The version of the schema that `text` means: a number, what an installed release needs, or what one of the past brought.
    func number(
        of text: String, line: String?, _ backups: [BackupForm]
    ) async throws(GuardError) -> Int {
        if let number = Int(text) { return number }
        let releases = try await client.releases()
        if let version = Self.version(of: text, line: line, among: releases) { return version }
        let migrations = try await client.migrations()
        guard let version = Self.version(of: text, line: line, among: migrations) else {
            throw CommandText.noRelease(text, Self.versions(of: backups), line: line)
        }
        return version
    }

    // MARK: Pure

    /// The schema that a release needs whose label is `text` or begins with it: `4.1` means 4.1.0 too. The lowest, when there are several.
    static func version(of text: String, line: String?, among releases: [ReleaseForm]) -> Int? {
        releases.filter { $0.label == text || $0.label.hasPrefix(text + ".") || $0.label.hasPrefix(text + "-") }
            .filter { line == nil || $0.line == line }.compactMap(\.version).min()
    }

    /// The schema that a release of the past brought: `4.1.0` means 4.1. The lowest, when there are several.
    static func version(of text: String, line: String?, among migrations: [MigrationForm]) -> Int? {
        migrations.filter { migration in
            guard let since = migration.since, line == nil || migration.line == line else { return false }
            return text == since || text.hasPrefix(since + ".") || text.hasPrefix(since + "-")
        }.map(\.version).min()
    }

    /// Whether the backup holds a state to go back to: not one that had failed, nor one that a restore has replaced already.
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
    private static func store(
        _ name: String, stores: [StoreForm], backups: [BackupForm]
    ) throws(GuardError) -> StoreID? {
        let known = Set(stores.map(\.id))
        var places = stores.map { (id: $0.id, project: $0.project, location: $0.location) }
        var gone: Set<StoreID> = []
        for backup in backups where !known.contains(backup.store) && gone.insert(backup.store).inserted {
            places.append((backup.store, MemoryNames.project(at: backup.location), backup.location))
        }
        return try Selection.store(name, among: places, path: Selection.resolved(name))
    }

    private static func versions(of backups: [BackupForm]) -> [Int] {
        Set(backups.compactMap(\.schemaVersion)).sorted()
    }
}

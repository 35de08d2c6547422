// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit

/// How full a vault is, with what tells whether that is still so.
public struct VaultUse: Sendable, Equatable {
    /// How many backups there are.
    public let backups: Int
    /// Bytes in all files of the vault; a payload that several backups share counts once.
    public let storedBytes: Int64
    /// When the newest backup of a good state was made.
    public let lastBackupAt: Timestamp?
    /// When each store's folder changed last, in nanoseconds since 1970: a backup that comes or goes changes it.
    let changes: [String: Int64]
    /// When it was found out, in the same unit.
    let foundAt: Int64

    /// Whether it still holds when the folders changed at `changes`.
    ///
    /// A change within a second of the look could bear the time of one before it: the kernel's clock for files ticks every few
    /// milliseconds.
    func holds(for changes: [String: Int64]) -> Bool {
        changes == self.changes && changes.values.allSatisfy { $0 < foundAt - 1_000_000_000 }
    }
}

extension Vault {
    /// How full it is. Every file is looked at only when something came or went since `known`: a vault may hold thousands.
    public func use(since known: VaultUse? = nil) throws(VaultError) -> VaultUse {
        let foundAt = now().milliseconds * 1_000_000
        var changes: [String: Int64] = [:]
        for folder in try storeFolders() {
            // One that vanishes meanwhile is a change.
            changes[folder.name] = (try? FileStatus(ofLink: "\(storesPath)/\(folder.name)"))?.changedNanoseconds
        }
        if let known, known.holds(for: changes) { return known }
        let lines = try index()
        return VaultUse(
            backups: lines.count { $0.name != nil }, storedBytes: try usedBytes(),
            lastBackupAt: lines.lazy.compactMap(\.name).first { $0.reason.holdsGoodState }?.createdAt,
            changes: changes, foundAt: foundAt)
    }
}

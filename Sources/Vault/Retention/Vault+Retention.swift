// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit

extension Vault {
    /// What may be judged of the backups that `lines` name, one by one: no more than one manifest is in memory at a time. Damaged ones
    /// are left out.
    public func candidates(_ lines: some Sequence<IndexEntry>) -> [Retention.Candidate] {
        lines.compactMap { line in
            guard case .good(let entry) = examine(line),
                // Gone since: somebody else deleted it.
                let payload = try? FileStatus(ofLink: entry.payloadPath)
            else { return nil }
            return Retention.Candidate(
                id: entry.id, store: line.store, createdAt: entry.manifest.createdAt, reason: entry.manifest.reason,
                payload: payload.inode, payloadBytes: payload.size, ownBytes: bytesBeside(entry))
        }
    }

    /// The backup or the damage that `line` of the index stands for.
    public func listing(of line: IndexEntry) -> Listing { examine(line) }

    /// The room that the vault has, of which `judged` is taken by backups.
    ///
    /// - Parameters:
    ///   - budget: in bytes; nil: the default of ``VaultRoom``
    ///   - floor: in bytes; nil: the default of ``VaultRoom``
    public func room(besides judged: [Retention.Candidate], budget: Int64?, floor: Int64?) throws(VaultError)
        -> VaultRoom
    {
        let filesystem = try translated { () throws(SystemCallError) in try Filesystem(holding: path) }
        var payloads: Set<UInt64> = []
        let bytes = judged.reduce(Int64(0)) { sum, backup in
            sum + backup.ownBytes + (payloads.insert(backup.payload).inserted ? backup.payloadBytes : 0)
        }
        return VaultRoom(
            totalBytes: filesystem.totalBytes, freeBytes: filesystem.freeBytes,
            otherBytes: max(0, try usedBytes() - bytes), budget: budget, floor: floor)
    }

    /// The newest good backup of `store` that is not one of `unfit`, or nil.
    public func newest(of store: StoreID, except unfit: Set<BackupID>) throws(VaultError) -> Entry? {
        for line in try index(store: store) where !(line.name.map { unfit.contains($0.id) } ?? true) {
            if case .good(let entry) = examine(line) { return entry }
        }
        return nil
    }

    private func bytesBeside(_ entry: Entry) -> Int64 {
        ["MANIFEST.json", ChecksumList.fileName].reduce(0) { sum, name in
            sum + ((try? FileStatus(ofLink: "\(entry.path)/\(name)"))?.size ?? 0)
        }
    }
}

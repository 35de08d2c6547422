// SPDX-License-Identifier: MIT

internal import FoundationEssentials
public import GuardCore
internal import LinuxKit

extension Vault {
    /// Begins a backup of the store at `location`.
    ///
    /// The staging is in nobody's catalogue; dropped unpublished, it leaves nothing behind. When `options.known` is the digest of the
    /// store's newest backup and that one's payload proves whole, the staging has its payload already: see ``Staging/isLinked``.
    public func stage(for location: StoreLocation, _ options: PayloadOptions) throws(VaultError) -> Staging {
        let lock = try lockCatalogue()
        let folder = try establish(location)
        let storePath = "\(storesPath)/\(folder.name)"
        let path = "\(storePath)/.incoming/\(Self.randomName())"
        try disk.makeDirectory(path)
        let presence: FileLock
        do {
            // Tells a sweep, which takes the catalogue's lock first, that somebody is alive in there.
            presence = try FileLock(directory: path)
        } catch {
            throw VaultError(error)
        }
        _ = consume lock
        var staging = Staging(
            vault: self, location: location, folder: folder, path: path, options: options, presence: presence)
        if let facts = try linkPayload(of: folder.id, into: path, options) {
            staging.adopt(facts)
        } else {
            try staging.begin()
        }
        return staging
    }

    /// The store's folder, made when it is missing. Runs under the lock.
    ///
    /// `store.json` comes last: where it is, the folder's own name is on disk. Its own name is, when a backup was published.
    private func establish(_ location: StoreLocation) throws(VaultError) -> StoreFolder {
        let id = location.id
        let folder = try storeFolders().first { $0.id == id } ?? StoreFolder(for: location)
        let path = "\(storesPath)/\(folder.name)"
        try disk.ensureDirectory(path)
        try disk.ensureDirectory(path + "/.incoming")
        let card = path + "/store.json"
        if try translated({ () throws(SystemCallError) in try FileStatus.ifPresent(card) }) == nil {
            try disk.syncDirectory(storesPath)
            let store = Manifest.Store(id: id, engine: location.engine, location: location.name)
            let text = String(decoding: CanonicalJSON.bytes(of: store), as: UTF8.self)
            try publishFile(card, text, by: path + "/.incoming")
        }
        return folder
    }

    /// Links the payload of the store's newest backup into the staging folder when its raw digest is the one that is known, after
    /// reading and decoding it whole. Nil means: write it.
    private func linkPayload(
        of store: StoreID, into path: String, _ options: PayloadOptions
    ) throws(VaultError) -> PayloadFacts? {
        guard let known = options.known, let newest = try newest(of: store) else { return nil }
        let facts = newest.manifest.payload
        guard facts.rawSHA256 == known, facts.kind == options.kind, options.rawBytes ?? facts.rawBytes == facts.rawBytes
        else { return nil }
        do {
            try PayloadReader.decode(newest.payloadPath, facts)
            try disk.link(newest.payloadPath, as: "\(path)/\(facts.name)")
            return facts
        } catch .damaged {
            // The bytes went bad since: a fresh copy is the very thing that is needed now.
            return nil
        } catch .notFound, .permission, .io {
            // No more links to this file, none on this filesystem, or it was deleted meanwhile: a fresh copy does as well.
            return nil
        }
    }

    /// One more than any sequence in the catalogue and the trash. Runs under the lock.
    func nextSequence() throws(VaultError) -> UInt64 {
        var highest: UInt64 = 0
        for folder in try storeFolders() {
            for name in try names(in: "\(storesPath)/\(folder.name)") {
                highest = max(highest, BackupName.sequence(of: name) ?? 0)
            }
        }
        for name in try names(in: trashPath) {
            highest = max(highest, BackupName.sequence(of: name) ?? 0)
        }
        return highest + 1
    }
}

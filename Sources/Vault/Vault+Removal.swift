// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit

extension Vault {
    /// Deletes a backup. Whether that is wise is for retention to know: the vault deletes what it is told to.
    ///
    /// It leaves the catalogue by one rename and is gone from disk afterwards, so a crash leaves no half backup listed. It needs no
    /// free block, and therefore works on a full disk.
    ///
    /// - Throws: ``VaultError/notFound(_:)`` when it is gone already
    public func delete(_ entry: Entry) throws(VaultError) {
        let lock = try lockCatalogue()
        guard try translated({ () throws(SystemCallError) in try FileStatus.ifPresent(entry.path) }) != nil else {
            throw .notFound(entry.id.description)
        }
        try discard(folderAt: entry.path, payload: entry.manifest.payload.name)
        _ = consume lock
    }

    /// Recovery: empties the trash and every staging folder that no living process works in.
    ///
    /// - Throws: ``VaultError/busy(pid:)`` when another process keeps the catalogue's lock
    public func sweep() throws(VaultError) {
        let lock = try lockCatalogue()
        for name in try names(in: trashPath) {
            try disk.removeTree("\(trashPath)/\(name)")
        }
        for folder in try storeFolders() {
            let incoming = "\(storesPath)/\(folder.name)/.incoming"
            guard try translated({ () throws(SystemCallError) in try FileStatus.ifPresent(incoming) }) != nil else {
                continue
            }
            for name in try names(in: incoming) where try isAbandoned("\(incoming)/\(name)") {
                try disk.removeTree("\(incoming)/\(name)")
            }
        }
        _ = consume lock
    }

    /// Takes a folder out of the catalogue by a rename, and then off the disk, the payload first. Runs under the lock.
    func discard(folderAt path: String, payload: String) throws(VaultError) {
        let name = Directory.name(of: path)
        let trashed = "\(trashPath)/\(name)_\(Self.randomName())"
        do {
            try disk.rename(path, to: trashed)
        } catch .noSpace {
            // Even the trash's directory cannot grow. The payload's blocks make room; a crash right here leaves a backup that is
            // listed as damaged in place of one that was to go.
            try disk.unlink("\(path)/\(payload)")
            try disk.rename(path, to: trashed)
        }
        try disk.syncDirectory(Directory.parent(of: path))
        try disk.removeTree(trashed)
    }

    /// Whether nobody works in the staging folder `path`: a living owner holds a lock on it.
    private func isAbandoned(_ path: String) throws(VaultError) -> Bool {
        guard try translated({ () throws(SystemCallError) in try FileStatus(ofLink: path) }).kind == .directory else {
            return true
        }
        do {
            _ = try FileLock(directory: path)
            return true
        } catch {
            if case .heldBy = error { return false }
            throw VaultError(error)
        }
    }
}

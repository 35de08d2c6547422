// SPDX-License-Identifier: MIT

internal import LinuxKit

extension Vault {
    /// Whether `bytes` more fit on the vault's filesystem while `floor` bytes stay free.
    ///
    /// - Throws: ``VaultError/noSpace(path:needed:free:)`` when they do not, with both numbers
    public func checkRoom(forBytes bytes: Int64, keepingFree floor: Int64 = 0) throws(VaultError) {
        let free = try freeBytes()
        guard free - floor >= bytes else {
            throw .noSpace(path: path, needed: bytes + floor, free: free)
        }
    }

    /// Bytes that may still be written on the vault's filesystem.
    public func freeBytes() throws(VaultError) -> Int64 {
        try translated { () throws(SystemCallError) in try Filesystem(holding: path).freeBytes }
    }

    /// Bytes in all files of the vault, staging and trash included; a payload that several backups share counts once.
    public func usedBytes() throws(VaultError) -> Int64 {
        var seen: Set<UInt64> = []
        var folders = [path]
        var sum: Int64 = 0
        while let folder = folders.popLast() {
            for name in try names(in: folder) {
                let child = "\(folder)/\(name)"
                // A name that vanishes while we look belongs to somebody who is deleting it.
                guard let status = try? FileStatus(ofLink: child) else { continue }
                if status.kind == .directory {
                    folders.append(child)
                } else if seen.insert(status.inode).inserted {
                    sum += status.size
                }
            }
        }
        return sum
    }
}

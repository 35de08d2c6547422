// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import Vault

/// Refuses what would not fit on the vault's filesystem, before its first byte.
struct BackupSpaceCheck {
    let tools: EngineContext
    let location: StoreLocation

    /// Bytes that a backup of a store of `bytes` needs at most: a copy, its restore, which a rehearsal changes, and the archive, all at once.
    ///
    /// A file may say that it has more than any disk holds.
    static func needed(for bytes: Int64) -> Int64 { min(bytes, .max / 8) * 3 + (64 << 20) }

    /// Refuses a plan whose copy of a store of `bytes` would not fit beside what has to stay free.
    func checkForCopy(ofBytes bytes: Int64) throws(GuardError) {
        try check(forBytes: min(bytes, .max / 8) + (64 << 20), of: "a copy")
    }

    /// Fails with ``GuardCore/GuardError/Code/noSpace`` when `needed` bytes are not free beside those that have to stay free.
    func check(forBytes needed: Int64, of what: String = "a backup") throws(GuardError) {
        let filesystem: Filesystem
        do {
            filesystem = try Filesystem(holding: tools.vault.path)
        } catch {
            throw EngineFailure(location).system(error, "looking for room for a backup")
        }
        let floor = tools.policy.minimumFree ?? VaultRoom.defaultFloor(of: filesystem.totalBytes)
        guard filesystem.freeBytes - floor >= needed else {
            throw GuardError(
                .noSpace,
                """
                \(what) of \(location.name) needs \(needed) bytes while \(floor) stay free, and only \
                \(filesystem.freeBytes) are free
                """,
                store: location.id,
                hint: "Nothing was changed. Free some space under \(tools.vault.path), or lower backup.minFree.")
        }
    }
}

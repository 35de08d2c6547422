// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit

/// The backups of all stores: plain files that stock tools read, every byte under a checksum, and nothing that was not proved.
///
/// ```
/// FORMAT  RESTORE.txt  lock  trash/
/// stores/<slug>-<id>/store.json
/// stores/<slug>-<id>/.incoming/<random>/                              staging, never listed
/// stores/<slug>-<id>/<seq>_<UTC>_<reason>_s<schema>_<root>/           a backup, never rewritten
///         MANIFEST.json  SHA256SUMS  data.db.zst | dump.sql.zst
/// ```
/// The directory listing is the catalogue. A backup comes to exist by one `rename` of a folder whose every byte was synced and
/// read back before. Directories are 0700 and files 0600 at most from birth: a backup holds live tokens.
///
/// Every call blocks; callers run them on a thread of their own. Several processes may use one vault: what changes the catalogue
/// happens under a lock that the kernel holds and releases.
public struct Vault: Sendable {
    /// The vault's directory, without symbolic links.
    public let path: String
    let disk: Disk
    let now: WallClock

    static let format = "dementiad-vault 1\n"
    /// How long a call waits for another one that changes the catalogue. Publishing takes some syncs, tens of milliseconds each.
    static let patience: Duration = .seconds(30)

    var lockPath: String { path + "/lock" }
    var storesPath: String { path + "/stores" }
    var trashPath: String { path + "/trash" }

    /// Opens the vault in the directory `path`, or makes one there when it is missing, empty, or was left half made by a crash.
    ///
    /// - Parameter now: the clock that dates backups; nothing is ordered by it
    /// - Throws: ``VaultError/foreign(path:reason:)`` for a directory of something else and for a vault of a newer version;
    ///   ``VaultError/noSpace(path:needed:free:)``, ``VaultError/permission(_:)``, ``VaultError/io(_:)``
    public init(openingOrCreating path: String, now: @escaping WallClock) throws(VaultError) {
        try self.init(openingOrCreating: path, now: now, disk: Disk())
    }

    init(openingOrCreating path: String, now: @escaping WallClock, disk: Disk) throws(VaultError) {
        self.path = try translated { () throws(SystemCallError) in
            try Directory.createAll(path)
            return try Directory.resolved(path)
        }
        self.disk = disk
        self.now = now
        if try readFormat() {
            try closeToOthers()
            return
        }
        try refuseStrangers()
        try closeToOthers()
        let lock = try lockCatalogue()
        // Another process may have made it while we waited.
        if try !readFormat() { try create() }
        _ = consume lock
    }

    /// Waits for the right to change the catalogue.
    func lockCatalogue() throws(VaultError) -> FileLock {
        do {
            return try FileLock(lockPath, patience: Self.patience)
        } catch {
            throw VaultError(error)
        }
    }

    /// Whether this is a vault that we read; false means that there is none yet.
    private func readFormat() throws(VaultError) -> Bool {
        let content: [UInt8]
        do {
            content = try OpenFile.content(of: path + "/FORMAT", limit: 4096)
        } catch {
            guard error.isNotFound else { throw VaultError(error) }
            return false
        }
        if content == Array(Self.format.utf8) { return true }
        throw .foreign(path: path, reason: "its FORMAT is not \"\(Self.format.dropLast())\"")
    }

    /// A vault that was put on another disk has the mode that the directory there had.
    private func closeToOthers() throws(VaultError) {
        try translated { () throws(SystemCallError) in
            if try FileStatus(of: path).mode & 0o022 != 0 { try Directory.makePrivate(path) }
        }
    }

    /// A directory of something else must not become a vault, nor get as much as a lock file.
    private func refuseStrangers() throws(VaultError) {
        let ours: Set = ["FORMAT", "lock", "stores", "trash", "RESTORE.txt"]
        if let stranger = try names(in: path).first(where: { !ours.contains($0) }) {
            throw .foreign(path: path, reason: "it holds \(stranger), which is not ours, and no FORMAT")
        }
    }

    /// Makes what is missing. FORMAT comes last: where it is, everything else is on disk.
    private func create() throws(VaultError) {
        try disk.ensureDirectory(storesPath)
        try disk.ensureDirectory(trashPath)
        try publishFile(path + "/RESTORE.txt", RestoreGuide.text, by: trashPath)
        try disk.syncDirectory(path)
        try publishFile(path + "/FORMAT", Self.format, by: trashPath)
        try disk.syncDirectory(path)
    }

    /// Makes the file `target` appear whole or not at all; one that is there stays as it is.
    func publishFile(_ target: String, _ text: String, by temporary: String) throws(VaultError) {
        if try translated({ () throws(SystemCallError) in try FileStatus.ifPresent(target) }) != nil { return }
        let draft = "\(temporary)/\(Self.randomName())"
        try disk.createFile(draft, mode: 0o600, Array(text.utf8))
        try disk.rename(draft, to: target)
    }

    func names(in directory: String) throws(VaultError) -> [String] {
        try translated { () throws(SystemCallError) in try Directory.entries(directory) }
    }

    /// 16 random hexadecimal digits, so that no two processes choose the same.
    static func randomName() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import HashKit
internal import LinuxKit

extension Vault {
    /// Reads and decodes every byte of a backup's payload and compares it with its checksums.
    ///
    /// - Parameter progress: decoded bytes so far
    /// - Throws: ``VaultError/damaged(path:reason:)`` that names the file
    public func verifyPayload(of entry: Entry, progress: (Int64) -> Void = { _ in }) throws(VaultError) {
        try decode(entry.payloadPath, entry.manifest.payload, progress: progress)
    }

    /// Writes the decoded database or SQL text to the new file `target`, mode 0600, on disk when this returns.
    ///
    /// The file has another name in the same folder, `.dementiad-restore-` and some digits, until all of it is on disk: a restore that is
    /// killed leaves nothing under `target`, and ``clearCutShortRestores(in:)`` removes what it leaves. After an error neither is there. It
    /// never writes into a live database: that is the store's work.
    ///
    /// - Throws: ``VaultError/alreadyExists(path:)``, also for a `-wal`, `-shm` or `-journal` that another database left beside `target`:
    ///   SQLite would take it for the restored file's; ``VaultError/damaged(path:reason:)``,
    ///   ``VaultError/noSpace(path:needed:free:)``
    public func restore(
        _ entry: Entry, to target: String, progress: (Int64) -> Void = { _ in }
    ) throws(VaultError) {
        // Links on the way are followed now, and not while it is written.
        let folder = try translated { () throws(SystemCallError) in try realPath(Directory.parent(of: target)) }
        let place = "\(folder)/\(Directory.name(of: target))"
        try Self.clearCutShortRestores(in: folder)
        let partial = "\(folder)/\(Self.partialName)\(UInt64.random(in: .min ... .max))"
        for taken in ([""] + SQLiteSidecar.endings).map({ place + $0 }) {
            let status = try translated { () throws(SystemCallError) in try FileStatus.ifPresent(link: taken) }
            if status != nil { throw .alreadyExists(path: taken) }
        }
        try decode(
            entry.payloadPath, entry.manifest.payload, intoNewFile: partial, isOutside: true, progress: progress)
        do throws(VaultError) {
            try disk.rename(partial, to: place)
        } catch {
            // The first error is the one to report.
            try? disk.unlink(partial)
            throw error
        }
        do throws(VaultError) {
            try disk.syncDirectory(folder)
        } catch {
            try? disk.unlink(place)
            throw error
        }
    }

    private static let partialName = ".dementiad-restore-"

    /// Removes from `folder` what restores into it left that were killed. One that is at work holds a lock on its file, which stays.
    public static func clearCutShortRestores(in folder: String) throws(VaultError) {
        try translated { () throws(SystemCallError) in
            for name in try Directory.entries(folder) where isPartial(name) {
                let path = "\(folder)/\(name)"
                // A link or a pipe of that name is not a restore's.
                guard let status = try FileStatus.ifPresent(link: path), status.kind == .file else { continue }
                do throws(SystemCallError) {
                    let file = try OpenFile.reading(path)
                    if try file.lock() { try Directory.unlink(path) }
                    try file.close()
                } catch {
                    // Gone since the look, or another user's: whoever may remove it does.
                    guard error.isNotFound || error.isPermission else { throw error }
                }
            }
        }
    }

    private static func isPartial(_ name: String) -> Bool {
        let digits = name.utf8.dropFirst(partialName.utf8.count)
        return name.utf8.starts(with: partialName.utf8) && !digits.isEmpty
            && digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    /// Writes the decoded database or SQL text to the new file `target`, mode 0600, in scratch of ours: it is not waited for until it is on
    /// disk. After an error it is not there.
    ///
    /// - Throws: ``VaultError/damaged(path:reason:)``, ``VaultError/noSpace(path:needed:free:)``
    public func unpack(_ entry: Entry, to target: String) throws(VaultError) {
        try decode(entry.payloadPath, entry.manifest.payload, intoNewFile: target, isOutside: false) { _ in }
    }

    /// Copies the backup's folder as it is to the new directory `target`, for another disk: stock tools restore from it, with the
    /// page RESTORE.txt. For the decoded content alone use ``restore(_:to:progress:)``.
    ///
    /// After an error `target` is not there. The payload is verified on the way.
    public func export(_ entry: Entry, toFolder target: String) throws(VaultError) {
        try verifyPayload(of: entry)
        try disk.makeDirectory(target)
        do throws(VaultError) {
            for name in ["MANIFEST.json", ChecksumList.fileName, entry.manifest.payload.name] {
                let digest = try copy("\(entry.path)/\(name)", to: "\(target)/\(name)")
                if name == entry.manifest.payload.name, digest != entry.manifest.payload.storedSHA256 {
                    throw .damaged(path: "\(entry.path)/\(name)", reason: "it changed while it was copied")
                }
            }
            try disk.createFile("\(target)/RESTORE.txt", mode: 0o600, Array(RestoreGuide.text.utf8))
            try disk.syncDirectory(target)
            try disk.syncDirectory(Directory.parent(of: target))
        } catch {
            // The first error is the one to report; a folder that stays is visible to whoever asked for it.
            try? disk.removeTree(target)
            throw error
        }
    }

    func decode(_ source: String, _ facts: PayloadFacts, progress: (Int64) -> Void) throws(VaultError) {
        var sum: Int64 = 0
        try PayloadReader.decode(source, facts) { (bytes) throws(VaultError) in
            sum += Int64(bytes.count)
            progress(sum)
        }
    }

    func decode(
        _ source: String, _ facts: PayloadFacts, intoNewFile target: String, isOutside: Bool,
        progress: (Int64) -> Void
    ) throws(VaultError) {
        let file =
            isOutside ? try disk.createOutside(target, mode: 0o600) : try disk.create(target, mode: 0o600)
        do throws(VaultError) {
            if isOutside { try disk.lock(file) }
            var sum: Int64 = 0
            try PayloadReader.decode(source, facts) { (bytes) throws(VaultError) in
                try disk.write(bytes, to: file)
                sum += Int64(bytes.count)
                progress(sum)
            }
            if isOutside { try disk.sync(file) }
            try disk.close(file)
        } catch {
            // The first error is the one to report.
            try? disk.unlink(target)
            throw error
        }
    }

    private func copy(_ source: String, to target: String) throws(VaultError) -> SHA256Digest {
        let input = try translated { () throws(SystemCallError) in try OpenFile.reading(source) }
        let output = try disk.create(target, mode: 0o400)
        let buffer = ByteBuffer(count: 256 << 10)
        var hash = SHA256()
        while true {
            let count = try translated { () throws(SystemCallError) in try input.read(into: buffer.bytes) }
            if count == 0 { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])
            hash.update(piece)
            try disk.write(piece, to: output)
        }
        try disk.sync(output)
        try disk.close(output)
        return hash.finish()
    }
}

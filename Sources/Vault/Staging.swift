// SPDX-License-Identifier: MIT

internal import GuardCore
internal import HashKit
internal import LinuxKit

/// A backup that is being made: payload, read-back, publication, in this order.
///
/// Whoever drops it before ``publish(_:)`` has returned leaves nothing behind but what a crash leaves, which ``Vault/sweep()``
/// removes.
public struct Staging: ~Copyable {
    private let vault: Vault
    private let location: StoreLocation
    private let folder: StoreFolder
    private let options: PayloadOptions
    /// Held while the staging lives.
    private let presence: FileLock
    private let path: String
    private var writer: PayloadWriter?
    private var isReadBack = false
    private var isPublished = false

    /// The payload, once it is written or linked.
    public private(set) var payload: PayloadFacts?
    /// Whether the payload is the newest backup's, linked. Then nothing may be written; read-back and publication follow.
    public private(set) var isLinked = false

    init(
        vault: Vault, location: StoreLocation, folder: StoreFolder, path: String, options: PayloadOptions,
        presence: consuming FileLock
    ) {
        self.vault = vault
        self.location = location
        self.folder = folder
        self.path = path
        self.options = options
        self.presence = presence
    }

    deinit {
        // Best effort: the next sweep removes what is left here.
        if !isPublished { try? vault.disk.removeTree(path) }
    }

    mutating func begin() throws(VaultError) {
        writer = try PayloadWriter(in: path, options, disk: vault.disk)
    }

    mutating func adopt(_ facts: PayloadFacts) {
        payload = facts
        isLinked = true
    }

    /// Appends `bytes` to the payload. After an error the staging is to be dropped.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(VaultError) {
        precondition(writer != nil, "bytes for a payload that is complete")
        try writer?.write(bytes)
    }

    /// Appends the file `path` to the payload.
    ///
    /// - Parameter progress: bytes taken so far
    /// - Important: `path` is a copy of ours. A live database must not be opened behind SQLite's back.
    public mutating func write(
        fileAt path: String, progress: (Int64) -> Void = { _ in }
    ) throws(VaultError) {
        let file = try translated { () throws(SystemCallError) in try OpenFile.reading(path) }
        let buffer = ByteBuffer(count: 256 << 10)
        var sum: Int64 = 0
        while true {
            let count = try translated { () throws(SystemCallError) in try file.read(into: buffer.bytes) }
            if count == 0 { return }
            try write(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
            sum += Int64(count)
            progress(sum)
        }
    }

    /// Ends the payload and puts it on disk. A failed sync is final: the staging is to be dropped.
    @discardableResult
    public mutating func finishPayload() throws(VaultError) -> PayloadFacts {
        if let payload { return payload }
        guard let writer = writer.take() else { preconditionFailure("a payload that never began") }
        let facts = try writer.finish()
        payload = facts
        return facts
    }

    /// Reads the payload from the disk again, decodes it, and compares both sides with what was written.
    ///
    /// - Parameters:
    ///   - scratch: where the decoded bytes go, for a restore that is tried: a new file of mode 0600, not synced
    ///   - progress: decoded bytes so far
    /// - Throws: ``VaultError/damaged(path:reason:)`` when the disk gave back something else
    public mutating func readBack(
        into scratch: String? = nil, progress: (Int64) -> Void = { _ in }
    ) throws(VaultError) {
        guard let payload else { preconditionFailure("a read-back before the payload is complete") }
        let source = "\(path)/\(payload.name)"
        if let scratch {
            try vault.decode(source, payload, intoNewFile: scratch, isOutside: false, progress: progress)
        } else {
            try vault.decode(source, payload, progress: progress)
        }
        isReadBack = true
    }

    /// Puts the backup into the catalogue. When this returns it is there and survives a power cut.
    ///
    /// - Throws: nothing is in the catalogue then
    public consuming func publish(_ draft: ManifestDraft) throws(VaultError) -> Entry {
        guard let payload, isReadBack else { preconditionFailure("a backup that was not read back") }
        precondition(
            draft.proof != .restored || draft.checks.restoreTest?.ok == true,
            "a backup proved by a restore that did not happen")
        guard payload.rawBytes > 0 || draft.content.tables.isEmpty else {
            throw .damaged(path: location.name, reason: "its copy is empty, and it has tables")
        }
        let lock = try vault.lockCatalogue()
        let manifest = Manifest(
            draft, sequence: try vault.nextSequence(), createdAt: vault.now(), location: location,
            slug: folder.slug, payload: payload)
        let manifestBytes = CanonicalJSON.bytes(of: manifest)
        let sums = ChecksumList([
            .init(digest: SHA256.digest(of: manifestBytes), name: "MANIFEST.json"),
            .init(digest: payload.storedSHA256, name: payload.name),
        ])
        try vault.disk.createFile("\(path)/MANIFEST.json", mode: 0o400, manifestBytes)
        try vault.disk.createFile("\(path)/\(ChecksumList.fileName)", mode: 0o400, sums.bytes)
        try vault.disk.syncDirectory(path)
        let name = manifest.name(root: sums.root)
        let target = "\(vault.storesPath)/\(folder.name)/\(name)"
        try vault.disk.rename(path, to: target)
        isPublished = true
        do {
            try vault.disk.syncDirectory("\(vault.storesPath)/\(folder.name)")
        } catch {
            // Whole and readable, yet a power cut could take it away: not published. What cannot be withdrawn is a good backup.
            try? vault.discard(folderAt: target, payload: payload.name)
            throw error
        }
        _ = consume lock
        return Entry(id: name.id, path: target, manifest: manifest)
    }

    /// Removes everything that was staged.
    public consuming func discard() {
        // Dropping does it.
    }
}

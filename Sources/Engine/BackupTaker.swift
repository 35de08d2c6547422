// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HashKit
internal import LinuxKit
internal import Stores
internal import Vault

/// A backup in the vault, the snapshot it holds, and the scratch restore that proved it.
struct ProvedBackup {
    let entry: Entry
    let snapshot: Snapshot
    /// The restored copy, for a rehearsal.
    let restored: String
    /// Seconds per phase.
    let seconds: [String: Double]
}

/// Makes backups: snapshot, compress, hash, sync, read back, restore into scratch, publish. Nothing is published that was not proved.
struct BackupTaker {
    let tools: Toolbox
    let store: any Store
    let operation: OperationID
    /// The operation's own folder in scratch.
    let folder: String

    private var failure: EngineFailure { EngineFailure(store.location) }

    /// Backs up the store's present state.
    ///
    /// - Parameters:
    ///   - line: of the schema, for the manifest
    ///   - version: of the schema, for the manifest
    ///   - accept: is shown what would be backed up before anything is put into the vault, and may refuse
    func take(
        _ reason: BackupReason, line: String, version: Int?,
        accept: (Snapshot) async throws(GuardError) -> Void = { _ throws(GuardError) in }
    ) async throws(GuardError) -> ProvedBackup {
        let description = try await store.describe()
        try checkRoom(for: description.sizeBytes)
        let copy = "\(folder)/\(reason.rawValue)-copy.db"
        let restored = "\(folder)/\(reason.rawValue)-restored.db"
        for leftover in [copy, restored] { try remove(leftover) }
        let snapshot = try await store.snapshot(into: copy) { [tools, operation] in
            tools.observe(.progressed(operation, $0))
        }
        try await accept(snapshot)
        let draft = ManifestDraft(
            host: tools.host, daemonVersion: ProductVersion.current, reason: reason, project: description.project,
            line: line, schemaVersion: version, operation: operation, engineFacts: snapshot.engineFacts,
            content: snapshot.content,
            file: description.file.map { Manifest.File(uid: $0.uid, gid: $0.gid, mode: $0.mode) },
            checks: .init(
                integrity: snapshot.integrity, foreignKeyViolations: Int(snapshot.foreignKeyViolations),
                restoreTest: nil),
            proof: .restored)
        let (entry, seconds) = try await prove(copy, as: restored, draft)
        // Only the restored copy is needed from here on, and both may be large.
        try remove(copy)
        return ProvedBackup(
            entry: entry, snapshot: snapshot, restored: restored,
            seconds: snapshot.seconds.merging(seconds) { first, _ in first })
    }

    /// Compresses `copy` into the vault, restores it from there to `restored` and publishes. Equal SHA-256 of both sides is the proof:
    /// whatever was found out about the copy is true of the restored bytes.
    private func prove(
        _ copy: String, as restored: String, _ draft: ManifestDraft
    ) async throws(GuardError) -> (Entry, [String: Double]) {
        let (tools, location, failure, operation) = (tools, store.location, failure, operation)
        return try await tools.worker.run { () throws(GuardError) in
            let clock = ContinuousClock()
            do throws(VaultError) {
                let start = clock.now
                let bytes = try Self.size(of: copy)
                // Worth a pass over the copy only where the newest backup could be the same.
                let newest = try tools.vault.newest(of: location.id)
                let known = newest?.manifest.payload.rawBytes == bytes ? try Self.digest(of: copy) : nil
                var staging = try tools.vault.stage(
                    for: location,
                    PayloadOptions(.sqliteDatabase, rawBytes: bytes, level: tools.policy.compressionLevel, known: known)
                )
                if !staging.isLinked {
                    try staging.write(fileAt: copy) { done in
                        tools.observe(
                            .progressed(operation, Progress(step: .backup, done: done, total: bytes, unit: .bytes)))
                    }
                }
                try staging.finishPayload()
                let compressed = clock.now
                try staging.readBack(into: restored)
                let proved = clock.now
                var draft = draft
                draft.checks = .init(
                    integrity: draft.checks.integrity, foreignKeyViolations: draft.checks.foreignKeyViolations,
                    restoreTest: .init(ok: true, at: tools.clock(), seconds: (proved - compressed).seconds))
                let entry = try staging.publish(draft)
                return (
                    entry,
                    [
                        "compress": (compressed - start).seconds, "prove": (proved - compressed).seconds,
                        "publish": (clock.now - proved).seconds,
                    ]
                )
            } catch {
                throw failure.backup(error)
            }
        }
    }

    private static func size(of path: String) throws(VaultError) -> Int64 {
        do {
            return try FileStatus(of: path).size
        } catch {
            throw VaultError.io(error)
        }
    }

    private static func digest(of path: String) throws(VaultError) -> SHA256Digest {
        do {
            let file = try OpenFile.reading(path)
            let buffer = ByteBuffer(count: 1 << 20)
            var hash = SHA256()
            while case let count = try file.read(into: buffer.bytes), count > 0 {
                hash.update(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
            }
            return hash.finish()
        } catch {
            throw VaultError.io(error)
        }
    }

    /// A copy, its restore and the archive, all at once: refused before the first byte when they would not fit.
    private func checkRoom(for bytes: Int64) throws(GuardError) {
        let filesystem: Filesystem
        do {
            filesystem = try Filesystem(holding: tools.vault.path)
        } catch {
            throw failure.system(error, "looking for room for a backup")
        }
        let floor = tools.policy.minimumFree ?? max(1 << 30, filesystem.totalBytes / 20)
        let needed = bytes * 3 + (64 << 20)
        guard filesystem.freeBytes >= needed + floor else {
            throw GuardError(
                .noSpace,
                """
                a backup of \(store.location.name) needs \(needed) bytes while \(floor) stay free, and only \
                \(filesystem.freeBytes) are free
                """,
                store: store.location.id,
                hint: "Nothing was changed. Free some space under \(tools.vault.path), or lower backup.minFree.")
        }
    }

    private func remove(_ path: String) throws(GuardError) {
        do {
            if try FileStatus.ifPresent(path) != nil { try Directory.unlink(path) }
        } catch {
            throw failure.system(error, "clearing scratch for a backup")
        }
    }
}

extension Duration {
    /// The same length in seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    /// The same length in whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

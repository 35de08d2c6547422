// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HashKit
internal import LinuxKit
internal import Stores
internal import Vault

/// A backup in the vault, the snapshot it holds, and what was read back from it.
struct ProvedBackup {
    let entry: Entry
    let snapshot: Snapshot
    /// The copy that was read back, for a rehearsal.
    let restored: String
    /// Seconds per phase.
    let seconds: [String: Double]
}

/// Makes backups: snapshot, proof, compress, hash, sync, read back into scratch, publish. Nothing is published that was not proved.
struct BackupTaker {
    let tools: EngineContext
    let store: any Store
    let log: OperationLog
    let scratch: ScratchFolder

    private var operation: OperationID { log.record.id }
    private var failure: EngineFailure { EngineFailure(store.location) }

    /// Backs up the store's present state.
    ///
    /// - Parameters:
    ///   - line: of the schema, for the manifest
    ///   - version: of the schema, for the manifest
    ///   - release: the one that is about to use the store, for the manifest
    ///   - deadline: when the vault has to begin with it, because writers of the store wait meanwhile; nil for no hurry
    ///   - accept: is shown what would be backed up before anything is put into the vault, and may refuse
    func take(
        _ reason: BackupReason, line: String, version: Int?, release: String? = nil,
        beginningBy deadline: ContinuousClock.Instant? = nil,
        accept: (Snapshot) async throws(GuardError) -> Void = { _ throws(GuardError) in }
    ) async throws(GuardError) -> ProvedBackup {
        let description = try await store.describe()
        try BackupSpaceCheck(tools: tools, location: store.location).check(
            forBytes: BackupSpaceCheck.needed(for: description.sizeBytes))
        try await BudgetCheck(tools: tools, location: store.location).run(for: reason, bytes: description.sizeBytes)
        let copy = scratch.copy("\(reason.rawValue)-copy", of: store)
        let restored = scratch.copy("\(reason.rawValue)-restored", of: store)
        for leftover in [copy, restored] { try remove(leftover) }
        let progress: ProgressSink = { [tools, operation] in tools.observe(.progressed(operation, $0)) }
        let snapshot = try await store.snapshot(into: copy, progress: progress)
        log.add(snapshot.findings)
        try log.checkStop()
        try await accept(snapshot)
        let proof = try await prove(snapshot, progress)
        try log.checkStop()
        let draft = ManifestDraft(
            host: tools.host, daemonVersion: ProductVersion.current, reason: reason, project: description.project,
            line: line, schemaVersion: version, release: release, operation: operation,
            engineFacts: snapshot.engineFacts,
            content: snapshot.content,
            file: description.file,
            checks: .init(
                integrity: snapshot.integrity, foreignKeyViolations: Int(snapshot.foreignKeyViolations),
                restoreTest: nil),
            proof: proof.isRestored ? .restored : .decoded)
        let (entry, seconds) = try await archive(
            copy, as: restored, draft, provedIn: proof.time, beginningBy: deadline)
        // Only the restored copy is needed from here on, and both may be large.
        try remove(copy)
        return ProvedBackup(
            entry: entry, snapshot: snapshot, restored: restored,
            seconds: snapshot.seconds.merging(seconds) { first, _ in first })
    }

    /// Lets the store prove its copy, and tells when it could not by a restore.
    private func prove(
        _ snapshot: Snapshot, _ progress: @escaping ProgressSink
    ) async throws(GuardError) -> (isRestored: Bool, time: Duration) {
        let clock = ContinuousClock()
        let start = clock.now
        switch try await store.prove(snapshot.path, of: snapshot, for: operation, progress: progress) {
        case .restored:
            return (true, clock.now - start)
        case .decoded(let reason):
            log.add([
                Finding(code: "proofDecoded", message: "the backup was proved without a restore: \(reason)")
            ])
            return (false, clock.now - start)
        }
    }

    /// Compresses `copy` into the vault, reads it from there into `restored` and publishes. The SHA-256 of both sides is equal:
    /// whatever was found out about the copy is true of the archive.
    private func archive(
        _ copy: String, as restored: String, _ draft: ManifestDraft, provedIn time: Duration,
        beginningBy deadline: ContinuousClock.Instant?
    ) async throws(GuardError) -> (Entry, [String: Double]) {
        let (tools, location, failure, operation) = (tools, store.location, failure, operation)
        let archived = try await tools.threads.worker.run(beginningBy: deadline) {
            () throws(GuardError) -> (Entry, [String: Double]) in
            let clock = ContinuousClock()
            do throws(VaultError) {
                let start = clock.now
                let bytes = try Self.size(of: copy)
                // Worth a pass over the copy only where the newest backup could be the same.
                let newest = try tools.vault.newest(of: location.id)
                let known = newest?.manifest.payload.rawBytes == bytes ? try Self.digest(of: copy) : nil
                var staging = try tools.vault.stage(
                    for: location,
                    PayloadOptions(
                        location.engine.payload, rawBytes: bytes, level: tools.policy.compressionLevel, known: known)
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
                let proof = (time + (proved - compressed)).seconds
                var draft = draft
                if draft.proof == .restored {
                    draft.checks = .init(
                        integrity: draft.checks.integrity, foreignKeyViolations: draft.checks.foreignKeyViolations,
                        restoreTest: .init(ok: true, at: tools.clock(), seconds: proof))
                }
                let entry = try staging.publish(draft)
                return (
                    entry,
                    [
                        "compress": (compressed - start).seconds, "prove": proof,
                        "publish": (clock.now - proved).seconds,
                    ]
                )
            } catch {
                throw failure.backup(error)
            }
        }
        guard let archived else {
            throw GuardError(
                .storeMoved, "\(location.name) keeps changing, and the vault is at work on another backup",
                store: location.id,
                hint: "Nothing was changed. It is tried again; closing the applications that use the memory helps.")
        }
        return archived
    }

    private static func size(of path: String) throws(VaultError) -> Int64 {
        do {
            return try FileStatus(of: path).size
        } catch {
            throw VaultError.io(error)
        }
    }

    /// The SHA-256 of the copy at `path`.
    static func digest(of path: String) throws(VaultError) -> SHA256Digest {
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

    private func remove(_ path: String) throws(GuardError) {
        do {
            if try FileStatus.ifPresent(path) != nil { try Directory.unlink(path) }
        } catch {
            throw failure.system(error, "clearing scratch for a backup")
        }
    }
}

extension StoreEngine {
    /// What its copies are to the vault.
    fileprivate var payload: PayloadKind {
        switch self {
        case .sqlite: .sqliteDatabase
        case .postgres: .sqlDump
        }
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import Stores
internal import Vault

/// Puts a backup's state into a live store, after the state that it replaces is in the vault too.
///
/// Nothing that was committed before the restore is lost: the store lets itself be overwritten only while it is in the state that was
/// backed up a moment ago.
struct Restorer {
    let tools: EngineContext
    let store: any Store
    let log: OperationLog
    let scratch: ScratchFolder

    /// How often the replaced state is backed up again because somebody wrote meanwhile.
    private static let rounds = 5

    /// The state that a restore replaced.
    struct Replaced {
        /// Its backup.
        let kept: Entry
        /// What becomes of each table from the restored state to it; nil where rows could not be told apart.
        let changes: [TableChange]?
    }

    /// Restores `backup` and gives the state that it replaced.
    ///
    /// - Parameter terms: what somebody agreed to have replaced, when he did; anything else is left alone
    func restore(
        _ backup: Entry, keeping reason: BackupReason, agreedTo terms: IssuedPlans.Terms? = nil
    ) async throws(GuardError) -> Replaced {
        let source = scratch.copy("source", of: store)
        try await decode(backup, to: source)
        var round = 0
        while true {
            round += 1
            try await log.step(.keep)
            let kept = try await BackupTaker(tools: tools, store: store, log: log, scratch: scratch)
                .take(reason, line: backup.manifest.line, version: nil) { (snapshot) throws(GuardError) in
                    // One that was missing when this was planned is there now, or is not what it was.
                    guard let terms, terms != .replaces(snapshot.content.fingerprint) else { return }
                    throw IssuedPlans.moved(store.location)
                }
            try await log.step(.restore, detail: "\(backup.id) over \(kept.entry.id)", dataState: .changing)
            do throws(GuardError) {
                try await store.restore(from: source, expecting: backup.manifest.content, replacing: kept.snapshot)
            } catch {
                guard error.code == .storeMoved, error.dataState == .untouched, round < Self.rounds else { throw error }
                log.endStep(as: .failed)
                continue
            }
            // Best effort: the restore is done, and the digests tell less, but something.
            return Replaced(kept: kept.entry, changes: try? await store.changes(from: source, to: kept.restored))
        }
    }

    /// Puts `backup` in the place of a store that is missing or cannot be opened. Done again by ``RestoreEnd`` after a crash.
    func replace(_ backup: Entry) async throws(GuardError) {
        let source = scratch.copy("source", of: store)
        try await decode(backup, to: source)
        try await log.step(.restore, detail: Self.replacement(of: store.location.engine), dataState: .changing)
        try await store.recreate(
            from: source, rights: backup.manifest.file, suffix: "replaced-\(log.record.id.value.dropFirst(3))",
            expecting: backup.manifest.content)
    }

    /// The detail of a `restore` step that makes the store anew, by which ``RestoreEnd`` knows it.
    static func replacement(of engine: StoreEngine) -> String {
        switch engine {
        case .sqlite: "the file is replaced"
        case .postgres: "the schema is made anew"
        }
    }

    private func decode(_ backup: Entry, to target: String) async throws(GuardError) {
        let (tools, failure) = (tools, EngineFailure(store.location))
        try await tools.threads.worker.run { () throws(GuardError) in
            do throws(SystemCallError) {
                if try FileStatus.ifPresent(target) != nil { try Directory.unlink(target) }
            } catch {
                throw failure.system(error, "clearing scratch for a restore")
            }
            do throws(VaultError) {
                try tools.vault.restore(backup, to: target)
            } catch {
                throw failure.reading(error)
            }
        }
    }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Stores
internal import Vault

/// Settles a restore on request: after its success, after a failure that leaves open what is there, and after a crash.
///
/// A restore into a live store is one transaction: it happened or it did not. Which of both, the complete digests of its content tell, see
/// ``RestoredState``; where they do not, nothing is claimed. A store that was made anew is made anew again.
struct RestoreEnd {
    let tools: EngineContext
    let log: OperationLog

    /// The state of `backup` is in place and verified.
    ///
    /// - Parameters:
    ///   - kept: the backup of the state that was replaced; nil when nothing could be backed up
    ///   - changes: what becomes of each table from the restored state to the kept one, where that is known row by row
    func settleRestored(
        _ backup: Entry, insteadOf kept: Entry?, _ changes: [TableChange]? = nil
    ) async throws(GuardError) -> OperationRecord {
        var result = OperationResult()
        if let kept { result.note(kept: kept, insteadOf: backup, changes) }
        result.toVersion = backup.manifest.schemaVersion
        if let store = log.record.store { try await tools.takeBackMove(of: store) }
        return try await log.settle(.done, result: result)
    }

    /// Settles a restore of `backup` that `failure` ended when something may have been changed.
    func settle(
        _ store: any Store, _ backup: Entry, after failure: GuardError, _ scratch: ScratchFolder
    ) async throws(GuardError) -> OperationRecord {
        let kept = try await kept()
        let state: RestoredState
        do throws(GuardError) {
            state = try await RestoredState(of: store, backup, kept: kept, scratch)
        } catch {
            return try await log.settle(
                .unproved,
                because: unproved(
                    store, backup, kept, "could not be looked at afterwards", [failure.message, error.message]))
        }
        return try await settle(state, store, backup, kept, after: failure)
    }

    /// Settles a restore in the middle of which an earlier process was ended; nil when the evidence cannot be read now.
    func recover(_ store: any Store, _ interrupted: GuardError) async throws(GuardError) -> OperationRecord? {
        let record = log.record
        guard record.lastWork?.kind == .restore, let id = record.backup else {
            return try await log.settle(.untouched, because: interrupted)
        }
        return try await ScratchFolder.use(for: record.id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) in
            try await recover(store, backup: id, interrupted, scratch)
        }
    }

    private func recover(
        _ store: any Store, backup id: BackupID, _ interrupted: GuardError, _ scratch: ScratchFolder
    ) async throws(GuardError) -> OperationRecord? {
        let backup = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let kept = try await kept()
        if let end = RowReturnEnd(tools: tools, log: log, kept: kept) {
            return try await end.settle(store, after: interrupted, scratch)
        }
        let state: RestoredState
        do throws(GuardError) {
            state = try await RestoredState(of: store, backup, kept: kept, scratch)
        } catch {
            guard log.record.lastWork?.detail == Restorer.replacement(of: store.location.engine) else {
                guard RestoredState.isFinal(error) else { return nil }
                let what = "cannot be read now"
                return try await log.settle(
                    .unproved, because: unproved(store, backup, kept, what, [interrupted.message, error.message]))
            }
            do throws(GuardError) {
                try await Restorer(tools: tools, store: store, log: log, scratch: scratch).replace(backup)
            } catch {
                guard error.code == .serverUnreachable else { throw error }
                return nil
            }
            return try await settleRestored(backup, insteadOf: nil)
        }
        return try await settle(state, store, backup, kept, after: interrupted)
    }

    private func settle(
        _ state: RestoredState, _ store: any Store, _ backup: Entry, _ kept: Entry?, after failure: GuardError
    ) async throws(GuardError) -> OperationRecord {
        switch state {
        case .restored(let isWrittenSince):
            if isWrittenSince {
                log.add([
                    Finding(
                        code: "writtenSince",
                        message: "another program wrote to the memory after the restore, as it may")
                ])
            }
            return try await settleRestored(backup, insteadOf: kept)
        case .before: return try await log.settle(.untouched, because: failure)
        case .other:
            let what = "now holds neither it nor what was there before"
            return try await log.settle(
                .unproved, because: unproved(store, backup, kept, what, [failure.message]))
        }
    }

    private func unproved(
        _ store: any Store, _ backup: Entry, _ kept: Entry?, _ what: String, _ causes: [String]
    ) -> GuardError {
        let before = kept.map { " The state before is backup \($0.id)." } ?? ""
        let id = store.location.id
        return GuardError(
            .restoreFailed, "backup \(backup.id) was to be restored into \(store.location.name), which \(what)",
            store: id, dataState: .unverified,
            hint: "Automation for this memory is on hold. Look at it: dementiactl verify \(id).\(before)",
            causes: causes)
    }

    /// The backup of the state that was to be replaced.
    func kept() async throws(GuardError) -> Entry? {
        let record = log.record
        return try await tools.reading { (vault) throws(VaultError) in
            try vault.list(store: record.store).lazy.compactMap(\.entry)
                .first { $0.manifest.operation == record.id && $0.manifest.reason == .beforeRestore }
        }
    }
}

extension OperationResult {
    /// Notes that `kept` holds what `backup` was restored over, and which rows only one of the two has.
    mutating func note(kept: Entry, insteadOf backup: Entry, _ changes: [TableChange]?) {
        keptState = kept.id
        guard let changes else {
            rowsInKeptState = ContentDifference(from: backup.manifest.content, to: kept.manifest.content).rows
            return
        }
        func rows(_ count: (TableChange) -> Int64) -> [String: Int64] {
            Dictionary(changes.map { ($0.name, count($0)) }) { first, _ in first }.filter { $0.value > 0 }
        }
        rowsInKeptState = rows { $0.gained + $0.changed }
        rowsNotInKeptState = rows { $0.lost + $0.changed }
    }
}

/// Which state a store is in after a restore of a backup, by every object, column and value.
enum RestoredState: Equatable {
    /// The backup's, and whether somebody wrote to it since.
    case restored(isWrittenSince: Bool)
    /// That of the backup that was made before the restore, whatever was written to it since.
    case before
    /// Neither, as far as can be told.
    case other

    /// Looks at `store`, and lets go of it.
    ///
    /// - Parameter kept: the backup of the state before, where there is one
    init(of store: any Store, _ backup: Entry, kept: Entry?, _ scratch: ScratchFolder) async throws(GuardError) {
        let content: StoreDigest
        do throws(GuardError) {
            content = try await store.snapshot(into: scratch.copy("look", of: store), progress: nil).content
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        self.init(content, restored: backup.manifest.content, before: kept?.manifest.content)
    }

    /// Compares complete digests.
    ///
    /// One transaction replaces everything, so what the two states do not have alike tells them apart: the objects as a whole, and every
    /// table with all its columns and values. Whoever wrote since has made some of that equal to neither state. When anything is as in
    /// one state, and nothing as in the other, that is the one.
    init(_ content: StoreDigest, restored: StoreDigest, before: StoreDigest?) {
        guard content.fingerprint != restored.fingerprint else {
            self = .restored(isWrittenSince: false)
            return
        }
        guard let before, content.fingerprint != before.fingerprint else {
            self = before == nil ? .other : .before
            return
        }
        var (likeRestored, likeBefore) = (false, false)
        func weigh<Part: Equatable>(_ part: (StoreDigest) -> Part) {
            guard part(restored) != part(before) else { return }
            if part(content) == part(restored) { likeRestored = true }
            if part(content) == part(before) { likeBefore = true }
        }
        weigh(\.objects)
        for name in Set((restored.tables + before.tables).map(\.name)) { weigh { $0[table: name] } }
        switch (likeRestored, likeBefore) {
        case (true, false): self = .restored(isWrittenSince: true)
        case (false, true): self = .before
        default: self = .other
        }
    }

    /// Whether another look would fail with `error` again: a server that is back or a lock that is gone helps nothing.
    static func isFinal(_ error: GuardError) -> Bool { [.damaged, .notADatabase].contains(error.code) }
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Journal
internal import Vault

/// Takes backups out of the vault that the rules of retention do not keep.
///
/// Which ones is in the journal before the first of them goes, a few at a time; before each one the journal is asked again, because
/// somebody may have pinned it, begun to restore it, or found out that the one that was to outlive it is bad. After a crash
/// ``finish(_:with:)`` tells the journal which are gone; the others are judged anew by the next prune.
struct PruneRun {
    let tools: EngineContext
    let log: OperationLog
    /// What somebody agreed to have removed; nil for whatever the rules condemn.
    var only: Set<BackupID>?

    /// How many backups one durable intent names.
    private static let batch = 20

    /// Begins the operation of `record`.
    ///
    /// On a disk so full that the journal cannot take another line, what `view` says goes first, until there is room for a few: a prune
    /// that waits for room would wait for ever. The journal hears of those as soon as it can write.
    static func begin(
        _ record: OperationRecord, _ view: RetentionView, with tools: EngineContext
    ) async throws(GuardError) -> PruneRun {
        do throws(GuardError) {
            return PruneRun(tools: tools, log: try await OperationLog.begin(record, with: tools))
        } catch {
            let gone = try await makeRoomForJournal(after: error, view, nil, tools)
            let run = PruneRun(tools: tools, log: try await OperationLog.begin(record, with: tools))
            for line in gone { try await run.forget(line) }
            return run
        }
    }

    /// Makes room for the journal, whose write failed with `error`, and gives what is gone for that. Fails with `error` when the disk is not
    /// full, or nothing may go.
    static func makeRoomForJournal(
        after error: GuardError, _ view: RetentionView, _ only: Set<BackupID>?, _ tools: EngineContext
    ) async throws(GuardError) -> [IndexEntry] {
        guard try await isFull(tools) else { throw error }
        let gone = try await makeRoom(view, only, tools)
        guard !gone.isEmpty else { throw error }
        return gone
    }

    /// Deletes what `view` condemns until the disk is not full any more, and gives what is gone.
    private static func makeRoom(
        _ view: RetentionView, _ only: Set<BackupID>?, _ tools: EngineContext
    ) async throws(GuardError) -> [IndexEntry] {
        var view = view
        var gone: [IndexEntry] = []
        for id in view.judgement.removals.filter({ only?.contains($0) != false }) {
            guard try await isFull(tools) else { break }
            // Reading needs no room: what was pinned or begun meanwhile is known.
            view.heed(try await tools.retentionMarks())
            guard let line = view.condemned(id), try await remove(line, with: tools) else { continue }
            view.took(id)
            gone.append(line)
        }
        return gone
    }

    /// Whether there is no room for as much as a few lines of the journal.
    private static func isFull(_ tools: EngineContext) async throws(GuardError) -> Bool {
        try await tools.reading { (vault) throws(VaultError) in try vault.freeBytes() < 1 << 20 }
    }

    /// Prunes, and settles the operation.
    ///
    /// - Parameter gone: what had to go before the journal could take the operation
    func run(after gone: [IndexEntry] = []) async throws(GuardError) -> OperationRecord {
        do throws(GuardError) {
            for line in gone { try await forget(line) }
            try await log.step(.preflight)
            var view = try await RetentionView(tools)
            log.add(view.findings)
            var waiting = view.judgement.removals.filter { only?.contains($0) != false }[...]
            while !waiting.isEmpty {
                let batch = waiting.prefix(Self.batch)
                waiting = waiting.dropFirst(Self.batch)
                try await log.step(.prune, detail: Self.detail(of: batch))
                for id in batch {
                    try log.checkStop()
                    try await remove(id, &view)
                }
            }
        } catch {
            return try await log.settle(failed: error)
        }
        let hasNews = log.record.result?.removed?.isEmpty == false || !log.record.findings.isEmpty
        return try await log.settle(hasNews ? .done : .alreadySo)
    }

    private func remove(_ id: BackupID, _ view: inout RetentionView) async throws(GuardError) {
        view.heed(try await tools.retentionMarks())
        guard let line = view.condemned(id), try await Self.remove(line, with: tools) else { return }
        view.took(id)
        try await forget(line, freed: view.freedBytes)
    }

    /// Removes the backup of `line`, and says whether it is gone. One that was damaged since is for a person to see, and one that was pinned
    /// a moment ago stays.
    private static func remove(_ line: IndexEntry, with tools: EngineContext) async throws(GuardError) -> Bool {
        guard let id = line.name?.id else { return false }
        let mayGo = try await tools.journaling(about: line.store) { (journal) throws(JournalError) in
            try await journal.beginRemoval(of: id)
        }
        guard mayGo else { return false }
        var isGone = false
        do throws(GuardError) {
            isGone = try await tools.working { (vault) throws(VaultError) in
                guard let entry = vault.listing(of: line).entry else { return false }
                try vault.delete(entry)
                return true
            }
        } catch {
            await tools.journal.keep(id)
            throw error
        }
        if !isGone { await tools.journal.keep(id) }
        return isGone
    }

    /// Tells journal and result that the backup of `line` is gone.
    private func forget(_ line: IndexEntry, freed: Int64? = nil) async throws(GuardError) {
        guard let id = line.name?.id else { return }
        try await Self.forget(id, of: line.store, with: tools)
        var result = log.record.result ?? OperationResult()
        result.removed = (result.removed ?? []) + [id]
        result.freedBytes = freed ?? result.freedBytes
        log.note(result: result)
    }

    // MARK: Recovery

    /// Settles the prune of `log`, which a crash cut short: what is gone from the vault is forgotten in the journal, too.
    static func finish(
        _ log: OperationLog, with tools: EngineContext, because error: GuardError
    ) async throws(GuardError) -> OperationRecord {
        let intended = log.record.steps.filter { $0.kind == .prune }.flatMap { Self.ids(in: $0.detail ?? "") }
        let there = try await tools.reading { (vault) throws(VaultError) in
            Set(try vault.index().compactMap(\.name?.id))
        }
        let gone = intended.filter { !there.contains($0) }
        for id in gone { try await forget(id, of: nil, with: tools) }
        var result = OperationResult()
        result.removed = gone
        return try await log.settle(.untouched, because: error, result: result)
    }

    private static func forget(_ id: BackupID, of store: StoreID?, with tools: EngineContext) async throws(GuardError) {
        try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.forget(id, store: store)
        }
    }

    private static func detail(of batch: some Sequence<BackupID>) -> String {
        batch.map(\.description).joined(separator: " ")
    }

    private static func ids(in detail: String) -> [BackupID] {
        detail.split(separator: " ").compactMap { BackupID($0) }
    }
}

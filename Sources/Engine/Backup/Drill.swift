// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Journal
internal import LinuxKit
internal import Stores
internal import Vault

/// Chooses the backup whose proof is the oldest: a backup that nobody tried to restore for a month is a hope.
struct DrillSchedule {
    let tools: EngineContext

    /// The backup that is to be proved next, and when. nil without backups, or when none is to be proved by the clock.
    func next() async throws(GuardError) -> (line: IndexEntry, due: Timestamp)? {
        guard let every = tools.policy.maintenance.drillEvery else { return nil }
        let proofs = try await tools.journaling { (journal) throws(JournalError) in try await journal.lastProofs() }
        let index = try await tools.reading { (vault) throws(VaultError) in try vault.index() }
        let stopped = try await stoppedDrills()
        let now = tools.clock()
        let next = index.compactMap { line -> (line: IndexEntry, id: BackupID, due: Timestamp)? in
            guard let name = line.name else { return nil }
            // Publishing proves, too. A proof from the future is by a clock that was wrong, and says nothing.
            let at = proofs[name.id]?.at ?? name.createdAt
            let due = (at > now ? Timestamp(milliseconds: 0) : at).advanced(by: every)
            return (line, name.id, max(due, Self.retry(stopped[name.id], now)))
        }.min { ($0.due, $0.id) < ($1.due, $1.id) }
        return next.map { ($0.line, max($0.due, Self.retry(stopped[nil], now))) }
    }

    /// When something else than their backup ended the latest drills, by backup: one that does not fit on the disk must not keep all others
    /// from their turn. nil stands for a drill that did not come as far as to name its backup.
    private func stoppedDrills() async throws(GuardError) -> [BackupID?: Timestamp] {
        let records = try await tools.journaling { (journal) throws(JournalError) in
            try await journal.operations(limit: 100)
        }
        let stopped = records.filter { record in
            record.kind == .verify && record.trigger == Maintenance.Trigger.schedule && record.state == .settled
                && [.failedUntouched, .cancelled, .busy].contains(record.outcome)
                && record.error?.code != .verificationFailed
        }
        return Dictionary(stopped.compactMap { record in record.settledAt.map { (record.backup, $0) } }) { newest, _ in
            newest
        }
    }

    /// When a drill that was stopped at `moment` may be tried again.
    private static func retry(_ moment: Timestamp?, _ now: Timestamp) -> Timestamp {
        guard let moment, moment <= now else { return Timestamp(milliseconds: 0) }
        return moment.advanced(by: .seconds(3600))
    }
}

/// A drill of the backup of `line` that is due, not begun yet.
struct DueDrill: Sendable {
    let tools: EngineContext
    let location: StoreLocation
    let line: IndexEntry

    /// Runs it as the operation of `log`: with the store's own way to restore, or without one where its server is not configured any more.
    func run(_ log: OperationLog) async throws(GuardError) -> OperationRecord {
        guard (try? tools.open(location)) != nil else {
            return try await Drill(tools: tools, location: location, log: log, means: nil).run(line)
        }
        return try await StoreOperation.run(at: location, log, with: tools) { (work) throws(GuardError) in
            try await Drill(tools: tools, location: location, log: log, means: (work.store, work.scratch)).run(line)
        }
    }
}

/// One proof of a backup that has been in the vault for a while.
struct Drill {
    let tools: EngineContext
    let location: StoreLocation
    let log: OperationLog
    /// What restores; nil where the store's server is not known any more. Then the backup is decoded and not restored.
    let means: (store: any Store, scratch: ScratchFolder)?

    /// Restores the backup of `line` into scratch, compares it with what was backed up, and writes down how that went.
    ///
    /// A backup that is found bad fails the operation with ``GuardCore/GuardError/Code/verificationFailed`` and is no backup to anybody from
    /// then on: see ``EngineContext/newestProved(of:)``. The store itself is not touched and not even opened.
    func run(_ line: IndexEntry) async throws(GuardError) -> OperationRecord {
        guard let id = line.name?.id else { return try await log.settle(.alreadySo) }
        let clock = ContinuousClock()
        let start = clock.now
        do throws(GuardError) {
            try await log.step(.verify, detail: "\(id) is restored into scratch", backup: id)
            try log.checkStop()
            let how: String
            do throws(GuardError) {
                how = try await prove(line)
            } catch {
                guard error.code == .verificationFailed else { throw error }
                guard try await isThere(id) else { return try await gone() }
                return try await settleBad(id, error, after: clock.now - start)
            }
            try await record(
                ProofRecord(
                    backup: id, at: tools.clock(), succeeded: true, seconds: (clock.now - start).seconds, detail: how))
        } catch {
            await means?.store.close()
            guard try await isThere(id) else { return try await gone() }
            return try await log.settle(failed: error)
        }
        await means?.store.close()
        return try await log.settle(.done)
    }

    /// How the backup was proved; fails with ``GuardCore/GuardError/Code/verificationFailed`` when it is bad.
    private func prove(_ line: IndexEntry) async throws(GuardError) -> String {
        let tools = tools
        let entry: Entry
        switch try await tools.reading({ (vault) throws(VaultError) in vault.listing(of: line) }) {
        case .good(let good): entry = good
        case .damaged(let path, let reason): throw bad("\(path): \(reason)")
        }
        guard let means else {
            try await read { (vault) throws(VaultError) in try vault.verifyPayload(of: entry) }
            return "decoded in full, not restored: its server is not in the configuration"
        }
        try checkRoom(for: entry.manifest.payload.rawBytes, in: means.scratch)
        let copy = means.scratch.copy("drill", of: means.store)
        try await read { (vault) throws(VaultError) in try vault.restore(entry, to: copy) }
        try log.checkStop()
        let proof: CopyProof
        do throws(GuardError) {
            proof = try await means.store.drill(copy, holds: entry.manifest.content, for: log.record.id)
        } catch {
            // A server that is gone for good must not keep everybody else's backups from their turn.
            guard error.code == .serverUnreachable else { throw error }
            proof = .decoded(because: error.message)
        }
        switch proof {
        case .restored: return "restored into scratch, and equal to what was backed up"
        case .decoded(let reason): return "decoded in full, not restored: \(reason)"
        }
    }

    private func settleBad(_ id: BackupID, _ error: GuardError, after time: Duration) async throws(GuardError)
        -> OperationRecord
    {
        let reason = error.causes.first ?? error.message
        try await record(
            ProofRecord(backup: id, at: tools.clock(), succeeded: false, seconds: time.seconds, detail: reason))
        log.add([
            Finding(
                code: "backupBad",
                message: "backup \(id) could not be restored in a drill and is not relied on any more: \(reason)")
        ])
        await means?.store.close()
        return try await log.settle(
            .untouched,
            because: GuardError(
                .verificationFailed, "backup \(id) of \(location.name) is not good", store: location.id,
                hint: "Its memory is backed up again. Look at the disk under the state directory: journalctl -k",
                causes: error.causes))
    }

    private func bad(_ reason: String) -> GuardError {
        GuardError(.verificationFailed, "a backup of \(location.name) is damaged", store: location.id, causes: [reason])
    }

    private func record(_ proof: ProofRecord) async throws(GuardError) {
        let id = location.id
        try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.record(proof, store: id)
        }
    }

    private func isThere(_ id: BackupID) async throws(GuardError) -> Bool {
        try await tools.reading { (vault) throws(VaultError) in try vault.index().contains { $0.name?.id == id } }
    }

    /// It was deleted meanwhile, which says nothing against it.
    private func gone() async throws(GuardError) -> OperationRecord {
        await means?.store.close()
        return try await log.settle(.alreadySo)
    }

    /// Reads a backup; damage is a verdict on it, and every other failure is not.
    private func read(_ body: @escaping @Sendable (Vault) throws(VaultError) -> Void) async throws(GuardError) {
        let tools = tools
        let damage = try await tools.threads.prover.run { () throws(GuardError) -> String? in
            do throws(VaultError) {
                try body(tools.vault)
                return nil
            } catch {
                guard case .damaged = error else { throw EngineFailure.vault(error) }
                return error.description
            }
        }
        if let damage { throw bad(damage) }
    }

    /// A drill is not worth a full disk.
    private func checkRoom(for bytes: Int64, in scratch: ScratchFolder) throws(GuardError) {
        let filesystem: Filesystem
        do {
            filesystem = try Filesystem(holding: scratch.path)
        } catch {
            throw EngineFailure(location).system(error, "looking for room for a drill")
        }
        let needed = bytes + (tools.policy.minimumFree ?? VaultRoom.defaultFloor(of: filesystem.totalBytes))
        guard filesystem.freeBytes < needed else { return }
        throw GuardError(
            .noSpace,
            "a drill of a backup of \(location.name) needs \(needed) bytes free and there are \(filesystem.freeBytes)",
            store: location.id, hint: "Free some space under \(scratch.path), or lower backup.minFree.")
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import Stores
internal import Vault

/// Computes when the next backup by the clock is due, so that whoever waits for it can sleep until then.
struct BackupSchedule {
    let tools: EngineContext

    /// When `store` is to be looked at again for its scheduled backup; a moment that is past means now, and nil means never: no backups
    /// are wanted by the clock, or the store is missing.
    func due(_ store: StoreID) async throws(GuardError) -> Timestamp? {
        guard let every = tools.policy.maintenance.every else { return nil }
        let now = tools.clock()
        let (sighting, look, failed) = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            (
                try await journal.knownStore(store)?.lastSighting, try await journal.lastLook(at: store),
                try await journal.failedProofs()
            )
        }
        if sighting?.state == StoreState.missing.rawValue { return nil }
        let unfit = Set(failed.keys)
        let (newest, doubted) = try await tools.reading { (vault) throws(VaultError) in
            let newest = try vault.newest(of: store, except: unfit).map { ($0.id, $0.manifest.createdAt) }
            let later = try vault.index(store: store).compactMap(\.name?.id).filter { id in
                unfit.contains(id) && newest.map { id > $0.0 } ?? true
            }
            return (newest, later)
        }
        let base = newest.map { newest in look?.backup == newest.0 ? look?.at ?? newest.1 : newest.1 }
        var due = base.map { $0.advanced(by: every) } ?? now
        // A clock that was ahead when the backup was made must not put off the next one by years.
        if let base, base > now { due = now }
        // What the last drill found bad is no backup any more, unless a look since then found an older one to hold the same.
        if doubted.contains(where: { id in failed[id].map { proof in base.map { proof >= $0 } ?? true } ?? false }) {
            due = min(due, now)
        }
        due = max(due, try await retry(store, after: base, every))
        // Due, and not there: that is no failure, and no reason to ask again without a pause.
        if due <= now, let place = sighting?.location, await !isThere(place) {
            return now.advanced(by: min(every, .seconds(3600)))
        }
        return due
    }

    /// Whether the store at `location` can be looked at from outside.
    func isThere(_ location: StoreLocation) async -> Bool {
        do throws(GuardError) {
            let store = try tools.open(location)
            _ = try await store.describe()
            await store.close()
            return true
        } catch {
            return false
        }
    }

    /// When a backup that failed or was stopped since `base` may be tried again: not at once, or a damaged store would be copied without a
    /// pause.
    private func retry(_ store: StoreID, after base: Timestamp?, _ every: Duration) async throws(GuardError)
        -> Timestamp
    {
        let records = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.operations(store: store, limit: 20)
        }
        guard let last = records.first(where: { $0.kind == .backup && $0.state == .settled }),
            let settledAt = last.settledAt, last.outcome != .succeeded,
            base.map({ settledAt >= $0 }) ?? true, settledAt <= tools.clock()
        else { return Timestamp(milliseconds: 0) }
        return settledAt.advanced(by: min(every, max(.seconds(3600), every / 4)))
    }
}

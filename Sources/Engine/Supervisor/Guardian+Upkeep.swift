// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import Releases

/// Backups by the clock and before releases, drills, prunes, and the comparison after somebody else's migration.
extension Guardian {
    private var upkeep: Upkeep { Upkeep(tools) }

    /// Puts on the agenda what the clock will ask for, where it is not on it yet.
    func planUpkeep() async {
        for id in forms.keys.sorted() where !agenda.has(.backup(id)) { await planBackup(of: id) }
        if !agenda.has(.drill) { await planDrill() }
        // What was added while nobody pruned can wait; what is added from now on is seen to within a minute.
        if !agenda.has(.prune) { plan { $0.set(.prune, in: .seconds(3600)) } }
    }

    private func planBackup(of id: StoreID) async {
        // Whatever is in the way is asked for again in an hour.
        plan { $0.set(.backup(id), in: .seconds(3600)) }
        await tryTo { (guardian) async throws(GuardError) in
            guard let due = try await guardian.upkeep.nextBackupDue(id) else {
                guardian.plan { $0.drop(.backup(id)) }
                return
            }
            guardian.plan { $0.set(.backup(id), in: max(.seconds(10), guardian.wait(until: due))) }
        }
    }

    private func planDrill() async {
        plan { $0.set(.drill, in: .seconds(3600)) }
        await tryTo { (guardian) async throws(GuardError) in
            guard let due = try await guardian.upkeep.nextDrillDue() else {
                guardian.plan { $0.drop(.drill) }
                return
            }
            // One after the other, and never at once: other work comes first.
            guardian.plan { $0.set(.drill, in: max(.seconds(10), guardian.wait(until: due))) }
        }
    }

    private func wait(until due: Timestamp) -> Duration {
        .milliseconds(max(0, due.milliseconds - tools.clock().milliseconds))
    }

    /// Makes the scheduled backup of the store `id`, when it is due and the store changed.
    func backUpIfDue(_ id: StoreID) async {
        guard let form = forms[id] else { return }
        guard busy[id] == nil else {
            plan { $0.set(.backup(id), in: .seconds(60)) }
            return
        }
        await tryTo { (guardian) async throws(GuardError) in
            _ = try await guardian.occupying(id) { (guardian) async throws(GuardError) in
                try await guardian.upkeep.backUpIfDue(form.place)
            }
        }
        await look(at: id)
        tell()
        await planBackup(of: id)
    }

    /// Proves the backup again that waits the longest for it.
    func drill() async {
        await tryTo { (guardian) async throws(GuardError) in
            guard let drill = try await guardian.upkeep.dueDrill() else { return }
            let store = drill.location.id
            // Another operation at work on this memory comes first; the drill is asked for again in a moment.
            guard guardian.busy[store] == nil, !guardian.isStopping else { return }
            let origin = Origin(trigger: Upkeep.Trigger.schedule, uid: guardian.tools.uid)
            let record = try await guardian.begin(.verify, on: store, origin) { (log) throws(GuardError) in
                try await drill.run(log)
            }
            await guardian.tasks[record.id]?.value
        }
        await planDrill()
    }

    /// Takes out of the vault what the rules do not keep.
    func prune() async {
        await tryTo { (guardian) async throws(GuardError) in
            if let pruned = try await guardian.upkeep.prune() { guardian.planAfter(pruned) }
        }
        plan { $0.hasten(.prune, in: .seconds(86_400)) }
    }

    // MARK: Releases and applications

    /// Backs up the store at `location`, when a release that is there now may change it before anything else does: one that is not known,
    /// or one that waits for a migration that nobody may make without asking. Once per release and state.
    func backUpForReleases(_ location: StoreLocation, _ examination: Examination) async throws(GuardError) {
        let line = examination.form.line
        // A migration that begins at once takes a backup of its own first.
        let waits = examination.plan?.isEmpty == false && (mode(of: location) != .auto || examination.hold != nil)
        let releases = readings.values.compactMap(\.release).filter { release in
            guard release.line?.rawValue == line || release.line == nil || line == nil else { return false }
            return !release.isKnown || waits
        }.sorted { $0.path < $1.path }
        guard let release = releases.first(where: { !$0.isKnown }) ?? releases.first else { return }
        let key = releases.map { "\($0.id) \($0.label)" }.joined(separator: "; ")
        guard preparedFor[location.id] != key else { return }
        let done: Void? = try await occupying(location.id) { (guardian) async throws(GuardError) in
            _ = try await guardian.upkeep.releaseBackup(location, release: release)
        }
        guard done != nil else { return }
        preparedFor[location.id] = key
        await examine(location)
    }

    /// Compares the store at `location` with the backup from before, when its schema changed since the last look and no work of ours did
    /// it.
    ///
    /// - Parameter look: when `before` was seen
    func compareIfMigratedByOthers(
        _ location: StoreLocation, _ before: StoreForm, _ look: Timestamp, _ now: StoreForm
    ) async throws(GuardError) {
        let isOther = before.schemaVersion != now.schemaVersion || before.line != now.line
        guard before.line != nil, before.state != .missing, isOther, now.state != .busy, now.state != .failed else {
            return
        }
        let upkeep = upkeep
        guard
            let entry = try await upkeep.backupBeforeShadowMigration(
                of: location.id, leaving: before.schemaVersion, since: look)
        else { return }
        _ = try await occupying(location.id) { (_) async throws(GuardError) in
            try await upkeep.compareAfterShadowMigration(location, since: entry)
        }
    }

    // MARK: One at a time

    /// Does `work` while nobody else may begin anything on `store`; nil when somebody is at work on it, who looks at it again at his end.
    func occupying<Result: Sendable>(
        _ store: StoreID, _ work: (isolated Guardian) async throws(GuardError) -> Result
    ) async throws(GuardError) -> Result? {
        guard busy[store] == nil, !isStopping else {
            neglected.insert(store)
            return nil
        }
        busy[store] = .upkeep
        defer {
            busy[store] = nil
            for waiting in idlers.removeValue(forKey: store) ?? [] { waiting.resume() }
            if neglected.remove(store) != nil, let form = forms[store] { request(form.place, because: "discovery") }
        }
        return try await work(self)
    }
}

extension Guardian {
    /// Comes back when no work of the daemon's own is going on at `store`: who asks by name is not turned away for a look.
    func waitForUpkeep(of store: StoreID) async {
        while case .upkeep? = busy[store] {
            await withCheckedContinuation { idlers[store, default: []].append($0) }
        }
    }
}

/// Who is at work on a store.
enum Occupant {
    /// An operation that somebody can watch and cancel.
    case operation(OperationID)
    /// A look, a comparison or a backup of the daemon's own.
    case upkeep
}

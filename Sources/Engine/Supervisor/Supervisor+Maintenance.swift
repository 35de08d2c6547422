// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import Releases

/// Backups by the clock and before releases, drills, prunes, and the comparison after somebody else's migration.
extension Supervisor {
    private var maintenance: Maintenance { Maintenance(tools) }

    /// Puts on the agenda what the clock will ask for, where it is not on it yet.
    func planUpkeep() async {
        for id in stores.seen.map(\.id).sorted() where !schedule.has(.backup(id)) { await planBackup(of: id) }
        if !schedule.has(.drill) { await planDrill() }
        // What was added while nobody pruned can wait; what is added from now on is seen to within a minute.
        if !schedule.has(.prune) { plan { $0.set(.prune, in: .seconds(3600)) } }
    }

    private func planBackup(of id: StoreID) async {
        // Whatever is in the way is asked for again in an hour.
        plan { $0.set(.backup(id), in: .seconds(3600)) }
        await reportingFailure { (supervisor) async throws(GuardError) in
            guard let due = try await supervisor.maintenance.nextBackupDue(id) else {
                supervisor.plan { $0.drop(.backup(id)) }
                return
            }
            supervisor.plan { $0.set(.backup(id), in: max(.seconds(10), supervisor.wait(until: due))) }
        }
    }

    private func planDrill() async {
        plan { $0.set(.drill, in: .seconds(3600)) }
        await reportingFailure { (supervisor) async throws(GuardError) in
            guard let due = try await supervisor.maintenance.nextDrillDue() else {
                supervisor.plan { $0.drop(.drill) }
                return
            }
            // One after the other, and never at once: other work comes first.
            supervisor.plan { $0.set(.drill, in: max(.seconds(10), supervisor.wait(until: due))) }
        }
    }

    private func wait(until due: Timestamp) -> Duration {
        .milliseconds(max(0, due.milliseconds - tools.clock().milliseconds))
    }

    /// Makes the scheduled backup of the store `id` in its turn, when it is due and the store changed.
    func backUpIfDue(_ id: StoreID) {
        guard let form = stores.form(id) else { return }
        let queue = stores.queue(of: id)
        guard queue.turn == nil else {
            plan { $0.set(.backup(id), in: .seconds(60)) }
            return
        }
        runUpkeep { supervisor in
            guard let turn = await queue.enter(.maintenance, within: await supervisor.patience) else {
                await supervisor.plan { $0.set(.backup(id), in: .seconds(60)) }
                return
            }
            await supervisor.watchSilences()
            await supervisor.reportingFailure { (supervisor) async throws(GuardError) in
                _ = try await supervisor.maintenance.backUpIfDue(form.place)
            }
            await supervisor.examine(form.place)
            queue.leave(turn)
            await supervisor.planBackup(of: id)
        }
    }

    /// Proves the backup again that waits the longest for it.
    func drill() async {
        await reportingFailure { (supervisor) async throws(GuardError) in
            guard let drill = try await supervisor.maintenance.dueDrill() else { return }
            // Other work on this memory comes first; the drill is asked for again in a moment.
            guard supervisor.stores[drill.location.id].queue.turn == nil, !supervisor.isStopping else { return }
            let origin = Origin(trigger: Maintenance.Trigger.schedule, uid: supervisor.tools.uid)
            let record = try await supervisor.start(.verify, at: drill.location, origin) { (log) throws(GuardError) in
                try await drill.run(log)
            }
            await supervisor.operations.tasks[record.id]?.value
        }
        await planDrill()
    }

    /// Takes out of the vault what the rules do not keep.
    func prune() async {
        await reportingFailure { (supervisor) async throws(GuardError) in
            if let pruned = try await supervisor.maintenance.prune() { supervisor.planAfter(pruned) }
        }
        plan { $0.hasten(.prune, in: .seconds(86_400)) }
    }
}

// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import Releases

/// Backups by the clock and before releases, drills, prunes, and the comparison after somebody else's migration.
extension Supervisor {
    private var maintenance: Maintenance { Maintenance(tools) }

    /// Puts on the schedule what the clock will ask for.
    var planner: MaintenancePlanner { MaintenancePlanner(tools: tools, schedule: schedule) }

    /// Makes the scheduled backup of the store `id` in its turn, when it is due and the store changed.
    func backUpIfDue(_ id: StoreID) {
        guard let form = stores.form(id) else { return }
        let queue = stores.queue(of: id)
        guard queue.turn == nil else {
            schedule.plan { $0.set(.backup(id), in: .seconds(60)) }
            return
        }
        runUpkeep { supervisor in
            guard let turn = await queue.enter(.maintenance, within: await supervisor.patience) else {
                supervisor.schedule.plan { $0.set(.backup(id), in: .seconds(60)) }
                return
            }
            await supervisor.watchSilences()
            await supervisor.reportingFailure { (supervisor) async throws(GuardError) in
                _ = try await supervisor.maintenance.backUpIfDue(form.place)
            }
            await supervisor.examine(form.place)
            queue.leave(turn)
            await supervisor.planner.planBackup(of: id)
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
        await planner.planDrill()
    }

    /// Takes out of the vault what the rules do not keep.
    func prune() async {
        await reportingFailure { (supervisor) async throws(GuardError) in
            if let pruned = try await supervisor.maintenance.prune() { supervisor.planAfter(pruned) }
        }
        schedule.plan { $0.hasten(.prune, in: .seconds(86_400)) }
    }
}

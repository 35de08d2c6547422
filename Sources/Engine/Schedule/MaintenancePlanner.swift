// SPDX-License-Identifier: MIT

internal import GuardCore

/// Puts on the schedule what is done to backups by the clock: scheduled backups, drills, prunes.
struct MaintenancePlanner {
    let tools: EngineContext
    let schedule: ScheduleKeeper

    private var maintenance: Maintenance { Maintenance(tools) }

    /// Plans what is not on the schedule yet, for `stores` and for the vault.
    func plan(for stores: [StoreID]) async {
        for id in stores.sorted() where !schedule.has(.backup(id)) { await planBackup(of: id) }
        if !schedule.has(.drill) { await planDrill() }
        // What was added while nobody pruned can wait; what is added from now on is seen to within a minute.
        if !schedule.has(.prune) { schedule.plan { $0.set(.prune, in: .seconds(3600)) } }
    }

    /// Plans the next scheduled backup of the store `id`.
    func planBackup(of id: StoreID) async {
        await plan(.backup(id)) { () throws(GuardError) in try await maintenance.nextBackupDue(id) }
    }

    /// Plans the next drill. One after the other, and never at once: other work comes first.
    func planDrill() async {
        await plan(.drill) { () throws(GuardError) in try await maintenance.nextDrillDue() }
    }

    private func plan(_ item: Schedule.Item, _ due: () async throws(GuardError) -> Timestamp?) async {
        // Whatever is in the way is asked for again in an hour.
        schedule.plan { $0.set(item, in: .seconds(3600)) }
        do throws(GuardError) {
            guard let due = try await due() else {
                schedule.plan { $0.drop(item) }
                return
            }
            let wait = Duration.milliseconds(max(0, due.milliseconds - tools.clock().milliseconds))
            schedule.plan { $0.set(item, in: max(.seconds(10), wait)) }
        } catch {
            tools.observe(.noticed(.lookFailed(error)))
        }
    }
}

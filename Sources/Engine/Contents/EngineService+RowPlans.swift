// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import Stores
internal import Vault

/// Plans of restores of single rows.
extension EngineService {
    /// Single rows go back to where they are from, and into a SQLite file only.
    static func checkRows(_ target: OperationTarget?, at location: StoreLocation) throws(GuardError) {
        guard location.engine == .sqlite else { throw ReturningRow.refusal(of: location) }
        guard target != nil else { return }
        throw GuardError(
            .usage, "single rows go back into the memory that they are of, and to no other place",
            hint: "Leave out --to, or restore the whole backup there.")
    }

    /// Says what would become of each row, found out on two copies.
    func planRows(
        _ wish: RowWish, from entry: Entry, for request: PlanRequest, in form: inout PlanForm
    ) async throws(GuardError) {
        let location = StoreLocation(engine: entry.manifest.store.engine, name: entry.manifest.store.location)
        do throws(GuardError) {
            let copies = try await contents.copies()
            let backup = try await contents.prepare(.backup(entry.id), look: nil, in: copies)
            let live = try await contents.prepare(.live(location.id), look: nil, in: copies)
            let (source, present) = (try await copies.file(of: backup.subject), try await copies.file(of: live.subject))
            let plan = try RowReturnPlan.made(wish, from: source, into: present, at: location)
            form.rows = plan.rows
            guard !plan.hasConflict else { throw RowReturnPlan.undecided(plan.rows, at: location) }
            form.notes.append(
                plan.changes.isEmpty
                    ? "Every row is there as it was; nothing would be done."
                    : "The present state is backed up first. Nothing else than these rows is changed, and automation goes on."
            )
            issue(request, .bringsBack(plan.digest), in: &form)
        } catch {
            guard error.code != .usage, error.code != .notFound else { throw error }
            form.refusal = Problem(error)
        }
    }
}

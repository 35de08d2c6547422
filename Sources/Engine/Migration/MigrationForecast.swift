// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import Stores

/// What a migration of the store at a place would do. Nothing is changed by that.
struct MigrationForecast {
    let tools: EngineContext
    let location: StoreLocation

    /// What a look at the store from outside shows.
    func describe() async throws(GuardError) -> StoreDescription {
        let store = try tools.open(location)
        do throws(GuardError) {
            let description = try await store.describe()
            await store.close()
            return description
        } catch {
            await store.close()
            throw error
        }
    }

    /// What `plan` would take away, found out by running it on a copy; nil when there is no place to run it in.
    func losses(of plan: Plan) async throws(GuardError) -> [PlanForm.Loss]? {
        let store = try tools.open(location)
        let id = tools.newOperationID()
        return try await ScratchFolder.use(for: id, on: store, in: tools.scratch) {
            (scratch) throws(GuardError) -> [PlanForm.Loss]? in
            do throws(GuardError) {
                let copy = scratch.copy("plan", of: store)
                let snapshot = try await store.snapshot(into: copy, progress: nil)
                _ = try await store.prove(copy, of: snapshot, for: id, progress: nil)
                let record = try await store.rehearse(
                    plan, on: copy, of: snapshot, entry: LedgerEntry(operation: id, backup: nil, release: nil),
                    progress: nil)
                await store.close()
                return record?.lost.map { PlanForm.Loss(table: $0.table, column: $0.column, rows: $0.values) }
            } catch {
                await store.close()
                throw error
            }
        }
    }

    /// The steps that `wish` needs, by what is there now.
    func plan(_ wish: MigrationGoal) async throws(GuardError) -> Plan {
        let store = try tools.open(location)
        do throws(GuardError) {
            let survey = try await store.survey(tools.catalogue)
            let plan = try wish.plan(with: tools.planner, for: location.id, at: location.name, survey)
            await store.close()
            return plan
        } catch {
            await store.close()
            throw error
        }
    }
}

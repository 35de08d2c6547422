// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Journal
internal import Stores

/// Stores that somebody adopted or had forgotten, whatever a look finds.
extension Supervisor {
    /// Guards the store at `location` from now on, whatever a look finds.
    func adopt(_ location: StoreLocation) async throws(GuardError) {
        try await tools.journaling(about: location.id) { (journal) throws(JournalError) in
            try await journal.adopt(location)
        }
        try await readOverrides()
        scan.discovered = applyingOverrides(scan.discovered)
        await watchAll()
        try await attend(location, because: "request")
        tell()
    }

    /// Guards the store at `location` no longer, whatever a look finds.
    func forget(_ location: StoreLocation) async throws(GuardError) {
        let id = location.id
        let turn = try await takeTurn(at: location, for: .maintenance)
        defer { stores.queue(of: id).leave(turn) }
        try await tools.journaling(about: id) { (journal) throws(JournalError) in try await journal.forget(location) }
        try await readOverrides()
        stores.forget(id)
        scan.discovered = applyingOverrides(scan.discovered)
        schedule.plan {
            $0.drop(.store(id))
            $0.drop(.backup(id))
        }
        await watchAll()
        tell()
    }

    /// Reads what was decided from the journal.
    func readOverrides() async throws(GuardError) {
        stores.setOverrides(
            try await tools.journaling { (journal) throws(JournalError) in try await journal.choices() })
    }

    /// `found` with what was adopted, and without what is to be forgotten.
    func applyingOverrides(_ found: Discovered) -> Discovered { found.applyingOverrides(stores.overrides) }
}

extension Discovered {
    /// With what was adopted, and without what is to be forgotten. What lives on elsewhere is not changed without asking.
    fileprivate func applyingOverrides(_ choices: some Collection<StoreChoice>) -> Discovered {
        var applyingOverrides = self
        let forgotten = Set(choices.filter { $0.kind == .forgotten }.map(\.location))
        applyingOverrides.locations.removeAll(where: forgotten.contains)
        for choice in choices where choice.kind == .adopted && !locations.contains(choice.location) {
            applyingOverrides.locations.append(choice.location)
        }
        applyingOverrides.asking.formUnion(choices.filter { $0.kind == .moved }.map(\.location))
        return applyingOverrides
    }
}

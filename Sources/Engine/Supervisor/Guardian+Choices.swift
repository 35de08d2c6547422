// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal
internal import Stores

/// Stores that somebody adopted or had forgotten, whatever a look finds.
extension Guardian {
    public func adopt(_ request: StoreRequest, for caller: Caller) async throws(GuardError) -> StoreForm {
        let location = try await settings.locate(request.location)
        if let form = forms[location.id] { return form }
        let refusal = try await StoreExaminer(tools: tools).examine(location).refusal
        // An unknown shape is backed up, watched and left alone like any other; what is no memory at all has nothing to guard.
        let isNone: [GuardError.Code] = [
            .storeMissing, .notADatabase, .foreignSchema, .serverUnreachable, .permissionDenied,
        ]
        if let refusal, isNone.contains(refusal.code) { throw refusal }
        try await tools.journaling(about: location.id) { (journal) throws(JournalError) in
            try await journal.adopt(location)
        }
        try await readChoices()
        discovered = heeding(discovered)
        await watchAll()
        try await attend(location, because: "request")
        tell()
        return try await store(location.id)
    }

    public func forget(_ id: StoreID, for caller: Caller) async throws(GuardError) {
        let location = try location(of: id)
        await waitForUpkeep(of: id)
        guard busy[id] == nil else {
            throw GuardError(
                .storeBusy, "an operation is at work on \(location.name)", store: id,
                hint: "Wait for it with: dementiactl operations list")
        }
        try await tools.journaling(about: id) { (journal) throws(JournalError) in try await journal.forget(location) }
        try await readChoices()
        forms[id] = nil
        footprints[id] = nil
        seenAt[id] = nil
        backOffs[id] = nil
        preparedFor[id] = nil
        discovered = heeding(discovered)
        plan {
            $0.drop(.store(id))
            $0.drop(.backup(id))
        }
        await watchAll()
        tell()
    }

    /// Reads what was decided from the journal.
    func readChoices() async throws(GuardError) {
        let all = try await tools.journaling { (journal) throws(JournalError) in try await journal.choices() }
        choices = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
    }

    /// `found` with what was adopted, and without what is to be forgotten.
    func heeding(_ found: Discovered) -> Discovered { found.heeding(choices.values) }
}

extension Pass {
    /// `found` with what was adopted, and without what is to be forgotten.
    public func heeding(_ found: Discovered) async throws(GuardError) -> Discovered {
        found.heeding(try await tools.journaling { (journal) throws(JournalError) in try await journal.choices() })
    }
}

extension Discovered {
    /// With what was adopted, and without what is to be forgotten. What lives on elsewhere is not changed without asking.
    fileprivate func heeding(_ choices: some Collection<StoreChoice>) -> Discovered {
        var heeding = self
        let forgotten = Set(choices.filter { $0.kind == .forgotten }.map(\.location))
        heeding.locations.removeAll(where: forgotten.contains)
        for choice in choices where choice.kind == .adopted && !locations.contains(choice.location) {
            heeding.locations.append(choice.location)
        }
        heeding.asking.formUnion(choices.filter { $0.kind == .moved }.map(\.location))
        return heeding
    }
}

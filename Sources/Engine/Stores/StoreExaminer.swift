// SPDX-License-Identifier: MIT

public import ControlAPI
internal import Dementia
public import GuardCore
internal import Journal
internal import Releases
internal import Stores
internal import Vault

/// A store as it stands now: what it is, what it could become, and what keeps it from that.
public struct Examination: Sendable {
    /// As scripts read it.
    public var form: StoreForm
    /// What would take it to its wanted version; nil when it has none or is refused.
    public let plan: Plan?
    /// Why it is not migrated, when it is refused.
    public let refusal: GuardError?
    /// What pauses it.
    public let hold: Hold?
}

/// Looks at stores, and changes nothing.
struct StoreExaminer {
    let tools: EngineContext

    /// How the store at `location` stands.
    func examine(_ location: StoreLocation) async throws(GuardError) -> Examination {
        let store: any Store
        do throws(GuardError) {
            store = try tools.open(location)
        } catch {
            return try await examination(of: location, refusing: error)
        }
        return try await examine(store)
    }

    /// How `store` stands.
    func examine(_ store: any Store) async throws(GuardError) -> Examination {
        let location = store.location
        var form: StoreForm
        do throws(GuardError) {
            let description = try await store.describe()
            form = StoreForm(
                location: location, project: description.project, state: .current, sizeBytes: description.sizeBytes)
        } catch {
            return try await examination(of: location, refusing: error)
        }
        form.lastBackup = try await lastBackup(of: location.id)
        let hold = try await hold(on: location.id)
        do throws(GuardError) {
            let survey = try await store.survey(tools.catalogue)
            let line = try tools.planner.line(of: location.id, at: location.name, survey)
            form.line = line.rawValue
            form.schemaVersion = tools.planner.shownVersion(of: survey, in: line)
            form.wantedVersion = tools.planner.wantedVersion(of: line) ?? form.schemaVersion
            form.release = tools.installed.now.deciding(for: line)?.label
            let plan = try tools.planner.plan(for: location.id, at: location.name, survey)
            form.state = plan.isEmpty ? .current : .pending
            form.problem = try await standingFailure(of: location.id, isCurrent: plan.isEmpty)
            if form.problem != nil { form.state = .failed }
            if hold != nil { form.state = .held }
            await store.close()
            return Examination(form: form, plan: plan, refusal: nil, hold: hold)
        } catch {
            await store.close()
            form.state = Self.state(for: error)
            form.problem = Problem(error)
            return Examination(form: form, plan: nil, refusal: error, hold: hold)
        }
    }

    /// How the store at `location` stands, which could not be looked at because of `error`.
    func examination(of location: StoreLocation, refusing error: GuardError) async throws(GuardError) -> Examination {
        var form = StoreForm(
            location: location, project: location.name, state: Self.state(for: error), sizeBytes: 0)
        form.problem = Problem(error)
        form.lastBackup = try await lastBackup(of: location.id)
        return Examination(form: form, plan: nil, refusal: error, hold: nil)
    }

    /// How the last operation that changes the store `id` failed, where that still stands.
    ///
    /// - Parameter isCurrent: whether no migration is due: then whatever kept one from happening is over
    private func standingFailure(of id: StoreID, isCurrent: Bool) async throws(GuardError) -> Problem? {
        let records = try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.operations(store: id, limit: 30)
        }
        return StandingFailure.find(in: records, isCurrent: isCurrent)
    }

    private static func state(for error: GuardError) -> StoreState {
        switch error.code {
        case .drift: .drifted
        case .storeMissing, .serverUnreachable: .missing
        case .storeBusy, .storeMoved: .busy
        case .notAnswering: .notAnswering
        case .notADatabase, .foreignSchema, .foreignLedger, .unknownShape, .newerVersion, .severalNames, .pathTooLong,
            .pathNotText, .nameTaken:
            .unknown
        default: .failed
        }
    }

    /// Writes down what was seen.
    ///
    /// - Parameter before: what was written down last; nothing is written when that is the same
    func remember(_ form: StoreForm, after before: StoreForm? = nil) async throws(GuardError) {
        guard before?.seen != form.seen else { return }
        let now = tools.clock()
        try await tools.journaling(about: form.id) { (journal) throws(JournalError) in
            var sighting = StoreSighting(
                location: StoreLocation(engine: form.engine, name: form.location), at: now, state: form.state.rawValue)
            sighting.project = form.project
            sighting.line = form.line
            sighting.schemaVersion = form.schemaVersion
            sighting.sizeBytes = form.sizeBytes
            try await journal.remember([sighting])
        }
    }

    /// The last backup of `store`, as it is shown.
    func lastBackup(of store: StoreID) async throws(GuardError) -> StoreForm.LastBackup? {
        try await tools.lastBackup(of: store).map { .init(id: $0.id, createdAt: $0.manifest.createdAt) }
    }

    private func hold(on store: StoreID) async throws(GuardError) -> Hold? {
        let now = tools.clock()
        return try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.activeHolds(for: store, at: now).first
        }
    }
}

extension StoreForm {
    /// What the journal keeps of a look.
    private struct Seen: Equatable {
        let location: StoreLocation
        let project: String
        let state: StoreState
        let line: String?
        let version: Int?
        let size: Int64
    }

    fileprivate var seen: some Equatable {
        Seen(
            location: StoreLocation(engine: engine, name: location), project: project, state: state, line: line,
            version: schemaVersion, size: sizeBytes)
    }
}

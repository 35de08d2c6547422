// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import Journal
internal import Releases
internal import Stores

/// What follows from a look at one memory. Only in a turn of the memory.
///
/// An unknown shape is backed up and left alone, a refusal is written down, a release that may change the memory is met with a backup, and
/// a change that another program made is compared with the backup from before. What is left is a migration, when one is due.
struct Reconciler {
    let tools: EngineContext
    /// What set it off, in the words of the journal.
    let trigger: String
    /// What may happen to the memory without asking.
    let mode: MigrationMode
    /// Whether a memory that is not there, or does not answer, is an operation of its own, as in a single pass.
    var tellsAbsence = false

    /// What is to be done next.
    enum Next {
        /// Nothing: there is nothing to do, or it may not be done without asking.
        case nothing
        /// Nothing more: this operation has told of the memory, or backed it up. It has to be looked at again.
        case done(OperationRecord)
        /// A migration to the wanted version.
        case migrate(Plan)
    }

    /// What was known before the look.
    struct Before {
        let form: StoreForm
        let seenAt: Timestamp
    }

    /// Takes care of the memory at `location`, as `examination` shows it, and says what is to be done next.
    func next(for location: StoreLocation, _ examination: Examination) async throws(GuardError) -> Next {
        // One that is not there is seen to be missing, and that is no failure of anything.
        guard ![.missing, .notAnswering].contains(examination.form.state) || tellsAbsence else { return .nothing }
        if let operation = try await UnmanagedBackup(tools: tools, trigger: trigger).care(at: location, examination) {
            return .done(operation)
        }
        guard let plan = examination.plan, !plan.isEmpty, examination.hold == nil, mode == .auto else {
            return .nothing
        }
        let limit = RetryLimit(tools: tools, location: location)
        if let refusal = try await limit.refusal(of: plan, try tools.open(location)) {
            return .done(
                try await UnmanagedBackup(tools: tools, trigger: trigger).record(refusal, of: location.id))
        }
        return .migrate(plan)
    }

    /// Clears what operations that are over left where the memory lies.
    func discardScratch(of location: StoreLocation) async {
        if let store = try? tools.open(location) { await ScratchFolder.discardOld(of: store, with: tools) }
    }

    /// Backs up the memory, when one of `releases` may change it before anything else does: one that is not known, or one that waits for a
    /// migration that nobody may make without asking. Once per release and state.
    ///
    /// - Parameter prepared: the releases that it was backed up for before
    /// - Returns: the releases that it is backed up for now; nil when nothing was to be done
    func prepare(
        _ location: StoreLocation, _ examination: Examination, for releases: [Release], prepared: String?
    ) async throws(GuardError) -> String? {
        let line = examination.form.line
        // A migration that begins at once takes a backup of its own first.
        let waits = examination.plan?.isEmpty == false && (mode != .auto || examination.hold != nil)
        let releases = releases.filter { release in
            guard release.line?.rawValue == line || release.line == nil || line == nil else { return false }
            return !release.isKnown || waits
        }.sorted { $0.path < $1.path }
        guard let release = releases.first(where: { !$0.isKnown }) ?? releases.first else { return nil }
        let key = releases.map { "\($0.id) \($0.label)" }.joined(separator: "; ")
        guard prepared != key else { return nil }
        _ = try await Maintenance(tools).releaseBackup(location, release: release)
        return key
    }

    /// Compares the memory with the backup from before, when its schema changed since the last look and no work of ours did it.
    func compare(
        _ location: StoreLocation, with before: Before, _ now: StoreForm
    ) async throws(GuardError) {
        let isOther = before.form.schemaVersion != now.schemaVersion || before.form.line != now.line
        guard before.form.line != nil, before.form.state != .missing, isOther,
            ![.busy, .notAnswering].contains(now.state), now.state != .failed || now.schemaVersion != nil
        else { return }
        let maintenance = Maintenance(tools)
        guard
            let entry = try await maintenance.backupBeforeShadowMigration(
                of: location.id, leaving: before.form.schemaVersion, since: before.seenAt)
        else { return }
        _ = try await maintenance.compareAfterShadowMigration(location, since: entry)
    }
}

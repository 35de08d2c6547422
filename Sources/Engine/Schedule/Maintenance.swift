// SPDX-License-Identifier: MIT

internal import ControlAPI
public import GuardCore
internal import Journal
internal import Stores
public import Vault

/// What happens to backups by themselves: made by the clock and before releases, proved again, thinned out, compared.
///
/// Nothing here waits: every due time is computed, so that the caller can sleep until then. The caller sees to it that one operation at a
/// time is at work on a store; a prune and a drill may run beside anything.
public struct Maintenance: Sendable {
    /// What sets such operations off, in the words of the journal.
    public enum Trigger {
        /// The clock, or a vault that grew.
        public static let schedule = "schedule"
        /// A release was installed or is about to be used.
        public static let release = "release"
        /// Somebody else changed a store's shape.
        public static let shadow = "shadow"
    }

    private let tools: EngineContext

    public init(_ tools: EngineContext) {
        self.tools = tools
    }

    // MARK: Backups

    /// When `store` is to be looked at for its scheduled backup: in the past for now, nil for never (none are wanted by the clock, or the
    /// store is missing). A backup that a drill found bad makes the next one due at once.
    public func nextBackupDue(_ store: StoreID) async throws(GuardError) -> Timestamp? {
        try await BackupSchedule(tools: tools).due(store)
    }

    /// Backs up the store at `location` when that is due and its content is in no proved backup; nil when nothing was to be done.
    public func backUpIfDue(_ location: StoreLocation) async throws(GuardError) -> OperationRecord? {
        guard let due = try await nextBackupDue(location.id), due <= tools.clock(),
            // Its owner sees it missing; no backup of it has failed.
            await BackupSchedule(tools: tools).isThere(location)
        else {
            return nil
        }
        return try await BackupTurn(tools: tools, trigger: Trigger.schedule).run(.schedule, of: location)
    }

    /// Backs up the store at `location` because `release` is about to use it; nil when the newest proved backup holds its content already.
    public func releaseBackup(_ location: StoreLocation, release: Release) async throws(GuardError) -> OperationRecord?
    {
        guard await BackupSchedule(tools: tools).isThere(location) else { return nil }
        return try await BackupTurn(tools: tools, trigger: Trigger.release)
            .run(.release, of: location, release: release.label)
    }

    // MARK: Retention

    /// Takes out of the vault what the rules do not keep; nil when there is nothing to take out and nothing new to tell.
    public func prune(trigger: String = Trigger.schedule) async throws(GuardError) -> OperationRecord? {
        let view = try await RetentionView(tools)
        if view.judgement.removals.isEmpty {
            guard !view.findings.isEmpty else { return nil }
            let records = try await tools.journaling { (journal) throws(JournalError) in
                try await journal.operations(limit: 50)
            }
            // The numbers move with every byte on the disk; that there is not enough room is told once.
            let told = records.first { $0.kind == .prune && $0.state == .settled }?.findings.map(\.code)
            if told == view.findings.map(\.code) { return nil }
        }
        return try await PruneRun.begin(tools.newRecord(.prune, on: nil, because: trigger), view, with: tools).run()
    }

    /// What ``prune(trigger:)`` would do now, and why. Changes nothing.
    public func pruneForecast() async throws(GuardError) -> PruneForecast {
        PruneForecast(try await RetentionView(tools))
    }

    // MARK: Drills

    /// When the next drill is due: in the past for now, nil for never.
    public func nextDrillDue() async throws(GuardError) -> Timestamp? {
        try await DrillSchedule(tools: tools).next()?.due
    }

    /// Proves the backup again that waits the longest for it, when that is due; nil when none is.
    public func drillNext() async throws(GuardError) -> OperationRecord? {
        guard let drill = try await dueDrill() else { return nil }
        let record = tools.newRecord(.verify, on: drill.location.id, because: Trigger.schedule)
        return try await drill.run(try await OperationLog.begin(record, with: tools))
    }

    /// The drill that is due now, for an operation of the caller's on its store; nil when none is.
    func dueDrill() async throws(GuardError) -> DueDrill? {
        guard let next = try await DrillSchedule(tools: tools).next(), next.due <= tools.clock() else { return nil }
        guard let location = try await place(of: next.line) else { return nil }
        return DueDrill(tools: tools, location: location, line: next.line)
    }

    /// Where the store of a backup is, or was. nil when nothing tells: then the backup is damaged, and that is written down.
    private func place(of line: IndexEntry) async throws(GuardError) -> StoreLocation? {
        let known = try await tools.journaling(about: line.store) { (journal) throws(JournalError) in
            try await journal.knownStore(line.store)?.lastSighting.location
        }
        if let known { return known }
        let entry = try await tools.reading { (vault) throws(VaultError) in vault.listing(of: line).entry }
        if let store = entry?.manifest.store { return StoreLocation(engine: store.engine, name: store.location) }
        guard let id = line.name?.id else { return nil }
        let proof = ProofRecord(
            backup: id, at: tools.clock(), succeeded: false, seconds: 0, detail: "\(line.path) is damaged")
        try await tools.journaling(about: line.store) { (journal) throws(JournalError) in
            try await journal.record(proof, store: line.store)
        }
        return nil
    }

    // MARK: The shadow guard

    /// The newest proved backup of `store` from before its schema left `version`; nil when the change was ours, or when no backup holds the
    /// state before.
    ///
    /// - Parameters:
    ///   - version: what the last look before the change saw
    ///   - look: when that was; nil: what we did before that backup was made counts for nothing, and everything since does
    public func backupBeforeShadowMigration(
        of store: StoreID, leaving version: Int?, since look: Timestamp? = nil
    ) async throws(GuardError) -> Entry? {
        let (failed, records) = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            (Set(try await journal.failedProofs().keys), try await journal.operations(store: store, limit: 50))
        }
        let before = try await tools.reading { (vault) throws(VaultError) in
            try vault.index(store: store).lazy
                .filter { line in line.name.map { !failed.contains($0.id) && $0.schemaVersion == version } ?? false }
                .compactMap { vault.listing(of: $0).entry }.first
        }
        guard let before else { return nil }
        let start = look ?? before.manifest.createdAt
        let isOurs = records.contains { record in
            record.dataState != .untouched && record.settledAt.map { $0 >= start } ?? true
        }
        return isOurs ? nil : before
    }

    /// Compares the store at `location` with `before` and reports rows gained, lost and changed per table, with the way back. The operation
    /// succeeds with findings; nothing is restored.
    public func compareAfterShadowMigration(
        _ location: StoreLocation, since before: Entry
    ) async throws(GuardError) -> OperationRecord {
        try await work(.verify, at: location, because: Trigger.shadow) { (work) throws(GuardError) in
            try await work.compare(since: before)
        }
    }

    /// Runs `body` as an operation of its own.
    private func work(
        _ kind: OperationKind, at location: StoreLocation, because trigger: String,
        _ body: (StoreOperation) async throws(GuardError) -> OperationRecord
    ) async throws(GuardError) -> OperationRecord {
        let tools = tools
        let log = try await OperationLog.begin(tools.newRecord(kind, on: location.id, because: trigger), with: tools)
        return try await StoreOperation.run(at: location, log, with: tools, body)
    }
}

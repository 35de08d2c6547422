// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import HashKit
import LinuxKit

@testable import Engine
@testable import Journal
@testable import Vault

/// What a simulation has learned by looking, and holds everything against that is said later.
struct Knowledge {
    /// Operations that were judged already.
    var judged: Set<OperationID> = []
    /// The number of effects that were judged already.
    var effects = 0
    /// The content of each backup, by the manifests that were read.
    var contents: [BackupID: SHA256Digest] = [:]
    /// Backups that were told of as made.
    var acknowledged: Set<BackupID> = []
    /// Backups that a prune has told of as removed.
    var removed: Set<BackupID> = []
    /// Whether automation was paused at the end of the last step.
    var wasHeld = false
}

/// The invariants, asked while nothing is at work and nothing goes wrong.
struct Check {
    private let running: Simulation.Running
    private let memory: SimulatedMemory
    private let scenario: Scenario
    /// What was done last; nil for nothing but a start.
    private let action: Scenario.Action?
    private let wanted: Int
    private let isBroken: Bool
    private(set) var knowledge: Knowledge
    private var untrue: [String] = []
    /// The content of the memory since the last check.
    private let recent: Set<SHA256Digest>

    init(
        _ running: Simulation.Running, _ memory: SimulatedMemory, _ scenario: Scenario, _ action: Scenario.Action?,
        wanted: Int, isBroken: Bool, _ knowledge: Knowledge
    ) {
        self.running = running
        self.memory = memory
        self.scenario = scenario
        self.action = action
        self.wanted = wanted
        self.isBroken = isBroken
        self.knowledge = knowledge
        recent = Set(memory.takeRecent().map(\.fingerprint))
    }

    private var id: StoreID { memory.location.id }
    private var journal: Journal { running.context.journal }

    /// What is not true, in words.
    mutating func run() async throws -> [String] {
        let records = try await journal.operations(limit: 1000)
        let holds = try await journal.holds()
        let listings = try running.context.vault.list()
        let entries = listings.compactMap(\.entry)
        for case .damaged(let path, let reason) in listings { untrue.append("\(path) is damaged: \(reason)") }
        for entry in entries { knowledge.contents[entry.id] = entry.manifest.content.fingerprint }
        judgeEffects(records, entries)
        let new = records.reversed().filter { $0.state == .settled && !knowledge.judged.contains($0.id) }
        for record in new { judge(record, isLast: record.id == records.first { $0.state == .settled }?.id, holds) }
        knowledge.judged.formUnion(new.map(\.id))
        judgeBackups(entries)
        try await judgeRecords(records)
        try await judgeStatus(records, holds, entries)
        knowledge.wasHeld = try await !journal.holds().isEmpty
        return untrue
    }

    // MARK: What was done

    /// What the engine changed: never without a backup of the state before, and never when it may not.
    private mutating func judgeEffects(_ records: [OperationRecord], _ entries: [Entry]) {
        let effects = memory.effects
        let kept = Set(entries.map(\.manifest.content.fingerprint))
        for effect in effects[knowledge.effects...] {
            if effect.kind != .recreated, let before = effect.before, !kept.contains(before.fingerprint) {
                untrue.append("\(effect.kind) over a state that is in no backup")
            }
            guard let operation = effect.operation, let record = records.first(where: { $0.id == operation }) else {
                untrue.append("\(effect.kind) by an operation that the journal does not know")
                continue
            }
            guard record.trigger != "request" else { continue }
            if !scenario.isAutomatic { untrue.append("\(effect.kind) without asking, by \(record.trigger)") }
            if knowledge.wasHeld, effect.kind == .migrated, action != .release, action != .migrate {
                untrue.append("migrated by \(record.trigger) while on hold")
            }
        }
        knowledge.effects = effects.count
    }

    /// What an operation says of its end and of the data.
    private mutating func judge(_ record: OperationRecord, isLast: Bool, _ holds: [Hold]) {
        let effects = memory.effects.filter { $0.operation == record.id }
        func say(_ what: String) {
            untrue.append(
                "\(record.kind) \(record.id) (\(record.outcome.map(\.rawValue) ?? "open"), \(record.dataState)) \(what)"
            )
        }
        switch record.dataState {
        case .untouched:
            if let first = effects.first, first.before?.fingerprint != effects.last?.after.fingerprint {
                say("is told as untouched, and changed the memory")
            }
        case .migratedVerified:
            if effects.last?.kind != .migrated { say("is told as migrated, and is not") }
        case .restoredVerified:
            guard let backup = record.backup, let content = knowledge.contents[backup] else {
                say("is told as restored from a backup that nobody knows")
                break
            }
            // What was cut short over an equal state needs no change.
            if let last = effects.last {
                if last.kind == .migrated { say("is told as restored, and is not") }
                if last.after.fingerprint != content { say("is told as restored, and holds something else") }
            } else if !recent.contains(content) {
                say("is told as restored, and was never in that state")
            }
        case .changing: say("is settled and changing")
        case .unverified:
            if record.outcome != .needsAttention { say("is not verified, and needs no attention") }
        }
        let isFailure = [.failedUntouched, .failedRestored, .needsAttention, .busy].contains(record.outcome)
        if isFailure != (record.error != nil), record.outcome != .cancelled { say("has an error only sometimes") }
        if record.outcome == .succeeded, record.kind == .backup, record.backup == nil { say("made no backup") }
        let pauses =
            record.outcome == .needsAttention || record.outcome == .failedRestored
            || (record.outcome == .succeeded && [.restore, .downgrade].contains(record.kind))
        if pauses, isLast, record.store == id, action != .release, !holds.contains(where: { $0.store == id }) {
            say("leaves no hold")
        }
        for backup in [record.backup, record.result?.keptState].compactMap(\.self) {
            // One that a restore was asked for is another operation's.
            if record.kind != .restore || backup != record.backup { knowledge.acknowledged.insert(backup) }
        }
        knowledge.removed.formUnion(record.result?.removed ?? [])
    }

    /// No backup that was told of is missing.
    private mutating func judgeBackups(_ entries: [Entry]) {
        let there = Set(entries.map(\.id))
        for backup in knowledge.acknowledged.subtracting(knowledge.removed).subtracting(there).sorted() {
            untrue.append("the backup \(backup) is missing")
        }
        for backup in knowledge.removed.intersection(there).sorted() {
            untrue.append("the backup \(backup) is told as removed, and is there")
        }
        if !knowledge.acknowledged.isEmpty, entries.isEmpty { untrue.append("no backup is left") }
    }

    /// The socket tells what the journal has.
    private mutating func judgeRecords(_ records: [OperationRecord]) async throws {
        for record in records.prefix(3) {
            let told = try await running.service.operation(record.id, waiting: .zero)
            if told.state != record.state || told.outcome != record.outcome || told.dataState != record.dataState {
                untrue.append("\(record.id) is told otherwise than it stands in the journal")
            }
        }
        for record in records where record.state != .settled && memory.content != nil && record.store == id {
            untrue.append("\(record.kind) \(record.id) is still open")
        }
    }

    // MARK: What is shown

    /// After a look at which nothing fails, everything that is shown is so.
    private mutating func judgeStatus(
        _ records: [OperationRecord], _ holds: [Hold], _ entries: [Entry]
    ) async throws {
        try await running.supervisor.rescan(startingWork: false)
        let status = try await running.service.status()
        guard let form = try await running.service.stores().first(where: { $0.id == id }) else {
            untrue.append("the memory is not shown")
            return
        }
        let isHeld = holds.contains { $0.store == nil || $0.store == id }
        let last = records.first { $0.store == id && $0.state == .settled && $0.dataState != .untouched }
        if let content = memory.content {
            if [.missing, .busy, .notAnswering, .unknown, .drifted].contains(form.state) {
                untrue.append("the memory is shown as \(form.state)")
            }
            if form.schemaVersion != content.version {
                untrue.append(
                    "version \(content.version) is shown as \(form.schemaVersion.map(String.init) ?? "none")")
            }
            if form.wantedVersion != wanted {
                untrue.append("\(form.wantedVersion.map(String.init) ?? "nothing") is wanted in place of \(wanted)")
            }
            if form.state == .current, content.version < wanted { untrue.append("an old memory is shown as current") }
            if isHeld, form.state != .held { untrue.append("a memory on hold is shown as \(form.state)") }
            if !isHeld, form.state == .held { untrue.append("a memory is shown as held without a hold") }
        } else if form.state != .missing {
            untrue.append("a memory that is gone is shown as \(form.state)")
        }
        if let backup = form.lastBackup, !entries.contains(where: { $0.id == backup.id }) {
            untrue.append("the last backup \(backup.id) is not there")
        }
        guard status.verdict == .safe else { return }
        if memory.content == nil { untrue.append("a memory that is gone is called safe") }
        if let content = memory.content, content.version < wanted { untrue.append("an old memory is called safe") }
        if isHeld { untrue.append("a memory on hold is called safe") }
        if form.lastBackup == nil { untrue.append("a memory without a backup is called safe") }
        if let outcome = last?.outcome, [.needsAttention, .failedRestored].contains(outcome) {
            untrue.append("what ended as \(outcome) is called safe")
        }
    }

    // MARK: The end

    /// What is left where nothing may be left, and backups that do not hold what they say.
    func leftovers(in folder: String) async throws -> [String] {
        var untrue = try Directory.entries(folder + "/scratch").map { "scratch/\($0) is left" }
        untrue += try Directory.entries(folder + "/vault/trash").map { "trash/\($0) is left" }
        for name in try Directory.entries(folder + "/vault/stores") {
            let incoming = "\(folder)/vault/stores/\(name)/.incoming"
            guard try FileStatus.ifPresent(incoming) != nil else { continue }
            untrue += try Directory.entries(incoming).map { "\(name)/.incoming/\($0) is left" }
        }
        for entry in try running.context.vault.list().compactMap(\.entry) {
            let path = "\(folder)/restored"
            try running.context.vault.restore(entry, to: path)
            if try MemoryContent(copyAt: path).digest != entry.manifest.content {
                untrue.append("the backup \(entry.id) does not hold what it says")
            }
            try Directory.unlink(path)
        }
        if try await !running.service.verifyAudit().intact { untrue.append("the audit is broken") }
        // With nothing in the way, automation has done its work.
        let form = try await running.service.stores().first { $0.id == id }
        if scenario.isAutomatic, !isBroken, let content = memory.content, let form, content.version < wanted,
            ![.held, .failed].contains(form.state)
        {
            untrue.append("a memory stays at version \(content.version)")
        }
        return untrue
    }
}

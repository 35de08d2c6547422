// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import HashKit
internal import Journal
internal import LinuxKit
internal import Stores
internal import Vault

/// What the journal knows of backups and their manifests do not.
struct BackupMarks: Sendable {
    let pins: Set<BackupID>
    /// Those whose last proof failed.
    let damaged: Set<BackupID>
}

extension BackupForm {
    /// How `entry` is shown.
    init(_ entry: Entry, _ marks: BackupMarks) {
        let manifest = entry.manifest
        self.init(
            id: entry.id, store: manifest.store.id, engine: manifest.store.engine, location: manifest.store.location,
            createdAt: manifest.createdAt, reason: manifest.reason, schemaVersion: manifest.schemaVersion,
            sizeBytes: manifest.payload.rawBytes, storedBytes: entry.storedBytes,
            sha256: manifest.payload.storedSHA256.hex,
            verified: !marks.damaged.contains(entry.id), proof: manifest.proof, pinned: marks.pins.contains(entry.id),
            path: entry.path, tables: manifest.content.tables.map { .init(name: $0.name, rows: $0.rows) })
    }
}

extension PlanForm.Step {
    /// How `step` is shown: every statement as it would run.
    init(_ step: Plan.Step, at location: StoreLocation) {
        let statements: [MigrationStatement] =
            switch step.action {
            case .apply: step.migration.up
            case .repair: step.migration.repair + step.migration.up
            case .revert: step.migration.down ?? []
            case .adopt: []
            }
        self.init(
            version: step.migration.version, name: step.migration.name,
            action: PlanForm.Action(rawValue: step.action.rawValue) ?? .apply,
            statements: statements.map { location.schema.map($0.filled(for:)) ?? $0 }.map {
                switch $0.body {
                case .sql(let sql): sql
                case .code(let step): "-- code: \(step.rawValue)"
                }
            })
    }
}

extension HistoryForm {
    /// What ledger and audit tell, newest first.
    ///
    /// The ledger has a place for a failure only beside a migration. What the check command refused is told as an event that names no
    /// migration.
    ///
    /// - Parameter vetoed: the operations that the check command refused
    init(
        store: StoreID, location: String, _ ledger: LedgerHistory, _ audit: [JournalEvent], vetoed: Set<OperationID>
    ) {
        let rows = ledger.rows.reversed().map(LedgerRow.init).filter { row in
            row.success || row.operation.map { !vetoed.contains($0) } ?? true
        }
        let events = ledger.events.map { event in
            var shown = Event(event)
            if event.event == "failed", shown.operation.map(vetoed.contains) == true { shown.version = nil }
            return shown
        }
        self.init(
            store: store, location: location, ledger: rows,
            events: (audit.map(Event.init) + events).sorted { $0.at > $1.at })
    }
}

extension HistoryForm.LedgerRow {
    /// How a row of the ledger is shown.
    init(_ row: LedgerHistory.Row) {
        self.init(
            version: row.version, name: row.name, appliedAt: Timestamp(row.appliedAt) ?? Timestamp(milliseconds: 0),
            success: row.success)
        errorMessage = row.errorMessage
        checksum = row.checksum
        executionMs = row.executionMilliseconds
        operation = row.operation.flatMap { OperationID($0) }
        release = row.release
        backup = row.backup.flatMap { BackupID($0) }
        origin = row.origin
    }
}

extension HistoryForm.Event {
    /// How an event of the ledger is shown.
    init(_ event: LedgerHistory.Event) {
        self.init(
            at: Timestamp(event.at) ?? Timestamp(milliseconds: 0), kind: event.event, version: event.version,
            operation: OperationID(event.operation), detail: event.message)
    }

    /// How an event of the audit is shown.
    init(_ event: JournalEvent) {
        self.init(
            at: event.at, kind: event.kind.rawValue, operation: event.operation, outcome: event.facts.outcome,
            detail: event.facts.detail)
    }
}

/// Reads an archive piece by piece, each read on a thread of its own.
actor PayloadStream {
    private let thread: ThreadExecutor
    private let file: OpenFile
    private let buffer = ByteBuffer(count: 256 << 10)

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ path: String) throws(SystemCallError) {
        thread = try ThreadExecutor(name: "archive")
        file = try OpenFile.reading(path)
    }

    /// The next piece, or nil at the end.
    func next() throws(GuardError) -> [UInt8]? {
        do throws(SystemCallError) {
            let count = try file.read(into: buffer.bytes)
            return count == 0 ? nil : Array(buffer.bytes[..<count])
        } catch {
            throw GuardError(.inputOutput, "an archive cannot be read", causes: [error.description])
        }
    }
}

extension ReleaseForm {
    /// How `release` is shown.
    init(_ release: Release) {
        self.init(
            id: release.id, label: release.label, path: release.path, line: release.line?.rawValue,
            version: release.version)
    }
}

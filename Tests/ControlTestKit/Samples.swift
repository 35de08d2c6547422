// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import HashKit

/// Values of every form, the same in every run.
public enum Samples {
    /// 2026-01-31T12:00:00.000Z
    public static let moment = Timestamp(milliseconds: 1_769_860_800_000)

    /// A store called `project` in the state `state`.
    public static func store(_ project: String, _ state: StoreState, at version: Int?, of wanted: Int? = 4) -> StoreForm
    {
        let location = StoreLocation(engine: .sqlite, name: "/srv/\(project)/.claude-memory.db")
        var form = StoreForm(location: location, project: project, state: state, sizeBytes: 1_572_864)
        form.line = "sqlite-4"
        form.schemaVersion = version
        form.wantedVersion = wanted
        form.watch = .inotify
        form.lastBackup = .init(id: backupID, createdAt: moment)
        return form
    }

    /// `shop` is current, `blog` is behind, `wiki` drifted.
    public static let stores = [
        store("shop", .current, at: 4), store("blog", .pending, at: 1), store("wiki", .drifted, at: 2),
    ]

    /// The archive of ``backup``.
    public static let archive = Array("not really compressed".utf8)
    /// The id of ``backup``.
    public static let backupID = BackupID(sequence: 42, root: "9f3c1a77b2e0")

    /// A backup of `shop`.
    public static let backup = backup(backupID)

    /// A backup of `store`, or of `shop`.
    public static func backup(
        _ id: BackupID, of store: StoreForm = stores[0], _ reason: BackupReason = .migration, at version: Int = 1,
        verified: Bool = true, pinned: Bool = false
    ) -> BackupForm {
        BackupForm(
            id: id, store: store.id, engine: .sqlite, location: store.location, createdAt: moment, reason: reason,
            schemaVersion: version, sizeBytes: 1_572_864, storedBytes: Int64(archive.count),
            sha256: SHA256.digest(of: archive).hex, verified: verified, proof: .restored, pinned: pinned,
            path: "/var/lib/dementiad/anna/vault/stores/\(store.project)/\(BackupID.padded(id.sequence))",
            tables: [.init(name: "contexts", rows: 7)])
    }

    /// The id of an operation, made of `number`.
    public static func operationID(_ number: Int) -> OperationID {
        let digits = String(number)
        let text = "op_" + String(repeating: "0", count: 26 - digits.count) + digits
        return OperationID(text) ?? fallbackID
    }

    private static let fallbackID: OperationID = {
        var generator = SystemRandomNumberGenerator()
        return OperationID(milliseconds: 0, using: &generator)
    }()

    /// An operation that has begun.
    public static func operation(
        _ number: Int = 1, _ kind: OperationKind = .migrate, on store: StoreID? = stores[1].id
    ) -> OperationRecord {
        var record = OperationRecord(
            id: operationID(number), kind: kind, store: store, state: .running, trigger: "request",
            actor: .init(uid: 1000), startedAt: moment)
        record.steps = [StepRecord(kind: .preflight, state: .running, startedAt: moment)]
        return record
    }

    /// A plan for `request` on `store`.
    public static func plan(_ request: PlanRequest, of store: StoreForm) -> PlanForm {
        let kind = request.kind ?? .migrate
        var plan = PlanForm(kind: kind, store: store.id, location: store.location)
        plan.line = store.line
        plan.from = store.schemaVersion
        plan.to = store.wantedVersion
        if case .version(let version) = request.to { plan.to = version }
        if case .place(let place) = request.to { plan.destination = place }
        plan.backup = request.backup
        plan.digest = String(repeating: "ab", count: 32)
        switch kind {
        case .migrate, .repair, .downgrade:
            let (from, to) = (plan.from ?? 0, plan.to ?? 0)
            plan.steps = steps(from: from, to: to).map { step in
                let sql = to < from ? "ALTER TABLE contexts DROP COLUMN" : "ALTER TABLE contexts ADD COLUMN"
                return .init(
                    version: step.version, name: step.name,
                    action: kind == .repair ? .repair : to < from ? .revert : .apply,
                    statements: ["\(sql) \(step.name)_\(step.version)"])
            }
            if !plan.steps.isEmpty { plan.neededBytes = 4 * store.sizeBytes }
            if to < from {
                plan.wouldLose = losses(from: from)
                plan.notes = ["A proved backup of the present state is taken first, and automation is held afterwards."]
            }
        case .restore:
            plan.from = nil
            plan.to = backup.schemaVersion
            guard plan.destination == nil else { break }
            plan.wouldLose = [.init(table: "contexts", rows: 3)]
            plan.tables = [
                .init(table: "contexts", rowsNow: 10, rowsInBackup: 7, differs: true),
                .init(table: "sessions", rowsNow: 1, rowsInBackup: 2, differs: true),
            ]
            plan.notes = ["The present state is backed up first, and automation is held afterwards."]
        case .transfer:
            plan.to = 11
            plan.result = OperationResult(transferReport)
            plan.notes = ["The schema is not there yet and would be made."]
        case .backup, .verify, .prune, .rescan: break
        }
        if kind == .restore || kind == .transfer { plan.expiresAt = planEnd }
        return plan
    }

    /// When somebody who wants what a plan says has to ask for a new one.
    private static let planEnd = Timestamp(milliseconds: moment.milliseconds + 600_000)

    /// What a prune would do.
    public static var prune: PlanForm {
        var plan = PlanForm(kind: .prune, store: nil, location: "/var/lib/dementiad/anna/vault")
        plan.removals = [
            .init(
                backup: backupID, store: stores[0].id, createdAt: moment, storedBytes: 1_048_576,
                reasons: ["outlived", "budget"])
        ]
        plan.freedBytes = 1_048_576
        plan.expiresAt = planEnd
        plan.digest = String(repeating: "cd", count: 32)
        return plan
    }

    /// The daemon at a glance.
    public static var config: ConfigForm {
        ConfigForm(
            loadedAt: moment, files: ["/etc/dementiad/dementiad.yaml"],
            items: [
                .init(key: "migrate.mode", value: "auto", origin: "default"),
                .init(key: "log.level", value: "debug", origin: "/etc/dementiad/dementiad.yaml:3:8"),
            ])
    }

    public static func status(_ stores: [StoreForm], _ operations: [OperationRecord], _ holds: [Hold]) -> StatusForm {
        StatusForm(
            verdict: .attention, summary: "1 memory drifted, 1 waits for a migration", version: ProductVersion.current,
            startedAt: moment,
            releases: [.init(id: "0123456789ab", label: "4.2.0", path: "/opt/dementia", line: "sqlite-4", version: 4)],
            stores: .init(stores), operations: operations,
            vault: .init(
                path: "/var/lib/dementiad/anna/vault", backups: 1, storedBytes: Int64(archive.count),
                freeBytes: 12_884_901_888, lastBackupAt: moment, lastProofAt: moment),
            holds: holds)
    }

    /// What is wrong on the sample machine.
    public static let diagnoses = [
        Diagnosis(
            "inotifyWatches", .degraded, "fs.inotify.max_user_watches is 8192, and 9000 folders are to be watched.",
            remedy: .init(
                "Allow more watches.", command: "sudo sysctl --system",
                file: .init(path: "/etc/sysctl.d/60-dementiad.conf", text: "fs.inotify.max_user_watches = 65536\n"))),
        Diagnosis(
            "neverProved", .notice, "3 backups were never restored for a proof.",
            remedy: .init("Prove every backup.", command: "dementiactl backup verify --all")),
    ]

    /// The audit.
    public static let entries: [JournalEvent] = {
        var began = JournalEvent.Facts()
        began.operationKind = .migrate
        began.trigger = "request"
        began.uid = 1000
        var settled = JournalEvent.Facts()
        settled.outcome = .succeeded
        settled.dataState = .migratedVerified
        return [entry(1, stores[0].id, .operationBegan, began), entry(2, stores[0].id, .operationSettled, settled)]
    }()

    /// One entry of an audit.
    public static func entry(
        _ id: Int64, _ store: StoreID, _ kind: JournalEvent.Kind = .storeFound, _ facts: JournalEvent.Facts = .init()
    ) -> JournalEvent {
        JournalEvent(
            id: id, at: moment, kind: kind, store: store, operation: operationID(1), facts: facts,
            hash: String(repeating: String(id % 10), count: 64))
    }
}

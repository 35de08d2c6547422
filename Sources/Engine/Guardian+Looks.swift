// SPDX-License-Identifier: MIT

public import ControlAPI
internal import Dementia
public import GuardCore
internal import HashKit
internal import Journal
internal import LinuxKit
internal import Releases
internal import Stores
internal import Vault
internal import Watcher

/// What the socket shows.
extension Guardian {
    public func status() async throws(GuardError) -> StatusForm {
        let holds = try await holds()
        let running = try await tools.journaling { (journal) throws(JournalError) in try await journal.unsettled() }
        let lastProof = try await tools.journaling { (journal) throws(JournalError) in
            try await journal.lastProofs().values.map(\.at).max()
        }
        let vault = try await tools.reading { (vault) throws(VaultError) in
            let entries = try vault.index().compactMap(\.name)
            return StatusForm.Vault(
                path: vault.path, backups: entries.count, storedBytes: try vault.usedBytes(),
                freeBytes: try vault.freeBytes(),
                lastBackupAt: entries.max { $0.id < $1.id }?.createdAt, lastProofAt: lastProof)
        }
        let stores = try await stores()
        let (verdict, summary) = verdict(running: running.count)
        return StatusForm(
            verdict: verdict, summary: summary, version: ProductVersion.current, startedAt: startedAt,
            releases: tools.installed.now.releases.map(ReleaseForm.init),
            stores: .init(stores), operations: running, vault: vault, holds: holds,
            findings: findings)
    }

    /// What a person should know beside the stores.
    private var findings: [Finding] {
        let unreached = discovered.problems.map { Finding(code: $0.code.rawValue, message: $0.message) }
        let unwatched = watchProblems.sorted { $0.path < $1.path }.map {
            Finding(code: "watchDegraded", message: "\($0.path): \($0.message)")
        }
        return unreached + releaseFindings + unwatched
    }

    func verdict(running: Int) -> (verdict: Verdict, summary: String) {
        let stores = forms.values
        let unreached = discovered.problems.count
        func count(_ states: [StoreState]) -> Int { stores.filter { states.contains($0.state) }.count }
        let bad = count([.failed, .drifted, .unknown, .missing])
        if bad > 0 { return (.attention, "\(bad) of \(stores.count) memories need a look") }
        if unreached > 0 {
            return (
                .attention, unreached == 1 ? "a server cannot be reached" : "\(unreached) servers cannot be reached"
            )
        }
        if running > 0 { return (.working, "\(running) operations are at work") }
        let waiting = count([.pending, .held, .busy])
        if waiting > 0 { return (.pending, "\(waiting) of \(stores.count) memories wait") }
        let bare = stores.filter { $0.lastBackup == nil }.count
        if bare > 0 { return (.pending, "every memory is current, and \(bare) of \(stores.count) have no backup yet") }
        return (.safe, stores.isEmpty ? "there is no memory to guard yet" : "every memory is current and backed up")
    }

    public func health() async throws(GuardError) -> HealthForm {
        var checks: [HealthForm.Check] = []
        do {
            _ = try await tools.journaling { (journal) throws(JournalError) in try await journal.lastEventID() }
            checks.append(.init(name: "journal", ok: true))
        } catch {
            checks.append(.init(name: "journal", ok: false, detail: error.message))
        }
        do {
            _ = try await tools.reading { (vault) throws(VaultError) in try vault.freeBytes() }
            checks.append(.init(name: "vault", ok: true))
        } catch {
            checks.append(.init(name: "vault", ok: false, detail: error.message))
        }
        for problem in watchProblems.sorted(by: { $0.path < $1.path }) {
            checks.append(.init(name: "watch", ok: false, detail: "\(problem.path): \(problem.message)"))
        }
        return HealthForm(checks: checks)
    }

    // MARK: Stores

    public func stores() async throws(GuardError) -> [StoreForm] {
        forms.values.sorted { $0.location < $1.location }
    }

    public func store(_ id: StoreID) async throws(GuardError) -> StoreForm {
        let location = try location(of: id)
        await examine(location)
        guard let form = forms[id] else { throw GuardError(.notFound, "there is no store \(id)") }
        return form
    }

    public func history(of id: StoreID) async throws(GuardError) -> HistoryForm {
        let location = try location(of: id)
        let ledger: LedgerHistory
        do throws(GuardError) {
            let store = try tools.open(location)
            ledger = try await store.history()
            await store.close()
        } catch {
            // A store that is gone, damaged or out of reach still has a history: ours.
            ledger = LedgerHistory(rows: [], events: [])
        }
        let audit = try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.latestEvents(limit: 200, store: id)
        }
        return HistoryForm(
            store: id, location: location.name, ledger: ledger.rows.reversed().map(HistoryForm.LedgerRow.init),
            events: (audit.map(HistoryForm.Event.init) + ledger.events.map(HistoryForm.Event.init)).sorted {
                $0.at > $1.at
            })
    }

    public func migrations() async throws(GuardError) -> [MigrationForm] {
        Line.allCases.flatMap { line in
            tools.catalogue.migrations(of: line).map {
                MigrationForm(
                    line: line.rawValue, version: $0.version, name: $0.name, checksum: $0.checksum.hex,
                    reversible: $0.down != nil)
            }
        }
    }

    // MARK: Backups

    public func backups(of store: StoreID?, _ page: Page) async throws(GuardError) -> ItemList<BackupForm> {
        let entries = try await tools.reading { (vault) throws(VaultError) in
            try vault.list(store: store).compactMap(\.entry)
        }
        let after = page.after.flatMap { BackupID($0) }
        let rest = after.map { after in entries.filter { $0.id < after } } ?? entries
        let shown = Array(rest.prefix(page.limit))
        let marks = try await marks()
        return ItemList(
            shown.map { BackupForm($0, marks) }, next: rest.count > shown.count ? shown.last?.id.description : nil)
    }

    public func backup(_ id: BackupID) async throws(GuardError) -> BackupForm {
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        return BackupForm(entry, try await marks())
    }

    public func content(of id: BackupID) async throws(GuardError) -> BackupContent {
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let reader: PayloadStream
        do {
            reader = try PayloadStream(entry.payloadPath)
        } catch {
            throw GuardError(.inputOutput, "the archive of backup \(id) cannot be read", causes: [error.description])
        }
        return BackupContent(name: entry.manifest.payload.name, sizeBytes: entry.storedBytes) { () throws(GuardError) in
            try await reader.next()
        }
    }

    /// What the journal knows of backups.
    private func marks() async throws(GuardError) -> BackupMarks {
        try await tools.journaling { (journal) throws(JournalError) in
            BackupMarks(
                pins: try await journal.pins(),
                damaged: Set(try await journal.lastProofs().filter { !$0.value.succeeded }.keys))
        }
    }

    // MARK: Plans

    public func plan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        let kind = request.kind ?? .migrate
        if kind == .restore { return try await restorePlan(request) }
        let location = try location(of: request.store)
        var form = PlanForm(kind: kind, store: location.id, location: location.name)
        do throws(GuardError) {
            let wish = try Self.wish(kind, request.to)
            let plan = try await plan(wish, location)
            form.line = plan.line.rawValue
            form.from = plan.shownFrom
            form.to = plan.shownTo
            form.digest = plan.digest.hex
            form.steps = plan.steps.map { PlanForm.Step($0, at: location) }
            if plan.isDowngrade {
                let losses = try await losses(plan, location)
                form.wouldLose = losses ?? []
                if losses == nil {
                    form.notes.append("What would be lost cannot be told: there is no place to try it in.")
                }
                form.notes.append(
                    "A proved backup of the present state is taken first, and automation is held afterwards.")
            }
        } catch {
            guard error.code != .usage else { throw error }
            form.refusal = Problem(error)
        }
        return form
    }

    /// What `plan` would take away, found out by running it on a copy; nil when there is no place to run it in.
    private func losses(_ plan: Plan, _ location: StoreLocation) async throws(GuardError) -> [PlanForm.Loss]? {
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

    /// A backup can be written into a file, wherever its memory is; the text is not repeated, since it may hold a password.
    static func refuseServer(_ place: String) throws(GuardError) {
        guard place.contains("://") else { return }
        throw GuardError(
            .usage, "this dementiad cannot restore into another schema yet",
            hint: "Restore into a file, which is a script for psql: dementiactl restore ID --to FILE.sql")
    }

    private func restorePlan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        guard let id = request.backup else { throw GuardError(.usage, "a restore needs the id of a backup") }
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        let location = StoreLocation(engine: entry.manifest.store.engine, name: entry.manifest.store.location)
        var form = PlanForm(kind: .restore, store: location.id, location: location.name)
        form.backup = id
        form.line = entry.manifest.line
        form.to = entry.manifest.schemaVersion
        if case .place(let path)? = request.to {
            try Self.refuseServer(path)
            form.destination = path
            return form
        }
        do throws(GuardError) {
            let store = try tools.open(location)
            let name = "plan-\(tools.newOperationID().value)"
            let content = try await ScratchFolder.look(at: store, named: name, in: tools.scratch) {
                (copy) throws(GuardError) in
                try await store.snapshot(into: copy, progress: nil).content
            }
            await store.close()
            let difference = ContentDifference(from: entry.manifest.content, to: content)
            form.wouldLose = difference.tables.filter { $0.rows > 0 }.map {
                PlanForm.Loss(table: $0.name, rows: $0.rows)
            }
            form.notes = difference.sentences.map { "Since the backup: \($0)." }
            form.notes.append("The present state is backed up first, and automation is held afterwards.")
        } catch {
            guard [.storeMissing, .notADatabase, .damaged].contains(error.code) else {
                form.refusal = Problem(error)
                return form
            }
            form.notes = [
                "\(error.message).", "The restored state takes its place; what is there now stays beside it.",
                "Automation is held afterwards.",
            ]
        }
        return form
    }
}

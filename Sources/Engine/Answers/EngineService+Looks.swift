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
extension EngineService {
    public func status() async throws(GuardError) -> StatusForm {
        let holds = try await holds()
        let running = try await tools.journaling { (journal) throws(JournalError) in try await journal.unsettled() }
        let lastProof = try await tools.journaling { (journal) throws(JournalError) in
            try await journal.lastProofTime()
        }
        let (use, free) = try await vaultUse()
        let vault = StatusForm.Vault(
            path: tools.vault.path, backups: use.backups, storedBytes: use.storedBytes, freeBytes: free,
            lastBackupAt: use.lastBackupAt, lastProofAt: lastProof)
        let now = await supervisor.snapshot()
        var standing = now.standing
        if let problem = await journalProblem() {
            standing = Standing(.attention, problem, "dementiactl doctor")
        }
        return StatusForm(
            verdict: standing.verdict, summary: standing.summary, version: ProductVersion.current,
            startedAt: now.startedAt,
            releases: tools.installed.now.releases.map(ReleaseForm.init),
            stores: .init(now.stores), operations: running, vault: vault, holds: holds,
            findings: now.findings, next: standing.next)
    }

    public func metrics() async throws(GuardError) -> [MetricFamily] {
        let (use, free) = try await vaultUse()
        return try await EngineMetrics(tools: tools, now: await supervisor.snapshot(), use: use, freeBytes: free)
            .families()
    }

    /// How full the vault is, and how many bytes are free beside it.
    func vaultUse() async throws(GuardError) -> (use: VaultUse, freeBytes: Int64) {
        let known = knownVaultUse
        let (use, free) = try await tools.reading { (vault) throws(VaultError) in
            (try vault.use(since: known), try vault.freeBytes())
        }
        knownVaultUse = use
        return (use, free)
    }

    public func health() async throws(GuardError) -> HealthForm {
        var checks: [HealthForm.Check] = []
        let journal = await journalProblem()
        checks.append(.init(name: "journal", ok: journal == nil, detail: journal))
        do {
            _ = try await tools.reading { (vault) throws(VaultError) in try vault.freeBytes() }
            checks.append(.init(name: "vault", ok: true))
        } catch {
            checks.append(.init(name: "vault", ok: false, detail: error.message))
        }
        let now = await supervisor.snapshot()
        for silence in now.silences { checks.append(.init(name: "answers", ok: false, detail: silence.detail)) }
        for problem in now.watchProblems.sorted(by: { $0.path < $1.path }) {
            checks.append(.init(name: "watch", ok: false, detail: "\(problem.path): \(problem.message)"))
        }
        return HealthForm(checks: checks)
    }

    /// Why the journal takes no more lines; nil when it does. That it can be read says nothing of that.
    func journalProblem() async -> String? {
        do throws(GuardError) {
            try await tools.journaling { (journal) throws(JournalError) in
                try await journal.checkWritable()
                _ = try await journal.lastEventID()
            }
            return nil
        } catch {
            return error.message
        }
    }

    public func releases() async throws(GuardError) -> [ReleaseForm] {
        tools.installed.now.releases.map(ReleaseForm.init)
    }

    // MARK: Stores

    public func stores() async throws(GuardError) -> [StoreForm] {
        await supervisor.stores.forms
    }

    public func store(_ id: StoreID) async throws(GuardError) -> StoreForm {
        let location = try await supervisor.location(of: id)
        await supervisor.lookInTurn(at: location)
        guard let form = await supervisor.stores.form(id) else {
            throw GuardError(.notFound, "there is no store \(id)")
        }
        return form
    }

    public func history(of id: StoreID) async throws(GuardError) -> HistoryForm {
        let location = try await supervisor.location(of: id)
        let tools = tools
        let reading = Task { () -> LedgerHistory? in
            // A store that is gone, damaged or out of reach still has a history: ours.
            guard let store = try? tools.open(location) else { return nil }
            let history = try? await store.history()
            await store.close()
            return history
        }
        let found = await value(of: reading, within: await supervisor.patience)
        let ledger = found.flatMap(\.self) ?? LedgerHistory(rows: [], events: [])
        let audit = try await tools.journaling(about: id) { (journal) throws(JournalError) in
            try await journal.latestEvents(limit: 200, store: id)
        }
        // Those that the check command refused. No migration failed there, whatever row of the ledger tells of it.
        var vetoed: Set<OperationID> = []
        for name in Set(ledger.rows.filter { !$0.success }.compactMap(\.operation) + ledger.events.map(\.operation)) {
            guard let operation = OperationID(name) else { continue }
            let record = try await tools.journaling(about: id) { (journal) throws(JournalError) in
                try await journal.operation(operation)
            }
            if record?.error?.code == .checkVetoed { vetoed.insert(operation) }
        }
        return HistoryForm(store: id, location: location.name, ledger, audit, vetoed: vetoed)
    }

    public func migrations() async throws(GuardError) -> [MigrationForm] {
        Line.allCases.flatMap { line in
            tools.catalogue.migrations(of: line).map {
                MigrationForm(
                    line: line.rawValue, version: $0.version, name: $0.name, checksum: $0.checksum.hex,
                    reversible: $0.down != nil, since: line.release(bringing: $0.version))
            }
        }
    }
}

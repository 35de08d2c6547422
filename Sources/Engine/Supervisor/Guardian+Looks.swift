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
            try await journal.lastProofTime()
        }
        let (use, free) = try await vaultUse()
        let vault = StatusForm.Vault(
            path: tools.vault.path, backups: use.backups, storedBytes: use.storedBytes, freeBytes: free,
            lastBackupAt: use.lastBackupAt, lastProofAt: lastProof)
        let stores = try await stores()
        let (verdict, summary) = verdict(running: running.count)
        return StatusForm(
            verdict: verdict, summary: summary, version: ProductVersion.current, startedAt: startedAt,
            releases: tools.installed.now.releases.map(ReleaseForm.init),
            stores: .init(stores), operations: running, vault: vault, holds: holds,
            findings: findings)
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

    /// What a person should know beside the stores.
    private var findings: [Finding] {
        let unreached = discovered.problems.map { Finding(code: $0.code.rawValue, message: $0.message) }
        let unwatched = watchProblems.sorted { $0.path < $1.path }.map {
            Finding(code: "watchDegraded", message: "\($0.path): \($0.message)")
        }
        return unreached + discovered.findings + releaseFindings + unwatched
    }

    func verdict(running: Int) -> (verdict: Verdict, summary: String) {
        let stores = forms.values
        let unreached = discovered.problems.count
        func count(_ states: [StoreState]) -> Int { stores.filter { states.contains($0.state) }.count }
        let bad = count([.failed, .drifted, .unknown, .missing])
        if bad > 0 { return (.attention, "\(bad) of \(stores.count) memories need a look") }
        if unreached > 0 {
            return (
                .attention, unreached == 1 ? "one place is out of reach" : "\(unreached) places are out of reach"
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
                    reversible: $0.down != nil, since: line.release(bringing: $0.version))
            }
        }
    }
}

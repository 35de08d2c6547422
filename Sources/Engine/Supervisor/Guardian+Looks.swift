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
        let standing = standing(running: running.count)
        return StatusForm(
            verdict: standing.verdict, summary: standing.summary, version: ProductVersion.current, startedAt: startedAt,
            releases: tools.installed.now.releases.map(ReleaseForm.init),
            stores: .init(stores), operations: running, vault: vault, holds: holds,
            findings: findings, next: standing.next)
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

    func standing(running: Int) -> Standing {
        Standing(forms.values, unreached: discovered.problems.count, running: running)
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

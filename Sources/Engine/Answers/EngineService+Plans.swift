// SPDX-License-Identifier: MIT

public import ControlAPI
internal import Dementia
public import GuardCore
internal import HashKit
internal import LinuxKit
internal import Stores
internal import Vault

/// What an operation would do. Nothing is changed by that.
extension EngineService {
    public func plan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        try request.check()
        switch request.kind ?? .migrate {
        case .backup, .verify, .rescan:
            throw GuardError(
                .usage, "a \((request.kind ?? .migrate).rawValue) needs no plan", hint: "It changes no store. Start it."
            )
        case .restore: return try await restorePlan(request)
        case .prune: return try await prunePlan(request)
        case .transfer: return try await transferPlan(request)
        case let kind: return try await migrationPlan(kind, request)
        }
    }

    // MARK: Migrations

    private func migrationPlan(_ kind: OperationKind, _ request: PlanRequest) async throws(GuardError) -> PlanForm {
        let location = try await supervisor.location(of: request.store)
        var form = PlanForm(kind: kind, store: location.id, location: location.name)
        do throws(GuardError) {
            let wish = try Self.wish(kind, request.to)
            let forecast = MigrationForecast(tools: tools, location: location)
            let plan = try await forecast.plan(wish)
            form.line = plan.line.rawValue
            form.from = plan.shownFrom
            form.to = plan.shownTo
            form.digest = plan.digest.hex
            form.steps = plan.steps.map { PlanForm.Step($0, at: location) }
            guard !plan.isEmpty else { return form }
            let room = BackupSpaceCheck(tools: tools, location: location)
            let needed = BackupSpaceCheck.needed(for: try await forecast.describe().sizeBytes)
            form.neededBytes = needed
            // Before a copy is made to look at.
            try room.check(forBytes: needed)
            if plan.isDowngrade {
                let losses = try await forecast.losses(of: plan)
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

    // MARK: Restores

    private func restorePlan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        guard let id = request.backup else { throw GuardError(.usage, "a restore needs the id of a backup") }
        let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
        try Self.check(request.store, against: entry)
        let location = StoreLocation(engine: entry.manifest.store.engine, name: entry.manifest.store.location)
        var form = PlanForm(kind: .restore, store: location.id, location: location.name)
        form.backup = id
        form.line = entry.manifest.line
        if let wish = request.rowWish {
            try Self.checkRows(request.to, at: location)
            try await planRows(wish, from: entry, for: request, in: &form)
            return form
        }
        form.to = entry.manifest.schemaVersion
        if case .place(let path)? = request.to {
            form.destination = try await place(path, for: entry).name
            issue(request, .writesElsewhere, in: &form)
            return form
        }
        do throws(GuardError) {
            let forecast = try await RestoreForecast(of: entry, over: location, with: tools)
            form.tables = forecast.tables
            form.wouldLose = forecast.losses
            form.notes = forecast.notes
            form.notes.append("The present state is backed up first, and automation is held afterwards.")
            issue(request, .replaces(forecast.content.fingerprint), in: &form)
        } catch {
            guard StoreOperation.isMadeAnew(after: error) else {
                form.refusal = Problem(error)
                return form
            }
            form.notes = [
                "\(error.message).", "The restored state takes its place; what is there now stays beside it.",
                "Automation is held afterwards.",
            ]
            issue(request, .makesAnew, in: &form)
        }
        return form
    }

    /// A backup goes back to where it is from, or to a place that is named.
    static func check(_ store: StoreID?, against backup: Entry) throws(GuardError) {
        guard let store, store != backup.manifest.store.id else { return }
        throw GuardError(
            .usage, "the backup \(backup.id) is not of the store \(store), but of \(backup.manifest.store.location)",
            store: store, hint: "Its backups: dementiactl backup list \(store)")
    }

    /// Refuses a look at a copy of the store at `location` that would fill the disk.
    func checkRoomForCopy(of location: StoreLocation) async throws(GuardError) {
        let bytes = try await MigrationForecast(tools: tools, location: location).describe().sizeBytes
        try BackupSpaceCheck(tools: tools, location: location).checkForCopy(ofBytes: bytes)
    }

    /// What a person means by `text` as a place for a backup: the absolute path of a file, or `URL#SCHEMA`. Errors do not repeat it, since
    /// it may hold a password.
    func place(_ text: String, for backup: Entry) async throws(GuardError) -> RestoreElsewhere.Place {
        let isPlain = !text.utf8.contains(0)
        if isPlain, text.utf8.first == UInt8(ascii: "/") {
            let target = RestoreTarget(path: text, store: backup.manifest.store.id)
            let state = Directory.parent(of: tools.vault.path)
            let look = try await tools.calls.ask(text, silentFor: .seconds(4)) { () throws(GuardError) in
                try target.check(state: state)
            }
            if case .silence(let silence) = look { throw GuardError(silence) }
            return .file(text)
        }
        guard isPlain, text.contains("#") else {
            throw GuardError(
                .usage, "that is no place for a backup", store: backup.manifest.store.id,
                hint: "Name the absolute path of a file that is not there yet, or URL#SCHEMA.")
        }
        return .schema(try await settings.target(text))
    }

    // MARK: Prunes

    private func prunePlan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        var form = PlanForm(kind: .prune, store: nil, location: tools.vault.path)
        let forecast = try await Maintenance(tools).pruneForecast()
        let removals = forecast.lines.filter(\.goes).map {
            PlanForm.Removal(
                backup: $0.backup, store: $0.store, createdAt: $0.createdAt, storedBytes: $0.storedBytes,
                reasons: $0.reasons)
        }
        form.removals = removals
        form.freedBytes = forecast.freedBytes
        form.notes = forecast.findings.map { "\($0.message)." }
        issue(request, .removes(Set(removals.map(\.backup))), in: &form)
        return form
    }

    func issue(_ request: PlanRequest, _ terms: IssuedPlans.Terms, in form: inout PlanForm) {
        let (digest, until) = issuedPlans.issue(request, terms, at: tools.clock())
        form.digest = digest
        form.expiresAt = until
    }
}

extension PlanForm.TableChange {
    /// How a table differs between the backup, which the difference is from, and the live store, which it leads to.
    init(_ table: ContentDifference.Table) {
        self.init(
            table: table.name, rowsNow: table.isGone ? nil : table.rowsAfter,
            rowsInBackup: table.isNew ? nil : table.rowsBefore, differs: true)
    }
}

// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit
internal import Stores
internal import Vault

extension StoreOperation {
    /// Puts single rows of `backup` into the store, after the present state is in the vault too. Leaves no hold: nothing was taken back.
    ///
    /// - Parameter terms: what somebody agreed to, when he did: anything else is not done
    func bringBack(
        _ wish: RowWish, from backup: Entry, _ terms: IssuedPlans.Terms?
    ) async throws(GuardError) -> OperationRecord {
        let restorer = RowRestorer(tools: tools, store: store, log: log, scratch: scratch)
        do throws(GuardError) {
            try await log.step(.preflight, backup: backup.id)
            guard let kept = try await restorer.run(wish, from: backup, agreedTo: terms) else {
                await store.close()
                return try await log.settle(.alreadySo)
            }
            await store.close()
            var result = OperationResult()
            result.keptState = kept.id
            return try await log.settle(.done, result: result, takesBack: false)
        } catch {
            guard Evidence(error) == .unproved else {
                await store.close()
                return try await log.settle(failed: error)
            }
            let kept = try await RestoreEnd(tools: tools, log: log).kept()
            if let end = RowReturnEnd(tools: tools, log: log, kept: kept),
                let settled = try await end.settle(store, after: error, scratch)
            {
                return settled
            }
            await store.close()
            return try await log.settle(failed: error)
        }
    }
}

/// Puts rows of a backup into a live store.
///
/// What the rows make of the present state is found out on a copy of exactly that state, which is a proved backup by then, and proved to
/// differ from it in these rows alone. Then the same statements run in the store, in one transaction that takes place only when the store
/// still is in that state, and the result is read back and compared.
struct RowRestorer {
    let tools: EngineContext
    let store: any Store
    let log: OperationLog
    let scratch: ScratchFolder

    /// How often the present state is backed up again because somebody wrote meanwhile.
    private static let rounds = 5

    /// Does it, and gives the backup of the state before; nil when every row is there already.
    func run(
        _ wish: RowWish, from backup: Entry, agreedTo terms: IssuedPlans.Terms?
    ) async throws(GuardError) -> Entry? {
        let location = store.location
        let (tools, path) = (tools, scratch.path + "/rows-of-backup")
        let source = try await tools.threads.worker.run { () throws(GuardError) in
            try DecodedState(backup, at: path, of: location, with: tools).file
        }
        var round = 0
        while true {
            round += 1
            try await log.step(.keep)
            let kept = try await BackupTaker(tools: tools, store: store, log: log, scratch: scratch)
                .take(.beforeRestore, line: backup.manifest.line, version: nil)
            let present = ContentFile(path: kept.restored, isTranscript: false)
            let plan = try RowReturnPlan.made(wish, from: source, into: present, at: location)
            if case .bringsBack(let agreed)? = terms, agreed != plan.digest { throw IssuedPlans.moved(location) }
            guard !plan.hasConflict else { throw RowReturnPlan.undecided(plan.rows, at: location) }
            guard !plan.changes.isEmpty else { return nil }
            let content = try await rehearsed(plan.changes, on: kept)
            try await log.step(
                .restore, detail: RowReturnEnd.detail(backup.id, kept.entry.id, content), dataState: .changing)
            do throws(GuardError) {
                try await store.bringBack(plan.changes, expecting: content, replacing: kept.snapshot)
                return kept.entry
            } catch {
                guard error.code == .storeMoved, error.dataState == .untouched, round < Self.rounds else { throw error }
                log.endStep(as: .failed)
            }
        }
    }

    /// The content of the store when the rows are in it, found out on a copy, in which nothing else may differ.
    private func rehearsed(_ rows: [ReturningRow], on kept: ProvedBackup) async throws(GuardError) -> StoreDigest {
        let (tools, failure, path) = (tools, EngineFailure(store.location), scratch.path + "/rows-rehearsed.db")
        let entry = kept.entry
        try await tools.threads.worker.run { () throws(GuardError) in
            do throws(SystemCallError) {
                if try FileStatus.ifPresent(path) != nil { try Directory.unlink(path) }
            } catch {
                throw failure.system(error, "clearing scratch for a rehearsal")
            }
            do throws(VaultError) {
                try tools.vault.unpack(entry, to: path)
            } catch {
                throw failure.reading(error)
            }
        }
        let content = try await store.rehearseReturn(of: rows, on: path)
        let found: [String]
        do throws(SQLiteError) {
            let comparison = try StateComparison(
                from: ContentFile(path: kept.restored, isTranscript: false),
                to: ContentFile(path: path, isTranscript: false))
            found = try RowConservation(rows).violations(in: comparison)
        } catch {
            throw GuardError(
                error.isNoSpace ? .noSpace : .inputOutput, "a rehearsal on \(store.location.name) could not be read",
                store: store.location.id, hint: "Nothing was changed.", causes: [error.description])
        }
        guard found.isEmpty, content.objects == kept.snapshot.content.objects else {
            throw GuardError(
                .conservationFailed,
                "\(store.location.name): the rows would change something else: \(found.first ?? "its tables")",
                store: store.location.id, hint: "Nothing was changed. Restore the whole backup, or print the row.",
                causes: found)
        }
        return content
    }
}

/// Proves of a rehearsal that exactly some rows differ.
struct RowConservation {
    private let rows: [ReturningRow]

    init(_ rows: [ReturningRow]) {
        self.rows = rows
    }

    /// The differences beyond the rows, a sentence each.
    func violations(in comparison: StateComparison) throws(SQLiteError) -> [String] {
        var violations: [String] = []
        for table in try comparison.tables() where !table.isNothing {
            let own = rows.filter { $0.table.text == table.name }
            let (new, other) = (own.filter(\.key.isEmpty), own.filter { !$0.key.isEmpty })
            guard table.removed == 0, table.added == Int64(new.count), table.changed <= Int64(other.count),
                table.columnsAdded.isEmpty, table.columnsDropped.isEmpty
            else {
                violations.append(
                    "\(table.name): \(table.added) rows came, \(table.removed) went, \(table.changed) changed")
                continue
            }
            var (left, changed) = (new, other)
            try comparison.forEachRow(in: table.name) { row in
                let wanted = row.kind == .added ? left : changed
                guard let place = wanted.firstIndex(where: { $0.accounts(for: row) }) else {
                    violations.append("\(table.name): a row differs that was not asked for")
                    return false
                }
                if row.kind == .added { left.remove(at: place) } else { changed.remove(at: place) }
                return true
            }
        }
        return violations
    }
}

extension ReturningRow {
    /// Whether `row` is what this makes of a table.
    fileprivate func accounts(for row: RowDifference) -> Bool {
        func value(_ column: String, in cells: [RowDifference.Cell]) -> Value? {
            cells.first { $0.column == column }?.value
        }
        switch row.kind {
        case .removed: return false
        case .added:
            return key.isEmpty && cells.allSatisfy { value($0.column.text, in: row.new) == $0.value }
        case .changed:
            let isOurs = row.identity.allSatisfy { cell in
                (key + cells).first { $0.column.text == cell.column }.map { $0.value == cell.value } ?? true
            }
            return !key.isEmpty && isOurs
                && row.new.allSatisfy { cell in cells.first { $0.column.text == cell.column }?.value == cell.value }
        }
    }
}

extension RowReturnPlan {
    /// The plan, with what kept it from being made in our words.
    static func made(
        _ wish: RowWish, from source: ContentFile, into present: ContentFile, at location: StoreLocation
    ) throws(GuardError) -> RowReturnPlan {
        do {
            return try RowReturnPlan(wish, from: ContentState(source), into: ContentState(present))
        } catch let error as GuardError {
            throw GuardError(
                error.code, error.message, store: location.id, hint: error.hint, causes: error.causes)
        } catch {
            let isNoSpace = (error as? SQLiteError)?.isNoSpace ?? false
            throw GuardError(
                isNoSpace ? .noSpace : .inputOutput, "a copy of \(location.name) could not be read", store: location.id,
                hint: "Nothing was changed. Look at the room under the state directory.", causes: ["\(error)"])
        }
    }

    /// Why a plan is not carried out in which rows have the same names.
    static func undecided(_ rows: [PlanForm.Row], at location: StoreLocation) -> GuardError {
        let names = rows.filter { $0.action == .conflict }.map { "\($0.table): \($0.name)" }
        return GuardError(
            .restoreRefused,
            "\(location.name) has \(names.count == 1 ? "another row" : "other rows") of that name: \(names.prefix(3).joined(separator: ", "))",
            store: location.id,
            hint: "Nothing was changed. Say what becomes of both: --on-conflict keep, replace or copy",
            causes: names)
    }
}

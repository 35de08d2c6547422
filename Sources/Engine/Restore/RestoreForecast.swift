// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Stores
internal import Vault

/// What a restore would do to the live store, row by row and column by column, found out on two copies.
struct RestoreForecast {
    /// Every object and value of the store as they are now.
    let content: StoreDigest
    /// What would become of each table that differs; nil where rows cannot be told apart.
    private let changes: [TableChange]?
    private let backup: StoreDigest

    /// Looks at the store at `location`, and decodes `entry` beside the copy of it.
    init(of entry: Entry, over location: StoreLocation, with tools: EngineContext) async throws(GuardError) {
        let store = try tools.open(location)
        backup = entry.manifest.content
        do throws(GuardError) {
            let name = "plan-\(tools.newOperationID().value)"
            (content, changes) = try await ScratchFolder.temporary(name, for: location, in: tools.scratch) {
                (scratch) throws(GuardError) in
                let (now, then) = (scratch.copy("now", of: store), scratch.copy("backup", of: store))
                let content = try await store.snapshot(into: now, progress: nil).content
                // The decoded backup is only needed where there is a difference.
                guard content.fingerprint != entry.manifest.content.fingerprint else { return (content, []) }
                try await tools.working { (vault) throws(VaultError) in try vault.restore(entry, to: then) }
                return (content, try await store.changes(from: now, to: then))
            }
            await store.close()
        } catch {
            await store.close()
            throw error
        }
    }

    /// Each table that differs.
    var tables: [PlanForm.TableChange] {
        guard let changes else {
            return ContentDifference(from: backup, to: content).tables.map(PlanForm.TableChange.init)
        }
        // A table that only gets columns back has no row that changes.
        let wider = backup.tables.filter { table in
            content[table: table.name] != nil && !columnsGained(table.name).isEmpty
                && !changes.contains { $0.name == table.name }
        }
        return (changes + wider.map { TableChange(name: $0.name) }).sorted { $0.name < $1.name }.map { change in
            PlanForm.TableChange(
                table: change.name, rowsNow: change.isNew ? nil : content[table: change.name]?.rows,
                rowsInBackup: change.isGone ? nil : backup[table: change.name]?.rows, gained: change.gained,
                lost: change.lost, changed: change.changed, columnsLost: change.goneColumns,
                columnsGained: change.isNew
                    ? [] : change.newColumns.isEmpty ? columnsGained(change.name) : change.newColumns)
        }
    }

    /// The columns of the table `name` that only the backup has, as far as digests know columns.
    private func columnsGained(_ name: String) -> [String] {
        let there = Set(content[table: name]?.columns.map(\.name) ?? [])
        return backup[table: name]?.columns.map(\.name).filter { !there.contains($0) } ?? []
    }

    /// What would be gone from the store: rows, and the values of columns.
    var losses: [PlanForm.Loss] {
        tables.flatMap { table -> [PlanForm.Loss] in
            let rows = table.lost > 0 ? [PlanForm.Loss(table: table.table, rows: table.lost)] : []
            let change = changes?.first { $0.name == table.table }
            return rows
                + (table.columnsLost ?? []).map { column in
                    let values =
                        change?.lostValues[column]
                        ?? content[table: table.table]?.columns.first { $0.name == column }?.values ?? 0
                    return PlanForm.Loss(table: table.table, column: column, rows: values)
                }
        }
    }

    /// Views, triggers and other objects that would be gone; tables and their columns are told as such.
    var notes: [String] {
        let told: Set<String> = ["table", "index"]
        let there = Set(backup.objects.map { "\($0.type) \($0.name)" })
        return content.objects.filter {
            !told.contains($0.type.lowercased()) && !there.contains("\($0.type) \($0.name)")
        }
        .map { "The \($0.type.lowercased()) \($0.name) goes." }
    }
}

// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit
internal import Stores
internal import Vault

/// Reads what is in backups and memories, on copies that questions share.
///
/// Nothing here waits for a memory's turn: a copy is a look.
actor ContentReader {
    var tools: EngineContext
    let supervisor: Supervisor
    /// The shared copies; nil before the first question.
    private var knownCopies: StateCopies?
    /// The index of the vault; nil before the first search.
    var knownSearch: BackupSearch?

    init(_ tools: EngineContext, _ supervisor: Supervisor) {
        self.tools = tools
        self.supervisor = supervisor
    }

    /// Goes by other rules from now on.
    func reconfigure(_ tools: EngineContext) { self.tools = tools }

    /// The most bytes of values that one page may have, beside its first row.
    private static let pageBytes = 8 << 20

    func tables(of state: StateName) async throws(GuardError) -> ItemList<ContentTableForm> {
        let (copies, subject, _) = try await copy(of: state)
        return try await copies.read(subject) { (state) throws(SQLiteError) in
            var forms: [ContentTableForm] = []
            for table in try state.tables() {
                forms.append(ContentTableForm(table, rows: try state.count(table)))
            }
            return ItemList(forms)
        }
    }

    func rows(of state: StateName, _ question: RowQuestion) async throws(GuardError) -> ContentRowsForm {
        guard question.table == nil || question.label == nil else {
            throw GuardError(
                .usage, "a label names contexts, and no rows of another table", hint: "Give 'label' without 'table'.")
        }
        let place = try PagePlace(question.page.after)
        let (copies, subject, memory) = try await copy(of: state, look: place.look)
        let form = try await copies.read(subject) { (state) throws(SQLiteError) -> ContentRowsForm? in
            guard let table = try Self.table(question.table, in: state) else { return nil }
            var page = PageOfRows(place.row, question, table.columns.map(\.name.text))
            func take(_ row: borrowing Statement) -> Bool { page.add(row) }
            if let label = question.label {
                page.skip = place.row
                try state.forEachContext(labelled: label, version: question.version, in: table, take)
            } else {
                try state.forEachRow(of: table, after: place.row, take)
            }
            return ContentRowsForm(
                state: memory, table: table.name.text, columns: page.columns, items: page.items,
                next: page.next.map { PagePlace(subject, row: $0).text })
        }
        guard let form else { throw try await noTable(question.table, in: state) }
        return form
    }

    func difference(from old: StateName, to new: StateName) async throws(GuardError) -> DiffForm {
        let (copies, before, after) = try await pair(old, new)
        return try await copies.compare(before.subject, after.subject) { (comparison) throws(SQLiteError) in
            DiffForm(
                from: before.memory, to: after.memory, tables: try comparison.tables().map(DiffForm.Table.init))
        }
    }

    func differentRows(
        from old: StateName, to new: StateName, _ question: RowQuestion
    ) async throws(GuardError) -> DiffRowsForm {
        let place = try DiffPlace(question.page.after)
        let (copies, before, after) = try await pair(old, new, place)
        let name = question.table ?? ContentTable.contexts.text
        return try await copies.compare(before.subject, after.subject) { (comparison) throws(SQLiteError) in
            var (items, number, bytes): ([DiffRowsForm.Row], Int64, Int) = ([], 0, 0)
            var next: String?
            try comparison.forEachRow(in: name) { row in
                number += 1
                if number <= place.row { return true }
                guard items.count < question.page.limit, bytes < Self.pageBytes else {
                    next = DiffPlace(before.subject, after.subject, row: number - 1).text
                    return false
                }
                items.append(DiffRowsForm.Row(row, cut: question.cut))
                bytes += (row.old + row.new).reduce(0) { $0 + $1.value.size }
                return true
            }
            return DiffRowsForm(table: name, items: items, next: next)
        }
    }

    // MARK: States

    /// A state as a copy, and what it is.
    typealias PreparedState = (subject: StateCopies.Subject, memory: MemoryState)

    /// The shared copies, made when they are not there yet.
    func copies() throws(GuardError) -> StateCopies {
        if let knownCopies { return knownCopies }
        do throws(SystemCallError) {
            let copies = try StateCopies(in: tools.scratch)
            knownCopies = copies
            return copies
        } catch {
            throw GuardError(
                error.isNoSpace ? .noSpace : .inputOutput, "there is no scratch for a look into backups",
                hint: "Nothing was changed. Look at the room under the state directory.", causes: [error.description])
        }
    }

    private func copy(
        of state: StateName, look: Int? = nil
    ) async throws(GuardError) -> (StateCopies, StateCopies.Subject, MemoryState) {
        let copies = try copies()
        let prepared = try await prepare(state, look: look, in: copies)
        return (copies, prepared.subject, prepared.memory)
    }

    private func pair(
        _ old: StateName, _ new: StateName, _ place: DiffPlace? = nil
    ) async throws(GuardError) -> (StateCopies, PreparedState, PreparedState) {
        let copies = try copies()
        let before = try await prepare(old, look: place?.oldLook, in: copies)
        let after = try await prepare(new, look: place?.newLook, in: copies)
        guard before.memory.store == after.memory.store else {
            throw GuardError(
                .usage, "the two states are of different memories, \(before.memory.store) and \(after.memory.store)",
                hint: "Compare two states of one memory. Its backups: dementiactl backup list \(after.memory.store)")
        }
        return (copies, before, after)
    }

    /// Makes the copy of a state, or finds it.
    ///
    /// - Parameter look: the number of the look at a live memory that is to go on; nil for a new one
    func prepare(_ state: StateName, look: Int?, in copies: StateCopies) async throws(GuardError) -> PreparedState {
        switch state {
        case .backup(let id):
            let entry = try await tools.reading { (vault) throws(VaultError) in try vault.entry(id) }
            return (try await copies.prepare(entry, with: tools), MemoryState(entry))
        case .live(let id):
            let location = try await supervisor.location(of: id)
            let memory = MemoryState(
                store: id, at: tools.clock(), schemaVersion: await supervisor.stores.form(id)?.schemaVersion)
            if let look { return (.live(id, look: look), memory) }
            return (try await self.look(at: location, in: copies), memory)
        }
    }

    /// Copies what a memory holds now.
    private func look(
        at location: StoreLocation, in copies: StateCopies
    ) async throws(GuardError) -> StateCopies.Subject {
        let store = try tools.open(location)
        do throws(GuardError) {
            let bytes = try await store.describe().sizeBytes
            let (path, look) = try await copies.beginLook(ofBytes: bytes, at: location, with: tools)
            let content: StoreDigest
            do throws(GuardError) {
                content = try await store.snapshot(into: path, progress: nil).content
            } catch {
                await copies.dropLook(at: path)
                throw error
            }
            await store.close()
            return try await copies.endLook(look, at: path, of: location, content)
        } catch {
            await store.close()
            throw error
        }
    }

    /// The table that `name` means, also by the words that people have for the tables of Dementia.
    private static func table(_ name: String?, in state: ContentState) throws(SQLiteError) -> ContentTable? {
        guard let name else { return try state.table(named: ContentTable.contexts.text) }
        if let table = try state.table(named: name) { return table }
        guard let known = ContentTable.knownNames[name] else { return nil }
        return try state.table(named: known)
    }

    private func noTable(_ name: String?, in state: StateName) async throws(GuardError) -> GuardError {
        let known = try await tables(of: state).items.map(\.name)
        return GuardError(
            .notFound, "there is no table '\(name ?? ContentTable.contexts.text)' in that state",
            hint: known.isEmpty ? "It has none." : "It has: \(known.joined(separator: ", "))")
    }
}

extension MemoryState {
    /// The content of a backup.
    init(_ entry: Entry) {
        let manifest = entry.manifest
        self.init(
            store: manifest.store.id, backup: entry.id, at: manifest.createdAt, reason: manifest.reason,
            schemaVersion: manifest.schemaVersion)
    }
}

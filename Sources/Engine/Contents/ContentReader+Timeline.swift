// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import Journal
internal import SQLiteKit
internal import Vault

/// Every known state of a memory, and what led from each to the next.
extension ContentReader {
    func states(of store: StoreID, label: String?) async throws(GuardError) -> TimelineForm {
        let location = try await supervisor.location(of: store)
        let listings = try await tools.working { (vault) throws(VaultError) in try vault.list(store: store) }
        var notRead = listings.compactMap { listing -> String? in
            if case .damaged(let path, let reason) = listing { "\(path): \(reason)" } else { nil }
        }
        let entries = listings.compactMap(\.entry).sorted { $0.id < $1.id }
        let operations = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.operations(store: store, limit: 10_000)
        }
        var line = Timeline(operations)
        for entry in entries { line.add(MemoryState(entry), entry.manifest.content) }
        var contexts = label == nil ? nil : ContextHistory()
        if let label {
            let search = try backupSearch()
            let standing = try await search.update(store, with: tools)
            notRead += standing.missing
            let known = Set((standing.states[store] ?? []).map(\.id))
            let found = try await search.contexts(labelled: label, of: store)
            for entry in entries where known.contains(entry.id) {
                let sequence = Int64(clamping: entry.id.sequence)
                let there = found.filter { found in found.match.spans.contains { $0.contains(sequence) } }
                line.tell(contexts?.changes(there.map(\.context)) ?? [], at: entry.id)
            }
        }
        do throws(GuardError) {
            try await addLive(location, label, to: &line, &contexts)
        } catch {
            notRead.append("what \(location.name) holds now: \(error.message)")
        }
        return TimelineForm(
            store: store, location: location.name, items: line.entries.reversed(), notRead: notRead)
    }

    private func addLive(
        _ location: StoreLocation, _ label: String?, to line: inout Timeline, _ contexts: inout ContextHistory?
    ) async throws(GuardError) {
        let copies = try copies()
        let prepared = try await prepare(.live(location.id), look: nil, in: copies)
        if let content = await copies.content(of: prepared.subject) { line.add(prepared.memory, content) }
        guard let label else { return }
        let found = try await copies.read(prepared.subject) { (state) throws(SQLiteError) in
            var found: [ContextText] = []
            try state.forEachContext(labelled: label) { (context) throws(SQLiteError) in found.append(context) }
            return found
        }
        line.tellLast(contexts?.changes(found) ?? [])
    }
}

/// Puts the states of one memory in order and says what led from each to the next.
struct Timeline {
    private(set) var entries: [TimelineForm.Entry] = []
    private var last: StoreDigest?
    /// The operations that changed the memory, oldest first.
    private let operations: [OperationRecord]

    init(_ operations: [OperationRecord]) {
        let changing: Set<OperationKind> = [.migrate, .downgrade, .repair, .restore, .transfer]
        self.operations = operations.filter { record in
            changing.contains(record.kind) && record.state == .settled && record.dataState != .untouched
        }.sorted { $0.startedAt < $1.startedAt }
    }

    /// Adds the state that follows those that were added.
    mutating func add(_ state: MemoryState, _ content: StoreDigest) {
        guard let last, let before = entries.last?.state else {
            entries.append(TimelineForm.Entry(state: state, cause: .first))
            self.last = content
            return
        }
        let difference = ContentDifference(from: last, to: content)
        // An operation backs up what it found before it changes anything: that backup is still the state before it.
        let operation = operations.last { record in
            guard let end = record.settledAt else { return false }
            return end > before.at && end <= state.at
        }
        let isSame = last.fingerprint == content.fingerprint
        let cause: TimelineForm.Cause = isSame ? .nothing : operation == nil ? .application : .operation
        entries.append(
            TimelineForm.Entry(
                state: state, cause: cause, operation: isSame ? nil : operation?.id,
                kind: isSame ? nil : operation?.kind,
                tables: difference.tables.map { table in
                    .init(
                        name: table.name, rowsBefore: table.isNew ? nil : table.rowsBefore,
                        rowsAfter: table.isGone ? nil : table.rowsAfter)
                }))
        self.last = content
    }

    /// Says what became of contexts in the state of `backup`.
    mutating func tell(_ changes: [TimelineForm.Context], at backup: BackupID) {
        guard let place = entries.lastIndex(where: { $0.state.backup == backup }) else { return }
        entries[place].contexts = changes
    }

    /// Says what became of contexts in the newest state.
    mutating func tellLast(_ changes: [TimelineForm.Context]) {
        guard !entries.isEmpty else { return }
        entries[entries.count - 1].contexts = changes
    }
}

/// What becomes of the contexts of one label, from state to state.
struct ContextHistory {
    private struct Name: Hashable {
        let session: String?
        let version: String?
    }

    private var known: [Name: [UInt8]] = [:]

    /// The differences of a state with `contexts` from the one before.
    mutating func changes(_ contexts: [ContextText]) -> [TimelineForm.Context] {
        let label = contexts.first?.label
        var now: [Name: [UInt8]] = [:]
        for context in contexts { now[Name(session: context.session, version: context.version)] = context.digest }
        defer {
            known = now
            if let label { self.label = label }
        }
        let shown = label ?? self.label ?? ""
        return Set(known.keys).union(now.keys).compactMap { name -> TimelineForm.Context? in
            let change: DiffRowsForm.Row.Change
            switch (known[name], now[name]) {
            case (nil, .some): change = .added
            case (.some, nil): change = .removed
            case (let old, let new): if old == new { return nil } else { change = .changed }
            }
            return TimelineForm.Context(change: change, label: shown, version: name.version, session: name.session)
        }.sorted { ($0.version ?? "", $0.session ?? "") < ($1.version ?? "", $1.session ?? "") }
    }

    private var label: String?
}

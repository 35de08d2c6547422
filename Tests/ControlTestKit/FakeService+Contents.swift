// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// What is in the sample memories: three contexts, of which one has an older version in the backup, and one row that would steer a terminal.
extension FakeService {
    public func tables(of state: StateName) async throws(GuardError) -> ItemList<ContentTableForm> {
        try await arrive(at: state, .backupTables, .storeTables)
        return ItemList([
            ContentTableForm(
                name: "context_locks", rows: Int64(Samples.contexts.count),
                columns: Samples.contextColumns.map { .init(name: $0, type: "TEXT") }, primaryKey: ["id"],
                definition: "CREATE TABLE context_locks (…)"),
            ContentTableForm(
                name: "sessions", rows: 1, columns: [.init(name: "id", type: "TEXT")], primaryKey: ["id"]),
        ])
    }

    public func rows(of state: StateName, _ question: RowQuestion) async throws(GuardError) -> ContentRowsForm {
        try await arrive(at: state, .backupRows, .storeRows)
        let contexts = Samples.contexts.filter { row in
            (question.label == nil || row["label"] == question.label.map { .text($0) })
                && (question.version == nil || row["version"] == question.version.map { .text($0) })
        }
        return ContentRowsForm(
            state: try await memory(state), table: "context_locks", columns: Samples.contextColumns, items: contexts,
            next: nil)
    }

    public func difference(from old: StateName, to new: StateName) async throws(GuardError) -> DiffForm {
        try arrive(.diff)
        let contexts = DiffForm.Table(
            name: "context_locks", change: .changed, rowsBefore: 2, rowsAfter: 2, added: 1, removed: 1, changed: 1,
            columnsAdded: ["preview"], columnsDropped: [], identity: ["session_id", "label", "version"])
        let added = DiffForm.Table(
            name: "context_archives", change: .added, rowsAfter: 0, added: 0, removed: 0, changed: 0, columnsAdded: [],
            columnsDropped: [], identity: [])
        return DiffForm(from: try await memory(old), to: try await memory(new), tables: [added, contexts])
    }

    public func differentRows(
        from old: StateName, to new: StateName, _ question: RowQuestion
    ) async throws(GuardError) -> DiffRowsForm {
        try arrive(.diffRows)
        func identity(_ row: ContentRowForm) -> [String: CellForm] {
            ["label": row["label"], "session_id": row["session_id"], "version": row["version"]]
        }
        let rows = Samples.contexts
        return DiffRowsForm(
            table: question.table ?? "context_locks",
            items: [
                .init(change: .added, identity: identity(rows[0]), before: nil, after: rows[0].values),
                .init(change: .removed, identity: identity(rows[1]), before: rows[1].values, after: nil),
                .init(
                    change: .changed, identity: identity(rows[2]), before: ["content": .text("one\ntwo\n")],
                    after: ["content": .text("one\nthree\n")]),
            ], next: nil)
    }

    public func search(_ question: SearchQuestion) async throws(GuardError) -> SearchForm {
        try arrive(.search)
        let state = MemoryState(
            store: Samples.stores[0].id, backup: Samples.backupID, at: Samples.moment, reason: .manual, schemaVersion: 4
        )
        let hit = SearchForm.Hit(
            store: Samples.stores[0].id, location: Samples.stores[0].location, label: "api_rules", version: "1.0",
            session: "shop_1", first: state, last: state, states: 1, isLive: question.scope == .all ? true : nil,
            excerpt: "All requests need \(question.words).")
        return SearchForm(
            items: [hit], backups: 1, live: question.scope == .all ? 4 : 0, notSearched: [], isCut: false)
    }

    public func states(of store: StoreID, label: String?) async throws(GuardError) -> TimelineForm {
        try arrive(.storeStates)
        let form = try find(store)
        let live = TimelineForm.Entry(
            state: MemoryState(store: store, at: Samples.moment, schemaVersion: 4), cause: .application,
            tables: [.init(name: "context_locks", rowsBefore: 2, rowsAfter: 3)],
            contexts: label.map { [.init(change: .added, label: $0, version: "1.1", session: "shop_1")] } ?? [])
        let first = TimelineForm.Entry(
            state: MemoryState(
                store: store, backup: Samples.backupID, at: Samples.moment, reason: .manual, schemaVersion: 4),
            cause: .first)
        return TimelineForm(store: store, location: form.location, items: [live, first], notRead: [])
    }

    private func arrive(
        at state: StateName, _ ofBackup: Route.Name, _ ofStore: Route.Name
    ) async throws(GuardError) {
        switch state {
        case .backup(let id):
            try arrive(ofBackup)
            _ = try await backup(id)
        case .live(let id):
            try arrive(ofStore)
            _ = try find(id)
        }
    }

    private func memory(_ state: StateName) async throws(GuardError) -> MemoryState {
        switch state {
        case .backup(let id):
            let backup = try await backup(id)
            return MemoryState(
                store: backup.store, backup: id, at: backup.createdAt, reason: backup.reason,
                schemaVersion: backup.schemaVersion)
        case .live(let id):
            let store = try find(id)
            return MemoryState(store: id, at: Samples.moment, schemaVersion: store.schemaVersion)
        }
    }
}

extension Samples {
    static let contextColumns = ["id", "session_id", "label", "version", "content", "locked_at", "preview"]

    /// Newest first.
    static let contexts = [
        context(3, "api_rules", "1.1", "All requests need a token.\nNEVER log it.\n", "All requests need a token."),
        context(2, "api_rules", "1.0", "All requests need a token.\n", "All requests need a token."),
        context(1, "\u{1B}[2Jhostile\u{202E}", "1.0", "\u{1B}]0;title\u{7}", ""),
    ]

    private static func context(
        _ id: Int64, _ label: String, _ version: String, _ content: String, _ preview: String
    ) -> ContentRowForm {
        ContentRowForm(values: [
            "id": .integer(id), "session_id": .text("shop_1"), "label": .text(label), "version": .text(version),
            "content": .text(content), "locked_at": .real(Double(moment.milliseconds) / 1000),
            "preview": .text(preview),
        ])
    }
}

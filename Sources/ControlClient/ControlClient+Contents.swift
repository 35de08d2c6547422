// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import NIOHTTP1

// What is in backups and memories. All throw what the daemon says, or what ``ControlClient`` tells of the way there.
extension ControlClient {
    /// The longest time that an answer may take: an archive of some gigabytes is decoded first.
    private static let decoding = Duration.seconds(600)

    /// The tables of a state.
    public func tables(of state: StateName) async throws(GuardError) -> [ContentTableForm] {
        let list: ItemList<ContentTableForm> = try await ask(
            .GET, target(state, "tables", []), extraTime: Self.decoding)
        return list.items
    }

    /// One page of the rows of a table of a state.
    public func rows(of state: StateName, _ question: RowQuestion) async throws(GuardError) -> ContentRowsForm {
        try await ask(.GET, target(state, "rows", question.query), extraTime: Self.decoding)
    }

    /// The differences of two states of a memory.
    public func difference(from old: StateName, to new: StateName) async throws(GuardError) -> DiffForm {
        try await ask(
            .GET, Target("diffs", query: [("from", old.text), ("to", new.text)]), extraTime: Self.decoding)
    }

    /// One page of the rows of a table that differ between two states.
    public func differentRows(
        from old: StateName, to new: StateName, _ question: RowQuestion
    ) async throws(GuardError) -> DiffRowsForm {
        let query = [("from", old.text), ("to", new.text)] + question.query
        return try await ask(.GET, Target("diffs", "rows", query: query), extraTime: Self.decoding)
    }

    /// The contexts that hold some words.
    public func search(_ question: SearchQuestion) async throws(GuardError) -> SearchForm {
        let query: [(String, String?)] = [
            ("words", question.words), ("in", question.scope.rawValue), ("store", question.store?.value),
            ("since", question.since?.rfc3339), ("limit", String(question.limit)),
        ]
        return try await ask(.GET, Target("search", query: query), extraTime: Self.decoding)
    }

    /// Every known state of a memory, and what became of the contexts of one label.
    public func states(of store: StoreID, label: String?) async throws(GuardError) -> TimelineForm {
        try await ask(
            .GET, Target("stores", store.value, "states", query: [("label", label)]), extraTime: Self.decoding)
    }

    private func target(_ state: StateName, _ what: String, _ query: [(String, String?)]) -> Target {
        switch state {
        case .backup(let id): Target("backups", id.description, what, query: query)
        case .live(let id): Target("stores", id.value, what, query: query)
        }
    }
}

extension StateName {
    /// As a query names it.
    var text: String {
        switch self {
        case .backup(let id): id.description
        case .live(let id): id.value
        }
    }
}

extension RowQuestion {
    var query: [(String, String?)] {
        [
            ("table", table), ("label", label), ("version", version), ("cut", cut.map { String($0) }),
            ("limit", String(page.limit)), ("after", page.after),
        ]
    }
}

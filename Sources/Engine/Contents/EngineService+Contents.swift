// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// What is in backups and memories, as the socket asks for it.
extension EngineService {
    public func tables(of state: StateName) async throws(GuardError) -> ItemList<ContentTableForm> {
        try await contents.tables(of: state)
    }

    public func rows(of state: StateName, _ question: RowQuestion) async throws(GuardError) -> ContentRowsForm {
        try await contents.rows(of: state, question)
    }

    public func difference(from old: StateName, to new: StateName) async throws(GuardError) -> DiffForm {
        try await contents.difference(from: old, to: new)
    }

    public func differentRows(
        from old: StateName, to new: StateName, _ question: RowQuestion
    ) async throws(GuardError) -> DiffRowsForm {
        try await contents.differentRows(from: old, to: new, question)
    }

    public func search(_ question: SearchQuestion) async throws(GuardError) -> SearchForm {
        try await contents.search(question)
    }

    public func states(of store: StoreID, label: String?) async throws(GuardError) -> TimelineForm {
        try await contents.states(of: store, label: label)
    }
}

// SPDX-License-Identifier: MIT

public import GuardCore

/// What is asked of backups and memories about what is in them. Nothing is changed by that.
public protocol ContentService: Sendable {
    /// The tables of a state. Throws `notFound`.
    func tables(of state: StateName) async throws(GuardError) -> ItemList<ContentTableForm>
    /// Rows of one table of a state. Throws `notFound`, also for a table that the state does not have.
    func rows(of state: StateName, _ question: RowQuestion) async throws(GuardError) -> ContentRowsForm
    /// The differences of two states. Throws `notFound`, and `usage` for states of different memories.
    func difference(from old: StateName, to new: StateName) async throws(GuardError) -> DiffForm
    /// The rows of one table that differ between two states. Throws as ``difference(from:to:)``.
    func differentRows(
        from old: StateName, to new: StateName, _ question: RowQuestion
    ) async throws(GuardError) -> DiffRowsForm
    /// The contexts that hold some words.
    func search(_ question: SearchQuestion) async throws(GuardError) -> SearchForm
    /// Every known state of a memory, and with `label` what became of the contexts of that label. Throws `notFound`.
    func states(of store: StoreID, label: String?) async throws(GuardError) -> TimelineForm
}

// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Journal
internal import LinuxKit
internal import Vault

extension EngineContext {
    /// Asks or tells the journal something, and says in our words why it could not.
    func journaling<Result: Sendable>(
        about store: StoreID? = nil, _ body: (Journal) async throws(JournalError) -> Result
    ) async throws(GuardError) -> Result {
        do {
            return try await body(journal)
        } catch {
            throw error.guardError(store: store)
        }
    }

    /// Ends the holds on `store` itself; those on everything stay.
    func releaseHolds(on store: StoreID) async throws(GuardError) {
        try await journaling(about: store) { (journal) throws(JournalError) in
            for hold in try await journal.holds() where hold.store == store { try await journal.removeHold(hold.id) }
        }
    }

    /// A store that somebody went back to lives on in no other one any more.
    func takeBackMove(of store: StoreID) async throws(GuardError) {
        try await journaling(about: store) { (journal) throws(JournalError) in
            let isMoved = try await journal.choices().contains { $0.id == store && $0.kind == .moved }
            if isMoved { try await journal.dropChoice(on: store) }
        }
    }

    /// Asks the vault something that takes a moment, and says in our words why it could not. It does not wait for a large backup.
    func reading<Result: Sendable>(
        _ body: @escaping @Sendable (Vault) throws(VaultError) -> Result
    ) async throws(GuardError) -> Result {
        try await asking(threads.looker, body)
    }

    /// Has the vault do something that may take long: archives read or written, every manifest of a store. One after the other.
    func working<Result: Sendable>(
        _ body: @escaping @Sendable (Vault) throws(VaultError) -> Result
    ) async throws(GuardError) -> Result {
        try await asking(threads.worker, body)
    }

    private func asking<Result: Sendable>(
        _ thread: ThreadExecutor, _ body: @escaping @Sendable (Vault) throws(VaultError) -> Result
    ) async throws(GuardError) -> Result {
        try await thread.run { () throws(GuardError) in
            do throws(VaultError) {
                return try body(vault)
            } catch {
                throw EngineFailure.vault(error)
            }
        }
    }
}

extension EngineFailure {
    /// `error`, which kept somebody from looking into the vault.
    static func vault(_ error: VaultError) -> GuardError {
        switch error {
        case .notFound, .ambiguous:
            GuardError(.notFound, error.description, hint: "Every backup: dementiactl backup list")
        case .damaged:
            GuardError(
                .verificationFailed, error.description,
                hint: "A damaged backup is never used. Every other: dementiactl backup list")
        case .noSpace: GuardError(.noSpace, error.description)
        case .permission: GuardError(.permissionDenied, error.description, hint: EngineFailure.rightsHint)
        case .alreadyExists: GuardError(.usage, error.description, hint: "Name a path that is not there yet.")
        default: GuardError(.inputOutput, error.description)
        }
    }
}

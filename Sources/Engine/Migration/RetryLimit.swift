// SPDX-License-Identifier: MIT

internal import GuardCore
internal import HashKit
internal import Journal
internal import Stores

/// What failed before COMMIT is tried again by itself only so often, until plan or content changed.
struct RetryLimit {
    let tools: EngineContext
    let location: StoreLocation

    /// Names what is tried: equal for the same migrations, to the letter, on the same content.
    static func name(of plan: Plan, on content: StoreDigest) -> String {
        "\(plan.digest.short):\(content.fingerprint.short)"
    }

    /// Whether `error` says that the same plan on the same content would fail again. A full disk, a lock or a missing right does not:
    /// those end, and then the migration has to go on without anybody's word.
    static func counts(_ error: GuardError) -> Bool {
        switch error.code {
        case .rehearsalFailed, .migrationFailed, .conservationFailed, .checkVetoed, .verificationFailed: true
        default: false
        }
    }

    /// Fails when `plan` failed on `content` as often as it may.
    func refuse(_ plan: Plan, on content: StoreDigest) async throws(GuardError) {
        let failures = try await failures(of: Self.name(of: plan, on: content))
        if failures >= tools.policy.attempts { throw refusal(failures) }
    }

    /// Why `plan` is not even begun on what `store` holds now, or nil. Reads the content only when there was reason to despair.
    func refusal(of plan: Plan, _ store: any Store) async throws(GuardError) -> GuardError? {
        guard let attempt = try await lastFailure(of: plan) else { return nil }
        let failures = try await failures(of: attempt)
        guard failures >= tools.policy.attempts else { return nil }
        let content = try await ScratchFolder.look(at: store, named: "look-\(location.id)", in: tools.scratch) {
            (copy) throws(GuardError) in
            try await store.snapshot(into: copy, progress: nil).content
        }
        await store.close()
        return Self.name(of: plan, on: content) == attempt ? refusal(failures) : nil
    }

    private func refusal(_ failures: Int) -> GuardError {
        GuardError(
            .held,
            "the same migration of \(location.name) failed \(failures) times on the same content and is not tried again by itself",
            store: location.id, hint: "Look at why: dementiactl history \(location.id)")
    }

    private func failures(of attempt: String) async throws(GuardError) -> Int {
        try await reading { (journal) throws(JournalError) in
            try await journal.failedAttempts(store: location.id, attempt: attempt)
        }
    }

    /// The newest attempt of `plan` that the journal knows to have failed; it is not far back, because refusals are not repeated.
    private func lastFailure(of plan: Plan) async throws(GuardError) -> String? {
        let records = try await reading { (journal) throws(JournalError) in
            try await journal.operations(store: location.id, limit: 20)
        }
        return records.first {
            $0.outcome == .failedUntouched && $0.attempt?.hasPrefix(plan.digest.short + ":") == true
        }?
        .attempt
    }

    private func reading<Result: Sendable>(
        _ body: (Journal) async throws(JournalError) -> Result
    ) async throws(GuardError) -> Result {
        do {
            return try await body(tools.journal)
        } catch {
            throw GuardError(.inputOutput, "the journal cannot be read: \(error)", store: location.id)
        }
    }
}

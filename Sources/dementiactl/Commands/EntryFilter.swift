// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// The entries of the audit that are wanted.
struct EntryFilter: ParsableArguments {
    @Option(
        help: ArgumentHelp("Only entries of this operation: its id, or the beginning of one.", valueName: "id"),
        completion: Completions.operations)
    var operation: String?
    @Option(help: ArgumentHelp("Only entries of this kind, such as holdAdded.", valueName: "kind"))
    var kind: String?

    func validate() throws {
        if let kind, JournalEvent.Kind(rawValue: kind) == nil {
            let kinds = JournalEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--kind is one of \(kinds).")
        }
    }

    /// Whether an entry is wanted; nil when all of them are.
    func predicate(failed: Bool, _ client: ControlClient) async throws(GuardError) -> (
        @Sendable (JournalEvent) -> Bool
    )? {
        guard failed || kind != nil || operation != nil else { return nil }
        let kind = kind
        var id: OperationID?
        if let operation { id = try await Selection(client: client).operation(operation) }
        return { [id] entry in
            (!failed || entry.facts.isFailure) && (kind == nil || entry.kind.rawValue == kind)
                && (id == nil || entry.operation == id)
        }
    }

    /// The newest entries, at most `part.limit`, with the note that more exist.
    func entries(
        _ part: ListOptions, since id: Int64 = 0, from moment: Timestamp? = nil, _ session: Session
    ) async throws(GuardError) -> (items: [JournalEvent], note: String?) {
        let store = try await part.storeID(session.client)
        let wanted = try await predicate(failed: part.failed, session.client)
        return part.shown(
            try await session.client.audit(
                of: store, since: id, from: moment, atMost: part.limit + 1, where: wanted))
    }
}

extension JournalEvent.Facts {
    /// Whether the entry tells of a failure.
    fileprivate var isFailure: Bool {
        let outcomes: [Outcome] = [.failedUntouched, .failedRestored, .needsAttention]
        return outcome.map(outcomes.contains) == true || stepState == .failed || succeeded == false || error != nil
    }
}

extension Session {
    /// The moment that `text` means, reckoned back from now.
    func moment(_ text: String) throws(GuardError) -> Timestamp {
        try MomentText.parse(text, from: Console.now(), sign: -1)
    }
}

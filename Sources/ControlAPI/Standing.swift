// SPDX-License-Identifier: MIT

internal import GuardCore

/// The verdict on everything, computed from the stores that are shown beside it and from nothing else.
public struct Standing: Sendable, Equatable {
    public let verdict: Verdict
    /// The verdict as a sentence.
    public let summary: String
    /// The one command that tells more or mends it; nil when nothing has to be done.
    public let next: String?

    /// - Parameters:
    ///   - stores: every store, as it is shown
    ///   - unreached: how many servers the last look could not reach
    ///   - running: how many operations are at work
    public init(_ stores: some Collection<StoreForm>, unreached: Int, running: Int) {
        let total = stores.count
        func count(_ states: [StoreState]) -> Int { stores.count { states.contains($0.state) } }
        func some(_ number: Int, _ one: String, _ many: String) -> String {
            "\(number) of \(total) \(total == 1 ? "memory" : "memories") \(number == 1 ? one : many)"
        }
        let bad = stores.filter(\.needsAttention).sorted { $0.location < $1.location }
        let (held, waiting) = (count([.held]), count([.pending, .busy]))
        let bare = stores.count { $0.lastBackup == nil }
        if let first = bad.first {
            let names = MemoryNames(stores.map { .init(id: $0.id, project: $0.project, location: $0.location) })
            let called = bad.prefix(3).map { names.name($0.id) }.joined(separator: ", ") + (bad.count > 3 ? ", …" : "")
            self.init(
                .attention,
                bad.count == 1
                    ? "\(called) needs attention: \(first.trouble)"
                    : "\(some(bad.count, "needs attention", "need attention")): \(called)",
                first.next(calling: ShellText.word(names.name(first.id))))
        } else if unreached > 0 {
            self.init(
                .attention, unreached == 1 ? "a server cannot be reached" : "\(unreached) servers cannot be reached",
                "dementiactl doctor")
        } else if running > 0 {
            self.init(
                .working, running == 1 ? "1 operation is at work" : "\(running) operations are at work",
                "dementiactl operations list")
        } else if waiting > 0 {
            let paused = held > 0 ? ", and \(held) \(held == 1 ? "is" : "are") on hold" : ""
            self.init(.pending, some(waiting, "waits", "wait") + paused, "dementiactl plan")
        } else if held > 0 {
            self.init(.held, some(held, "is on hold", "are on hold"), "dementiactl hold list")
        } else if bare > 0 {
            self.init(
                .pending,
                "every memory is current, and \(bare) of \(total) \(bare == 1 ? "has" : "have") no backup yet",
                "dementiactl backup create")
        } else {
            self.init(
                .safe, total == 0 ? "there is no memory to guard yet" : "every memory is current and backed up", nil)
        }
    }

    /// A verdict for a reason that no store shows.
    public init(_ verdict: Verdict, _ summary: String, _ next: String?) {
        self.verdict = verdict
        self.summary = summary
        self.next = next
    }
}

extension StoreForm {
    /// Whether the last operation on the store failed or was reverted. A hold does not change that.
    public var hasFailed: Bool { problem?.operation != nil || state == .failed }

    /// Why the store needs attention, without the name of it.
    var trouble: String {
        guard let problem, problem.operation != nil else {
            return switch state {
            case .drifted: "its tables and its ledger disagree"
            case .unknown: "it is no memory that this dementiad knows"
            case .missing: "it is not where it was"
            case .notAnswering: "its disk or its server does not answer"
            case .failed: problem?.detail ?? "it could not be read"
            case .current, .pending, .held, .busy: problem?.detail ?? "see its history"
            }
        }
        return switch problem.dataState {
        case .restoredVerified: "the last operation failed and was reverted, and the data is verified"
        case .untouched: "the last operation failed, and the data is untouched"
        case .migratedVerified: "the last operation failed after the new state was verified"
        case .changing, .unverified: "the last operation failed, and the data is not in a verified state"
        }
    }

    /// Whether a person should look at the store: no later pass mends it.
    public var needsAttention: Bool { hasFailed || [.drifted, .unknown, .missing, .notAnswering].contains(state) }

    /// The one command that tells more of the store or mends it; nil for a store that is current.
    public var next: String? { next(calling: id.value) }

    /// The one command that tells more of the store or mends it; nil for a store that is current.
    ///
    /// - Parameter name: the name of the store, as one word of a shell
    public func next(calling name: String) -> String? {
        if let operation = problem?.operation { return "dementiactl operations show \(operation)" }
        return switch state {
        case .current: nil
        case .pending, .held: "dementiactl migrate \(name)"
        case .drifted: "dementiactl repair \(name) --dry-run"
        case .failed, .unknown, .busy: "dementiactl history \(name)"
        case .missing: lastBackup == nil ? "dementiactl stores show \(name)" : "dementiactl restore \(name) --dry-run"
        case .notAnswering: "dementiactl doctor"
        }
    }
}

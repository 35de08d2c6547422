// SPDX-License-Identifier: MIT

internal import GuardCore

/// How everything stands, computed from what is shown beside it and from nothing else.
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
            self.init(.attention, some(bad.count, "needs a look", "need a look"), first.next)
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

    /// How it stands for a reason that no store shows.
    public init(_ verdict: Verdict, _ summary: String, _ next: String?) {
        self.verdict = verdict
        self.summary = summary
        self.next = next
    }
}

extension StoreForm {
    /// Whether the last operation on it failed or was taken back, whatever pauses it now.
    public var hasFailed: Bool { problem?.operation != nil || state == .failed }

    /// Whether a person should look: nothing mends it by itself.
    public var needsAttention: Bool { hasFailed || [.drifted, .unknown, .missing, .notAnswering].contains(state) }

    /// The one command that tells more of it or mends it; nil for one that is current.
    public var next: String? {
        if let operation = problem?.operation { return "dementiactl operations show \(operation)" }
        return switch state {
        case .current: nil
        case .pending, .held: "dementiactl migrate \(id)"
        case .drifted: "dementiactl repair \(id) --dry-run"
        case .failed, .unknown, .busy: "dementiactl history \(id)"
        case .missing: "dementiactl backup list \(id)"
        case .notAnswering: "dementiactl doctor"
        }
    }
}

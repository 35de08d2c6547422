// SPDX-License-Identifier: MIT

internal import ControlAPI
public import GuardCore
internal import Synchronization

/// What whoever follows the audit is told.
public enum AuditNews: Sendable, Equatable {
    /// A connection stands: the first one, or the next after one that was lost. What was missed meanwhile follows.
    case connected
    /// An entry.
    case entry(JournalEvent)
    /// The id to begin after belongs to another journal: what is missing is not known. It goes on after `newest`.
    case gap(newest: Int64)
}

extension ControlClient {
    /// The audit, newest first, at most `count` entries.
    ///
    /// - Parameters:
    ///   - id: only entries after this one
    ///   - moment: only entries that were written then or later
    ///   - isWanted: only entries for which this is true; nil for all
    public func audit(
        of store: StoreID? = nil, since id: Int64 = 0, from moment: Timestamp? = nil, atMost count: Int = .max,
        where isWanted: ((JournalEvent) -> Bool)? = nil
    ) async throws(GuardError) -> [JournalEvent] {
        func target(_ after: String?, _ limit: String) -> Target {
            Target("audit", query: [("store", store?.value), ("limit", limit), ("after", after)])
        }
        func isPast(_ entry: JournalEvent) -> Bool { entry.id <= id || moment.map { entry.at < $0 } ?? false }
        let filter: ((JournalEvent) -> Bool)? =
            id == 0 && moment == nil && isWanted == nil ? nil : { !isPast($0) && isWanted?($0) != false }
        return try await pages(atMost: count, until: isPast, where: filter, target)
    }

    /// The id of the newest entry of the audit, 0 when it has none.
    public func newestEntry() async throws(GuardError) -> Int64 { try await audit(atMost: 1).first?.id ?? 0 }

    /// Follows the audit as it grows, across lost connections and restarts of the daemon. Ends only by throwing.
    ///
    /// - Parameters:
    ///   - store: only what concerns this store; nil for everything
    ///   - id: what came after this entry is told first; nil begins with what happens from now on
    ///   - time: how long at most, then `timedOut`; nil for ever
    ///   - observe: gets every piece of news in order, each once, from any thread
    public func followAudit(
        of store: StoreID? = nil, since id: Int64? = nil, within time: Duration? = nil,
        _ observe: @Sendable @escaping (AuditNews) -> Void
    ) async throws(GuardError) {
        // Asked even when it is not needed: a daemon that is not there at the beginning is not waited for. And a listener that knows where
        // it began misses nothing when the first connection breaks before anything came.
        let newest = try await newestEntry()
        let listener = AuditListener(after: id ?? newest, observe)
        try await deadline(time, or: ClientErrors.noMoreEvents(listener.position, after: time ?? .zero)) {
            () throws(GuardError) in
            try await listen(to: Target("events", query: [("store", store?.value)]), listener)
        }
    }
}

/// Where in the audit a follower is.
private final class AuditListener: Listener {
    private let observe: @Sendable (AuditNews) -> Void
    private let state: Mutex<(pieces: Int, last: Int64)>

    init(after last: Int64, _ observe: @Sendable @escaping (AuditNews) -> Void) {
        self.observe = observe
        state = Mutex((0, last))
    }

    var pieces: Int { state.withLock { $0.pieces } }
    /// The id of the last entry that came, or where it began.
    var position: Int64 { state.withLock { $0.last } }
    var last: String? { String(position) }
    var isDone: Bool { false }

    func connected() { observe(.connected) }

    func hear() { state.withLock { $0.pieces += 1 } }

    func take(_ event: ServerSentEvent) {
        guard let id = event.id.flatMap({ Int64($0) }) else { return }
        state.withLock { $0.last = id }
        if event.name == "gap" {
            observe(.gap(newest: id))
        } else if let entry = try? JournalEvent(event) {
            observe(.entry(entry))
        }
        // Anything else is of a kind that a newer daemon knows.
    }

    func lost(_ cause: GuardError) -> GuardError { ClientErrors.lostEvents(position, cause) }
}

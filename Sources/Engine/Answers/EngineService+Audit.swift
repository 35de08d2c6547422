// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal

/// The audit: what was decided and done, as it was committed.
extension EngineService {
    public func audit(of store: StoreID?, _ page: Page) async throws(GuardError) -> ItemList<JournalEvent> {
        var before = Int64.max
        if let after = page.after {
            guard let id = Int64(after), id > 0 else { throw GuardError(.usage, "there is no page after \(after)") }
            before = id
        }
        let earliest = before
        let entries = try await tools.journaling(about: store) { (journal) throws(JournalError) in
            try await journal.latestEvents(before: earliest, limit: page.limit, store: store)
        }
        return ItemList(entries, next: entries.count == page.limit ? entries.last.map { String($0.id) } : nil)
    }

    public func auditEvents(
        of store: StoreID?, after: Int64?, waiting: Duration
    ) async throws(GuardError) -> AuditBatch {
        let newest = try await tools.journaling { (journal) throws(JournalError) in try await journal.lastEventID() }
        guard let after else { return AuditBatch(entries: [], last: newest) }
        guard after <= newest else { return AuditBatch(entries: [], last: newest, hasGap: true) }
        let deadline = ContinuousClock.now + waiting
        var last = after
        while true {
            // Before the look: what is committed after it rings.
            let count = tools.written.count
            let from = last
            let entries = try await tools.journaling(about: store) { (journal) throws(JournalError) in
                try await journal.events(after: from, limit: 256, store: store)
            }
            if let newest = entries.last { return AuditBatch(entries: entries, last: newest.id) }
            // Entries of other stores need not be looked at again.
            last = max(last, newest)
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return AuditBatch(entries: [], last: last) }
            await tools.written.wait(after: count, before: deadline)
        }
    }

    public func verifyAudit() async throws(GuardError) -> AuditVerification {
        AuditVerification(
            try await tools.journaling { (journal) throws(JournalError) in try await journal.verifyChain() })
    }
}

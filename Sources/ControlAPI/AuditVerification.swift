// SPDX-License-Identifier: MIT

public import GuardCore

/// What reading the audit from its beginning has shown.
public struct AuditVerification: Codable, Sendable, Equatable {
    /// Whether every entry is there and as it was written.
    public let intact: Bool
    /// How many entries were read and are as they were written.
    public let entries: Int64
    /// The hash of the last one, to be kept elsewhere: a rewritten audit cannot have it again. nil when it is broken.
    public let head: String?
    /// The first entry that is missing or was changed; nil when it is intact.
    public let brokenAt: Int64?

    public init(_ verdict: ChainVerdict) {
        switch verdict {
        case .intact(let events, let head):
            intact = true
            entries = events
            self.head = head
            brokenAt = nil
        case .broken(let id):
            intact = false
            entries = id - 1
            head = nil
            brokenAt = id
        }
    }
}

/// Some entries of the audit, oldest first.
public struct AuditBatch: Sendable, Equatable {
    /// Empty when nothing happened in time.
    public let entries: [JournalEvent]
    /// The id to ask with next: of the last entry that was looked at.
    public let last: Int64
    /// Whether the id that was asked with belongs to another journal: what its owner has missed is not known.
    public let hasGap: Bool

    public init(entries: [JournalEvent], last: Int64, hasGap: Bool = false) {
        self.entries = entries
        self.last = last
        self.hasGap = hasGap
    }
}

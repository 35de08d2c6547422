// SPDX-License-Identifier: MIT

public import GuardCore

/// One transaction of the journal, as the points in time around its commit.
///
/// Its description is a name for that point, such as `after intent(migrate)`: the crash tests walk over all of them.
public struct JournalWrite: Sendable, Hashable, CustomStringConvertible {
    /// On which side of the commit.
    public enum Moment: String, Sendable, CaseIterable {
        /// Everything is written, nothing is committed: a crash here loses the whole transaction.
        case before
        /// Committed and on the disk; the caller does not know it yet.
        case after
    }

    /// What the transaction records.
    public enum Content: Sendable, Hashable, CustomStringConvertible {
        /// An operation of this kind begins.
        case begin(OperationKind)
        /// A step starts: its effects come next.
        case intent(StepKind)
        /// A step has ended: its effects are there, or it failed.
        case result(StepKind)
        /// One step has ended and the next one starts, in one transaction.
        case transition(from: StepKind, to: StepKind)
        /// Something about an operation became known between two steps.
        case update
        /// An operation is over.
        case settle(Outcome)
        /// A hold is added or removed.
        case hold
        /// A backup is pinned or unpinned.
        case pin
        /// The proof of a backup, or that the backup is gone.
        case proof
        /// Stores that were seen, or one that is to be forgotten.
        case stores

        /// As in `result(backup)+intent(migrate)`.
        public var description: String {
            switch self {
            case .begin(let kind): "begin(\(kind))"
            case .intent(let step): "intent(\(step))"
            case .result(let step): "result(\(step))"
            case .transition(let from, let to): "result(\(from))+intent(\(to))"
            case .update: "update"
            case .settle(let outcome): "settle(\(outcome))"
            case .hold: "hold"
            case .pin: "pin"
            case .proof: "proof"
            case .stores: "stores"
            }
        }
    }

    /// Counts the transactions of one ``Journal`` from 1; both moments of one transaction have the same number.
    public let ordinal: Int
    /// On which side of the commit.
    public let moment: Moment
    /// What the transaction records.
    public let content: Content

    /// For example `before result(backup)+intent(migrate)`.
    public var description: String { "\(moment) \(content)" }
}

/// Is told of every commit, just before and just after it, on the journal's thread. A test may end the process in it, or let the disk fail:
/// an error takes the transaction back before its commit, and loses the answer after it.
public typealias WriteObserver = @Sendable (JournalWrite) throws(JournalError) -> Void

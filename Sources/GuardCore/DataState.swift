// SPDX-License-Identifier: MIT

/// What is true of a store's data at this moment. It stands on every operation and every error, and it never flatters.
public enum DataState: String, Codable, Sendable, CaseIterable {
    /// Every object and value but the ledger is as it was before the operation.
    case untouched
    /// A transaction is open: either the old or the new state will be there, and the daemon will find out which.
    case changing
    /// The new state is committed and was verified from a new connection.
    case migratedVerified
    /// The state of a proved backup is back in place and was verified from a new connection.
    case restoredVerified
    /// The state could not be verified. A proved backup exists; somebody has to look.
    case unverified
}

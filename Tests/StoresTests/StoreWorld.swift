// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport

/// What the conformance suite needs of an engine: a store with a memory in it, and a way past the store.
///
/// A new implementation of ``Store`` starts by giving one of these and passing the suite.
protocol StoreWorld: AnyObject {
    /// The store under test.
    var anyStore: any Store { get }
    var id: StoreID { get }
    /// A path for a copy.
    func scratch(_ name: String) -> String
    /// Every object and value, read without the store.
    func dump(withLedger: Bool) throws -> LogicalDump
    /// Every object and value of a snapshot.
    func dump(ofCopy path: String) throws -> LogicalDump
    /// Runs `sql` as another process.
    func write(_ sql: String) throws
    /// What another process reads, a line per row, columns separated by `|`.
    func ask(_ sql: String) throws -> [String]
}

/// The engines and modes that the suite runs on, each with a memory of Dementia 4.0 in it.
enum EngineUnderTest: String, CaseIterable, Sendable {
    case sqliteWAL, sqliteRollback

    func world() throws -> any StoreWorld {
        switch self {
        case .sqliteWAL: try SQLiteWorld(.v4_0, journal: .wal)
        case .sqliteRollback: try SQLiteWorld(.v4_0, journal: .delete)
        }
    }
}

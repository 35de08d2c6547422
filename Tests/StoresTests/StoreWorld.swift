// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import Stores
import TestSupport

/// What the conformance suite needs of an engine: a store with a memory in it, and a way past the store.
///
/// A new implementation of ``Store`` starts by giving one of these and passing the suite.
protocol StoreWorld: AnyObject, Sendable {
    /// The store under test.
    var anyStore: any Store { get }
    var id: StoreID { get }
    /// Another store over the same memory, as another daemon has it.
    func another() throws -> any Store
    /// A path for a copy.
    func scratch(_ name: String) -> String
    /// Every object and value, read without the store, a line each.
    func state(withLedger: Bool) throws -> [String]
    /// Every object and value of a snapshot.
    func state(ofCopy path: String) throws -> [String]
    /// Runs `sql` as another process.
    func write(_ sql: String) throws
    /// What another process reads, a line per row, columns separated by `|`.
    func ask(_ sql: String) throws -> [String]
    /// What is true of the memory in it.
    var facts: WorldFacts { get }
}

/// What differs from engine to engine in what the suite expects.
struct WorldFacts {
    let from: Int?
    /// The plan to the head: version, name and whether it is adopted.
    let steps: [(version: Int, name: String, isAdopted: Bool, isReversible: Bool)]
    let contexts: Int64
    /// A statement that adds a row to a table.
    let insertion: String
    /// The catalogue with one migration more, which fails in its second statement.
    let broken: Catalogue
    /// How the engine writes true and false.
    let (yes, no): (String, String)

    var head: Int { steps.last?.version ?? 0 }
}

/// The engines and modes that the suite runs on, each with an early memory in it.
enum EngineUnderTest: String, CaseIterable, Sendable {
    case sqliteWAL, sqliteRollback, postgres

    /// Those that can be had on this machine.
    static var present: [EngineUnderTest] {
        allCases.filter { $0 != .postgres || PostgresServer.isInstalled }
    }

    func world() throws -> any StoreWorld {
        switch self {
        case .sqliteWAL: try SQLiteWorld(.v4_0, journal: .wal)
        case .sqliteRollback: try SQLiteWorld(.v4_0, journal: .delete)
        case .postgres: try PostgresWorld()
        }
    }
}

extension [String] {
    /// The lines that only one of both has.
    func differences(from other: [String]) -> [String] {
        Set(self).symmetricDifference(other).sorted()
    }
}

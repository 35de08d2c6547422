// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import SQLiteKit
import Stores
import TestSupport

/// A memory in a SQLite file of a test's own, the store over it, and a way past the store.
final class SQLiteWorld: StoreWorld {
    /// How the file keeps its journal.
    enum Journal: String, CaseIterable, Sendable {
        case asIs, wal, delete
    }

    let folder: TemporaryFolder
    let path: String
    let store: SQLiteStore
    let id: StoreID

    /// A copy of `fixture`, or an empty database, in which another process ran `sql`.
    init(
        _ fixture: Fixture? = .v4_0, journal: Journal = .asIs, _ sql: String = "",
        limits: SQLiteStore.Limits = .patient
    ) throws {
        folder = try TemporaryFolder()
        path = try folder.folder("project") + "/.claude-memory.db"
        if let fixture { try fixture.copy(to: path) }
        if journal != .asIs { try Shell.run(path, "PRAGMA journal_mode = \(journal.rawValue)") }
        if !sql.isEmpty {
            let complaints = try Shell.run(path, sql)
            guard complaints.isEmpty else { throw Complaint(lines: complaints) }
        }
        store = try SQLiteStore(path: path, limits: limits)
        id = StoreLocation(engine: .sqlite, name: path).id
    }

    /// What the shell said where it should have been silent.
    struct Complaint: Error {
        let lines: [String]
    }

    var anyStore: any Store { store }

    func scratch(_ name: String) -> String { folder.file(name) }

    func another() throws -> any Store { try SQLiteStore(path: path) }

    var facts: WorldFacts {
        let names = ["base", "rlm", "files", "embeddings"]
        return WorldFacts(
            from: 1, steps: names.enumerated().map { ($0 + 1, $1, $0 == 0, $0 != 0) }, contexts: 8,
            insertion: "INSERT INTO todos (id, content, status) VALUES ('late', 'x', 'pending');",
            broken: (try? Catalogue.with(up: "CREATE TABLE fresh (x); INSERT INTO nowhere VALUES (1);")) ?? Self.none,
            yes: "1", no: "0")
    }

    private static let none = try! Catalogue()

    func state(withLedger: Bool) throws -> [String] {
        try dump(withLedger: withLedger).description.split(separator: "\n").map(String.init)
    }

    func state(ofCopy path: String) throws -> [String] {
        try dump(ofCopy: path).description.split(separator: "\n").map(String.init)
    }

    func dump(withLedger: Bool) throws -> LogicalDump { try LogicalDump(path, withLedger: withLedger) }

    func dump(ofCopy path: String) throws -> LogicalDump {
        try LogicalDump(Connection(path: path, access: .immutable))
    }

    func write(_ sql: String) throws { try Shell.run(path, sql) }

    func ask(_ sql: String) throws -> [String] { try Shell.run(path, sql) }

    func plan(_ catalogue: Catalogue, to wanted: Int? = nil) async throws -> Plan {
        try await Planner(catalogue: catalogue).plan(for: id, at: path, store.survey(catalogue), wanted: wanted)
    }

    func snapshot(_ name: String = "copy.db") async throws -> Snapshot {
        try await store.snapshot(into: folder.file(name), progress: nil)
    }

    /// Survey, plan, snapshot, migration.
    @discardableResult
    func migrate(_ catalogue: Catalogue, to wanted: Int? = nil) async throws -> MigrationRecord {
        let plan = try await plan(catalogue, to: wanted)
        return try await store.migrate(plan, from: snapshot(), entry: .test(), progress: nil)
    }

    /// The names beside the file, it included.
    var files: [String] { (try? Directory.entries(Directory.parent(of: path))) ?? [] }
}

extension SQLiteStore.Limits {
    /// For tests in which nobody holds a lock for long.
    static let patient = SQLiteStore.Limits()

    /// For tests in which somebody holds a lock for ever.
    static var impatient: SQLiteStore.Limits {
        var limits = SQLiteStore.Limits()
        limits.lockPatience = .milliseconds(200)
        return limits
    }
}

extension LedgerEntry {
    /// An entry of a new operation.
    static func test(backup: BackupID? = BackupID(sequence: 7, root: "0123456789ab")) -> LedgerEntry {
        var generator = SystemRandomNumberGenerator()
        let operation = OperationID(milliseconds: 1_762_689_662_345, using: &generator)
        return LedgerEntry(operation: operation, backup: backup, release: "v4.4.0")
    }
}

extension Catalogue {
    /// The shipped catalogue and one migration more, which makes the table `marker` and runs `up`.
    ///
    /// A migration whose postcondition is true already would be adopted and not run.
    static func with(changes: String = "none", up: String, verify: String = "") throws -> Catalogue {
        try Catalogue(dropIns: [
            (
                "sqlite4_0005_test.sql",
                """
                -- changes: \(changes)
                -- up
                CREATE TABLE marker (x);
                \(up)
                -- down: none
                -- verify
                SELECT 'the marker is missing' WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'marker');
                \(verify)

                """
            )
        ])
    }
}

extension SQLiteWorld {
    /// The shipped catalogue.
    static func shipped() throws -> Catalogue { try Catalogue() }
}

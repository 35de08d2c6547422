// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import GuardCore
import Journal
import LinuxKit
import SQLiteKit
import Stores
import Synchronization
import TestSupport
import Vault

@testable import Engine

/// One memory, one state directory, and passes over them, each as a process of its own would make it: it opens everything, recovers,
/// runs, and lets go.
struct World {
    /// What a pass gave.
    struct Result {
        let recovered: [OperationRecord]
        let items: [PassItem]

        /// Runs a pass over `locations` with what `context` makes, which tells everything to its argument.
        init(
            observing observe: @escaping @Sendable (EngineContext.Event) -> Void, _ mode: MigrationMode,
            _ parallel: Int, _ locations: [StoreLocation],
            _ context: (@escaping @Sendable (EngineContext.Event) -> Void) throws -> EngineContext
        ) async throws {
            let relay = EventRelay()
            let settings = SupervisorSettings(
                mode: { _ in mode }, parallel: parallel, discover: { Discovered(locations: locations) })
            let context = try context { event in
                relay.send(event)
                observe(event)
            }
            let result = try await SinglePass(context, settings, relay: relay).run()
            (recovered, items) = (result.recovered, result.items)
        }

        /// Of the one store that there is.
        var operation: OperationRecord? { items.first?.operation }
        var form: StoreForm? { items.first?.store }
        var exit: ExitCode { PassResult(items: items, recovered: recovered).exitCode }
    }

    let folder: TemporaryFolder
    /// The memory's file.
    let store: String
    /// The state directory.
    var state: String
    var catalogue: Catalogue
    var policy = EngineContext.Policy()
    var limits = SQLiteStore.Limits()
    var mode = MigrationMode.auto
    var observe: @Sendable (EngineContext.Event) -> Void = { _ in }
    /// Opens stores in another way than by SQLite alone.
    var opener: (@Sendable (StoreLocation) throws(GuardError) -> any Store)?
    private let clock = SteppingClock()

    /// A copy of `fixture` in a project of its own.
    init(_ fixture: Fixture = .v4_0, in parent: String? = nil) throws {
        folder = try TemporaryFolder()
        let project = (parent ?? folder.path) + "/shop"
        try Directory.create(project)
        store = try fixture.copy(to: project + "/.claude-memory.db")
        state = folder.file("state")
        catalogue = try Catalogue()
        policy.minimumFree = 0
        limits.lockPatience = .seconds(20)
    }

    var location: StoreLocation { StoreLocation(engine: .sqlite, name: store) }
    var id: StoreID { location.id }

    // MARK: Acting

    /// Runs a pass over the memory, or over `locations`.
    func pass(over locations: [StoreLocation]? = nil, parallel: Int = 1) async throws -> Result {
        let directory = try StateDirectory(state)
        let (mode, locations) = (mode, locations ?? [location])
        let result = try await Result(observing: observe, mode, parallel, locations) { observe in
            var watched = self
            watched.observe = observe
            return try watched.tools(directory.path)
        }
        withExtendedLifetime(directory) {}
        return result
    }

    func tools(_ state: String) throws -> EngineContext {
        try EngineContext(
            journal: Journal(path: state + "/journal.db", clock: clock.now),
            vault: Vault(openingOrCreating: state + "/vault", now: clock.now), catalogue: catalogue, policy: policy,
            clock: clock.now, scratch: state + "/scratch", uid: 1000, host: "workstation",
            open: { [opener, limits] (location) throws(GuardError) in
                if let opener { return try opener(location) }
                return try SQLiteStore.open(location, limits: limits)
            },
            observe: observe)
    }

    /// Where a copy of `fixture` in another project lies.
    func neighbour(_ name: String, _ fixture: Fixture = .v4_0) throws -> StoreLocation {
        let path = try fixture.copy(to: folder.folder(name) + "/.claude-memory.db")
        return StoreLocation(engine: .sqlite, name: path)
    }

    /// Adds a fifth migration that runs `up` and leaves a table `marker`, because one whose postcondition is true already never runs.
    mutating func dropIn(_ up: String, changes: String = "none", verify: String? = nil) throws {
        catalogue = try Catalogue(dropIns: [Self.dropIn(up, changes: changes, verify: verify)])
    }

    /// Name and text of that migration.
    static func dropIn(_ up: String, changes: String = "none", verify: String? = nil) -> (name: String, text: String) {
        let verify = verify ?? "SELECT 'no marker' WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'marker')"
        let text =
            "-- changes: \(changes)\n-- up\nCREATE TABLE marker (a);\n\(up);\n-- down: none\n-- verify\n\(verify);\n"
        return ("sqlite4_0005_drop.sql", text)
    }

    /// Asks the shell line `check` whether a migrated memory is good; `$1` is its path.
    mutating func check(_ check: String, timeout: Duration = Patience.limit) {
        policy.check = CheckCommand(arguments: ["sh", "-c", check, "check"], timeout: timeout)
    }

    /// Lets time go by, or back.
    func moveClock(by duration: Duration) { clock.move(by: duration) }

    /// Does `work` once, when the step `kind` begins for the `number`-th time: after its intent is durable, before its first effect.
    mutating func when(_ kind: StepKind, number: Int = 1, do work: @escaping @Sendable () throws -> Void) {
        let done = Once()
        observe = { [observe] event in
            observe(event)
            guard case .began(let record) = event, record.steps.last?.kind == kind,
                record.steps.count(where: { $0.kind == kind }) == number
            else { return }
            if done.isFirst() { expectNoThrow(work) }
        }
    }

    // MARK: Looking

    /// Every object and value but the ledger.
    func contents() throws -> LogicalDump { try LogicalDump(store) }

    /// The bytes of the memory's files; only while nobody has it open.
    func files() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for suffix in ["", "-wal", "-journal"] where try FileStatus.ifPresent(store + suffix) != nil {
            files[suffix] = try content(of: store + suffix)
        }
        return files
    }

    /// The bytes of everything in the state directory but the journal and the lock.
    func vaultFiles() throws -> [String: [UInt8]] { try tree(state + "/vault") }

    private func tree(_ path: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try Directory.entries(path) where name != "lock" {
            let child = "\(path)/\(name)"
            if try FileStatus(ofLink: child).kind == .directory {
                files.merge(try tree(child)) { first, _ in first }
            } else {
                files[child] = try content(of: child)
            }
        }
        return files
    }

    /// Every backup, newest first; a damaged one is a failure.
    func backups() throws -> [Entry] {
        try Vault(openingOrCreating: state + "/vault", now: clock.now).list().map { listing in
            switch listing {
            case .good(let entry): entry
            case .damaged(let path, let reason): throw Unexpected("\(path) is damaged: \(reason)")
            }
        }
    }

    /// The content of a backup.
    func contents(of backup: Entry) throws -> LogicalDump {
        let target = folder.file("restored-\(backup.id).db")
        try? Directory.unlink(target)
        try Vault(openingOrCreating: state + "/vault", now: clock.now).restore(backup, to: target)
        return try LogicalDump(target)
    }

    /// Every operation, newest first.
    func operations() async throws -> [OperationRecord] {
        try await Journal(path: state + "/journal.db", clock: clock.now).operations(limit: 1000)
    }

    /// What the ledger says, a line for each row and event.
    func ledger() throws -> [String] {
        try lines(
            """
            SELECT version || ' ' || name || ' ' || success || ' ' || (operation_id IS NOT NULL) || ' ' || (backup_id IS NOT NULL)
            FROM schema_migrations ORDER BY version
            """)
    }

    /// The versions of the ledger's failure rows, which name operation and backup; a success beside them is an error of the test.
    func failedVersions() throws -> [String] {
        let rows = try ledger()
        guard rows.allSatisfy({ $0.hasSuffix(" 0 1 1") }) else { throw Unexpected("not failures alone: \(rows)") }
        return rows.map { String($0.prefix { $0 != " " }) }
    }

    /// What `sql` gives, a line for each row's first column.
    func lines(_ sql: String) throws -> [String] {
        try Connection(path: store, access: .readWrite).rows(sql) { $0.string(0) ?? "NULL" }
    }

    /// Runs `sql` on the memory, as the application would.
    func change(_ sql: String) throws { try run(sql, on: store) }

    /// Nothing of ours is left where nothing may be left.
    func leftovers() throws -> [String] {
        var left = try Directory.entries(state + "/scratch").map { "scratch/\($0)" }
        left += try Directory.entries(state + "/vault/trash").map { "trash/\($0)" }
        for folder in try Directory.entries(state + "/vault/stores") {
            let incoming = "\(state)/vault/stores/\(folder)/.incoming"
            if try FileStatus.ifPresent(incoming) != nil {
                left += try Directory.entries(incoming).map { "\(folder)/.incoming/\($0)" }
            }
        }
        return left
    }
}

/// Runs `sql` on the database at `path` as the application would: on a connection of its own, with its patience.
func run(_ sql: String, on path: String) throws {
    let connection = try Connection(path: path, access: .readWrite)
    connection.waitForLocks(atMost: Patience.limit)
    try connection.execute(sql)
}

/// Adds a memory entry that says `text`.
func remember(_ text: String, in path: String) throws {
    try run("INSERT INTO memory_entries (category, content, timestamp) VALUES ('test', '\(text)', 1)", on: path)
}

/// A clock that moves by a second whenever somebody looks.
final class SteppingClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_762_689_662_345)

    var now: WallClock {
        { [self] in
            milliseconds.withLock { milliseconds in
                milliseconds += 1000
                return Timestamp(milliseconds: milliseconds)
            }
        }
    }

    func move(by duration: Duration) { milliseconds.withLock { $0 += duration.milliseconds } }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension LogicalDump {
    /// The same with the tables that `names` names under the names that it gives them.
    func renaming(_ names: [String: String]) -> LogicalDump {
        guard !names.isEmpty else { return self }
        var dump = self
        for (old, new) in names {
            dump.tables[new] = dump.tables.removeValue(forKey: old)
            dump.columns[new] = dump.columns.removeValue(forKey: old)
        }
        dump.tables["sqlite_sequence"] = nil
        return dump
    }

    /// What of `before` is not here with the same values any more, in words. New tables, columns and indices are fine, and so is a value
    /// where there was NULL in one of the columns that `filled` names.
    func losses(since before: LogicalDump, filled: Set<String> = ["preview", "key_concepts", "last_accessed"])
        -> [String]
    {
        var words: [String] = []
        for (table, rows) in before.tables {
            guard let now = tables[table] else {
                words.append("the table \(table) is gone")
                continue
            }
            if now.count != rows.count { words.append("\(table): \(rows.count) rows became \(now.count)") }
            for column in before.columns[table] ?? [] {
                let (old, new) = (before.values(table, column), values(table, column))
                let isFillable = table == "context_locks" && filled.contains(column)
                for (row, (one, other)) in zip(old, new).enumerated() where one != other {
                    if isFillable, one == .null { continue }
                    words.append("\(table).\(column), row \(row): \(one) became \(other)")
                }
                if new.count < old.count { words.append("the column \(table).\(column) is gone") }
            }
        }
        return words
    }
}

/// Something that is to be done once, whoever comes first.
final class Once: Sendable {
    private let done = Mutex(false)

    /// Whether nobody asked before.
    func isFirst() -> Bool {
        done.withLock { done in
            defer { done = true }
            return !done
        }
    }

    /// Whether somebody asked.
    var happened: Bool { done.withLock { $0 } }
}

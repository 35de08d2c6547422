// SPDX-License-Identifier: MIT

import ControlAPI
import Dementia
import GuardCore
import Journal
import LinuxKit
import Stores
import TestSupport
import Testing
import Vault

@testable import Engine

/// A memory in a schema of a database of a test's own, one state directory, and passes over them, each as a process of its own would
/// make it.
struct PostgresWorld {
    let folder: TemporaryFolder
    let database: PostgresDatabase
    let schema: String
    /// The state directory.
    var state: String
    /// How the guard reaches the database.
    var url: String
    var catalogue: Catalogue
    var policy = EngineContext.Policy()
    var limits = PostgresStore.Limits()
    var mode = MigrationMode.auto
    var observe: @Sendable (EngineContext.Event) -> Void = { _ in }
    private let clock = SteppingClock()

    /// `fixture` in a new database, in which `sql` was run.
    init(
        _ fixture: PostgresFixture = .earliest, schema: String = "innkeeper", on server: PostgresServer? = nil,
        sql: String = ""
    ) throws {
        folder = try TemporaryFolder()
        database = try (server ?? .shared).database()
        try database.load(fixture)
        self.schema = schema
        url = database.url
        state = folder.file("state")
        catalogue = try Catalogue()
        policy.minimumFree = 0
        if !sql.isEmpty { try change(sql) }
    }

    /// The same memory under a second guard, with a state directory of its own.
    func rival(_ name: String = "rival") -> PostgresWorld {
        var other = self
        other.state = folder.file(name)
        return other
    }

    var location: StoreLocation {
        get throws {
            let name = "\(database.server.socketFolder):\(database.server.port)/\(database.name)#\(schema)"
            return StoreLocation(engine: .postgres, name: name)
        }
    }

    // MARK: Acting

    /// Looks for memories in the database and runs a pass over what is there.
    func pass(parallel: Int = 1) async throws -> World.Result {
        let directory = try StateDirectory(state)
        let result = try await World.Result(observing: observe, mode, parallel, try servers().look().stores) {
            observe in
            var watched = self
            watched.observe = observe
            return try watched.tools(directory.path)
        }
        withExtendedLifetime(directory) {}
        return result
    }

    private func servers() throws -> PostgresServers { try PostgresServers([url], limits: limits) }

    func tools(_ state: String) throws -> EngineContext {
        let servers = try servers()
        return try EngineContext(
            journal: Journal(path: state + "/journal.db", clock: clock.now),
            vault: Vault(openingOrCreating: state + "/vault", now: clock.now), catalogue: catalogue, policy: policy,
            clock: clock.now, scratch: state + "/scratch", uid: 1000, host: "workstation",
            open: { (location) throws(GuardError) in try servers.store(at: location) }, observe: observe)
    }

    /// Asks for work by name, as over the socket, and waits until it is over.
    func ask(
        _ kind: OperationKind, to version: Int? = nil, backup: BackupID? = nil
    ) async throws -> OperationRecord {
        let directory = try StateDirectory(state)
        let relay = EventRelay()
        var watched = self
        watched.observe = { event in relay.send(event) }
        let stores = try servers().look().stores
        let service = EngineService(
            try watched.tools(directory.path),
            SupervisorSettings(mode: { _ in .ask }) { Discovered(locations: stores) }, relay: relay)
        let relaying = Task { await service.supervisor.relayEvents() }
        try await service.supervisor.recover()
        try await service.supervisor.rescan(startingWork: false)
        let request = OperationRequest(
            kind: kind, store: try location.id, to: version.map { .version($0) }, backup: backup)
        let record = try await service.start(request, key: nil, for: Caller(uid: 1000, pid: 1))
        let settled = try await service.operation(record.id, waiting: Patience.limit)
        await service.supervisor.stop()
        await relaying.value
        withExtendedLifetime(directory) {}
        return settled
    }

    /// Adds a twelfth migration that makes the table `marker` and runs `up`.
    mutating func dropIn(_ up: String, changes: String = "none") throws {
        catalogue = try Catalogue(dropIns: [Self.dropIn(up, changes: changes)])
    }

    /// Name and text of that migration.
    static func dropIn(_ up: String, changes: String = "none") -> (name: String, text: String) {
        (
            "postgres4_0012_drop.sql",
            """
            -- changes: \(changes)
            -- up
            CREATE TABLE :"schema".marker (a INTEGER);
            \(up);
            -- down: none
            -- verify
            SELECT 'no marker' WHERE to_regclass(format('%I.marker', :'schema')) IS NULL;

            """
        )
    }

    /// A statement that waits, in the memory's own database and not in a rehearsal's, as long as ``Barrier`` holds it.
    ///
    /// It asks for no lock, since a migration waits for none longer than two seconds.
    static let barrier = """
        DO $$ BEGIN
            WHILE EXISTS (
                SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objid = 4711)
            LOOP PERFORM pg_sleep(0.02); END LOOP;
        END $$
        """

    /// Asks the shell line `check` whether a migrated memory is good.
    mutating func check(_ check: String) {
        policy.check = CheckCommand(arguments: ["sh", "-c", check, "check"], timeout: Patience.limit)
    }

    /// Does `work` once, when the step `kind` begins: after its intent is durable, before its first effect.
    mutating func when(_ kind: StepKind, do work: @escaping @Sendable () throws -> Void) {
        let done = Once()
        observe = { [observe] event in
            observe(event)
            guard case .began(let record) = event, record.steps.last?.kind == kind else { return }
            if done.isFirst() { expectNoThrow(work) }
        }
    }

    // MARK: Looking

    /// Every object and value but the ledger, in the words of the stock tool.
    func contents() throws -> String {
        try database.dump(schema: schema, "--exclude-table=\(schema).schema_migration*")
    }

    /// What a backup holds, restored by the stock tools into a database of its own.
    func contents(of backup: Entry) throws -> String {
        let script = folder.file("\(backup.id).sql")
        let decoded = try Tool.run(["zstd", "-dqf", "\(backup.path)/dump.sql.zst", "-o", script])
        #expect(decoded.status == 0, "\(decoded.output)")
        let other = try database.server.database()
        try other.load(script)
        return try other.dump(schema: schema, "--exclude-table=\(schema).schema_migration*")
    }

    /// Runs `sql` as the application would, and gives the rows as lines.
    @discardableResult
    func change(_ sql: String) throws -> [String] {
        try database.psql("SET search_path = \"\(schema)\"; \(sql)")
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

    var journal: Journal { get throws { try Journal(path: state + "/journal.db", clock: clock.now) } }

    /// Every operation, newest first.
    func operations() async throws -> [OperationRecord] { try await journal.operations(limit: 1000) }

    /// Kind and number of the ledger's events, in order.
    func events() throws -> [String] {
        try change("SELECT event || ' ' || version FROM schema_migration_events ORDER BY id")
    }

    /// Nothing of ours is left where nothing may be left, on the server least of all.
    func leftovers() throws -> [String] {
        var left = try Directory.entries(state + "/scratch").map { "scratch/\($0)" }
        left += try Directory.entries(state + "/vault/trash").map { "trash/\($0)" }
        for folder in try Directory.entries(state + "/vault/stores") {
            let incoming = "\(state)/vault/stores/\(folder)/.incoming"
            if try FileStatus.ifPresent(incoming) != nil { left += try Directory.entries(incoming) }
        }
        left += try scratchDatabases()
        left += try database.psql(
            "SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 'dementiad%' ORDER BY 1")
        return left
    }

    /// The databases that proofs of this memory have left.
    func scratchDatabases() throws -> [String] {
        try database.server.psql(
            "SELECT datname FROM pg_database WHERE datname LIKE 'dementiad_\(location.id)_%'", database: "postgres")
    }

    /// Waits until no session of dementiad's holds a lock in the database.
    func waitUntilUnlocked() async throws {
        try await eventually("no session of dementiad's holds a lock") {
            try database.psql(
                """
                SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE d.datname = current_database() AND l.pid <> pg_backend_pid()
                    AND l.pid IN (SELECT pid FROM pg_stat_activity WHERE application_name = 'dementiad')
                """) == ["0"]
        }
    }
}

/// Keeps a migration with ``PostgresWorld/barrier`` waiting inside its transaction on the live store.
final class Barrier {
    private let tool: Tool
    private let database: PostgresDatabase

    /// Takes the lock that the migration will wait for.
    init(in database: PostgresDatabase) throws {
        self.database = database
        tool = try Tool(["\(PostgresServer.binaries ?? "")/psql", "-X", "-q", "-At", database.url])
        tool.send("SELECT pg_advisory_lock(4711);\n\\echo held\n")
        while let line = tool.line(), line != "held" {}
    }

    /// Waits until a migration stands there.
    func waitForArrival() async throws {
        try await eventually("a migration stands at the barrier") {
            try database.psql(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                    AND application_name = 'dementiad' AND wait_event = 'PgSleep'
                """) == ["1"]
        }
    }

    /// Lets it go on.
    func open() { tool.kill() }
}

// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import LinuxKit
import PostgresKit
import SQLiteKit
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Transfer

/// The state that a file is in, as the guard's own snapshot of it gives it to a transfer.
@Suite(.enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct SourceStateTests {
    /// Moves what a snapshot of the guard gives.
    private func transfer(_ world: TransferWorld) async throws -> TransferReport {
        let store = try SQLiteStore(path: world.memory)
        let snapshot = try await store.snapshot(into: world.folder.file("snapshot.db"), progress: nil)
        await store.close()
        let job = try world.job()
        let own = TransferJob(
            source: snapshot.path, identity: job.identity, contentDigest: "snapshot", to: job.target,
            address: job.address,
            schema: job.schema, operation: job.operation, startedAt: job.startedAt, catalogue: job.catalogue)
        return try own.run()
    }

    @Test("Case 64: a file with a hot rollback journal moves as it was before the transaction that crashed")
    func hotJournal() async throws {
        let world = try TransferWorld(.v4_0, sql: "PRAGMA journal_mode = DELETE")
        let crashed = world.folder.file("crashed.db")
        do {
            let connection = try Connection(path: world.memory, access: .readWrite)
            // So small a cache that the transaction spills into the file before it ends.
            try connection.execute("PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE context_locks SET content = 'torn'")
            try connection.execute(
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                INSERT INTO memory_entries (category, content, timestamp) SELECT 'torn', printf('%.500c', 'x'), i FROM n
                """)
            try copy(world.memory, to: crashed)
            try copy(world.memory + "-journal", to: crashed + "-journal")
            try connection.execute("ROLLBACK")
        }
        var other = try TransferWorld(copying: crashed)
        try copy(crashed + "-journal", to: other.memory + "-journal")
        other.schema = "hot"
        let report = try await transfer(other)
        #expect(report[table: "memory_entries"]?.read == 8)
        #expect(try other.ask("SELECT count(*) FROM context_locks WHERE content = 'torn'") == ["0"])
    }

    @Test("Case 63: what is only in the WAL comes with the guard's own snapshot")
    func wal() async throws {
        let world = try TransferWorld(.v4_4HotWAL)
        let rows = try LogicalDump(world.memory).tables["memory_entries"]?.count
        #expect(try await transfer(world)[table: "memory_entries"]?.read == rows.map(Int64.init))
    }

    @Test("Case 43: a text of more than 51,200 characters, which an older file could hold, moves")
    func longContent() throws {
        let world = try TransferWorld(
            sql: """
                PRAGMA ignore_check_constraints = ON;
                INSERT INTO context_locks (session_id, label, version, content, content_hash)
                SELECT id, 'long', '1.0', replace(printf('%.60000c', 'x'), 'x', 'é'), 'h' FROM sessions LIMIT 1
                """)
        #expect(try world.transfer()[table: "context_locks"]?.loaded == 8)
        #expect(try world.ask("SELECT length(content) FROM context_locks WHERE label = 'long'") == ["60000"])
    }

    @Test("a database that does not hold every character is refused before anything is made in it")
    func encoding() throws {
        var world = try TransferWorld()
        let server = world.database.server
        let name = "latin_\(world.database.name)"
        try server.psql(
            "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
            database: "postgres")
        defer { _ = try? server.psql("DROP DATABASE \(name) WITH (FORCE)", database: "postgres") }
        world.url = world.url.replacing("/\(world.database.name)?", with: "/\(name)?")
        let error = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(error?.code == .permissionDenied && error?.message.contains("LATIN1") ?? false)
        #expect(try server.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'", database: name) == ["0"])
    }

    @Test("how far it is is told in rows, up to all of them")
    func progress() throws {
        let world = try TransferWorld(
            .v4_0,
            sql: """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                INSERT INTO memory_entries (category, content, timestamp) SELECT 'progress', 'entry ' || i, 1.7e9 + i FROM n
                """)
        let told = Mutex<[GuardCore.Progress]>([])
        var job = try world.job()
        job.progress = { step in told.withLock { $0.append(step) } }
        let report = try job.run()
        let steps = told.withLock(\.self)
        let rows = report.tables.reduce(0) { $0 + $1.read }
        #expect(steps.last == GuardCore.Progress(step: .transfer, done: rows, total: rows, unit: .rows))
        #expect(steps.count > 3 && steps.map(\.done) == steps.map(\.done).sorted())
    }

    @Test("everything that was kept can be exported, a line a value")
    func export() throws {
        let world = try TransferWorld(.v4_0Real)
        let job = try world.job()
        _ = try job.run()
        let path = world.folder.file("kept.json")
        try job.exportKept(to: path)
        let lines = try String(decoding: content(of: path), as: UTF8.self).split(separator: "\n")
        #expect(try world.ask("SELECT count(*) FROM dementia_kept_values") == ["\(lines.count)"])
        #expect(
            !lines.isEmpty && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") && $0.contains("\"table\"") })
        #expect(try FileStatus(of: path).mode & 0o077 == 0)
    }
}

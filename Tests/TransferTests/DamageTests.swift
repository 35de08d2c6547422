// SPDX-License-Identifier: MIT

import GuardCore
import LinuxKit
import SQLiteKit
import TestSupport
import Testing

@testable import Transfer

/// A source that is not whole, and a server that refuses rows.
@Suite(.enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
struct DamageTests {
    @Test(
        "Case 65: of a damaged table everything moves that can be read, the other tables whole, and the report says so",
        arguments: [0, 1])
    func damagedPage(_ kind: Int) throws {
        let world = try TransferWorld(
            .v4_0,
            sql: """
                CREATE TABLE workspace_x (id INTEGER PRIMARY KEY, a TEXT);
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                INSERT INTO workspace_x SELECT i, CASE WHEN i = 1500 THEN printf('%.20000c', 'y') ELSE 'row ' || i END FROM n;
                PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM
                """)
        var bytes = try content(of: world.memory)
        // A leaf in the middle, or the page in which a long value goes on.
        let pages = stride(from: 0, to: bytes.count, by: 4096)
        let mark = Array((kind == 0 ? "row 1000" : "yyyyyyyyyyyyyyyy").utf8)
        let page = try #require(
            pages.first { page in
                guard kind == 0 || bytes[page + 4..<page + 4096].allSatisfy({ $0 == UInt8(ascii: "y") }) else {
                    return false
                }
                return bytes[page..<page + 4096].firstRange(of: mark) != nil
            })
        for offset in page..<page + (kind == 0 ? 64 : 4) { bytes[offset] = 0xee }
        let damaged = world.folder.file("damaged.db")
        try write(bytes, to: damaged)
        var job = try world.job()
        job = TransferJob(
            source: damaged, identity: job.identity, contentDigest: "d", to: job.target, address: job.address,
            schema: job.schema, operation: job.operation, startedAt: job.startedAt, catalogue: job.catalogue)
        let plan = try job.plan()
        let report = try job.run()
        #expect(plan.report.tables == report.tables)
        #expect(report.unreadable == ["workspace_x"] && !report.isComplete)
        #expect(report.findings.contains { $0.code == "tableUnreadable" })
        let line = try #require(report[table: "workspace_x"])
        #expect(kind == 0 ? line.loaded > 2000 && line.loaded < 3000 : line.loaded == 2999)
        #expect(try world.ask("SELECT min(id), max(id) FROM workspace_x") == ["1|3000"])
        #expect(report[table: "context_locks"]?.loaded == 8)
    }

    @Test("a bad row costs one row: what the server refuses is found by halving, and kept")
    func bisection() throws {
        let world = try TransferWorld(
            .v4_0,
            sql: """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                INSERT INTO memory_entries (category, content, timestamp) SELECT 'progress', 'entry ' || i, 1.7e9 + i FROM n
                """)
        try world.database.load(PostgresFixture.latest.afterUpstream)
        try world.database.psql(
            """
            ALTER SCHEMA claude_dementia RENAME TO shop;
            DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace
                AND relkind = 'r' LOOP EXECUTE format('TRUNCATE shop.%I CASCADE', name); END LOOP; END $$;
            ALTER TABLE shop.memory_entries ADD CONSTRAINT picky CHECK (content NOT IN ('entry 7', 'entry 1500', 'entry 1501', 'entry 3000'))
            """)
        let report = try world.job().run()
        let line = try #require(report[table: "memory_entries"])
        #expect(line.rejected == 4 && line.loaded == 3004 && line.read == 3008)
        #expect(report.findings.contains { $0.code == "refusedByServer" && $0.table == "memory_entries" })
        #expect(
            try world.ask(
                """
                SELECT convert_from(bytes, 'UTF8') FROM dementia_kept_values
                WHERE row_fate = 'rejected' AND "column" = 'content' ORDER BY source_rowid
                """) == ["entry 7", "entry 1500", "entry 1501", "entry 3000"])
        #expect(
            try world.ask(
                "SELECT count(*) FROM dementia_kept_values WHERE reason = 'refusedByServer' AND detail LIKE '%entry%'")
                == ["4"])
    }

    @Test("a copy that is no database is told, and nothing is made")
    func notADatabase() throws {
        let world = try TransferWorld()
        let job = try world.job()
        try write(Array("this is no database at all, however long it may be".utf8), to: job.source)
        let error = #expect(throws: GuardError.self) { try job.run() }
        #expect(error?.code == .notADatabase && error?.dataState == .untouched)
        #expect(try world.database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == ["0"])
    }

    @Test("a long value with a damaged page in it costs its row, and the plan knows it")
    func damagedLargeValue() throws {
        let world = try TransferWorld(
            .v4_0,
            sql: """
                CREATE TABLE workspace_x (id INTEGER PRIMARY KEY, a BLOB); INSERT INTO workspace_x VALUES (1, x'01');
                INSERT INTO workspace_x VALUES (2, zeroblob(9000000)); INSERT INTO workspace_x VALUES (3, x'03');
                PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM
                """)
        var bytes = try content(of: world.memory)
        // Each page of a long value names the next one, and then holds nothing but zeros here.
        var page = bytes.count / 8192 * 4096
        while bytes[(page + 4)..<(page + 4096)].contains(where: { $0 != 0 }) { page += 4096 }
        for offset in page..<page + 4 { bytes[offset] = 0xee }
        let damaged = world.folder.file("damaged.db")
        try write(bytes, to: damaged)
        let made = try world.job()
        let job = TransferJob(
            source: damaged, identity: made.identity, contentDigest: "d", to: made.target, address: made.address,
            schema: made.schema, operation: made.operation, startedAt: made.startedAt, catalogue: made.catalogue)
        let plan = try job.plan()
        let report = try job.run()
        #expect(plan.report.tables == report.tables && report.unreadable == ["workspace_x"])
        #expect(try world.ask("SELECT id FROM workspace_x ORDER BY id") == ["1", "3"])
    }

    @Test("a view of what is gone and a virtual table of a module that nobody has stop nothing")
    func unreadableObjects() throws {
        let world = try TransferWorld(
            .v4_0,
            sql: """
                CREATE TABLE gone (a); CREATE VIEW broken AS SELECT a FROM gone; DROP TABLE gone;
                PRAGMA writable_schema = ON;
                INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
                    VALUES ('table', 'strange', 'strange', 0, 'CREATE VIRTUAL TABLE strange USING nosuchmodule(a)')
                """)
        let report = try world.transfer()
        #expect(report.unreadable == ["strange"] && !report.isComplete)
        #expect(report[table: "broken"]?.read == 0 && report[table: "context_locks"]?.loaded == 8)
    }

    @Test(
        "names that PostgreSQL would cut or keeps for itself are refused",
        arguments: ["", "public", "pg_memory", String(repeating: "x", count: 64)])
    func schemaNames(_ name: String) throws {
        var world = try TransferWorld()
        world.schema = name
        let error = #expect(throws: GuardError.self) { try world.job().run() }
        #expect(error?.code == .usage)
    }
}

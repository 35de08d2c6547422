// SPDX-License-Identifier: MIT

import Dementia
import Glibc
import GuardCore
import LinuxKit
import Stores
import TestSupport
import Testing

/// Files that are no memory, or that cannot be had.
@Suite struct BadInputTests {
    private let catalogue = try! Catalogue()

    /// What the store at `path` says when it is surveyed and copied.
    private func failure(_ world: SQLiteWorld) async -> GuardError? {
        do throws(GuardError) {
            _ = try await world.store.survey(catalogue)
            _ = try await world.store.snapshot(into: world.scratch("copy.db"), progress: nil)
            return nil
        } catch {
            return error
        }
    }

    private func world(_ bytes: [UInt8]) throws -> SQLiteWorld {
        let world = try SQLiteWorld()
        try write(bytes, to: world.path)
        return world
    }

    /// What files of that name may hold instead. Named, because a runner prints arguments, and one holds a NUL.
    enum Stranger: String, CaseIterable, Sendable {
        case word, prose, headerOnly

        var text: String {
            switch self {
            case .word: "hello"
            case .prose: String(repeating: "not a database ", count: 400)
            case .headerOnly: "SQLite format 3\0" + String(repeating: "x", count: 5000)
            }
        }
    }

    @Test("what is not a database is said to be none, and is not touched", arguments: Stranger.allCases)
    func notADatabase(_ stranger: Stranger) async throws {
        let text = stranger.text
        let world = try world(Array(text.utf8))
        let error = await failure(world)
        #expect(error?.code == .notADatabase && error?.dataState == .untouched)
        #expect(error?.store == world.id)
        await world.store.close()
        #expect(try content(of: world.path) == Array(text.utf8))
        #expect(world.files == [".claude-memory.db"])
    }

    @Test("an empty file is empty, and stays so")
    func empty() async throws {
        let world = try world([])
        #expect(try await world.store.survey(catalogue).recognition == .empty)
        let error = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(error?.code == .foreignSchema)
        await world.store.close()
        #expect(try content(of: world.path) == [])
        #expect(world.files == [".claude-memory.db"])
    }

    @Test("a truncated memory is damaged", arguments: [600, 4096, 20_000, 110_000])
    func truncated(_ length: Int) async throws {
        let world = try world(Array(content(of: Fixture.v4_0.path).prefix(length)))
        let error = await failure(world)
        #expect(error?.code == .damaged && error?.dataState == .untouched)
        await world.store.close()
        #expect(try content(of: world.path).count == length)
    }

    @Test("B5: a page of zeros is damage", arguments: [1, 2, 5, 9])
    func zeros(_ page: Int) async throws {
        var bytes = try content(of: Fixture.v4_0First.path)
        for offset in 0..<4096 { bytes[page * 4096 + offset] = 0 }
        let world = try world(bytes)
        #expect(await failure(world)?.code == .damaged)
    }

    @Test("a folder, a link and a pipe of a memory's name are no memories", arguments: ["folder", "link", "pipe"])
    func noFile(_ kind: String) async throws {
        let world = try SQLiteWorld()
        unlink(world.path)
        switch kind {
        case "folder": mkdir(world.path, 0o755)
        case "link": symlink(Fixture.v4_0.path, world.path)
        default: mkfifo(world.path, 0o644)
        }
        #expect(await failure(world)?.code == .notADatabase)
    }

    @Test("what is not there is missing")
    func missing() async throws {
        let world = try SQLiteWorld()
        unlink(world.path)
        #expect(await failure(world)?.code == .storeMissing)
        rmdir(Directory.parent(of: world.path))
        #expect(await failure(world)?.code == .storeMissing)
    }

    // Root may read and write everything; the rights below hold for anybody else.
    @Test(
        "rights that are missing are told, and the file is left alone",
        .enabled(if: geteuid() != 0, "root may do everything"),
        arguments: [(mode_t(0o000), mode_t(0o755)), (0o444, 0o755), (0o644, 0o555), (0o644, 0o000)])
    func rights(_ file: mode_t, _ folder: mode_t) async throws {
        let world = try SQLiteWorld()
        let parent = Directory.parent(of: world.path)
        chmod(world.path, file)
        chmod(parent, folder)
        defer { chmod(parent, 0o755) }
        #expect(await failure(world)?.code == .permissionDenied)
    }

    @Test(
        "a foreign schema, a foreign ledger and a future version are each refused by name",
        arguments: [
            (
                "DROP TABLE context_locks; DROP TABLE sessions; DROP TABLE memory_entries; DROP TABLE session_updates; DROP TABLE file_tags;"
                    + "DROP TABLE project_variables;", GuardError.Code.foreignSchema
            ),
            ("CREATE TABLE schema_migrations (version TEXT);", .foreignLedger),
            ("CREATE TABLE Schema_Migrations (version TEXT);", .foreignLedger),
            ("CREATE VIEW schema_migrations AS SELECT 1 AS version;", .foreignLedger),
            ("CREATE TABLE schema_migration_events (x);", .foreignLedger),
            ("CREATE INDEX schema_migrations ON todos (content);", .foreignLedger),
            (
                "CREATE TABLE schema_migrations (version INTEGER, name TEXT, applied_at TEXT, success INTEGER, error_message TEXT);",
                .foreignLedger
            ),
            (
                "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT, applied_at REAL NOT NULL, success BOOLEAN, "
                    + "error_message TEXT); INSERT INTO schema_migrations VALUES (999, 'later', 1.0, 1, NULL);",
                .newerVersion
            ),
            ("ALTER TABLE context_locks DROP COLUMN content_hash;", .unknownShape),
        ])
    func refused(_ sql: String, _ code: GuardError.Code) async throws {
        let world = try SQLiteWorld(.v4_0, sql)
        let before = try world.dump(withLedger: true)
        let error = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(error?.code == code)
        // Unknown is not old: it is backed up all the same.
        #expect(try await world.snapshot().integrity == "ok")
        await world.store.close()
        #expect(try world.dump(withLedger: true).differences(from: before) == [])
    }

    @Test(
        "What of another tool has a name of the ledger's is named as what it is, with the next step",
        arguments: [
            ("CREATE TABLE schema_migrations (version TEXT);", "a table schema_migrations"),
            (
                "CREATE TABLE schema_migrations (version, name, applied_at, success, error_message);",
                "a table schema_migrations"
            ),
            ("CREATE VIEW schema_migrations AS SELECT 1 AS version;", "a view schema_migrations"),
            ("CREATE INDEX schema_migrations ON todos (content);", "an index schema_migrations"),
            ("CREATE TABLE schema_migration_events (x);", "a table schema_migration_events"),
            (
                "CREATE VIEW schema_migration_events AS SELECT 1 AS at, 2 AS event, 3 AS version, 4 AS operation_id, 5 AS message;",
                "a view schema_migration_events"
            ),
        ])
    func foreignLedger(_ sql: String, _ name: String) async throws {
        let world = try SQLiteWorld(.v4_0, sql)
        let error = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(
            error?.code == .foreignLedger && error?.message.contains(name + " ") == true, "\(String(describing: error))"
        )
        #expect(error?.hint?.contains("dementiactl stores rescan") == true)
        await world.store.close()
    }

    @Test("a ledger of the five specified columns is taken over")
    func fiveColumns() async throws {
        let world = try SQLiteWorld(
            .v4_0,
            """
            CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL,
                success BOOLEAN NOT NULL, error_message TEXT);
            INSERT INTO schema_migrations VALUES (1, 'base', 1.5, 1, NULL);
            """)
        let record = try await world.migrate(catalogue)
        #expect(record.applied.map(\.version) == [2, 3, 4])
        await world.store.close()
        #expect(
            try world.ask("SELECT version, applied_at > '2' FROM schema_migrations;") == ["1|0", "2|1", "3|1", "4|1"])
    }

    @Test("P3: a ledger row without its column is drift, and so is an edited migration")
    func drift() async throws {
        let world = try SQLiteWorld(.v4_0)
        try await world.migrate(catalogue)
        try world.write("UPDATE schema_migrations SET checksum = 'edited' WHERE version = 3;")
        let edited = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(edited?.code == .drift && edited?.message.contains("migration 3 (files)") == true)
        try world.write(
            "UPDATE schema_migrations SET checksum = NULL; ALTER TABLE context_locks DROP COLUMN embedding;")
        let dropped = await #expect(throws: GuardError.self) { try await world.plan(catalogue) }
        #expect(dropped?.code == .drift && dropped?.message.contains("context_locks.embedding") == true)
    }

    @Test("lean memories are known, copied, and never migrated")
    func lean() async throws {
        let world = try SQLiteWorld(.leanFresh)
        #expect(try await world.store.survey(catalogue).recognition == .memory(.lean3))
        #expect(try await world.plan(catalogue).isEmpty)
        #expect(try await world.snapshot().integrity == "ok")
    }
}

// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import PostgresKit
import Stores
import Synchronization
import TestSupport
import Testing

/// A schema is seldom ours alone: others read it, write it, dump it, and die.
@Suite(
    // A server takes a hundred connections, and a test has several.
    .serialized, .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.notInstalled)))
struct PostgresCompanyTests {
    private let catalogue = try! Catalogue()

    private static func limits(_ timeout: Duration) -> PostgresStore.Limits {
        var limits = PostgresStore.Limits()
        limits.lockTimeout = timeout
        return limits
    }

    @Test(
        "P15, B21: behind an idle reader nobody waits longer than a lock's timeout, five times at most, and it is named"
    )
    func idleReader() async throws {
        let world = try PostgresWorld(limits: Self.limits(.milliseconds(500)))
        let before = try world.state(withLedger: true)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        await world.store.close()
        let others = try world.rollbacks(atLeast: 1)
        let idle = try world.stranger()
        try idle.execute("BEGIN; SELECT count(*) FROM innkeeper.context_locks")
        let reader = try Reader(of: world.database.url)
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        let waits = reader.stop()
        #expect(error?.code == .storeBusy && error?.dataState == .untouched)
        #expect(error?.message.contains("stranger (server process \(idle.processID), idle in transaction)") ?? false)
        // Whoever waits behind an attempt is answered before the next one: with one long wait there would be one.
        #expect(waits >= 2)
        await world.store.close()
        let attempts = try world.rollbacks(atLeast: others + 5) - others
        #expect(attempts == 5)
        try idle.execute("ROLLBACK")
        #expect(try world.state(withLedger: true).differences(from: before) == [])
        try await world.live(catalogue)
    }

    @Test("a reader who leaves meanwhile is waited for")
    func leavingReader() async throws {
        let world = try PostgresWorld()
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let idle = try world.stranger()
        try idle.execute("BEGIN; SELECT count(*) FROM innkeeper.todos")
        let migrating = Task { try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil) }
        try world.waitForALock()
        try idle.execute("COMMIT")
        #expect(try await migrating.value.applied.count == plan.steps.count)
        await world.store.close()
    }

    @Test("a writer who commits while we wait has moved the state")
    func writer() async throws {
        let world = try PostgresWorld()
        let plan = try await world.plan(catalogue)
        let idle = try world.stranger()
        try idle.execute("BEGIN; UPDATE innkeeper.context_locks SET label = 'late'")
        let snapshot = try await world.snapshot()
        let migrating = Task { try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil) }
        try world.waitForALock()
        try idle.execute("COMMIT")
        let error = await #expect(throws: GuardError.self) { try await migrating.value }
        #expect(error?.code == .storeMoved && error?.dataState == .untouched)
        await world.store.close()
        #expect(try world.ask("SELECT DISTINCT label FROM context_locks;") == ["late"])
    }

    @Test("P15: stock pg_dump and a migration get past each other")
    func dump() async throws {
        let world = try PostgresWorld()
        let dumps = try Repeated { _ = try world.database.dump() }
        let life = try await world.live(catalogue)
        let (count, failures) = dumps.stop()
        #expect(life.plan.to == 11 && count > 0)
        #expect(failures == [])
    }

    @Test("a snapshot keeps neither readers nor writers waiting, and an exclusive lock is no reason to wait for ever")
    func snapshot() async throws {
        let world = try PostgresWorld(limits: Self.limits(.milliseconds(100)))
        let idle = try world.stranger()
        try idle.execute("BEGIN; UPDATE innkeeper.context_locks SET label = 'late'")
        _ = try await world.snapshot()
        try idle.execute("ROLLBACK; BEGIN; LOCK TABLE innkeeper.todos IN ACCESS EXCLUSIVE MODE")
        let error = await #expect(throws: GuardError.self) { try await world.snapshot("other.sql") }
        #expect(error?.code == .storeBusy)
        #expect(error?.message.contains("stranger") ?? false)
        await world.store.close()
    }

    @Test("P12: a guard whose connection is cut off leaves no lock behind, and goes on with a new one")
    func terminated() async throws {
        let world = try PostgresWorld()
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        try await world.store.lock()
        try world.database.psql(
            """
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'dementiad'
            """)
        #expect(
            try world.database.psql(
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()"
            ) == ["0"])
        let error = await #expect(throws: GuardError.self) {
            try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
        }
        #expect(error?.code == .serverUnreachable && error?.dataState == .untouched)
        let entry = LedgerEntry.test()
        let record = try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        #expect(try await world.store.verify(plan, entry: entry, since: record.token).problems == [])
        await world.store.close()
    }

    @Test("under the lock a backup is proved and rehearsed, and the lock is kept")
    func underLock() async throws {
        let world = try PostgresWorld(limits: Self.limits(.milliseconds(100)))
        try await world.store.lock()
        let plan = try await world.plan(catalogue)
        let entry = LedgerEntry.test()
        let snapshot = try await world.snapshot()
        #expect(
            try await world.store.prove(snapshot.path, of: snapshot, for: entry.operation, progress: nil) == .restored)
        let rehearsal = try await world.store.rehearse(
            plan, on: snapshot.path, of: snapshot, entry: entry, progress: nil)
        #expect(rehearsal != nil)
        let stranger = try world.stranger()
        #expect(throws: PostgresError.self) {
            try stranger.execute("SET lock_timeout = 50; UPDATE innkeeper.context_locks SET label = 'late'")
        }
        let record = try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
        #expect(record.applied.count == plan.steps.count)
        await world.store.discardScratch(of: entry.operation)
        await world.store.close()
        #expect(
            try world.database.psql("SELECT count(*) FROM pg_database WHERE datname LIKE 'dementiad_\(world.id)_%'")
                == ["0"])
    }

    // MARK: A COMMIT without an answer

    @Test(
        "a COMMIT whose answer is lost is settled by the server's own record of it", .enabled(if: Proxy.isPossible),
        arguments: [true, false])
    func lostCommit(_ arrives: Bool) async throws {
        var proxy: Proxy?
        let world = try PostgresWorld(url: { database in
            let made = try Proxy(before: database.server, cutsAfter: arrives)
            proxy = made
            return made.url(of: database)
        })
        let between = try #require(proxy)
        let before = try world.state(withLedger: true)
        let plan = try await world.plan(catalogue)
        let snapshot = try await world.snapshot()
        let entry = LedgerEntry.test()
        try between.arm()
        if arrives {
            let record = try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
            #expect(record.applied.count == plan.steps.count)
            #expect(try await world.store.verify(plan, entry: entry, since: record.token).problems == [])
        } else {
            let error = await #expect(throws: GuardError.self) {
                try await world.store.migrate(plan, from: snapshot, entry: entry, progress: nil)
            }
            #expect(error?.code == .serverUnreachable && error?.dataState == .untouched)
        }
        #expect(!between.isArmed)
        #expect(try await world.store.hasCommitted(entry.operation) == arrives)
        await world.store.close()
        #expect(try world.state(withLedger: true).differences(from: before).isEmpty == !arrives)
        between.stop()
    }
}

extension PostgresWorld {
    /// How many transactions were rolled back in this database. The server counts them when their session ends.
    fileprivate func rollbacks(atLeast wanted: Int) throws -> Int {
        var count = 0
        try waitUntil("the server has counted \(wanted) transactions that were rolled back") {
            let answer = try database.psql(
                "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()")
            count = answer.first.flatMap { Int($0) } ?? 0
            return count >= wanted
        }
        return count
    }
}

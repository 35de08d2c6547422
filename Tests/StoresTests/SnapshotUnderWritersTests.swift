// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import HashKit
import SQLiteKit
import Stores
import Synchronization
import TestSupport
import Testing

/// B3: snapshots while somebody writes.
@Suite struct SnapshotUnderWritersTests {
    /// Whether to take a thousand snapshots instead of forty.
    private static let isLong = getenv("DEMENTIAD_LONG_TESTS") != nil

    /// Another process that commits a link of a chain at a time: each row's value is made of the one before, and three places of the file
    /// tell its last link. No half of a commit keeps all of that true.
    private final class ChainWriter: Sendable {
        private let counts = Counts()

        private final class Counts: Sendable {
            let isStopped = Atomic(false)
            let commits = Atomic(0)
        }
        /// Yields after each commit, and ends with the writer.
        private let news: AsyncStream<Void>

        static let tables = """
            CREATE TABLE chain (n INTEGER PRIMARY KEY, value INTEGER, filling BLOB);
            CREATE TABLE counter (n INTEGER);
            CREATE TABLE recent (n INTEGER PRIMARY KEY);
            INSERT INTO chain VALUES (0, 1, NULL); INSERT INTO counter VALUES (0); INSERT INTO recent VALUES (0);
            """

        init(_ path: String) {
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            news = stream
            // A thread of its own: the shell answers when the commit is done, and the pool has few threads.
            let thread = Thread { [counts] in
                defer { continuation.finish() }
                guard let shell = try? Shell(path) else { return }
                shell.run("PRAGMA synchronous = OFF;")
                while !counts.isStopped.load(ordering: .relaxed) {
                    let complaints = shell.run(
                        """
                        BEGIN IMMEDIATE;
                        UPDATE counter SET n = n + 1;
                        INSERT INTO chain SELECT n + 1, (value * 6364136 + n) % 1000000007, randomblob(1000)
                            FROM chain ORDER BY n DESC LIMIT 1;
                        INSERT INTO recent SELECT n FROM counter;
                        DELETE FROM recent WHERE n < (SELECT n FROM counter);
                        DELETE FROM chain WHERE n < (SELECT n FROM counter) - 500;
                        COMMIT;
                        """)
                    guard complaints.isEmpty else { return }
                    counts.commits.add(1, ordering: .relaxed)
                    continuation.yield()
                    // About two hundred commits a second: a server in a hurry, and no denial of service.
                    usleep(4000)
                }
                shell.quit()
            }
            thread.start()
        }

        /// Waits until something was committed since the last time; false when the writer has ended.
        func hasCommitted() async -> Bool {
            for await _ in news { return true }
            return false
        }

        /// Ends it and gives the number of its commits.
        func stop() async -> Int {
            counts.isStopped.store(true, ordering: .relaxed)
            while await hasCommitted() {}
            return counts.commits.load(ordering: .relaxed)
        }
    }

    /// The number of the last link of the chain in the copy at `path`, or nil when the chain is not whole.
    private static func lastLink(_ path: String) throws -> Int64? {
        let copy = try Connection(path: path, access: .immutable)
        let last = try copy.integer("SELECT n FROM counter") ?? -1
        // The writer keeps the last 501 links.
        var link = max(last - 500, 0)
        var expected = try copy.integer("SELECT value FROM chain WHERE n = ?", [.integer(link)]) ?? -1
        var isWhole = true
        try copy.forEachRow("SELECT n, value FROM chain ORDER BY n") { row in
            if row.integer(0) != link || row.integer(1) != expected { isWhole = false }
            expected = (expected * 6_364_136 + link) % 1_000_000_007
            link += 1
        }
        let recent = try copy.rows("SELECT n FROM recent") { $0.integer(0) }
        return isWhole && link == last + 1 && recent == [last] ? last : nil
    }

    @Test(
        "B3: each of many snapshots under a writer is the state of one commit",
        arguments: [SQLiteWorld.Journal.wal, .delete])
    func chain(_ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_0, journal: journal, ChainWriter.tables)
        let writer = ChainWriter(world.path)
        var links: [Int64] = []
        for round in 0..<(Self.isLong ? 1000 : 40) {
            // However fast this machine copies: the writer is at work between any two copies.
            try #require(await writer.hasCommitted())
            let copy = world.scratch("\(round).db")
            let snapshot = try await world.store.snapshot(into: copy, progress: nil)
            let link = try #require(try Self.lastLink(copy))
            #expect(snapshot.content[table: "chain"]?.rows == min(link + 1, 501))
            links.append(link)
            unlink(copy)
        }
        let commits = await writer.stop()
        #expect(links == links.sorted())
        #expect(commits >= links.count)
        #expect((links.last ?? 0) > (links.first ?? 0))
        await world.store.close()
        #expect(try Shell.run(world.path, "PRAGMA integrity_check;") == ["ok"])
        #expect(try world.ask("SELECT n FROM counter;") == ["\(commits)"])
    }

    @Test("a writer between snapshot and migration is never lost", arguments: [SQLiteWorld.Journal.wal, .delete])
    func migrationUnderWriter(_ journal: SQLiteWorld.Journal) async throws {
        let world = try SQLiteWorld(.v4_0, journal: journal, ChainWriter.tables)
        let writer = ChainWriter(world.path)
        let catalogue = try SQLiteWorld.shipped()
        var moves = 0
        for round in 0..<20 {
            let plan = try await world.plan(catalogue)
            if plan.isEmpty { break }
            do {
                // The last rounds as the engine does them: under the lock.
                if round > 10 { try await world.store.lock() }
                let snapshot = try await world.snapshot()
                _ = try await world.store.migrate(plan, from: snapshot, entry: .test(), progress: nil)
            } catch let error as GuardError {
                #expect(error.code == .storeMoved && error.dataState == .untouched, "\(error)")
                moves += 1
            }
        }
        let commits = await writer.stop()
        #expect(try await world.plan(catalogue).isEmpty)
        await world.store.close()
        #expect(try world.ask("SELECT n FROM counter;") == ["\(commits)"])
        #expect(try world.ask("SELECT max(n) FROM chain;") == ["\(commits)"])
        #expect(try world.ask("SELECT count(*) FROM context_locks WHERE preview IS NULL;") == ["0"])
    }
}

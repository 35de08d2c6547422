// SPDX-License-Identifier: MIT

import Dementia
import GuardCore
import HashKit
import LinuxKit
import PostgresKit
import SQLiteKit
import Stores
import TestSupport
import Testing

@testable import Transfer

/// A SQLite memory, a database of a test's own, and transfers from the one into the other.
struct TransferWorld {
    let folder: TemporaryFolder
    let database: PostgresDatabase
    /// The memory, as its owner has it.
    let memory: String
    var schema = "shop"
    var url: String
    var policy = TransferPolicy.standard
    var limits = PostgresStore.Limits()

    /// `fixture`, in which `sql` was run.
    init(_ fixture: Fixture? = .v4_4, sql: String = "", on server: PostgresServer? = nil) throws {
        folder = try TemporaryFolder()
        database = try (server ?? .shared).database()
        url = database.url
        memory = folder.file("memory.db")
        if let fixture { try fixture.copy(to: memory) }
        try change(sql)
    }

    /// The memory at `path`, copied.
    init(copying path: String) throws {
        folder = try TemporaryFolder()
        database = try PostgresServer.shared.database()
        url = database.url
        memory = folder.file("memory.db")
        try copy(path, to: memory)
    }

    /// Runs `sql` in the memory, as its application would.
    func change(_ sql: String) throws {
        let connection = try Connection(path: memory, access: .create)
        if !sql.isEmpty { try connection.execute(sql) }
    }

    /// Runs `sql` with parameters in the memory.
    func change(_ sql: String, _ values: [Value]) throws {
        try Connection(path: memory, access: .create).run(sql, values)
    }

    /// A private copy of the memory, and the job that moves it.
    func job(operation: OperationID? = nil, digest: String? = nil) throws -> TransferJob {
        let copy = folder.file("copy-\(try folder.entries().count).db")
        do {
            let source = try Connection(path: memory, access: .create)
            let target = try Connection(path: copy, access: .create)
            let pages = try PageCopy(from: source, into: target)
            while try !pages.step(-1) {}
            try pages.finish()
            // As a snapshot leaves it: one file that nobody writes.
            try target.execute("PRAGMA journal_mode = DELETE")
        }
        var generator = SystemRandomNumberGenerator()
        let made = operation ?? OperationID(milliseconds: 1_760_000_000_000, using: &generator)
        let target = try ConnectionTarget(url)
        var job = TransferJob(
            source: copy, identity: memory, contentDigest: try digest ?? SHA256.digest(of: content(of: copy)).hex,
            to: target,
            address: try target.address(), schema: schema, operation: made,
            startedAt: Timestamp(milliseconds: 1_760_000_000_000), catalogue: try Catalogue())
        job.policy = policy
        job.limits = limits
        job.rejectsPath = folder.file("rejects-\(made).json")
        return job
    }

    /// Plans and runs, and holds the one against the other.
    @discardableResult
    func transfer() throws -> TransferReport {
        let job = try job()
        let plan = try job.plan()
        let report = try job.run()
        #expect(plan.report.tables == report.tables)
        #expect(plan.report.placeholders == report.placeholders)
        #expect(plan.report.sequences == report.sequences)
        #expect(plan.report.findings == report.findings)
        #expect(try job.verifyAfterCommit() == [])
        for table in report.tables {
            #expect(table.read == table.loaded + table.rejected + table.kept, "\(table)")
        }
        return report
    }

    /// Rows of `sql` in the database, columns apart by `|`; `s` stands for the schema.
    func ask(_ sql: String) throws -> [String] { try database.psql("SET search_path = \"\(schema)\"; " + sql) }
}
